import Filtering
import NetworkTypes
import TestSupport
import Testing
import TrafficAudit

/// Counts: whatever the packets are and however they come, nothing is lost and nothing is counted twice.
@Suite struct AuditorTests {
  private func audit(_ packets: [PacketSummary], _ network: SemanticsNetwork = SemanticsNetwork()) -> Auditor
  {
    var auditor = Auditor(PacketFilter(network.network))
    var batch = PacketBatch()
    batch.packets = packets
    auditor.audit(batch)
    return auditor
  }

  @Test(arguments: [1, 7, 64, 256, 4096]) func batchesDoNotMatter(limit: Int) throws {
    let whole = try AuditedCapture(batchLimit: 100_000)
    let pieces = try AuditedCapture(batchLimit: limit)
    #expect(whole.verdicts == pieces.verdicts)
    #expect(whole.report.packets == pieces.report.packets)
    #expect(whole.report.denials == pieces.report.denials)
    #expect(whole.report.rules == pieces.report.rules)
  }

  @Test func classesAddUp() throws {
    for capture in ["three-tier.pcap", "web-1.pcap", "db-1.pcapng"] {
      let audit = try AuditedCapture("captures/\(capture)")
      let report = audit.report
      #expect(report.packets.total == audit.packets.count)
      #expect(report.bytes.total == audit.packets.reduce(0) { $0 + Int($1.wireLength) })
      #expect(report.denials.reduce(0) { $0 + $1.tally.packets } == report.packets[.deny])
      #expect(report.denials.reduce(0) { $0 + $1.tally.bytes } == report.bytes[.deny])
      #expect(report.undecoded.reduce(0) { $0 + $1.packets } == report.packets[.undecoded])
      #expect(report.unknowns.reduce(0) { $0 + $1.packets } == report.packets[.unknown])
      #expect(report.flows.allowed + report.flows.denied <= report.flows.total)
    }
  }

  @Test("S24: segments after close are denied, and no policy is violated by them (CT-25)")
  func lateSegments() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from 203.0.113.0/24")
    let (client, server) = ("203.0.113.7:50000", "10.0.0.10:443")
    let packets: [PacketSummary] = [
      .tcp(client, to: server), .tcp(server, to: client, [.syn, .ack]), .tcp(client, to: server, .ack),
      .tcp(client, to: server, [.fin, .ack]), .tcp(server, to: client, [.fin, .ack]),
      .tcp(client, to: server, .ack), .tcp(client, to: server, .ack, at: 5),
      .tcp(client, to: server, .rst, at: 6),
    ]
    let report = AuditReport(audit(packets, network))
    #expect(report.packets[.deny] == 2 && report.lateSegments == 2)
    #expect(report.violations(.deny) == 0)
    #expect(report.warnings.contains { $0.contains("2 denied packets are segments that came after") })
    let refused = AuditReport(audit(packets + [.tcp(client, to: "10.0.0.10:22", at: 7)], network))
    #expect(refused.violations(.deny) == 1)
  }

  @Test func denialsOfOnePortAreOneGroup() {
    var network = SemanticsNetwork()
    network.network.securityGroups[0].inbound = []
    let packets = (0..<6).map { index in
      PacketSummary.tcp("203.0.113.7:5000\(index)", to: "198.51.100.10:22", at: Double(index))
    }
    let report = AuditReport(audit(packets, network))
    #expect(report.denials.count == 1)
    #expect(report.denials[0].tally.packets == 6)
    #expect(report.denials[0].tally.flows == 6)
    #expect(report.denials[0].firstFrame == 1)
    #expect(report.denials[0].port == 22)
    #expect("\(report.denials[0].remote)" == "203.0.113.7/32")
  }

  @Test func denialsOfSeveralHostsOfABlockAreOneGroup() {
    var network = SemanticsNetwork()
    network.network.securityGroups[0].inbound = []
    let report = AuditReport(
      audit(
        [
          .tcp("203.0.113.7:50000", to: "198.51.100.10:22"),
          .tcp("203.0.113.9:50000", to: "198.51.100.10:22"),
          .tcp("203.0.114.9:50000", to: "198.51.100.10:22"),
        ], network))
    #expect(report.denials.map { "\($0.remote)" } == ["203.0.113.0/24", "203.0.114.9/32"])
  }
}
