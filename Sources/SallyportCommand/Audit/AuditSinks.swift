import Filtering
import NetworkTypes
import ReportFormats
import TrafficAudit

/// What gets every judged batch besides the tallies.
struct AuditSinks {
  /// What is written of packets: records, captures, flow logs.
  var files: [any AuditSink] = []
  var metrics: MetricRecords?
  var alarms: AlarmWatch?
  var scrapes: ScrapedMetrics?

  /// Takes a batch that `auditor` has just judged.
  ///
  /// - Parameter begin: The place of its first packet in the batch of `captures`, which lends the bytes.
  mutating func take(
    _ batch: PacketBatch, at begin: Int = 0, of captures: CaptureMerge, _ auditor: Auditor
  ) throws {
    for file in files { try file.take(batch, at: begin, of: captures, auditor) }
    try count(batch, auditor)
  }

  /// Takes a batch that `auditor` has just judged into what only counts.
  mutating func count(_ batch: PacketBatch, _ auditor: Auditor) throws {
    if metrics == nil && alarms == nil && scrapes == nil { return }
    // Second copies of mirrored packets count nowhere.
    var (batch, verdicts) = (batch, auditor.verdicts)
    for index in auditor.duplicates.reversed() {
      batch.packets.remove(at: index)
      verdicts.remove(at: index)
    }
    try metrics?.count(batch, verdicts, auditor)
    try alarms?.count(batch, verdicts, auditor)
    try scrapes?.count(batch, verdicts, auditor)
  }

  /// The time at which packets must be judged up to, and no further, before ``reach(_:_:)``.
  var boundary: CaptureTime? {
    [metrics?.boundary, alarms?.boundary, scrapes?.boundary].compactMap { $0 }.min()
  }

  /// The time of the first packet.
  mutating func begin(at time: CaptureTime) {
    metrics?.begin(at: time)
    alarms?.begin(at: time)
    scrapes?.begin(at: time)
  }

  /// All packets before a time have been judged, and none after it.
  mutating func reach(_ time: CaptureTime, _ auditor: Auditor) throws {
    try metrics?.reach(time, auditor)
    try alarms?.reach(time, auditor)
    try scrapes?.reach(time, auditor)
  }

  /// The network has changed.
  mutating func goOn(with auditor: Auditor) throws {
    for file in files { try file.goOn(with: auditor.filter) }
    metrics?.goOn(with: auditor)
    alarms?.goOn(with: auditor)
    scrapes?.goOn(with: auditor)
  }

  /// The last packet has been judged.
  mutating func finish(_ auditor: Auditor) throws {
    for file in files { try file.finish() }
    try metrics?.finish(auditor)
    try alarms?.finish(auditor)
  }
}
