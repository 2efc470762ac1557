import Filtering
import NetworkTypes
import ReportFormats
import TrafficAudit
import TrafficMetrics

/// Time series on their way to a file.
struct MetricRecords {
  private var recorder: MetricRecorder
  private var writer: MetricWriter
  private let output: Output
  private let isLive: Bool
  /// Counts since the beginning, where they are all that is shown.
  private var totals: MetricTotals?
  private var done: [MetricPeriod] = []

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

  /// When something is due besides judging packets.
  var boundary: CaptureTime? { recorder.end }

  mutating func begin(at time: CaptureTime) { recorder.begin(at: time) }

  mutating func reach(_ time: CaptureTime, _ auditor: Auditor) throws {
    recorder.reach(time, auditor.tracker, into: &done)
    try writeDone()
  }

  mutating func take(_ batch: PacketBatch, _ verdicts: [Verdict], _ auditor: Auditor) throws {
    recorder.take(batch, verdicts, auditor.tracker, into: &done)
    try writeDone()
  }

  mutating func goOn(with auditor: Auditor) { recorder.goOn(with: auditor.filter, auditor.tracker) }

  mutating func finish(_ auditor: Auditor) throws {
    recorder.finish(auditor.tracker, into: &done)
    try writeDone()
    guard let totals else { return try output.write { writer.end(&$0) } }
    if try !output.replace(OpenMetricsText(totals).write) { try output.write(OpenMetricsText(totals).write) }
  }

  private mutating func writeDone() throws {
    if totals != nil, !done.isEmpty {
      for period in done { totals?.add(period) }
      done.removeAll(keepingCapacity: true)
      if let totals { _ = try output.replace(OpenMetricsText(totals).write) }
      return
    }
    for period in done { try output.write(flushing: isLive) { writer.append(period, &$0) } }
    done.removeAll(keepingCapacity: true)
  }
}
