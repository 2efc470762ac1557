import NetworkTypes

/// Changes of a network at one moment.
public struct NetworkEvent: Sendable, Hashable {
  public var time: CaptureTime
  /// Made together: all or none.
  public var changes: [NetworkChange]
  /// What the input calls it: `StopInstances`, `stop`.
  public var title: String
  public var location: SourceLocation

  public init(
    at time: CaptureTime, _ changes: [NetworkChange], title: String = "",
    location: SourceLocation = SourceLocation()
  ) {
    self.time = time
    self.changes = changes
    self.title = title
    self.location = location
  }
}
