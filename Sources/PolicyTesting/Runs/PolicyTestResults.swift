import PolicyFormats
import VirtualNetworks

/// What became of one test.
public struct PolicyTestResult: Sendable {
  public enum Outcome: Sendable, Hashable {
    case passed
    /// What it claims does not hold.
    case failed([TestFailure])
    /// It could not be carried out.
    case invalid([YAMLProblem])
    /// It was left out after another had failed.
    case skipped
  }

  public var file: String
  public var name: String
  public var location: SourceLocation
  public var outcome: Outcome
}

/// What became of all tests of a run, in the order of their files.
public struct PolicyTestResults: Sendable {
  public var tests: [PolicyTestResult] = []
  /// Why whole files could not be run.
  public var problems: [FileProblem] = []

  /// A test file, or its network, that cannot be used.
  public struct FileProblem: Sendable, Hashable {
    public var location: SourceLocation
    public var message: String

    public init(_ problem: YAMLProblem) {
      location = problem.location
      message = problem.message
    }

    public init(at location: SourceLocation, _ message: String) {
      self.location = location
      self.message = message
    }

    public var text: String { "\(location.description): \(message)" }
  }

  public init() {}

  public func count(_ matches: (PolicyTestResult.Outcome) -> Bool) -> Int {
    tests.count { matches($0.outcome) }
  }

  public var passed: Int { count { $0 == .passed } }
  public var failed: Int { count { if case .failed = $0 { true } else { false } } }
  public var invalid: Int { count { if case .invalid = $0 { true } else { false } } }
  public var skipped: Int { count { $0 == .skipped } }
  /// Whether something could not be read or carried out.
  public var isInvalid: Bool { !problems.isEmpty || invalid > 0 }
}
