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
  private var done: [MetricPeriod] = []

  init(_ filter: PacketFilter, period: Int, _ format: MetricFormat, _ output: Output) throws {
    recorder = MetricRecorder(filter, period: period)
    writer = MetricWriter(format)
    self.output = output
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
    try output.write { writer.end(&$0) }
  }

  private mutating func writeDone() throws {
    for period in done { try output.write { writer.append(period, &$0) } }
    done.removeAll(keepingCapacity: true)
  }
}
