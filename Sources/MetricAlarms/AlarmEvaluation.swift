/// CloudWatch's evaluation of an alarm (semantics AL-6, AL-7).
public enum AlarmEvaluation {
  /// The state that data points lead to.
  ///
  /// - Parameter points: The evaluation range, oldest first: a few more than N, nil where data is missing.
  public static func state(of alarm: Alarm, _ points: [Double?], now: AlarmState) -> AlarmState {
    let needed = alarm.evaluationPeriods
    let isBreaching = { (value: Double) in alarm.comparison.isBreaching(value, alarm.threshold) }
    let real = points.compactMap { $0 }
    if real.count >= needed {
      // Enough data: what is missing between it does not matter.
      let breaching = real.suffix(needed).count(where: isBreaching)
      return breaching >= alarm.datapointsToAlarm ? .alarm : .ok
    }
    if real.isEmpty {
      switch alarm.missingData {
      case .missing: return .insufficientData
      case .ignore: return now
      case .breaching: return .alarm
      case .notBreaching: return .ok
      }
    }
    let breaching = real.count(where: isBreaching)
    switch alarm.missingData {
    case .breaching:
      return breaching + needed - real.count >= alarm.datapointsToAlarm ? .alarm : .ok
    case .notBreaching: return breaching >= alarm.datapointsToAlarm ? .alarm : .ok
    case .missing, .ignore:
      // Not before the oldest breaching point is M periods old: the next one may be different.
      let age = points.firstIndex { $0 != nil }.map { points.count - $0 } ?? 0
      if breaching == real.count {
        guard age >= alarm.datapointsToAlarm else { return alarm.missingData == .ignore ? now : .ok }
        return alarm.missingData == .ignore ? now : .alarm
      }
      return breaching >= alarm.datapointsToAlarm ? .alarm : .ok
    }
  }

  /// Data points that are fetched beyond N: as many as in the published examples.
  public static let surplus = 2

  /// Seconds between two evaluations (semantics AL-3).
  public static func step(of alarm: Alarm) -> Int {
    if alarm.period < 60 { return 10 }
    return alarm.period * alarm.evaluationPeriods > 86_400 ? 3600 : 60
  }
}
