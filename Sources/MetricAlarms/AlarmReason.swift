import NetworkTypes

/// Why an alarm changed, in CloudWatch's words (semantics AL-13).
enum AlarmReason {
  static func text(
    _ alarm: Alarm, _ points: [Double?], at time: CaptureTime, from old: AlarmState, to new: AlarmState
  ) -> String {
    let dated = points.enumerated().compactMap { index, value -> (Double, CaptureTime)? in
      let age = Int64(points.count - index) * Int64(alarm.period)
      return value.map { ($0, time.advanced(bySeconds: -age)) }
    }
    let real = dated.suffix(alarm.evaluationPeriods)
    let missing = max(0, alarm.evaluationPeriods - real.count)
    if real.isEmpty {
      switch new {
      case .insufficientData:
        return "Insufficient Data: \(count(missing)) \(missing == 1 ? "was" : "were") unknown."
      case .alarm, .ok:
        let treated = new == .alarm ? "Breaching" : "NonBreaching"
        let periods = "\(missing) period\(missing == 1 ? "" : "s")"
        return
          "Threshold Crossed: no datapoints were received for \(periods) and \(missing) missing "
          + "datapoint\(missing == 1 ? " was" : "s were") treated as [\(treated)]."
      }
    }
    let isAlarm = new == .alarm
    // Those that speak for the new state, the newest first.
    let speaking = real.filter { alarm.comparison.isBreaching($0.0, alarm.threshold) == isAlarm }.reversed()
    if speaking.isEmpty && isAlarm {
      return
        "Threshold Crossed: \(missing) missing datapoint\(missing == 1 ? " was" : "s were") treated as [Breaching] "
        + "(minimum \(count(alarm.datapointsToAlarm)) for \(old.rawValue) -> ALARM transition)."
    }
    // Where all breach, and are too few, that is what is said.
    let tellsBreaching = isAlarm || speaking.isEmpty
    let shown = speaking.isEmpty ? Array(real.reversed()) : Array(speaking)
    let list = shown.prefix(5).map { "\($0.0) (\(date($0.1)))" }.joined(separator: ", ")
    let minimum =
      tellsBreaching ? alarm.datapointsToAlarm : alarm.evaluationPeriods - alarm.datapointsToAlarm + 1
    let verb = shown.count == 1 ? "was" : "were"
    return
      "Threshold Crossed: \(shown.count) out of the last \(alarm.evaluationPeriods) datapoints [\(list)] \(verb) "
      + (tellsBreaching ? "" : "not ") + "\(alarm.comparison.words) the threshold (\(alarm.threshold)) "
      + "(minimum \(count(minimum)) for \(tellsBreaching && !isAlarm ? "OK -> ALARM" : "\(old.rawValue) -> \(new.rawValue)") transition)."
  }

  /// Why a composite alarm has its first state.
  static func creation(_ alarm: CompositeAlarm, _ state: AlarmState) -> String {
    "\(alarm.profile.label) was created and its alarm rule evaluates to \(state.rawValue)"
  }

  /// Which alarms changed a composite alarm: `… transitioned to ALARM at Wednesday 10 November, 2021 02:45:55 UTC`.
  static func text(_ children: [AlarmTransition.Child]) -> String {
    children.map { "\($0.alarm.label) transitioned to \($0.state.rawValue) at \(longDate($0.time))" }
      .joined(separator: ", ")
  }

  private static func longDate(_ time: CaptureTime) -> String {
    let weekdays = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"]
    let months = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
      "November", "December",
    ]
    // The first of January 1970 was a Thursday.
    let length: Int64 = 86_400_000_000_000
    let (days, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: length)
    let day = Int(rest < 0 ? days - 1 : days)
    let parts = time.description.prefix(10).split(separator: "-")
    guard parts.count == 3, let month = Int(parts[1]), months.indices.contains(month - 1) else {
      return time.description
    }
    return "\(weekdays[((day % 7) + 7) % 7]) \(parts[2]) \(months[month - 1]), \(parts[0]) "
      + "\(time.description.dropFirst(11).prefix(8)) UTC"
  }

  private static func count(_ number: Int) -> String { "\(number) datapoint\(number == 1 ? "" : "s")" }

  /// `02/02/25 12:05:00`, day first.
  private static func date(_ time: CaptureTime) -> String {
    let text = Array(time.description.utf8)
    func part(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
    return "\(part(8..<10))/\(part(5..<7))/\(part(2..<4)) \(part(11..<19))"
  }
}
