import Filtering
import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

@testable import TrafficAudit

/// Records at interfaces where the capture shows packets on both sides of a translation (semantics FL-11, AD-12).
@Suite struct TranslatedCopiesTests {
  private var scene = SemanticsNetwork()

  /// What is told of the gateway's outer side: `egress 10.0.0.220 50001 203.0.113.7 443: 2`, in order.
  private func outside(
    _ packets: [PacketSummary], interval: Int = 600, limit: Int = FlowLogRecorder.recordLimit,
    copies: Int = FlowLogRecorder.copyLimit, at interface: String = "eni-nat",
    of address: String = "10.0.0.220"
  ) -> [String] {
    let filter = PacketFilter(scene.network)
    var tracker = ConnectionTracker()
    var recorder = FlowLogRecorder(filter, scene.network, interval: interval)
    recorder.limit = limit
    recorder.rememberedCopies = copies
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
        + "\(header.service.port): \(record.packets)\(record.isAccepted ? "" : " rejected")"
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

  /// Packets of one flow from the instance, one a second from a time on, and from the gateway a quarter of one later.
  private func stream(inner: Range<Int>, outer: Range<Int>) -> [PacketSummary] {
    let packets =
      inner.map { PacketSummary.udp("10.0.1.10:40000", to: "203.0.113.7:443", at: Double($0)) }
      + outer.map { PacketSummary.udp("10.0.0.220:2000", to: "203.0.113.7:443", at: Double($0) + 0.25) }
    return packets.sorted { $0.time < $1.time }
  }

  /// A capture at the gateway that shows one packet of a hundred takes nothing else away from the other side's.
  @Test func fewCopiesHideNoRecord() {
    #expect(
      outside(stream(inner: 0..<100, outer: 50..<51)) == [
        "egress 10.0.0.220 2000 203.0.113.7 443: 1", "egress 10.0.0.220 40000 203.0.113.7 443: 99",
      ])
    // Of a flow that is shown for the most part the rest has the same port.
    #expect(
      outside(stream(inner: 0..<100, outer: 0..<60)) == ["egress 10.0.0.220 2000 203.0.113.7 443: 100"])
    #expect(
      outside(stream(inner: 0..<60, outer: 0..<100)) == ["egress 10.0.0.220 2000 203.0.113.7 443: 100"])
  }

  /// Nothing is lost or doubled where one capture begins or ends before the other, wherever the interval ends.
  @Test(arguments: [0..<60, 0..<61, 60..<120, 59..<120, 10..<70])
  func capturesThatBeginOrEndAtAnotherTime(outer: Range<Int>) {
    let told = outside(stream(inner: 0..<120, outer: outer), interval: 60)
    let counts = told.map { ($0.contains("40000") ? "inner" : "outer", Int($0.split(separator: " ").last!)!) }
    #expect(counts.reduce(0) { $0 + $1.1 } == 120, "\(told)")
    #expect(counts.filter { $0.0 == "inner" }.reduce(0) { $0 + $1.1 } <= 120 - outer.count, "\(told)")
    #expect(told.contains("egress 10.0.0.220 2000 203.0.113.7 443: 60"), "\(told)")
    if [0..<60, 60..<120].contains(outer) {
      #expect(told.contains("egress 10.0.0.220 40000 203.0.113.7 443: 60") && told.count == 2, "\(told)")
    }
  }

  /// Flows through the gateway in any order, with copies late or lost: each packet is told once, and where no outer copy
  /// is lost, what is told is what the outer ones alone tell.
  @Test(arguments: 0..<40) func flowsInAnyOrder(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var (inner, outer): ([PacketSummary], [PacketSummary]) = ([], [])
    let loses = seed % 2 == 1
    var sent = 0
    for flow in 0..<Int.random(in: 1...12, using: &random) {
      let remote =
        "203.0.113.\(Int.random(in: 7...8, using: &random)):\(Int.random(in: 443...444, using: &random))"
      var time = Double.random(in: 0..<150, using: &random)
      for _ in 0..<Int.random(in: 1...30, using: &random) {
        time += Double.random(in: 0..<4, using: &random)
        sent += 1
        let keeps = [0, 1].map { _ in !loses || Int.random(in: 0..<10, using: &random) > 0 }
        let latency = Double.random(in: -0.05..<0.3, using: &random)
        if keeps[0] || !keeps[1] { inner.append(.udp("10.0.1.10:\(40_000 + flow)", to: remote, at: time)) }
        if keeps[1] { outer.append(.udp("10.0.0.220:\(2000 + flow)", to: remote, at: time + latency)) }
      }
    }
    func sum(_ rows: [String]) -> Int { rows.reduce(0) { $0 + Int($1.split(separator: " ").last!)! } }
    for interval in [60, 600] {
      let told = outside((inner + outer).sorted { $0.time < $1.time }, interval: interval)
      if loses {
        // A packet and one that only looks like its copy, as its own was lost, are one.
        #expect(sum(told) <= sent && sum(told) >= max(inner.count, outer.count), "seed \(seed): \(told)")
      } else {
        #expect(sum(told) == sent)
        #expect(
          told == outside(outer.sorted { $0.time < $1.time }, interval: interval), "seed \(seed)")
      }
    }
  }

  /// Whoever scans keeps one port, and what is stopped has no copy behind what stopped it.
  @Test("AD-12: what an instance's group stops is told by the copy beyond the internet gateway alone")
  func scans() {
    var (scene, tests) = (SemanticsNetwork(), self)
    scene.inbound("web", "tcp 443 from 0.0.0.0/0")
    tests.scene = scene
    let scanner = "203.0.113.7:50000"
    let packets: [PacketSummary] = [
      .tcp(scanner, to: "198.51.100.10:22", .syn, at: 0),
      .tcp(scanner, to: "198.51.100.10:443", .syn, at: 0.1),
      .tcp(scanner, to: "10.0.0.10:443", .syn, at: 0.101),
    ]
    #expect(
      tests.outside(packets, at: "eni-web", of: "10.0.0.10") == [
        "ingress 203.0.113.7 50000 10.0.0.10 22: 1 rejected", "ingress 203.0.113.7 50000 10.0.0.10 443: 1",
      ])
  }

  /// An internet gateway changes no port: a flow from another is another.
  @Test func flowsBeyondAnInternetGatewayKeepTheirPorts() {
    let packets: [PacketSummary] = [
      .tcp("198.51.100.10:40000", to: "203.0.113.7:443", .syn, at: 0),
      .tcp("10.0.0.10:40001", to: "203.0.113.7:443", .syn, at: 0.2),
    ]
    #expect(
      outside(packets, at: "eni-web", of: "10.0.0.10") == [
        "egress 10.0.0.10 40000 203.0.113.7 443: 1", "egress 10.0.0.10 40001 203.0.113.7 443: 1",
      ])
  }

  /// What the gateway's ACL stops is not told by what it lets pass, nor one ICMP type by another.
  @Test("FL-4: types of ICMP that the capture shows on one side only are told by it")
  func typesOfICMP() {
    var (scene, tests) = (SemanticsNetwork(), self)
    scene.acl(
      "subnet-pub", inbound: ["100 allow all from 0.0.0.0/0"],
      outbound: ["100 allow icmp 8 to 0.0.0.0/0", "110 allow icmp 17 to 0.0.0.0/0"])
    tests.scene = scene
    let (inner, outer, remote) = ("10.0.1.10", "10.0.0.220", "203.0.113.7")
    let packets: [PacketSummary] = [
      .icmp(inner, to: remote, type: 13, at: 0), .icmp(inner, to: remote, type: 17, at: 0.001),
      .icmp(inner, to: remote, type: 8, at: 0.002), .icmp(outer, to: remote, type: 8, at: 0.003),
    ]
    let told = tests.outside(packets)
    #expect(told.filter { $0.hasSuffix(": 1 rejected") }.count == 1, "\(told)")
    #expect(told.filter { $0.hasSuffix(": 2") }.count == 1 && told.count == 2, "\(told)")
  }

  /// From an instance by the NAT gateway to another's public address: captured at both, and in between.
  @Test("RT-23: between two hosts of the network either one's copies tell of the other's interface")
  func publicAddressesOfTheNetwork() {
    let requests: [PacketSummary] = [
      .tcp("10.0.1.10:40000", to: "198.51.100.10:443", .syn, at: 0),
      .tcp("10.0.0.220:2000", to: "198.51.100.10:443", .syn, at: 0.001),
      .tcp("198.51.100.220:2000", to: "10.0.0.10:443", .syn, at: 0.002),
    ]
    for places in [[0, 2], [0, 1, 2], [1, 2], [0, 1], [2], [1]] {
      let packets = places.map { requests[$0] }
      #expect(
        outside(packets) == ["egress 10.0.0.220 2000 198.51.100.10 443: 1"], "\(places)")
      #expect(
        outside(packets, at: "eni-web", of: "10.0.0.10") == ["ingress 198.51.100.220 2000 10.0.0.10 443: 1"],
        "\(places)")
    }
    // With the same port on both sides, too, and back.
    let same: [PacketSummary] = [
      requests[0], .tcp("198.51.100.220:40000", to: "10.0.0.10:443", .syn, at: 0.001),
      .tcp("10.0.0.10:443", to: "198.51.100.220:40000", [.syn, .ack], at: 0.002),
      .tcp("198.51.100.10:443", to: "10.0.1.10:40000", [.syn, .ack], at: 0.003),
    ]
    #expect(
      outside(same) == [
        "egress 10.0.0.220 40000 198.51.100.10 443: 1", "ingress 198.51.100.10 443 10.0.0.220 40000: 1",
      ])
    #expect(
      outside(same, at: "eni-web", of: "10.0.0.10") == [
        "egress 10.0.0.10 443 198.51.100.220 40000: 1", "ingress 198.51.100.220 40000 10.0.0.10 443: 1",
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
