import MetricAlarms
import NetworkTypes
import TrafficAudit
import TrafficMetrics

/// What an audit writes beside its report, from captures whose times may be any.
struct CaptureRecords {
  private var flowLog = FlowLogRecorder(Example.filter, Example.network)
  private var metrics = MetricRecorder(Example.filter, period: 10)
  private var alarms = AlarmBoard(Self.alarms)
  private var periods: [MetricPeriod] = []
  private var counted = 0

  private static let alarms: [Alarm] = {
    let text = "alarms: {a: {metric: packets, when: sum > 1, period: 10, for: 2 of 3}}"
    do { return try AlarmFile(parsing: Array(text.utf8), file: "alarms.yaml").alarms } catch {
      fatalError("\(error)")
    }
  }()

  mutating func take(_ batch: PacketBatch, _ auditor: Auditor) {
    for (packet, verdict) in zip(batch.packets, auditor.verdicts) {
      flowLog.count(packet, length: Int(packet.wireLength), verdict, tracker: auditor.tracker)
    }
    metrics.take(batch, auditor.verdicts, auditor.tracker, into: &periods)
    countPeriods()
  }

  mutating func finish(_ auditor: Auditor, _ packets: Int) {
    metrics.finish(auditor.tracker, into: &periods)
    countPeriods()
    require(counted == packets, "\(counted) of \(packets) packets in periods")
    for record in flowLog.take(all: true) {
      require(record.first <= record.last, "a record ends before it begins")
    }
  }

  private mutating func countPeriods() {
    for period in periods {
      for transition in alarms.take(period) { _ = transition.reason }
      counted += period.series.filter { $0.key.scope == .total }.reduce(0) { $0 + $1.counts.packets }
    }
    periods.removeAll()
  }
}
