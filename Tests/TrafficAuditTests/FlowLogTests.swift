import Filtering
import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import TrafficAudit
import VirtualNetworks

/// Flow log records of judged packets (semantics section 7), and records judged in place of packets.
@Suite struct FlowLogTests {
  fileprivate struct Row: Equatable {
    var interface: String
    var source: String
    var destination: String
    var direction: Direction
    var isAccepted: Bool
  }

  /// Records of packets in the network of the semantics, as the wire had them.
  private func records(
    _ scene: SemanticsNetwork, _ packets: [PacketSummary], interval: Int = 600
  ) -> [FlowLogRecord] {
    let filter = PacketFilter(scene.network)
    var tracker = ConnectionTracker()
    var recorder = FlowLogRecorder(filter, scene.network, interval: interval)
    for packet in packets {
      let verdict = filter.evaluate(packet, tracking: &tracker)
      recorder.count(packet, length: 60, verdict, tracker: tracker)
    }
    return recorder.take(all: true)
  }

  private func rows(_ scene: SemanticsNetwork, _ packets: [PacketSummary]) -> [Row] {
    records(scene, packets).map { Row($0, scene.network) }
  }

  @Test("S11, FL-7: an answer that an ACL stops is an ACCEPT and a REJECT")
  func acceptThenReject() {
    var scene = SemanticsNetwork()
    scene.acl(
      "subnet-pub", inbound: ["100 allow tcp 443 from 0.0.0.0/0"],
      outbound: ["100 allow tcp 443 to 0.0.0.0/0"])
    let rows = rows(
      scene,
      [
        .tcp("203.0.113.7:51000", to: "10.0.0.10:443"),
        .tcp("10.0.0.10:443", to: "203.0.113.7:51000", [.syn, .ack]),
      ])
    #expect(
      rows == [
        Row(
          interface: "eni-web", source: "203.0.113.7", destination: "10.0.0.10", direction: .ingress,
          isAccepted: true),
        Row(
          interface: "eni-web", source: "10.0.0.10", destination: "203.0.113.7", direction: .egress,
          isAccepted: false),
      ])
  }

  @Test("FL-11: a NAT gateway's interface sees both sides")
  func natGateway() {
    let scene = SemanticsNetwork()
    let rows = rows(
      scene,
      [
        .tcp("10.0.1.10:40000", to: "203.0.113.7:443"),
        .tcp("203.0.113.7:443", to: "10.0.1.10:40000", [.syn, .ack]),
      ])
    #expect(
      rows == [
        Row(
          interface: "eni-app", source: "10.0.1.10", destination: "203.0.113.7", direction: .egress,
          isAccepted: true),
        Row(
          interface: "eni-nat", source: "10.0.1.10", destination: "203.0.113.7", direction: .ingress,
          isAccepted: true),
        Row(
          interface: "eni-nat", source: "10.0.0.220", destination: "203.0.113.7", direction: .egress,
          isAccepted: true),
        Row(
          interface: "eni-nat", source: "203.0.113.7", destination: "10.0.0.220", direction: .ingress,
          isAccepted: true),
        Row(
          interface: "eni-nat", source: "203.0.113.7", destination: "10.0.1.10", direction: .egress,
          isAccepted: true),
        Row(
          interface: "eni-app", source: "203.0.113.7", destination: "10.0.1.10", direction: .ingress,
          isAccepted: true),
      ])
  }

  @Test("FL-11: errors about what a NAT gateway translated are translated back, though nobody may ping")
  func natGatewayErrors() {
    var scene = SemanticsNetwork()
    scene.outbound("app", "udp 53 to 0.0.0.0/0")
    let filter = PacketFilter(scene.network)
    var tracker = ConnectionTracker()
    var recorder = FlowLogRecorder(filter, scene.network, interval: 600)
    let request = PacketSummary.udp("10.0.1.10:40000", to: "203.0.113.7:53")
    let error = PacketSummary.icmp("203.0.113.7", to: "10.0.1.10", type: 3, code: 3)
    for (packet, quote) in [(request, nil), (error, QuotedPacket(request))] {
      let verdict = filter.evaluate(packet, quoting: quote, tracking: &tracker)
      #expect(verdict.packetClass == .allow)
      recorder.count(packet, length: 60, verdict, tracker: tracker)
    }
    let errors = recorder.take(all: true).filter { $0.passage.header.ipProtocol == .icmp }
      .map { Row($0, scene.network) }
    #expect(
      errors == [
        Row(
          interface: "eni-nat", source: "203.0.113.7", destination: "10.0.0.220", direction: .ingress,
          isAccepted: true),
        Row(
          interface: "eni-nat", source: "203.0.113.7", destination: "10.0.1.10", direction: .egress,
          isAccepted: true),
        Row(
          interface: "eni-app", source: "203.0.113.7", destination: "10.0.1.10", direction: .ingress,
          isAccepted: true),
      ])
  }

  @Test("FL-16, S17: what routing drops is an ACCEPT at the sender, and nothing arrives")
  func routing() {
    var scene = SemanticsNetwork()
    scene.route("rtb-priv", "10.9.0.0/16", .peering("pcx-gone"), isBlackhole: true)
    let rows = rows(scene, [.tcp("10.0.1.10:40000", to: "10.9.0.1:443")])
    #expect(rows.map(\.interface) == ["eni-app"])
    #expect(rows.map(\.isAccepted) == [true])
  }

  @Test("S12, FL-13: Amazon DNS and metadata are not logged, one's own DNS is")
  func notLogged() {
    let scene = SemanticsNetwork()
    #expect(rows(scene, [.udp("10.0.1.10:40000", to: "10.0.0.2:53")]).isEmpty)
    #expect(rows(scene, [.udp("10.0.1.10:40000", to: "169.254.169.253:53")]).isEmpty)
    #expect(rows(scene, [.tcp("10.0.1.10:40000", to: "169.254.169.254:80")]).isEmpty)
    #expect(rows(scene, [.udp("10.0.1.10:40000", to: "10.0.2.10:53")]).count == 2)
    #expect(rows(scene, [.udp("192.0.2.1:40000", to: "198.18.0.1:53")]).isEmpty)
  }

  /// A packet that is judged by its flow, or by the first of its fragments, would be judged otherwise alone.
  @Test("CT-3, CT-22, NACL-18: whoever passes by its flow or its first fragment is an ACCEPT at both ends")
  func judgedByTheirFlow() {
    var scene = SemanticsNetwork()
    for name in ["app", "db"] { scene.outbound(name) }
    scene.outbound("app", "udp 53 to 10.0.2.0/24", "47 to 10.0.2.0/24", "icmp 8 to 10.0.2.0/24")
    scene.inbound("db", "udp 53 from 10.0.1.0/24", "47 from 10.0.1.0/24", "icmp 8 from 10.0.1.0/24")
    let query = PacketSummary.udp("10.0.1.10:40000", to: "10.0.2.10:53")
    let ping = PacketSummary.icmp("10.0.1.10", to: "10.0.2.10", type: 8, at: 2)
    let pong = PacketSummary.icmp("10.0.2.10", to: "10.0.1.10", type: 0, at: 3)
    var tunnel = PacketSummary.udp("10.0.1.10:0", to: "10.0.2.10:0", at: 4)
    tunnel.ipProtocol = IPProtocol(rawValue: 47)
    tunnel.fields.remove(.transport)
    var back = tunnel
    back.addresses = tunnel.addresses.reversed
    let packets: [(PacketSummary, QuotedPacket?)] = [
      (query.fragment(1, offset: 0, more: true), nil), (query.fragment(1, offset: 1480, more: false), nil),
      (.icmp("10.0.2.10", to: "10.0.1.10", type: 3, code: 3, at: 1), QuotedPacket(query)),
      (ping.fragment(2, offset: 0, more: true), nil), (ping.fragment(2, offset: 1480, more: false), nil),
      (pong.fragment(3, offset: 0, more: true), nil), (pong.fragment(3, offset: 1480, more: false), nil),
      (tunnel, nil), (back, nil),
    ]
    let filter = PacketFilter(scene.network)
    var tracker = ConnectionTracker()
    var recorder = FlowLogRecorder(filter, scene.network)
    for (packet, quote) in packets {
      let verdict = filter.evaluate(packet, quoting: quote, tracking: &tracker)
      #expect(verdict.packetClass == .allow, "\(packet)")
      recorder.count(packet, length: 60, verdict, tracker: tracker)
    }
    let records = recorder.take(all: true)
    #expect(records.allSatisfy { $0.isAccepted })
    for name in ["eni-app", "eni-db"] {
      let own = records.filter {
        scene.network.networkInterfaces[Int($0.passage.interface.rawValue)].id.rawValue == name
      }
      #expect(own.reduce(0) { $0 + $1.packets } == packets.count, "\(name): \(own)")
    }
  }

  @Test("FL-9: flags are those of all packets together, and an interval ends a record")
  func flagsAndIntervals() {
    let scene = SemanticsNetwork()
    let (client, server) = ("203.0.113.7:51000", "10.0.0.10:443")
    let packets: [PacketSummary] = [
      .tcp(client, to: server, .syn, at: 1), .tcp(server, to: client, [.syn, .ack], at: 1),
      .tcp(client, to: server, .ack, at: 2), .tcp(client, to: server, [.fin, .ack], at: 3),
      .tcp(server, to: client, [.fin, .ack], at: 4), .tcp("203.0.113.7:51001", to: server, .ack, at: 61),
    ]
    let records = records(scene, packets, interval: 60)
    #expect(records.map(\.tcpFlags) == [3, 19, 0])
    #expect(records.map(\.packets) == [3, 2, 1])
    #expect(records.map(\.bytes) == [180, 120, 60])
    #expect(records[0].first.nanoseconds == 1_000_000_000 && records[0].last.nanoseconds == 3_000_000_000)
  }

  // MARK: Records judged

  private func compare(_ scene: SemanticsNetwork, _ lines: [String]) throws -> FlowLogAudit.Report {
    var audit = FlowLogAudit(PacketFilter(scene.network), scene.network)
    let entries = try lines.enumerated().map { number, line in
      try #require(try FlowLogEntry(line, .standard, line: number + 1))
    }
    audit.audit(entries)
    return audit.finished()
  }

  private func line(_ interface: String, _ ends: String, _ action: String, start: Int = 100) -> String {
    "2 123456789012 \(interface) \(ends) 5 500 \(start) \(start + 59) \(action) OK"
  }

  @Test func recordsThatAgreeWithTheRules() throws {
    var scene = SemanticsNetwork()
    scene.inbound("web", "tcp 443 from 0.0.0.0/0")
    let report = try compare(
      scene,
      [
        // The answer stands first, and is judged after its request.
        line("eni-web", "10.0.0.10 203.0.113.7 443 51000 6", "ACCEPT"),
        line("eni-web", "203.0.113.7 10.0.0.10 51000 443 6", "ACCEPT"),
        line("eni-web", "203.0.113.7 10.0.0.10 51000 22 6", "REJECT"),
        line("eni-nat", "10.0.1.10 10.0.0.220 40000 443 6", "ACCEPT"),
      ])
    #expect(report.records == 4)
    #expect(report.acceptedAsPredicted == 3)
    #expect(report.rejectedAsPredicted == 1)
    #expect(report.disagreements.isEmpty)
  }

  @Test(
    "FL-11: of a NAT gateway's records srcaddr and dstaddr tell the direction, not the packets' own addresses"
  )
  func natGatewayWithoutDirections() throws {
    let scene = SemanticsNetwork()
    let format = try FlowLogFormat.parse(
      "${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${start} ${action} ${pkt-srcaddr} ${pkt-dstaddr}"
    ).get()
    var audit = FlowLogAudit(PacketFilter(scene.network), scene.network)
    audit.audit(
      try [
        "eni-nat 10.0.1.10 10.0.0.220 40000 443 6 100 ACCEPT 10.0.1.10 203.0.113.7",
        "eni-nat 10.0.0.220 203.0.113.7 40000 443 6 100 ACCEPT 10.0.0.220 203.0.113.7",
        "eni-nat 203.0.113.7 10.0.0.220 443 40000 6 101 ACCEPT 203.0.113.7 10.0.0.220",
        "eni-nat 10.0.0.220 10.0.1.10 443 40000 6 101 ACCEPT 203.0.113.7 10.0.1.10",
      ].enumerated().map { try #require(try FlowLogEntry($1, format, line: $0 + 1)) })
    #expect(audit.finished().acceptedAsPredicted == 4)
  }

  @Test func recordsThatDisagreeAreGroupedWithReasons() throws {
    var scene = SemanticsNetwork()
    scene.inbound("web", "tcp 443 from 0.0.0.0/0")
    let report = try compare(
      scene,
      [
        line("eni-web", "203.0.113.7 10.0.0.10 51000 22 6", "ACCEPT"),
        line("eni-web", "203.0.113.9 10.0.0.10 51001 22 6", "ACCEPT"),
        line("eni-web", "198.51.100.200 10.0.0.10 51001 443 6", "REJECT"),
        line("eni-gone", "198.51.100.200 10.0.0.10 51001 443 6", "REJECT"),
      ])
    #expect(report.disagreements.map(\.records) == [2, 1])
    #expect(report.disagreements.map(\.prediction) == [.reject, .accept])
    #expect(report.disagreements[0].port == 22)
    #expect(report.disagreements[0].remote.description == "203.0.113.0/24")
    #expect(report.disagreements[0].explanation.contains("no inbound rule of sg-web"))
    #expect(report.disagreements.allSatisfy { !$0.reasons.isEmpty })
    #expect(report.notPredicted == [.noInterface: 1])
  }

  @Test func linesThatAreNoRecords() throws {
    let bad = [
      ("2 123456789012 eni-1", "3 fields"),
      (line("eni-1", "10.0.0.1 10.0.0.2 99999 22 6", "ACCEPT"), "'99999'"),
      (line("eni-1", "10.0.0.1 10.0.0.300 1 22 6", "ACCEPT"), "'10.0.0.300'"),
      (line("eni-1", "10.0.0.1 10.0.0.2 1 22 6", "MAYBE"), "'MAYBE'"),
      (line("eni-1", "10.0.0.1 ::1 1 22 6", "ACCEPT"), "::1"), (line("eni-1", "- - 1 22 6", "ACCEPT"), "'-'"),
    ]
    for (text, found) in bad {
      do throws(FlowLogEntry.Fault) {
        _ = try FlowLogEntry(text, .standard, line: 1)
        Issue.record("\(text) is taken for a record")
      } catch {
        #expect(error.found.contains(found), "\(error)")
      }
    }
  }

  @Test("FL-10: records that tell of no packets say why; those of other fields may do without")
  func linesWithoutTraffic() throws {
    let silent = "2 123456789012 eni-1 - - - - - - - 1714550520 1714550579 - "
    #expect(try FlowLogEntry(silent + "NODATA", .standard, line: 1) == nil)
    #expect(try FlowLogLine(silent + "NODATA", .standard, line: 1) == .noTraffic)
    #expect(try FlowLogLine(silent + "SKIPDATA", .standard, line: 1) == .skipped)
    #expect(throws: FlowLogEntry.Fault.self) { try FlowLogLine(silent + "OK", .standard, line: 1) }
    let format = try FlowLogFormat.parse("interface-id srcaddr dstaddr protocol action start").get()
    #expect(try FlowLogLine("eni-1 - - - - 1714550520", format, line: 1) == .noTraffic)
    #expect(throws: FlowLogEntry.Fault.self) {
      try FlowLogLine("eni-1 - - - ACCEPT 1714550520", format, line: 1)
    }
  }

  @Test func linesThatNameFieldsAnew() throws {
    let names = "account-id interface-id dstaddr srcaddr dstport srcport protocol action"
    for first in ["version", "some-day", "7th"] {
      let header = try #require(FlowLogFormat.header("\(first) \(names)"))
      #expect(header.unknown == (first == "version" ? [] : [first]))
    }
    // Between records those that begin with a digit are not looked at.
    for first in ["version", "some-day"] {
      #expect(FlowLogFormat.headerWithin("\(first) \(names)")?.format.fields.count == 9)
    }
    #expect(FlowLogFormat.headerWithin("\tsome-day\t\(names)")?.format.fields.count == 9)
    for record in [
      line("eni-1", "10.0.0.1 10.0.0.2 1 2 6", "ACCEPT"), "eni-1 start end - - ACCEPT", "version",
    ] {
      #expect(FlowLogFormat.headerWithin(record) == nil, "\(record)")
    }
  }

  @Test func linesWithTabs() throws {
    let text = line("eni-1", "10.0.0.1 10.0.0.2 1 2 6", "ACCEPT")
    #expect(
      try FlowLogEntry(text.replacing(" ", with: "\t"), .standard, line: 1)
        == FlowLogEntry(text, .standard, line: 1))
  }

  @Test("NACL-12, FL-6: where nothing filters, no change of an ACL is behind a REJECT")
  func neighboursOfNATGateways() throws {
    let report = try compare(
      SemanticsNetwork(),
      [
        line("eni-nat", "10.0.0.10 10.0.0.220 40000 443 6", "REJECT"),
        line("eni-nat", "10.0.1.10 10.0.0.220 40000 443 6", "REJECT"),
      ])
    let reasons = Dictionary(
      uniqueKeysWithValues: report.disagreements.map { ($0.remote.description, ($0.explanation, $0.reasons)) }
    )
    let near = try #require(reasons["10.0.0.0/24"])
    #expect(near.0.contains("nothing filters here"))
    #expect(near.1 == ["the network was another when the log was written: in this one no rule can reject it"])
    #expect(reasons["10.0.1.0/24"]?.1 == ["the ACL was changed after the log was written"])
  }

  @Test("FL-2: what does not apply is a dash")
  func fieldsThatDoNotApply() throws {
    let format = try FlowLogFormat.parse(
      "version interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status "
        + "tcp-flags flow-direction pkt-src-aws-service pkt-dst-aws-service traffic-path reject-reason"
    ).get()
    let entry = try #require(
      try FlowLogEntry(
        "8 - 10.0.0.1 10.0.0.2 - - 1 - - 100 160 REJECT OK - - - - - -", format, line: 7))
    #expect(entry.interface == nil && entry.tcpFlags == nil && entry.direction == nil)
    #expect(entry.rejectReason == nil && entry.sourcePort == 0 && entry.packets == 0)
    #expect(entry.addresses.source == IPAddress("10.0.0.1") && !entry.isAccepted && entry.start == 100)
  }

  /// The sum of two such counts trapped.
  @Test func countsOfAnySizeAreAddedUp() throws {
    var scene = SemanticsNetwork()
    scene.inbound("web", "tcp 443 from 0.0.0.0/0")
    let most = Int.max
    let lines = (0..<3).map { second in
      "2 123456789012 eni-web 203.0.113.7 10.0.0.10 50000 23 6 \(most) \(most - second) \(second) \(most) ACCEPT OK"
    }
    let disagreement = try #require(try compare(scene, lines).disagreements.first)
    #expect(disagreement.records == 3)
    #expect(disagreement.packets == most && disagreement.bytes == most)
  }
}

extension FlowLogTests.Row {
  fileprivate init(_ record: FlowLogRecord, _ network: VirtualNetwork) {
    let passage = record.passage
    interface = network.networkInterfaces[Int(passage.interface.rawValue)].id.rawValue
    source = "\(passage.header.source)"
    destination = "\(passage.header.destination)"
    direction = passage.direction
    isAccepted = record.isAccepted
  }
}
