import Filtering
import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

@testable import TrafficAudit

/// Records at a NAT gateway's interface where the capture shows both of its sides (semantics FL-11).
@Suite struct TranslatedCopiesTests {
  private let scene = SemanticsNetwork()

  /// What is told of the gateway's outer side: `egress 10.0.0.220 50001 203.0.113.7 443: 2`, in order.
  private func outside(
    _ packets: [PacketSummary], interval: Int = 600, limit: Int = FlowLogRecorder.recordLimit,
    at interface: String = "eni-nat", of address: String = "10.0.0.220"
  ) -> [String] {
    let filter = PacketFilter(scene.network)
    var tracker = ConnectionTracker()
    var recorder = FlowLogRecorder(filter, scene.network, interval: interval)
    recorder.limit = limit
    var records: [FlowLogRecord] = []
    for packet in packets {
      let verdict = filter.evaluate(packet, tracking: &tracker)
      recorder.count(packet, length: 60, verdict, tracker: tracker)
      records += recorder.take()
    }
    records += recorder.take(all: true)
    let gateway = IPAddress(address)!
    return records.filter { record in
      let name = scene.network.networkInterfaces[Int(record.passage.interface.rawValue)].id.rawValue
      let header = record.passage.header
      return name == interface && (header.source == gateway || header.destination == gateway)
    }.map { record in
      let header = record.passage.header
      return "\(record.passage.direction) \(header.source) \(header.sourcePort) \(header.destination) "
        + "\(header.service.port): \(record.packets)"
    }.sorted()
  }

  /// A request and its answer, each on both sides, with the port that the gateway gives the flow.
  private func connection(
    from port: Int, as outerPort: Int, with remote: String = "203.0.113.7:443", at time: Double = 0
  ) -> [PacketSummary] {
    let (inner, outer) = ("10.0.1.10:\(port)", "10.0.0.220:\(outerPort)")
    return [
      .tcp(inner, to: remote, .syn, at: time), .tcp(outer, to: remote, .syn, at: time + 0.001),
      .tcp(remote, to: outer, [.syn, .ack], at: time + 0.1),
      .tcp(remote, to: inner, [.syn, .ack], at: time + 0.101),
    ]
  }

  @Test(arguments: [40000, 51234]) func whatTheCaptureShowsThereIsToldOnce(outerPort: Int) {
    let packets = connection(from: 40000, as: outerPort)
    let expected = [
      "egress 10.0.0.220 \(outerPort) 203.0.113.7 443: 1",
      "ingress 203.0.113.7 443 10.0.0.220 \(outerPort): 1",
    ]
    #expect(outside(packets) == expected)
    // The outer copy may come first.
    let swapped = [1, 0, 3, 2].enumerated().map { place, index in
      var packet = packets[index]
      packet.time = packets[place].time
      return packet
    }
    #expect(outside(swapped) == expected)
  }

