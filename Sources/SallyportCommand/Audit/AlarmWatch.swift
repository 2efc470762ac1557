import Filtering
import MetricAlarms
import TrafficMetrics

/// Alarms over the traffic of an audit.
struct AlarmWatch: MetricSink {
  var recorder: MetricRecorder
  private(set) var board: AlarmBoard
  /// Changes of states, in order of time.
  private(set) var transitions: [AlarmTransition] = []
  /// Where changes are told at once; nil where they are told at the end.
  var desk: AlarmDesk?

  init(_ filter: PacketFilter, _ file: AlarmFile) {
    board = AlarmBoard(file.alarms, composites: file.composites)
    recorder = MetricRecorder(filter, period: board.period)
  }

  mutating func take(_ periods: [MetricPeriod]) {
    for period in periods {
      let changes = board.take(period)
      transitions += changes
      if let desk { changes.forEach(desk.post) }
    }
  }
}
