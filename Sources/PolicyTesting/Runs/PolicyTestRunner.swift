import Dispatch
import Locks
import PolicyFormats
import VirtualNetworks

/// Runs the tests of files, each network read once.
public struct PolicyTestRunner: Sendable {
  /// Paths that take the place of the networks that files name.
  public var networkOverride: [String] = []
  /// Only tests whose names match.
  public var filter: (@Sendable (String) -> Bool)?
  /// Whether tests after the first that does not pass are left out.
  public var failsFast = false
  public var isParallel = true

  public init() {}

  /// Runs what files hold; mistakes in them are part of the results.
  public func run(files paths: [String]) -> PolicyTestResults {
    var plan = PolicyTestPlan(paths: paths, networkOverride: networkOverride, filter: filter)
    plan.readNetworks()
    return run(plan)
  }

  /// Runs a plan: tests side by side, results in the order of the plan.
  public func run(_ plan: PolicyTestPlan) -> PolicyTestResults {
    let slots = Slots(count: plan.tests.count)
    if isParallel && !failsFast {
      DispatchQueue.concurrentPerform(iterations: plan.tests.count) { index in
        slots.set(index, Self.outcome(of: plan.tests[index], plan))
      }
    } else {
      for index in plan.tests.indices {
        let outcome = Self.outcome(of: plan.tests[index], plan)
        slots.set(index, outcome)
        if failsFast && outcome != .passed { break }
      }
    }
    var results = PolicyTestResults()
    results.problems = plan.problems
    let outcomes = slots.all
    results.tests = plan.tests.indices.map { index in
      let planned = plan.tests[index]
      return PolicyTestResult(
        file: planned.file, name: planned.test.name, location: planned.test.location,
        outcome: outcomes[index] ?? .skipped)
    }
    return results
  }

  private static func outcome(
    of planned: PolicyTestPlan.Planned, _ plan: PolicyTestPlan
  ) -> PolicyTestResult.Outcome {
    guard let network = plan.networks[planned.networkPaths] else {
      return .invalid([YAMLProblem(at: planned.test.location, "its network cannot be used")])
    }
    return planned.test.outcome(in: network)
  }
}

/// Outcomes that several threads fill in.
private final class Slots: Sendable {
  private let outcomes: Guarded<[PolicyTestResult.Outcome?]>

  init(count: Int) { outcomes = Guarded(Array(repeating: nil, count: count)) }

  func set(_ index: Int, _ outcome: PolicyTestResult.Outcome) { outcomes.withLock { $0[index] = outcome } }

  var all: [PolicyTestResult.Outcome?] { outcomes.withLock { $0 } }
}

extension PolicyTest {
  /// Carries the test out.
  public func outcome(in network: TestedNetwork) -> PolicyTestResult.Outcome {
    switch content {
    case .claims(let claims):
      var failures: [TestFailure] = []
      var problems: [YAMLProblem] = []
      for claim in claims {
        do {
          if let failure = try network.failure(of: claim) { failures.append(failure) }
        } catch {
          problems.append(YAMLProblem(at: claim.location, "\(error)"))
        }
      }
      // The same selector stands in every claim of a test: once is enough.
      if let first = problems.first { return .invalid([first]) }
      return failures.isEmpty ? .passed : .failed(failures)
    case .scenario(let scenario):
      var run = ScenarioRun(network, timers: scenario.timers)
      do {
        let failures = try run.failures(of: scenario.steps)
        return failures.isEmpty ? .passed : .failed(failures)
      } catch { return .invalid([error]) }
    case .capture(let check):
      do {
        let failures = try network.failures(of: check)
        return failures.isEmpty ? .passed : .failed(failures)
      } catch { return .invalid([error]) }
    }
  }
}

/// The tests to run, with their networks.
public struct PolicyTestPlan: Sendable {
  public struct Planned: Sendable {
    public var file: String
    public var networkPaths: [String]
    /// Where the file names the network; nil if the command does.
    public var networkLocation: SourceLocation?
    public var test: PolicyTest
  }

  /// Errors of one network that are told.
  private static let problemLimit = 10

  public private(set) var tests: [Planned] = []
  public private(set) var networks: [[String]: TestedNetwork] = [:]
  public private(set) var problems: [PolicyTestResults.FileProblem] = []

  /// The networks that were read, in the order in which tests first name them.
  public var networksInOrder: [(paths: [String], network: TestedNetwork)] {
    var seen: Set<[String]> = []
    return tests.compactMap { planned in
      guard seen.insert(planned.networkPaths).inserted else { return nil }
      return networks[planned.networkPaths].map { (planned.networkPaths, $0) }
    }
  }

  /// Reads test files; a file with a mistake gives problems and no tests.
  public init(
    paths: [String], networkOverride: [String] = [], filter: (@Sendable (String) -> Bool)? = nil
  ) {
    for path in paths {
      do {
        let file = try PolicyTestFileReader().read(path: path)
        let networks = networkOverride.isEmpty ? file.networkPaths : networkOverride
        if networks.isEmpty {
          problems.append(
            .init(
              at: SourceLocation(file: path), "names no network: write network: PATH, or give one with -n"))
          continue
        }
        for test in file.tests where filter?(test.name) ?? true {
          tests.append(
            Planned(
              file: path, networkPaths: networks,
              networkLocation: networkOverride.isEmpty ? file.networkLocation : nil, test: test))
        }
      } catch {
        problems += error.all.map { .init($0) }
      }
    }
  }

  /// Reads every network that a test needs, once; the tests of one that cannot be used go with a problem.
  public mutating func readNetworks() {
    var broken: Set<[String]> = []
    for planned in tests where networks[planned.networkPaths] == nil && !broken.contains(planned.networkPaths)
    {
      do {
        networks[planned.networkPaths] = try TestedNetwork(paths: planned.networkPaths)
      } catch {
        broken.insert(planned.networkPaths)
        let location = planned.networkLocation ?? SourceLocation(file: planned.file)
        problems += error.problems.prefix(Self.problemLimit).map { .init(at: location, "network: \($0)") }
        let more = error.problems.count - Self.problemLimit
        if more > 0 { problems.append(.init(at: location, "network: \(more) more errors")) }
      }
    }
    tests.removeAll { broken.contains($0.networkPaths) }
  }
}
