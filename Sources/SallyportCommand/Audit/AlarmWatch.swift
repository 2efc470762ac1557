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
  /// Where changes are told at once; nil where they are told at the end.
  var desk: AlarmDesk?

  init(_ filter: PacketFilter, _ file: AlarmFile) {
    board = AlarmBoard(file.alarms, composites: file.composites)
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
    for period in done {
      let changes = board.take(period)
      transitions += changes
      if let desk { changes.forEach(desk.post) }
    }
    done.removeAll(keepingCapacity: true)
  }
}
