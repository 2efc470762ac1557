import Filtering
import NetworkTypes
import TrafficAudit
import TrafficMetrics

/// What counts the traffic by periods, and does something with each that is over.
protocol MetricSink {
  var recorder: MetricRecorder { get set }
  /// Whether the period that is open when traffic ends is taken for a whole one.
  var takesOpenPeriod: Bool { get }

  /// Takes periods that are over, in order of time; none, mostly.
  mutating func take(_ periods: [MetricPeriod]) throws

  /// The last period was taken.
  mutating func end() throws
}

extension MetricSink {
  var takesOpenPeriod: Bool { true }

  mutating func end() throws {}

  /// The time at which packets must be judged up to, and no further, before ``reach(_:_:)``.
  var boundary: CaptureTime? { recorder.end }

  /// The time of the first packet.
  mutating func begin(at time: CaptureTime) { recorder.begin(at: time) }

  /// All packets before a time have been judged, and none after it.
  mutating func reach(_ time: CaptureTime, _ auditor: Auditor) throws {
    var done: [MetricPeriod] = []
    recorder.reach(time, auditor.tracker, into: &done)
    if !done.isEmpty { try take(done) }
  }

  mutating func count(_ batch: PacketBatch, _ verdicts: [Verdict], _ auditor: Auditor) throws {
    var done: [MetricPeriod] = []
    recorder.take(batch, verdicts, auditor.tracker, into: &done)
    if !done.isEmpty { try take(done) }
  }

  /// The network has changed.
  mutating func goOn(with auditor: Auditor) { recorder.goOn(with: auditor.filter, auditor.tracker) }

  /// The last packet has been judged.
  mutating func finish(_ auditor: Auditor) throws {
    if takesOpenPeriod {
      var done: [MetricPeriod] = []
      recorder.finish(auditor.tracker, into: &done)
      if !done.isEmpty { try take(done) }
    }
    try end()
  }
}
