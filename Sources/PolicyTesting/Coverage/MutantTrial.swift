import Filtering
import NetworkTypes
import PolicyAnalysis
import RuleMatching
import VirtualNetworks

/// Finds out what becomes of mutants of one network, by the tests of it that pass.
struct MutantTrial: Sendable {
  private let network: TestedNetwork
  private let tests: [(test: PolicyTest, footprint: TestFootprint)]
  private let questions: PolicyQuestions
  /// How many kinds of packets are looked at in search of one that tells a mutant from the original.
  static let kindLimit = 50_000
  /// How many such packets are looked at for one that people meet.
  private static let contrastLimit = 64

  init(_ network: TestedNetwork, _ tests: [(test: PolicyTest, footprint: TestFootprint)]) {
    self.network = network
    // Cheap ones first: captures are read anew for each mutant.
    self.tests = tests.sorted { Self.rank($0.test) < Self.rank($1.test) }
    questions = PolicyQuestions(network.network)
  }

  private static func rank(_ test: PolicyTest) -> Int {
    switch test.content {
    case .claims: 0
    case .scenario: 1
    case .capture: 2
    }
  }

  /// What becomes of a mutant; nil if AWS would refuse it.
  func fate(of mutation: RuleMutation) -> PolicyCoverage.Fate? {
    guard let filter = try? network.filter.applying(mutation.changes).0 else { return nil }
    let lists = lists(of: mutation)
    let mutant = network.following(filter, changing: lists)
    for (test, footprint) in tests where fails(test, footprint, mutant, lists) {
      return .killed(by: test.name)
    }
    return witness(of: mutation, mutant, lists)
  }

  private func lists(of mutation: RuleMutation) -> Set<RuleTest.List> {
    if let list = network.filter.list(ofACL: mutation.owner, mutation.direction) { return [list] }
    return network.filter.lists(ofGroup: mutation.owner, mutation.direction)
  }

  /// Whether the test, which passes of the original, fails of the mutant; one that cannot be run does not fail.
  private func fails(
    _ test: PolicyTest, _ footprint: TestFootprint, _ mutant: TestedNetwork, _ lists: Set<RuleTest.List>
  ) -> Bool {
    switch test.content {
    case .claims(let claims):
      for (claim, asked) in zip(claims, footprint.lists) {
        if let asked, asked.isDisjoint(with: lists) { continue }
        if let holds = try? mutant.holds(claim), !holds { return true }
      }
      return false
    default:
      if case .failed = test.outcome(in: mutant) { return true }
      return false
    }
  }

  // MARK: Witnesses

  /// A packet of which the mutant makes something else.
  private func witness(
    of mutation: RuleMutation, _ mutant: TestedNetwork, _ lists: Set<RuleTest.List>
  ) -> PolicyCoverage.Fate {
    guard !lists.isEmpty else { return .equivalent }
    let contrast = ReachContrast(mutant.analyzer, lists: questions.hasBalancers ? nil : lists)
    var found: MutantWitness?
    var seen = 0
    var error: ReachError?
    let passing = questions.questions(past: mutation.owner, mutation.direction, mutation.services)
    for question in passing.all {
      do throws(ReachError) {
        try network.analyzer.visitContrasts(to: contrast, in: question, limit: Self.kindLimit) {
          region, verdict in
          seen += 1
          guard let witness = witness(region, verdict, mutant) else { return true }
          let isUsual = region.isUsual
          if found == nil || isUsual { found = witness }
          return !isUsual && seen < Self.contrastLimit
        }
      } catch .noPackets {
        continue
      } catch let other {
        error = other
      }
      if let found { return .survived(found) }
    }
    if seen > 0 { return .undecided("the answer for the original is not known, which no claim can say") }
    if error != nil { return .undecided("there are more than \(Self.kindLimit) kinds of packets") }
    return .equivalent
  }

  /// The claim about a region's example, if it holds of the original and fails of the mutant.
  private func witness(
    _ region: ReachRegion, _ verdict: PacketClass, _ mutant: TestedNetwork
  ) -> MutantWitness? {
    let question = region.witness
    guard region.verdict == .allow || region.verdict == .deny, case .address(let source) = question.from,
      case .address(let destination) = question.to,
      let traffic = ClaimTraffic(PacketWords.traffic(question.service)),
      let from = try? Selector(source.description), let to = try? Selector(destination.description)
    else { return nil }
    let ports =
      question.service.ipProtocol.hasPorts
      ? IntervalSet(IntervalSet.Key(question.sourcePort)) : IntervalSet.everyPort
    let claim = PolicyClaim(
      region.verdict == .allow ? .allow : .deny, traffic, from: [from], to: [to], sourcePorts: ports)
    guard (try? network.holds(claim)) == true, (try? mutant.holds(claim)) == false else { return nil }
    return MutantWitness(claim: claim, ends: network.ends(of: question), mutantVerdict: verdict)
  }
}
