import NetworkTypes
import TrafficMetrics

/// Alarms with their states, fed with periods of metrics in order of time.
public struct AlarmBoard: Sendable {
  public private(set) var states: [AlarmState]
  public let alarms: [Alarm]
  /// Seconds of a sample: what the metrics must be recorded in.
  public let period: Int
  /// Samples of each alarm's metric, the oldest first, and when the last one ends.
  private var samples: [[Double?]]
  private var end: CaptureTime?
  private var composites: CompositeBoard

  /// Every alarm begins with INSUFFICIENT_DATA (semantics AL-1).
  ///
  /// - Parameter composites: Each after those that it names; one that names an alarm which is not there takes it for
  ///   one without data.
  public init(_ alarms: [Alarm], composites: [CompositeAlarm] = []) {
    self.alarms = alarms
    period = alarms.contains { $0.period < 60 } ? 10 : 60
    states = alarms.map { _ in .insufficientData }
    samples = alarms.map { _ in [] }
    self.composites = CompositeBoard(composites, over: alarms)
  }

  /// The states of all alarms, those over metrics first.
  public var current: [(alarm: AlarmProfile, state: AlarmState)] {
    zip(alarms, states).map { ($0.profile, $1) } + composites.current
  }

  /// Takes a period of ``period`` seconds, evaluates the alarms that are due at its end, and returns what changed.
  public mutating func take(_ period: MetricPeriod) -> [AlarmTransition] {
    if let end, period.start > end { skip(to: period.start) }
    end = period.end
    for index in alarms.indices { add(alarms[index].metric.value(in: period), to: index) }
    return evaluate(at: period.end)
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
    let surplus = AlarmEvaluation.step(of: alarm) == 3600 ? 3600 / period : 0
    return (alarm.evaluationPeriods + AlarmEvaluation.surplus) * (alarm.period / period) + surplus
  }

  /// A gap in the recording: data is missing.
  private mutating func skip(to start: CaptureTime) {
    guard let end else { return }
    let length = Int64(period) * 1_000_000_000
    let count = (start.nanoseconds - end.nanoseconds) / length
    for index in alarms.indices {
      for _ in 0..<min(count, Int64(needed(index))) { add(nil, to: index) }
    }
  }

  private mutating func evaluate(at time: CaptureTime) -> [AlarmTransition] {
    var changes: [AlarmTransition] = []
    let second = time.nanoseconds / 1_000_000_000
    for (index, alarm) in alarms.enumerated() where second % Int64(AlarmEvaluation.step(of: alarm)) == 0 {
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
    let newest = samples[index].suffix(alarms[index].period / period).count { $0 != nil }
    return newest > 0 && Double(newest) < alarms[index].statistic.significantSamples
  }

  /// The evaluation range, oldest first; periods slide, the last one ends now.
  private func points(of index: Int) -> [Double?] {
    let alarm = alarms[index]
    let width = alarm.period / period
    let own = samples[index]
    return (1...(alarm.evaluationPeriods + AlarmEvaluation.surplus)).reversed().map { age in
      let last = own.count - (age - 1) * width
      let first = max(0, last - width)
      guard last > first else { return nil }
      return alarm.statistic.value(of: own[first..<last].compactMap { $0 })
    }
  }
}
