import CaptureFiles
import Filtering
import NetworkTypes
import PolicyFormats
import RuleMatching
import TestSupport
import Testing
import TrafficAudit
import VirtualNetworks

/// One worker or eight, one batch or many: the same verdicts and the same report.
@Suite("Workers") struct WorkerTests {
  @Test("Neither their number nor the size of batches changes a verdict")
  func sameVerdicts() throws {
    let network = try VirtualNetwork(contentsOf: Environment.fixture("networks/three-tier"))
    let filter = PacketFilter(network)
    var random = SeededRandom.fresh("workers")
    let packets = (0..<6000).map { Self.packet(at: Double($0) * 0.03, &random) }
    var alone = Auditor(filter, timers: .nitro, workers: 1)
    let expected = Self.verdicts(packets, &alone, by: 300)
    // One flow table that is not dealt says the same.
    var whole = Auditor(filter)
    #expect(Self.verdicts(packets, &whole, by: 7) == expected)
    #expect(Set(expected.map(\.packetClass)).isSuperset(of: [.allow, .deny, .unplaced]))
    for (workers, size) in [(2, 1024), (8, 2500), (3, 6000)] {
      var several = Auditor(filter, timers: .nitro, workers: workers)
      #expect(
        Self.verdicts(packets, &several, by: size) == expected, "\(workers) workers, batches of \(size)")
      #expect(several.tracker.outcomes == alone.tracker.outcomes)
      #expect(several.tracker.flowCount == alone.tracker.flowCount)
      let (one, other) = (AuditReport(alone), AuditReport(several))
      #expect(other.denials.map(\.explanation) == one.denials.map(\.explanation))
      #expect(other.denials.map(\.tally) == one.denials.map(\.tally))
      #expect(other.rules.map(\.tally) == one.rules.map(\.tally))
    }
  }

  private static func verdicts(
    _ packets: [PacketSummary], _ auditor: inout Auditor, by size: Int
  ) -> [Verdict] {
    var verdicts: [Verdict] = []
    var start = 0
    while start < packets.count {
      var batch = PacketBatch()
      batch.packets = Array(packets[start..<min(start + size, packets.count)])
      auditor.audit(batch)
      verdicts += auditor.verdicts
      start += size
    }
    return verdicts
  }

  /// Few hosts and ports, so that flows go on, close, answer and break off, by private and by public addresses.
  private static func packet(at seconds: Double, _ random: inout SeededRandom) -> PacketSummary {
    let hosts = [
      "10.20.0.20", "10.20.1.20", "10.20.10.30", "10.20.11.30", "10.20.20.40", "203.0.113.7", "198.51.100.9",
      "8.8.8.8", "192.0.2.1",
    ]
    let client = hosts.randomElement(using: &random)!
    let server = hosts.randomElement(using: &random)!
    let service = [80, 443, 5432, 8080].randomElement(using: &random)!
    let port = Int.random(in: 40_000...40_020, using: &random)
    let isAnswer = Int.random(in: 0..<3, using: &random) == 0
    let (source, destination) =
      isAnswer ? ("\(server):\(service)", "\(client):\(port)") : ("\(client):\(port)", "\(server):\(service)")
    switch Int.random(in: 0..<10, using: &random) {
    case 0: return .udp(source, to: destination, at: seconds)
    case 1: return .icmp(client, to: server, type: isAnswer ? 0 : 8, at: seconds)
    case 2: return .tcp(source, to: destination, .rst, at: seconds)
    case 3:
      return .tcp(source, to: destination, .ack, at: seconds).fragment(
        UInt32(port), offset: Bool.random(using: &random) ? 0 : 185, more: true)
    case 4...6: return .tcp(source, to: destination, isAnswer ? [.syn, .ack] : .syn, at: seconds)
    default: return .tcp(source, to: destination, .ack, at: seconds)
    }
  }
}
