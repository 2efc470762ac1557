import Filtering
import MetricAlarms
import TrafficMetrics

/// Alarms over the traffic of an audit.
struct AlarmWatch: MetricSink {
  var recorder: MetricRecorder
  private(set) var board: AlarmBoard
  /// Changes of states, in order of time.
  private(set) var transitions: [AlarmTransition] = []
  /// Whoever stops looking knows half a period: too little to say that too little came.
  var takesOpenPeriod = true
  /// Where changes are told at once; nil where they are told at the end.
  var desk: AlarmDesk?

  init(_ filter: PacketFilter, _ file: AlarmFile) {
    board = AlarmBoard(file.alarms, composites: file.composites)
    recorder = MetricRecorder(filter, period: board.period)
  }

  mutating func take(_ periods: [MetricPeriod]) {
    for period in periods { note(board.take(period)) }
  }

  mutating func end() { if takesOpenPeriod { note(board.finish()) } }

  private mutating func note(_ changes: [AlarmTransition]) {
    transitions += changes
    if let desk { changes.forEach(desk.post) }
  }
}
