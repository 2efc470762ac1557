import VirtualNetworks

/// What every alarm has, whatever it watches.
public struct AlarmProfile: Sendable, Hashable {
  public var name: String
  public var summary: String
  public var arn: String?
  public var actionsEnabled = true
  /// Whom to tell when the alarm comes to a state.
  public var actions: [AlarmState: [String]]
  /// When the alarm was last changed, as its description says.
  public var updated: String?
  public var location: SourceLocation

  public init(
    name: String, summary: String = "", arn: String? = nil, actions: [AlarmState: [String]] = [:],
    location: SourceLocation = SourceLocation()
  ) {
    self.name = name
    self.summary = summary
    self.arn = arn
    self.actions = actions
    self.location = location
  }

  /// What messages call the alarm where it is named among others.
  public var label: String { arn ?? name }
}

/// The state of an alarm; raw values are CloudWatch's (semantics AL-1).
public enum AlarmState: String, Sendable, Hashable, CaseIterable {
  case ok = "OK"
  case alarm = "ALARM"
  case insufficientData = "INSUFFICIENT_DATA"
}
