import Filtering
import NetworkTypes
import PolicyAnalysis
import RuleMatching
import VirtualNetworks

/// A rule of a group or an entry of an ACL, by what stays the same when the network is read again.
struct RuleName: Hashable, Sendable {
  var owner: ResourceID
  var direction: Direction
  var id: String
}

/// Which rules a test that passes hangs on.
struct TestFootprint: Sendable {
  /// Rules that decide of packets the test is about.
  var rules: Set<RuleName> = []
  /// For each claim the lists of rules that its packets are held against: no other can change its answer. nil: any.
  var lists: [Set<RuleTest.List>?] = []

  init(_ test: PolicyTest, in network: TestedNetwork, hasBalancers: Bool) {
    switch test.content {
    case .claims(let claims):
      for claim in claims {
        let asked = ask(claim, network)
        lists.append(hasBalancers ? nil : asked)
      }
    case .scenario(let scenario):
      var run = ScenarioRun(network, timers: scenario.timers)
      guard (try? run.failures(of: scenario.steps)) != nil else { return }
      // Numbers of rules that a step has added are none of the network's.
      let count = network.filter.rules.entries.count
      add(run.deciders.filter { $0.int < count }, network)
    case .capture(let check):
      guard let report = try? network.audit(check.path) else { return }
      for use in report.rules where use.tally.packets > 0 {
        rules.insert(RuleName(owner: use.owner, direction: use.direction, id: use.id))
      }
    }
  }

  /// The lists that the claim's packets are held against, or nil if they are too many to tell.
  private mutating func ask(_ claim: PolicyClaim, _ network: TestedNetwork) -> Set<RuleTest.List>? {
    guard let question = try? network.question(of: claim) else { return nil }
    var detail: ReachAnalyzer.Detail = [.everyRule]
    if !claim.because.isEmpty { detail.insert(.everyBlocker) }
    var lists: Set<RuleTest.List> = []
    var indices: Set<RuleIndex> = []
    let analyzer = network.analyzer
    do {
      try analyzer.visit(question, detail) { region in
        lists.formUnion(analyzer.filter.ruleTests(of: region.answer).lazy.map(\.list))
        indices.formUnion(region.rules)
        return true
      }
    } catch { return nil }
    add(indices, network)
    return lists
  }

  private mutating func add(_ indices: Set<RuleIndex>, _ network: TestedNetwork) {
    for index in indices {
      let entry = network.filter.rules[index]
      rules.insert(RuleName(owner: entry.owner, direction: entry.direction, id: entry.id))
    }
  }
}
