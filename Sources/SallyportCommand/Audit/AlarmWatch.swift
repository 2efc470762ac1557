import Filtering
import MetricAlarms
import NetworkTypes
import TrafficAudit
import TrafficMetrics

/// Alarms over the traffic of an audit.
struct AlarmWatch {
  private var recorder: MetricRecorder
  private(set) var board: AlarmBoard
  private var done: [MetricPeriod] = []
  /// Changes of states, in order of time.
  private(set) var transitions: [AlarmTransition] = []

  init(_ filter: PacketFilter, _ alarms: [Alarm]) {
    board = AlarmBoard(alarms)
    recorder = MetricRecorder(filter, period: board.period)
  }

  var boundary: CaptureTime? { recorder.end }

  mutating func begin(at time: CaptureTime) { recorder.begin(at: time) }

  mutating func reach(_ time: CaptureTime, _ auditor: Auditor) {
    recorder.reach(time, auditor.tracker, into: &done)
    evaluate()
  }

  mutating func take(_ batch: PacketBatch, _ verdicts: [Verdict], _ auditor: Auditor) {
    recorder.take(batch, verdicts, auditor.tracker, into: &done)
    evaluate()
  }

  mutating func goOn(with auditor: Auditor) { recorder.goOn(with: auditor.filter, auditor.tracker) }

  mutating func finish(_ auditor: Auditor) {
    recorder.finish(auditor.tracker, into: &done)
    evaluate()
  }

  private mutating func evaluate() {
    for period in done { transitions += board.take(period) }
    done.removeAll(keepingCapacity: true)
  }
}
