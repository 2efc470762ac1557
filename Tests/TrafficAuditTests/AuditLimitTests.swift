import Filtering
import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

@testable import TrafficAudit

/// What is kept for a report is bounded; what goes beyond is counted all the same, and said.
@Suite struct AuditLimitTests {
  private let scene: SemanticsNetwork

  init() {
    var scene = SemanticsNetwork()
    scene.inbound("web", "tcp 443 from 0.0.0.0/0")
    self.scene = scene
  }

  @Test func groupsOfDenials() {
    let filter = PacketFilter(scene.network)
    var tracker = ConnectionTracker()
    var packet = PacketSummary.tcp("203.0.113.7:50000", to: "10.0.0.10:22")
    let verdict = filter.evaluate(packet, tracking: &tracker)
    #expect(verdict.packetClass == .deny)
    var tallies = Tallies()
    let more = 500
    for number in 0..<Tallies.denialGroupLimit + more {
      packet.destinationPort = UInt16(number & 0xffff)
      packet.addresses = .v4(
        source: IPv4Address(rawValue: 0xc600_0000 + UInt32(number >> 16) << 8),
        destination: IPv4Address(10, 0, 0, 10))
      tallies.count(packet, verdict, tracker: tracker)
    }
    #expect(tallies.denials.count == Tallies.denialGroupLimit + 1)
    let folded = tallies.denials.filter { $0.key.remote == .v4(.everything) }
    #expect(folded.map(\.value.tally.packets) == [more])
    #expect(tallies.denials.reduce(0) { $0 + $1.value.tally.packets } == Tallies.denialGroupLimit + more)
    #expect(tallies.foldedDenials > 0)
  }

  @Test func recordsOfAFlowLog() {
    let filter = PacketFilter(scene.network)
    var tracker = ConnectionTracker()
    var recorder = FlowLogRecorder(filter, scene.network)
    recorder.limit = 100
    var most = 0
    var taken: [FlowLogRecord] = []
    for port in 0..<1000 {
      let packet = PacketSummary.tcp("203.0.113.7:\(20_000 + port)", to: "10.0.0.10:443", at: 1)
      let verdict = filter.evaluate(packet, tracking: &tracker)
      recorder.count(packet, length: 60, verdict, tracker: tracker)
      let records = recorder.take()
      most = max(most, records.count)
      taken += records
    }
    taken += recorder.take(all: true)
    #expect(most == 100)
    #expect(taken.count == 1000)
    #expect(taken.reduce(0) { $0 + $1.packets } == 1000)
  }

  /// Packets of one moment beyond an internet gateway, all before their copies: those that are forgotten count twice.
  @Test func packetsThatHaveCopies() {
    let filter = PacketFilter(scene.network)
    func counted(_ limit: Int) -> Int {
      var tracker = ConnectionTracker()
      var recorder = FlowLogRecorder(filter, scene.network)
      recorder.rememberedCopies = limit
      for address in ["198.51.100.10", "10.0.0.10"] {
        for _ in 0..<1000 {
          let packet = PacketSummary.udp("203.0.113.7:50000", to: "\(address):443", at: 1)
          let verdict = filter.evaluate(packet, tracking: &tracker)
          recorder.count(packet, length: 60, verdict, tracker: tracker)
        }
      }
      return recorder.take(all: true).reduce(0) { $0 + $1.packets }
    }
    #expect(counted(1000) == 1000)
    #expect((1001...2000).contains(counted(100)))
  }

  @Test func groupsOfDisagreements() throws {
    var audit = FlowLogAudit(PacketFilter(scene.network), scene.network)
    audit.limit = 100
    let entries = try (0..<300).map { number in
      let line =
        "2 123456789012 eni-web 203.0.113.7 10.0.0.10 50000 \(1000 + number) 6 5 500 \(number) \(number + 9) ACCEPT OK"
      return try #require(try FlowLogEntry(line, .standard, line: number + 1))
    }
    audit.audit(entries)
    let report = audit.finished()
    #expect(report.disagreements.count == 101)
    #expect(report.disagreements[0].remote == .v4(.everything) && report.disagreements[0].records == 200)
    #expect(report.disagreeing == 300)
  }

  @Test func pingsThatAreRemembered() throws {
    var scene = scene
    scene.outbound("web", "icmp any to 0.0.0.0/0")
    for (limit, disagreeing) in [(FlowLogAudit.pingLimit, 0), (1, 1)] {
      var audit = FlowLogAudit(PacketFilter(scene.network), scene.network)
      audit.rememberedPings = limit
      let entries = try [("10.0.0.10", "203.0.113.7"), ("10.0.0.10", "203.0.113.8")].enumerated().flatMap {
        number, pair in
        try [pair, (pair.1, pair.0)].enumerated().map { way, ends in
          let line =
            "2 123456789012 eni-web \(ends.0) \(ends.1) 0 0 1 5 500 \(2 * number + way) \(9 + number) ACCEPT OK"
          return try #require(try FlowLogEntry(line, .standard, line: 2 * number + way + 1))
        }
      }
      audit.audit(entries)
      #expect(audit.finished().disagreeing == disagreeing, "\(limit)")
    }
  }
}
