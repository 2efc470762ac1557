import Dispatch
import Filtering
import Locks
import NetworkTypes
import VirtualNetworks

/// Measures what tests cover, for each network that they are about.
///
/// A rule is covered if it decides of a packet that some test is about. Then every rule is changed a little, one change at a
/// time; a change that makes no test fail is one that nobody would notice.
public struct PolicyCoverageRun: Sendable {
  /// How long mutants are tried; those that are left then are counted as untried.
  public var timeLimit: Duration
  /// Told how many mutants are through, and how many there are.
  public var progress: (@Sendable (_ done: Int, _ total: Int) -> Void)?

  public init(timeLimit: Duration = .seconds(60)) { self.timeLimit = timeLimit }

  /// The coverage of each network, in the order in which the plan first names them.
  public func coverage(of plan: PolicyTestPlan, _ results: PolicyTestResults) -> [PolicyCoverage] {
    let deadline = ContinuousClock.now + timeLimit
    let trials = plan.networksInOrder.map { paths, network in
      let passed = plan.tests.indices.filter {
        plan.tests[$0].networkPaths == paths && results.tests[$0].outcome == .passed
      }
      return Trial(network, paths, passed.map { plan.tests[$0].test })
    }
    let total = trials.reduce(0) { $0 + $1.mutations.count }
    var begun = 0
    return trials.map { trial in
      let coverage = coverage(of: trial, deadline, from: begun, of: total)
      begun += trial.mutations.count
      return coverage
    }
  }

  /// A network with its mutants.
  private struct Trial: Sendable {
    var paths: [String]
    var network: TestedNetwork
    var tests: [PolicyTest]
    var mutations: [RuleMutation]

    init(_ network: TestedNetwork, _ paths: [String], _ tests: [PolicyTest]) {
      self.paths = paths
      self.network = network
      self.tests = tests
      mutations = network.network.ruleMutations
    }
  }

  private func coverage(
    of trial: Trial, _ deadline: ContinuousClock.Instant, from begun: Int, of total: Int
  ) -> PolicyCoverage {
    let hasBalancers = !trial.network.network.loadBalancers.isEmpty
    let tests = trial.tests.map {
      (test: $0, footprint: TestFootprint($0, in: trial.network, hasBalancers: hasBalancers))
    }
    let judge = MutantTrial(trial.network, tests)
    let fates = Guarded<[PolicyCoverage.Fate??]>(Array(repeating: nil, count: trial.mutations.count))
    let done = Guarded(0)
    let step = progress
    DispatchQueue.concurrentPerform(iterations: trial.mutations.count) { index in
      let fate: PolicyCoverage.Fate? =
        ContinuousClock.now < deadline ? judge.fate(of: trial.mutations[index]) : .untried
      fates.withLock { $0[index] = .some(fate) }
      done.withLock { done in
        done += 1
        step?(begun + done, total)
      }
    }
    var coverage = PolicyCoverage()
    coverage.networkPaths = trial.paths
    coverage.tests = trial.tests.count
    let decided = tests.reduce(into: Set<RuleName>()) { $0.formUnion($1.footprint.rules) }
    coverage.rules = Self.rules(of: trial.network.filter, decided)
    for (mutation, fate) in zip(trial.mutations, fates.withLock { $0 }) {
      // A mutant that AWS would refuse is none.
      guard let fate = fate ?? .untried else { continue }
      coverage.mutants.append(PolicyCoverage.Mutant(mutation: mutation, fate: fate))
    }
    for rule in coverage.rules {
      coverage.titles[rule.owner] = trial.network.filter.title(of: rule.owner)
    }
    return coverage
  }

  private static func rules(of filter: PacketFilter, _ decided: Set<RuleName>) -> [PolicyCoverage.Rule] {
    filter.rules.inReportOrder.map { filter.rules[$0] }
      .filter { $0.kind == .groupRule || $0.id != "*" }
      .map { entry in
        PolicyCoverage.Rule(
          owner: entry.owner, direction: entry.direction, id: entry.id, text: entry.text,
          isDecided: decided.contains(
            RuleName(owner: entry.owner, direction: entry.direction, id: entry.id)))
      }
  }
}
