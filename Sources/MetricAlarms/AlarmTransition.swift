import NetworkTypes

/// A change of an alarm's state.
public struct AlarmTransition: Sendable, Hashable {
  public var alarm: AlarmProfile
  public var cause: Cause
  public var time: CaptureTime
  public var old: AlarmState
  public var new: AlarmState
  /// In CloudWatch's words.
  public var reason: String

  /// What the alarm watches.
  public enum Cause: Sendable, Hashable {
    case metric(Alarm)
    /// A rule over other alarms, and those of them that changed it.
    case rule(CompositeAlarm, by: [Child])
  }

  /// An alarm that a composite alarm names, with the state that it came to.
  public struct Child: Sendable, Hashable {
    public var alarm: AlarmProfile
    public var state: AlarmState
    public var time: CaptureTime

    public init(alarm: AlarmProfile, state: AlarmState, time: CaptureTime) {
      self.alarm = alarm
      self.state = state
      self.time = time
    }
  }

  public init(alarm: Alarm, time: CaptureTime, old: AlarmState, new: AlarmState, reason: String) {
    self.init(alarm.profile, .metric(alarm), time: time, old: old, new: new, reason: reason)
  }

  public init(
    _ alarm: AlarmProfile, _ cause: Cause, time: CaptureTime, old: AlarmState, new: AlarmState, reason: String
  ) {
    self.alarm = alarm
    self.cause = cause
    self.time = time
    self.old = old
    self.new = new
    self.reason = reason
  }

  /// Whom to tell of it (semantics AL-8).
  public var actions: [String] { alarm.actionsEnabled ? alarm.actions[new] ?? [] : [] }
}
