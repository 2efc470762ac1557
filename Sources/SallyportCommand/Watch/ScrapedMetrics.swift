import Filtering
import Foundation
import NetworkTypes
import ReportFormats
import TrafficAudit
import TrafficMetrics

/// Counts since the beginning, for those who ask by HTTP.
struct ScrapedMetrics: MetricSink {
  /// Seconds; answers are of the moment, whatever the period.
  private static let period = 10
  var recorder: MetricRecorder
  private var totals = MetricTotals()
  private let port: MetricsPort

  init(_ filter: PacketFilter, _ port: MetricsPort) {
    recorder = MetricRecorder(filter, period: Self.period)
    self.port = port
  }

  mutating func take(_ periods: [MetricPeriod]) {
    for period in periods { totals.add(period) }
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
