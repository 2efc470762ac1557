import Filtering
import Foundation
import NetworkTypes
import ReportFormats
import TrafficAudit
import TrafficMetrics

/// Counts since the beginning, for those who ask by HTTP.
struct ScrapedMetrics {
  /// Seconds; answers are of the moment, whatever the period.
  private static let period = 10
  private var recorder: MetricRecorder
  private var totals = MetricTotals()
  private var done: [MetricPeriod] = []
  private let port: MetricsPort

  init(_ filter: PacketFilter, _ port: MetricsPort) {
    recorder = MetricRecorder(filter, period: Self.period)
    self.port = port
  }

  var boundary: CaptureTime? { recorder.end }

  mutating func begin(at time: CaptureTime) { recorder.begin(at: time) }

  mutating func reach(_ time: CaptureTime, _ auditor: Auditor) {
    recorder.reach(time, auditor.tracker, into: &done)
    add()
  }

  mutating func take(_ batch: PacketBatch, _ verdicts: [Verdict], _ auditor: Auditor) {
    recorder.take(batch, verdicts, auditor.tracker, into: &done)
    add()
  }

  mutating func goOn(with auditor: Auditor) { recorder.goOn(with: auditor.filter, auditor.tracker) }

  private mutating func add() {
    for period in done { totals.add(period) }
    done.removeAll(keepingCapacity: true)
  }

  /// Answers all who have asked since, with what is known at a time.
  mutating func answer(at time: CaptureTime, _ auditor: Auditor, drops: Int) {
    guard port.isAsked else { return }
    var totals = totals
    if let open = recorder.current(at: time, auditor.tracker) { totals.add(open) }
    var text = TextBuffer()
    OpenMetricsText(totals, drops: drops).write(to: &text)
    port.answer(Data(text.bytes))
  }
}