  /// A copy beyond the internet gateway is nearer than one at the instance, and one at the gateway nearer than that.
  @Test func theNearestCopyCounts() {
    let remote = "203.0.113.7:443"
    let copies: [PacketSummary] = [
      .tcp("10.0.1.10:40000", to: remote, .syn, at: 0), .tcp("10.0.0.220:51234", to: remote, .syn, at: 0.001),
      .tcp("198.51.100.220:51234", to: remote, .syn, at: 0.002),
    ]
    let port = ["egress 10.0.0.220 51234 203.0.113.7 443: 1"]
    #expect(outside(copies) == port)
    #expect(outside([copies[0], copies[1]]) == port)
    #expect(outside([copies[0], copies[2]]) == port)
    #expect(outside([copies[1], copies[2]]) == port)
    #expect(outside([copies[2]]) == port)
    let client = "203.0.113.7:50000"
    let requests: [PacketSummary] = [
      .tcp(client, to: "198.51.100.10:443", .syn, at: 0), .tcp(client, to: "10.0.0.10:443", .syn, at: 0.001),
    ]
    for copies in [requests, [requests[0]], [requests[1]]] {
      #expect(
        outside(copies, at: "eni-web", of: "10.0.0.10") == ["ingress 203.0.113.7 50000 10.0.0.10 443: 1"])
    }
  }

  /// A capture at the gateway that shows one packet of a hundred, and not of this flow, takes nothing away from the other side's.
  @Test func fewCopiesHideNoRecord() {
    let remote = "203.0.113.7:443"
    let inner = (0..<100).map { PacketSummary.udp("10.0.1.10:40000", to: remote, at: Double($0)) }
    let one = [PacketSummary.udp("10.0.0.220:2000", to: remote, at: 50.5)]
    #expect(outside(inner + one) == ["egress 10.0.0.220 40000 203.0.113.7 443: 100"])
    // One that lost some is what the gateway saw.
    let most = (0..<60).map { PacketSummary.udp("10.0.0.220:2000", to: remote, at: Double($0) + 0.5) }
    let all = (inner + most).sorted { $0.time < $1.time }
    #expect(outside(all) == ["egress 10.0.0.220 2000 203.0.113.7 443: 60"])
    // Nor does one where an interval ends.
    let early = [PacketSummary.udp("10.0.0.220:2000", to: remote, at: 60.1)]
    #expect(
      outside(Array(inner.prefix(60)) + early, interval: 60) == [
        "egress 10.0.0.220 2000 203.0.113.7 443: 1", "egress 10.0.0.220 40000 203.0.113.7 443: 60",
      ])
  }

  @Test func oneSideAloneTellsTheOther() {
    let inner = connection(from: 40000, as: 51234).enumerated().filter { $0.offset % 3 == 0 }.map(\.element)
    #expect(
      outside(inner) == [
        "egress 10.0.0.220 40000 203.0.113.7 443: 1", "ingress 203.0.113.7 443 10.0.0.220 40000: 1",
      ])
  }

  @Test func anotherRemoteEndIsToldByTheOtherSide() {
    let shown = connection(from: 40000, as: 51234)
    let others = [("198.51.100.80:443", 40001), ("203.0.113.7:80", 40002)].map { remote, port in
      PacketSummary.tcp("10.0.1.10:\(port)", to: remote, .syn, at: 1)
    }
    #expect(
      outside(shown + others) == [
        "egress 10.0.0.220 40001 198.51.100.80 443: 1", "egress 10.0.0.220 40002 203.0.113.7 80: 1",
        "egress 10.0.0.220 51234 203.0.113.7 443: 1", "ingress 203.0.113.7 443 10.0.0.220 51234: 1",
      ])
  }

  /// Of each pair one copy stands in the interval before, and the other alone in the one after.
  @Test(arguments: [FlowLogRecorder.recordLimit, 3])
  func anIntervalMayEndBetweenAPacketAndItsCopy(limit: Int) {
    let (remote, inner, outer) = ("203.0.113.7:443", "10.0.1.10:40000", "10.0.0.220:51234")
    let packets: [PacketSummary] = [
      .tcp(inner, to: remote, .syn, at: 59.9995), .tcp(outer, to: remote, .syn, at: 60.0005),
      .tcp(remote, to: outer, [.syn, .ack], at: 119.9995),
      .tcp(remote, to: inner, [.syn, .ack], at: 120.0005),
      // Long after, nothing of it is shown at the gateway.
      .tcp(inner, to: remote, .ack, at: 250),
    ]
    #expect(
      outside(packets, interval: 60, limit: limit) == [
        "egress 10.0.0.220 40000 203.0.113.7 443: 1", "egress 10.0.0.220 51234 203.0.113.7 443: 1",
        "ingress 203.0.113.7 443 10.0.0.220 51234: 1",
      ])
  }

  /// A reply that is stopped before it comes to where its flow is tracked came to the gateway all the same.
  @Test("FL-7, FL-11: a reply that the gateway's ACL stops inward came to its outer side")
  func repliesThatAreStoppedAtTheGateway() {
    var scene = SemanticsNetwork()
    scene.acl(
      "subnet-pub", inbound: ["100 allow all from 0.0.0.0/0"], outbound: ["100 allow tcp 443 to 0.0.0.0/0"])
    let filter = PacketFilter(scene.network)
    var tracker = ConnectionTracker()
    var recorder = FlowLogRecorder(filter, scene.network)
    let connection = connection(from: 40000, as: 40000)
    for packet in [connection[0], connection[3]] {
      let verdict = filter.evaluate(packet, tracking: &tracker)
      recorder.count(packet, length: 60, verdict, tracker: tracker)
    }
    let replies = recorder.take(all: true).filter { $0.passage.header.source == IPAddress("203.0.113.7") }
    #expect(replies.map { "\($0.passage.header.destination)" } == ["10.0.0.220", "10.0.1.10"])
    #expect(replies.map(\.passage.direction) == [.ingress, .egress])
    #expect(replies.map(\.isAccepted) == [true, false])
  }

  @Test("CT-22, FL-11: an ICMP error that came back through the gateway came to its own address")
  func errorsAboutTrackedFlows() {
    let filter = PacketFilter(scene.network)
    var tracker = ConnectionTracker()
    var recorder = FlowLogRecorder(filter, scene.network)
    let query = PacketSummary.udp("10.0.1.10:40000", to: "203.0.113.7:53")
    let error = PacketSummary.icmp("203.0.113.7", to: "10.0.1.10", type: 3, code: 3, at: 1)
    for (packet, quote) in [(query, nil), (error, QuotedPacket(query))] {
      let verdict = filter.evaluate(packet, quoting: quote, tracking: &tracker)
      #expect(verdict.packetClass == .allow)
      recorder.count(packet, length: 60, verdict, tracker: tracker)
    }
    let errors = recorder.take(all: true).filter { $0.passage.header.ipProtocol == .icmp }
    #expect(
      errors.map { "\($0.passage.direction) \($0.passage.header.destination)" } == [
        "ingress 10.0.0.220", "egress 10.0.1.10", "ingress 10.0.1.10",
      ])
    #expect(errors.allSatisfy { $0.passage.header.service == PacketHeader(error).service })
  }

  @Test func pingsHaveNoPorts() {
    let packets: [PacketSummary] = [
      .icmp("10.0.1.10", to: "203.0.113.7", type: 8, at: 0),
      .icmp("10.0.0.220", to: "203.0.113.7", type: 8, at: 0.001),
      .icmp("203.0.113.7", to: "10.0.0.220", type: 0, at: 0.1),
      .icmp("203.0.113.7", to: "10.0.1.10", type: 0, at: 0.101),
    ]
    let records = outside(packets)
    #expect(records.count == 2 && records.allSatisfy { $0.hasSuffix(": 1") }, "\(records)")
  }
}
