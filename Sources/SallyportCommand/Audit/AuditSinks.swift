import Filtering
import NetworkTypes
import ReportFormats
import TrafficAudit

/// What gets every judged batch besides the tallies.
struct AuditSinks {
  var records: VerdictRecords?
  var metrics: MetricRecords?
  var alarms: AlarmWatch?

  mutating func take(_ batch: PacketBatch, _ auditor: Auditor) throws {
    try records?.write(batch, auditor)
    try metrics?.take(batch, auditor)
    alarms?.take(batch, auditor)
  }

  /// The time at which packets must be judged up to, and no further, before ``reach(_:_:)``.
  var boundary: CaptureTime? { [metrics?.boundary, alarms?.boundary].compactMap { $0 }.min() }

  /// The time of the first packet.
  mutating func begin(at time: CaptureTime) {
    metrics?.begin(at: time)
    alarms?.begin(at: time)
  }

  /// All packets before a time have been judged, and none after it.
  mutating func reach(_ time: CaptureTime, _ auditor: Auditor) throws {
    try metrics?.reach(time, auditor)
    alarms?.reach(time, auditor)
  }

  /// The network has changed.
  mutating func goOn(with auditor: Auditor) {
    records?.goOn(with: auditor.filter)
    metrics?.goOn(with: auditor)
    alarms?.goOn(with: auditor)
  }

  /// The last packet has been judged.
  mutating func finish(_ auditor: Auditor) throws {
    try metrics?.finish(auditor)
    alarms?.finish(auditor)
  }
}

/// Verdict records on their way to a file.
struct VerdictRecords {
  private var writer: VerdictWriter
  private let output: Output

  init(_ writer: VerdictWriter, _ output: Output) throws {
    self.writer = writer
    self.output = output
    try output.write { writer.begin(&$0) }
  }

  mutating func goOn(with filter: PacketFilter) { writer.goOn(with: filter) }

  mutating func write(_ batch: PacketBatch, _ auditor: Auditor) throws {
    try output.write { writer.append(batch, auditor.verdicts, tracker: auditor.tracker, to: &$0) }
  }
}
