import Filtering
import NetworkTypes
import ReportFormats
import RuleMatching
import TestSupport
import Testing
import TrafficMetrics
import VirtualNetworks

@Suite("Metrics")
struct MetricRecorderTests {
  /// Judges packets one by one and hands out all periods.
  static func record(
    _ network: VirtualNetwork, period: Int, _ packets: [PacketSummary], change: (Int, NetworkChange)? = nil
  ) throws -> [MetricPeriod] {
    var filter = PacketFilter(network)
    var tracker = ConnectionTracker()
    var recorder = MetricRecorder(filter, period: period)
    var done: [MetricPeriod] = []
    for (index, packet) in packets.enumerated() {
      if let change, change.0 == index {
        (filter, _) = try filter.applying(change.1)
        tracker.rulesChanged()
        recorder.goOn(with: filter, tracker)
      }
      recorder.reach(packet.time, tracker, into: &done)
      var batch = PacketBatch()
      batch.packets = [packet]
      var verdicts: [Verdict] = []
      filter.evaluate(batch, tracking: &tracker, into: &verdicts)
      recorder.take(batch, verdicts, tracker, into: &done)
    }
    recorder.finish(tracker, into: &done)
    return done
  }

  private static func counts(_ period: MetricPeriod, _ labels: String) -> MetricCounts? {
    period.series.first { series in
      ([series.key.scope.rawValue] + series.key.labels.map(\.value)).joined(separator: " ") == labels
    }?.counts
  }

  @Test("A jump of time from one end to the other ends the period")
  func farApart() throws {
    func packet(_ nanoseconds: Int64) -> PacketSummary {
      var packet = PacketSummary.udp("10.0.1.10:40000", to: "10.0.0.10:53")
      packet.time = CaptureTime(nanoseconds: nanoseconds)
      return packet
    }
    for times in [[Int64.min, 0], [-7_000_000_000_000_000_000, 7_000_000_000_000_000_000], [.min, .max]] {
      let periods = try Self.record(SemanticsNetwork().network, period: 60, times.map(packet))
      #expect(periods.count == 2, "\(times)")
    }
    // A packet that is late counts in the period that is open.
    let periods = try Self.record(SemanticsNetwork().network, period: 60, [.max, .min].map(packet))
    #expect(periods.count == 1)
  }

  @Test("Packets count in their period, by verdict, interface, group, rule and code")
  func series() throws {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from 203.0.113.0/24")
    let periods = try Self.record(
      network.network, period: 10,
      [
        .tcp("203.0.113.7:50000", to: "10.0.0.10:443", at: 100),
        .tcp("10.0.0.10:443", to: "203.0.113.7:50000", [.syn, .ack], at: 101),
        .tcp("203.0.113.7:50001", to: "10.0.0.10:22", at: 109.9),
        .tcp("203.0.113.7:50000", to: "10.0.0.10:443", .ack, at: 110),
        .udp("192.0.2.1:53", to: "192.0.2.2:53", at: 131),
      ])
    #expect(periods.map { $0.start.nanoseconds / 1_000_000_000 } == [100, 110, 120, 130])
    let first = periods[0]
    #expect(Self.counts(first, "total allowed") == MetricCounts(packets: 2, bytes: 148, flows: 1))
    #expect(Self.counts(first, "total denied") == MetricCounts(packets: 1, bytes: 74, flows: 1))
    #expect(Self.counts(first, "interface allowed eni-web ingress")?.packets == 1)
    #expect(Self.counts(first, "interface denied eni-web ingress")?.packets == 1)
    #expect(Self.counts(first, "interface allowed eni-web egress")?.packets == 1)
    #expect(Self.counts(first, "group allowed sg-web")?.packets == 2)
    #expect(Self.counts(first, "group denied sg-web")?.packets == 1)
    #expect(Self.counts(first, "rule allowed ingress sg-web/inbound-1")?.packets == 1)
    #expect(Self.counts(first, "code ENI_SG_RULES_MISMATCH")?.packets == 1)
    #expect(first.newConnections == 1)
    #expect(first.trackedConnections == 1)
    #expect(periods[1].newConnections == 0)
    #expect(periods[2].series.isEmpty)
    #expect(periods[2].trackedConnections == 1)
    #expect(Self.counts(periods[3], "total unplaced")?.packets == 1)
  }

  @Test("Tracked connections end with their timers, also in periods without a packet (CT-13, CT-18)")
  func trackedConnections() throws {
    var network = SemanticsNetwork()
    network.inbound("web", "udp 53 from 203.0.113.0/24")
    let periods = try Self.record(
      network.network, period: 10,
      [
        .udp("203.0.113.7:50000", to: "10.0.0.10:53", at: 0),
        .udp("203.0.113.8:50000", to: "10.0.0.10:53", at: 12), .udp("192.0.2.1:1", to: "192.0.2.2:1", at: 70),
      ])
    // UDP that nobody answers is forgotten after 30 s.
    #expect(periods.map(\.trackedConnections) == [1, 2, 2, 1, 0, 0, 0, 0])
  }

  @Test("All that was counted adds up to what was sent, whatever the period, also across a change")
  func sums() throws {
    var random = SeededRandom.fresh("metrics")
    let network = SemanticsNetwork()
    let hosts = [
      "10.0.0.10", "10.0.1.10", "10.0.1.11", "10.0.2.10", "203.0.113.7", "198.51.100.10", "192.0.2.9",
    ]
    for period in [1, 7, 60, 3600] {
      var time = 0.0
      let packets = (0..<300).map { _ -> PacketSummary in
        time += Double.random(in: 0...9, using: &random)
        let (a, b) = (hosts.randomElement(using: &random)!, hosts.randomElement(using: &random)!)
        return .udp("\(a):\(Int.random(in: 1...3, using: &random))", to: "\(b):53", at: time)
      }
      let change = NetworkChange.setGroups(interface: "eni-app", ["sg-db"])
      let periods = try Self.record(network.network, period: period, packets, change: (150, change))
      var totals = MetricTotals()
      for one in periods { totals.add(one) }
      let all = totals.series.filter { $0.key.scope == .total }.values.reduce(0) { $0 + $1.packets }
      #expect(all == packets.count)
      // Periods follow each other without a gap.
      for (left, right) in zip(periods, periods.dropFirst()) { #expect(left.end == right.start) }
      #expect(totals.series.keys.contains { $0.group == "sg-app" } || period > 0)
    }
  }
}
