/// The state of an instance; raw values are the low byte of the API's code (semantics LC-1).
public enum InstanceState: UInt8, Sendable, Hashable, CaseIterable {
  case pending = 0
  case running = 16
  case shuttingDown = 32
  case terminated = 48
  case stopping = 64
  case stopped = 80

  /// Reads the API's code; its high byte is for AWS alone (semantics LC-1).
  public init?(code: Int) { self.init(rawValue: UInt8(truncatingIfNeeded: code)) }

  /// Reads the API's name: `pending`, `running`, `shutting-down`, …
  public init?(name: String) {
    guard let state = Self.allCases.first(where: { $0.description == name }) else { return nil }
    self = state
  }

  /// Whether an instance in this state sends and receives packets (semantics LC-8): on its way down it still does.
  public var carriesTraffic: Bool {
    switch self {
    case .running, .stopping, .shuttingDown: true
    case .pending, .stopped, .terminated: false
    }
  }

  /// Whether the use of an instance in this state is billed (semantics LC-4); volumes and addresses are billed anyway.
  public func isBilled(whileHibernating: Bool = false) -> Bool {
    self == .running || self == .stopping && whileHibernating
  }
}

extension InstanceState: CustomStringConvertible {
  /// The API's name: `pending`, `running`, `stopping`, `stopped`, `shutting-down`, `terminated`.
  public var description: String {
    switch self {
    case .pending: "pending"
    case .running: "running"
    case .stopping: "stopping"
    case .stopped: "stopped"
    case .shuttingDown: "shutting-down"
    case .terminated: "terminated"
    }
  }
}
