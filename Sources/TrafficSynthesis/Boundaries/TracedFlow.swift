import Filtering
import NetworkTypes
import RuleMatching

/// What becomes of a flow's first packet and of the answer to it.
struct FlowOutcome: Equatable {
  var request = RuleReading.Answer.allow
  var reply = RuleReading.Answer.allow

  /// The answer to what is denied never comes, and to what is unknown is unknown as well.
  fileprivate var settled: FlowOutcome {
    request == .allow ? self : FlowOutcome(request: request, reply: request)
  }

  fileprivate mutating func add(_ answer: RuleReading.Answer, isRequest: Bool) {
    if isRequest { request = max(request, answer) } else { reply = max(reply, answer) }
  }
}

/// A flow with every stage that it passes, whatever stops it: so it can be told what other rules would make of it.
struct TracedFlow {
  private struct Step {
    var isRequest: Bool
    var answer: RuleReading.Answer
    /// Which list was asked, and about what.
    var test: (list: RuleTest.List, point: PolicyPoint)?
  }

  let request: PacketHeader
  private let steps: [Step]
  private let outcome: FlowOutcome?

  /// Follows a packet as audits place it.
  init(_ request: PacketHeader, _ filter: PacketFilter) {
    self.request = request
    // What has neither ports nor types is answered by the same.
    let isAlwaysAnswered = !request.ipProtocol.hasPorts && !request.ipProtocol.hasICMPKind
    let answer = filter.trace(
      captured: request, isRoundTrip: isAlwaysAnswered ? true : nil, findsEveryBlocker: true)
    steps = (answer?.steps ?? []).map { traced in
      Step(
        isRequest: traced.way == .request, answer: RuleReading.Answer(traced.step.action),
        test: filter.ruleTest(traced).map { test in
          (
            test.list,
            PolicyPoint(
              remote: test.remote, services: test.services.keys,
              countsReferences: test.countsReferences, isNobodys: filter.holders(of: test.remote).isEmpty)
          )
        })
    }
    outcome = answer == nil ? nil : Self.outcome(steps) { _ in nil }
  }

  var flow: BoundaryFlow { BoundaryFlow(request: request, isAnswered: outcome?.request != .deny) }

  private static func outcome(
    _ steps: [Step], _ otherAnswer: (Step) -> RuleReading.Answer?
  ) -> FlowOutcome {
    var outcome = FlowOutcome()
    for step in steps { outcome.add(otherAnswer(step) ?? step.answer, isRequest: step.isRequest) }
    return outcome.settled
  }

  /// Whether the flow or its answer fare otherwise where some lists are others.
  func isChanged(by lists: [RuleTest.List: RuleReading]) -> Bool {
    outcome != nil
      && outcome != Self.outcome(steps) { step in step.test.flatMap { lists[$0.list]?.answer($0.point) } }
  }

  /// Whether some lists are asked about something that others answer otherwise, whatever becomes of the flow.
  func isAnsweredOtherwise(by lists: [RuleTest.List: RuleReading]) -> Bool {
    steps.contains { step in
      step.test.map { test in lists[test.list].map { $0.answer(test.point) != step.answer } ?? false }
        ?? false
    }
  }

  /// Whether another filter judges the request or its answer otherwise.
  func isChanged(by filter: PacketFilter) -> Bool { outcome != TracedFlow(request, filter).outcome }

  /// The lists on whose answers it hangs what becomes of the flow.
  ///
  /// - Parameter hasBalancers: Whether rules may decide that no step names: then every list counts.
  func crossings(hasBalancers: Bool) -> [(list: RuleTest.List, crossing: Crossing)] {
    guard let outcome else { return [] }
    let lists = Set(steps.compactMap { $0.test?.list })
    return lists.sorted().compactMap { list in
      func all(_ answer: RuleReading.Answer) -> FlowOutcome {
        Self.outcome(steps) { $0.test?.list == list ? answer : nil }
      }
      guard hasBalancers || all(.allow) != all(.deny) else { return nil }
      var others = FlowOutcome()
      var points: [(isRequest: Bool, point: PolicyPoint)] = []
      for step in steps {
        if let test = step.test, test.list == list {
          points.append((step.isRequest, test.point))
        } else {
          others.add(step.answer, isRequest: step.isRequest)
        }
      }
      return (list, Crossing(request: request, points: points, others: others, outcome: outcome))
    }
  }
}

/// A flow as one list sees it, for as long as mutants of that list are looked for.
struct Crossing {
  let request: PacketHeader
  /// What the list is asked.
  fileprivate let points: [(isRequest: Bool, point: PolicyPoint)]
  /// What becomes of the flow if the list lets it pass.
  fileprivate let others: FlowOutcome
  fileprivate let outcome: FlowOutcome

  /// Whether the list is asked about something in a region.
  func meets(_ difference: PolicyDifference) -> Bool {
    points.contains { asked in
      difference.parts.contains { part in
        part.region.family == asked.point.remote.family
          && !part.region.services.isDisjoint(with: IntervalSet(asked.point.services))
          && part.region.remotes.contains(asked.point.remote.key)
      }
    }
  }

  /// Whether another list in the place of this makes something else of the flow.
  func isChanged(by list: RuleReading) -> Bool {
    var now = others
    for asked in points { now.add(list.answer(asked.point), isRequest: asked.isRequest) }
    return now.settled != outcome
  }
}

extension RuleReading.Answer {
  fileprivate init(_ action: PathStep.Action) {
    switch action {
    case .deny: self = .deny
    case .unknown: self = .unknown
    default: self = .allow
    }
  }
}

extension RuleTest.List: Comparable {
  package static func < (left: RuleTest.List, right: RuleTest.List) -> Bool { left.order < right.order }

  private var order: (Int, Int) {
    switch self {
    case .policy(let position): (0, position)
    case .acl(let position): (1, position)
    }
  }
}
