import Filtering
import ReportFormats
import TrafficMetrics

/// Time series on their way to a file.
struct MetricRecords: MetricSink {
  var recorder: MetricRecorder
  private var writer: MetricWriter
  private let output: Output
  private let isLive: Bool
  /// Counts since the beginning, where they are all that is shown.
  private var totals: MetricTotals?

  /// - Parameters:
  ///   - isLive: Whether somebody may read the file while it is written: each period is there when it ends.
  ///   - endless: Whether there may be more periods than can be kept: OpenMetrics then shows the counts as they are.
  init(
    _ filter: PacketFilter, period: Int, _ format: MetricFormat, _ output: Output, isLive: Bool = false,
    endless: Bool = false
  ) throws {
    totals = endless && format == .openMetrics ? MetricTotals() : nil
    recorder = MetricRecorder(filter, period: period)
    writer = MetricWriter(format)
    self.output = output
    self.isLive = isLive
    try output.write { writer.begin(period: period, &$0) }
  }

  mutating func take(_ periods: [MetricPeriod]) throws {
    guard totals != nil else {
      for period in periods { try output.write(flushing: isLive) { writer.append(period, &$0) } }
      return
    }
    for period in periods { totals?.add(period) }
    if let totals { _ = try output.replace(OpenMetricsText(totals).write) }
  }

  mutating func end() throws {
    guard let totals else { return try output.write { writer.end(&$0) } }
    if try !output.replace(OpenMetricsText(totals).write) { try output.write(OpenMetricsText(totals).write) }
  }
}
