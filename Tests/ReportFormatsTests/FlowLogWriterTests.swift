import Filtering
import NetworkTypes
import ReportFormats
import RuleMatching
import TestSupport
import Testing
import TrafficAudit
import VirtualNetworks

/// Lines of flow logs.
@Suite struct FlowLogWriterTests {
  private func lines(
    _ scene: SemanticsNetwork, _ packets: [PacketSummary], _ format: String
  ) throws -> [String] {
    let filter = PacketFilter(scene.network)
    var tracker = ConnectionTracker()
    var recorder = FlowLogRecorder(filter, scene.network)
    for packet in packets {
      let verdict = filter.evaluate(packet, tracking: &tracker)
      recorder.count(packet, length: 60, verdict, tracker: tracker)
    }
    let writer = FlowLogWriter(try FlowLogFormat.parse(format).get(), scene.network)
    var buffer = TextBuffer()
    for record in recorder.take(all: true) { writer.append(record, to: &buffer) }
    return String(decoding: buffer.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test(
    "S23: the interface's own side is logged with its primary address, pkt-* has the truth (FL-12, AD-28)")
  func secondaryAddress() throws {
    var scene = SemanticsNetwork()
    scene.interface("eni-app") { $0.ipv4Addresses.append(.init(IPv4Address("10.0.1.20")!)) }
    // Groups and ACLs look at the address that the packet has.
    scene.outbound("db", "tcp 80 to 10.0.1.20/32", "tcp 81 to 10.0.1.10/32")
    scene.inbound("db", "tcp 5432 from 10.0.1.20/32")
    let lines = try lines(
      scene,
      [
        .tcp("10.0.2.10:40000", to: "10.0.1.20:80"), .tcp("10.0.2.10:40000", to: "10.0.1.20:81"),
        .tcp("10.0.1.20:40000", to: "10.0.2.10:5432"),
      ],
      "${interface-id} ${srcaddr} ${dstaddr} ${dstport} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction} ${action}"
    )
    #expect(
      lines == [
        "eni-db 10.0.2.10 10.0.1.20 80 10.0.2.10 10.0.1.20 egress ACCEPT",
        "eni-app 10.0.2.10 10.0.1.10 80 10.0.2.10 10.0.1.20 ingress ACCEPT",
        "eni-db 10.0.2.10 10.0.1.20 81 10.0.2.10 10.0.1.20 egress REJECT",
        "eni-app 10.0.1.10 10.0.2.10 5432 10.0.1.20 10.0.2.10 egress ACCEPT",
        "eni-db 10.0.1.20 10.0.2.10 5432 10.0.1.20 10.0.2.10 ingress ACCEPT",
      ])
  }

  @Test("FL-11: a NAT gateway's own side is its private address")
  func natGateway() throws {
    let lines = try lines(
      SemanticsNetwork(),
      [
        .tcp("10.0.1.10:40000", to: "203.0.113.7:443"),
        .tcp("203.0.113.7:443", to: "10.0.1.10:40000", [.syn, .ack]),
      ],
      "${interface-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${traffic-path} ${next-hop-interface-id}"
    )
    #expect(
      lines == [
        "eni-app 10.0.1.10 203.0.113.7 10.0.1.10 203.0.113.7 1 eni-nat",
        "eni-nat 10.0.1.10 10.0.0.220 10.0.1.10 203.0.113.7 - -",
        "eni-nat 10.0.0.220 203.0.113.7 10.0.0.220 203.0.113.7 8 -",
        "eni-nat 203.0.113.7 10.0.0.220 203.0.113.7 10.0.0.220 - -",
        "eni-nat 10.0.0.220 10.0.1.10 203.0.113.7 10.0.1.10 1 eni-app",
        "eni-app 203.0.113.7 10.0.1.10 203.0.113.7 10.0.1.10 - -",
      ])
  }

  @Test func versionIsTheHighestOfTheFields() throws {
    let packet = PacketSummary.icmp("203.0.113.7", to: "10.0.0.10", type: 8)
    let lines = try lines(
      SemanticsNetwork(), [packet], "version srcport dstport protocol tcp-flags type flow-direction")
    // FL-4: ICMP has ports 0.
    #expect(lines == ["5 0 0 1 0 IPv4 ingress"])
    #expect(FlowLogFormat.standard.version == 2)
    #expect(FlowLogFormat(FlowLogField.allCases).version == 11)
  }
}
