import NetworkTypes
import TrafficMetrics

/// Alarms with their states, fed with periods of metrics in order of time.
public struct AlarmBoard: Sendable {
  public private(set) var states: [AlarmState]
  public let alarms: [Alarm]
  /// Seconds of the periods that ``take(_:)`` wants: the shortest sample that an alarm takes.
  public let period: Int
  /// Samples of each alarm's metric, the oldest first.
  private var samples: [[Double?]]
  /// What is known of each sample that is longer than ``period``, and not over.
  private var open: [Double?]
  /// When the last period ends, in seconds since 1970.
  private var end: Int64?
  private var composites: CompositeBoard

  /// Every alarm begins with INSUFFICIENT_DATA (semantics AL-1).
  ///
  /// - Parameter composites: Each after those that it names; one that names an alarm which is not there takes it for
  ///   one without data.
  public init(_ alarms: [Alarm], composites: [CompositeAlarm] = []) {
    self.alarms = alarms
    period = alarms.map(\.sampleLength).min() ?? 60
    states = alarms.map { _ in .insufficientData }
    samples = alarms.map { _ in [] }
    open = alarms.map { _ in nil }
    self.composites = CompositeBoard(composites, over: alarms)
  }

  /// The states of all alarms, those over metrics first.
  public var current: [(alarm: AlarmProfile, state: AlarmState)] {
    zip(alarms, states).map { ($0.profile, $1) } + composites.current
  }

  /// Takes a period of ``period`` seconds, evaluates the alarms that are due at its end, and returns what changed.
  public mutating func take(_ period: MetricPeriod) -> [AlarmTransition] {
    let changes = skip(to: Self.second(period.start))
    let end = Self.second(period.end)
    self.end = end
    for (index, alarm) in alarms.enumerated() {
      open[index] = alarm.metric.sum(open[index], alarm.metric.value(in: period))
      if end % Int64(alarm.sampleLength) == 0 { close(index) }
    }
    return changes + evaluate(at: end) { end % Int64(AlarmEvaluation.step(of: $0)) == 0 }
  }

  /// Evaluates what is due after the last period: a minute or an hour that had begun is taken as over.
  public mutating func finish() -> [AlarmTransition] {
    guard let last = end else { return [] }
    var changes: [AlarmTransition] = []
    for step in Set(alarms.map(AlarmEvaluation.step)).sorted() where last % Int64(step) != 0 {
      let due = (Self.floor(last, Int64(step)) + 1) * Int64(step)
      for (index, alarm) in alarms.enumerated() where AlarmEvaluation.step(of: alarm) == step {
        skip(index, from: last, to: due)
      }
      changes += evaluate(at: due) { AlarmEvaluation.step(of: $0) == step }
    }
    return changes
  }

  // MARK: Samples

  private mutating func close(_ index: Int) {
    add(open[index], to: index)
    open[index] = nil
  }

  private mutating func add(_ sample: Double?, to index: Int) {
    samples[index].append(sample)
    // Twice what is needed, so that the front is not moved each time.
    let limit = needed(index)
    if samples[index].count > 2 * limit { samples[index].removeFirst(samples[index].count - limit) }
  }

  /// Samples that an evaluation looks at.
  private func needed(_ index: Int) -> Int {
    let alarm = alarms[index]
    let surplus = AlarmEvaluation.step(of: alarm) == 3600 ? 3600 / alarm.sampleLength : 0
    return (alarm.evaluationPeriods + AlarmEvaluation.surplus) * alarm.samplesOfPeriod + surplus
  }

  /// A gap in the recording: data is missing. What changed at the end of the minute in which the gap begins.
  private mutating func skip(to start: Int64) -> [AlarmTransition] {
    guard var last = end, start > last else { return [] }
    var changes: [AlarmTransition] = []
    let minute = (Self.floor(last, 60) + 1) * 60
    if last % 60 != 0, minute <= start {
      for index in alarms.indices { skip(index, from: last, to: minute) }
      changes = evaluate(at: minute) {
        $0.sampleLength == 60 && minute % Int64(AlarmEvaluation.step(of: $0)) == 0
      }
      last = minute
    }
    for index in alarms.indices { skip(index, from: last, to: start) }
    return changes
  }

  private mutating func skip(_ index: Int, from end: Int64, to start: Int64) {
    let length = Int64(alarms[index].sampleLength)
    let count = Self.floor(start, length) - Self.floor(end, length)
    guard count > 0 else { return }
    // The sample that was open, if one was, is over.
    if Self.floor(end, length) * length != end { close(index) } else { add(nil, to: index) }
    for _ in 0..<min(count - 1, Int64(needed(index))) { add(nil, to: index) }
  }

  private static func second(_ time: CaptureTime) -> Int64 { floor(time.nanoseconds, 1_000_000_000) }

  private static func floor(_ value: Int64, _ unit: Int64) -> Int64 {
    value / unit - (value % unit < 0 ? 1 : 0)
  }

  // MARK: Evaluation

  private mutating func evaluate(at second: Int64, _ isDue: (Alarm) -> Bool) -> [AlarmTransition] {
    let time = CaptureTime(nanoseconds: 0).advanced(bySeconds: second)
    var changes: [AlarmTransition] = []
    for (index, alarm) in alarms.enumerated() where isDue(alarm) {
      if alarm.lowSampleCount == .ignore && hasFewSamples(index) { continue }
      let points = points(of: index)
      let new = AlarmEvaluation.state(of: alarm, points, now: states[index])
      guard new != states[index] else { continue }
      changes.append(
        AlarmTransition(
          alarm: alarm, time: time, old: states[index], new: new,
          reason: AlarmReason.text(alarm, points, at: time, from: states[index], to: new)))
      states[index] = new
    }
    return changes + composites.evaluate(at: time, after: changes)
  }

  /// Whether the newest period has samples, and too few for the alarm's percentile.
  private func hasFewSamples(_ index: Int) -> Bool {
    let newest = samples[index].suffix(alarms[index].samplesOfPeriod).count { $0 != nil }
    return newest > 0 && Double(newest) < alarms[index].statistic.significantSamples
  }

  /// The evaluation range, oldest first; periods slide, the last one ends now.
  private func points(of index: Int) -> [Double?] {
    let alarm = alarms[index]
    let width = alarm.samplesOfPeriod
    let own = samples[index]
    return (1...(alarm.evaluationPeriods + AlarmEvaluation.surplus)).reversed().map { age in
      let last = own.count - (age - 1) * width
      let first = max(0, last - width)
      guard last > first else { return nil }
      return alarm.statistic.value(of: own[first..<last].compactMap { $0 })
    }
  }
}
