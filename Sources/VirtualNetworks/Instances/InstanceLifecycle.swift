/// What can be asked of an instance.
public enum InstanceAction: String, Sendable, Hashable, CaseIterable {
  case start, stop, hibernate, reboot, terminate
}

/// The ways from state to state that an instance may take (semantics LC-2).
public enum InstanceLifecycle {
  /// The states that an action leads through, the last of which stays: `stop` of a running instance gives `stopping`,
  /// `stopped`.
  ///
  /// Asking for what already holds leads nowhere and is no error, as in the API: starting what runs, stopping what is
  /// stopped, terminating what is terminated.
  public static func states(
    for action: InstanceAction, from state: InstanceState
  ) throws(InstanceTransitionError) -> [InstanceState] {
    switch (action, state) {
    case (.start, .stopped): return [.pending, .running]
    case (.start, .pending): return [.running]
    case (.start, .running): return []
    case (.stop, .running), (.hibernate, .running): return [.stopping, .stopped]
    case (.stop, .stopping), (.hibernate, .stopping): return [.stopped]
    case (.stop, .stopped), (.hibernate, .stopped): return []
    case (.reboot, .running): return []
    case (.terminate, .shuttingDown): return [.terminated]
    case (.terminate, .terminated): return []
    case (.terminate, _): return [.shuttingDown, .terminated]
    default: throw InstanceTransitionError(action: action, state: state)
    }
  }

  /// The states that may come next; terminated is final.
  public static func next(after state: InstanceState) -> [InstanceState] {
    switch state {
    case .pending: [.running, .shuttingDown]
    case .running: [.stopping, .shuttingDown]
    case .stopping: [.stopped, .shuttingDown]
    case .stopped: [.pending, .shuttingDown]
    case .shuttingDown: [.terminated]
    case .terminated: []
    }
  }

  /// Whether news that an instance has come to a state is old, since it is in the state by now or passed it on its way.
  ///
  /// An API call is told when it is made, what it leads through some seconds later: `stopping` of what was asked to
  /// stop, `pending` of what was launched. Nothing comes after terminated.
  public static func hasPassed(_ state: InstanceState, at now: InstanceState) -> Bool {
    switch (now, state) {
    case (.terminated, _), (.stopped, .stopping), (.running, .pending): true
    case (.shuttingDown, _): state != .terminated
    default: now == state
    }
  }

  /// The states in which an action may be asked for.
  public static func states(allowing action: InstanceAction) -> [InstanceState] {
    InstanceState.allCases.filter { (try? states(for: action, from: $0)) != nil }
  }
}

/// An action that the state of the instance does not allow: AWS answers `IncorrectInstanceState`.
public struct InstanceTransitionError: Error, Hashable, Sendable {
  public var action: InstanceAction
  public var state: InstanceState

  public init(action: InstanceAction, state: InstanceState) {
    self.action = action
    self.state = state
  }
}

extension InstanceTransitionError: CustomStringConvertible {
  /// `is terminated; start needs pending, running or stopped`
  public var description: String {
    let states = InstanceLifecycle.states(allowing: action).map(\.description)
    let list =
      states.count > 1
      ? states.dropLast().joined(separator: ", ") + " or " + states[states.count - 1] : states.joined()
    return "is \(state); \(action.rawValue) needs \(list)"
  }
}
