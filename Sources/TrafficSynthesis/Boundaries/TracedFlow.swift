import Filtering
import NetworkTypes
import RuleMatching

/// What becomes of a flow's first packet and of the answer to it.
struct FlowOutcome: Equatable {
  var request = RuleReading.Answer.allow
  var reply = RuleReading.Answer.allow

  /// The answer to what is denied is not written, and that to what is unknown is unknown as well.
  fileprivate var settled: FlowOutcome {
    request == .allow ? self : FlowOutcome(request: request, reply: request)
  }

  fileprivate mutating func add(_ answer: RuleReading.Answer, isRequest: Bool) {
    if isRequest { request = max(request, answer) } else { reply = max(reply, answer) }
  }
}

/// A flow with every stage that it passes, whatever stops it: so it can be told what other rules would make of it.
struct TracedFlow {
  /// Which packet passes a stage.
  fileprivate enum Packet {
    case request, reply
    /// An answer although the request was denied: those interfaces let it pass which track what they let out before.
    case answerToDenied
  }

  fileprivate struct Step {
    var packet: Packet
    var answer: RuleReading.Answer
    /// Which list was asked, and about what.
    var test: (list: RuleTest.List, point: PolicyPoint)?
    /// The interface whose groups are asked.
    var interface: InterfaceIndex?
  }

  let request: PacketHeader
  /// Whether the request is answered even where it is denied.
  let isAnsweredAnyway: Bool
  private let steps: [Step]
  private let outcome: FlowOutcome?

  /// Follows a packet as audits place it.
  init(_ request: PacketHeader, isAnsweredAnyway: Bool = false, _ filter: PacketFilter) {
    self.request = request
    self.isAnsweredAnyway = isAnsweredAnyway
    // What has neither ports nor types is answered by the same.
    let isAlwaysAnswered = !request.ipProtocol.hasPorts && !request.ipProtocol.hasICMPKind
    let answer = filter.trace(
      captured: request, isRoundTrip: isAlwaysAnswered ? true : nil, findsEveryBlocker: true)
    let late =
      isAnsweredAnyway
      ? filter.trace(captured: request.reply, isRoundTrip: false, findsEveryBlocker: true) : nil
    steps =
      (answer?.steps ?? []).map { Step($0, $0.way == .request ? .request : .reply, filter) }
      + (late?.steps ?? []).map { Step($0, .answerToDenied, filter) }
    let isJudged = answer != nil && (late != nil || !isAnsweredAnyway)
    outcome = isJudged ? Self.outcome(steps, isAnsweredAnyway) { _ in nil } : nil
  }

  var flow: BoundaryFlow {
    let isDenied = outcome?.request == .deny
    return BoundaryFlow(
      request: request, ending: !isDenied ? .established : isAnsweredAnyway ? .answered : .unanswered)
  }

  private static func outcome(
    _ steps: [Step], _ isAnsweredAnyway: Bool, _ otherAnswer: (Step) -> RuleReading.Answer?
  ) -> FlowOutcome {
    var outcome = FlowOutcome()
    var late = RuleReading.Answer.allow
    var tracking: [InterfaceIndex] = []
    for step in steps {
      let answer = otherAnswer(step) ?? step.answer
      switch step.packet {
      case .request:
        if outcome.request != .deny, answer == .allow, let interface = step.interface {
          tracking.append(interface)
        }
        outcome.add(answer, isRequest: true)
      case .reply: outcome.add(answer, isRequest: false)
      case .answerToDenied:
        if step.interface.map({ !tracking.contains($0) }) ?? true { late = max(late, answer) }
      }
    }
    if isAnsweredAnyway && outcome.request == .deny { return FlowOutcome(request: .deny, reply: late) }
    return outcome.settled
  }

  /// Whether the flow or its answer fare otherwise where some lists are others.
  func isChanged(by lists: [RuleTest.List: RuleReading]) -> Bool {
    outcome != nil
      && outcome
        != Self.outcome(steps, isAnsweredAnyway) { step in
          step.test.flatMap { lists[$0.list]?.answer($0.point) }
        }
  }

  /// Whether some lists are asked about something that others answer otherwise, whatever becomes of the flow.
  func isAnsweredOtherwise(by lists: [RuleTest.List: RuleReading]) -> Bool {
    steps.contains { step in
      step.test.map { test in lists[test.list].map { $0.answer(test.point) != step.answer } ?? false }
        ?? false
    }
  }

  /// Whether another filter judges the request or its answer otherwise.
  func isChanged(by filter: PacketFilter) -> Bool {
    outcome != TracedFlow(request, isAnsweredAnyway: isAnsweredAnyway, filter).outcome
  }

  /// The lists on whose answers it hangs what becomes of the flow.
  ///
  /// - Parameter hasBalancers: Whether rules may decide that no step names: then every list counts.
  func crossings(hasBalancers: Bool) -> [(list: RuleTest.List, crossing: Crossing)] {
    guard let outcome else { return [] }
    let lists = Set(steps.compactMap { $0.test?.list })
    return lists.sorted().compactMap { list in
      func all(_ answer: RuleReading.Answer) -> FlowOutcome {
        Self.outcome(steps, isAnsweredAnyway) { $0.test?.list == list ? answer : nil }
      }
      guard hasBalancers || all(.allow) != all(.deny) else { return nil }
      var others = FlowOutcome()
      var points: [(isRequest: Bool, point: PolicyPoint)] = []
      for step in steps {
        if let test = step.test, test.list == list {
          points.append((step.packet == .request, test.point))
        } else {
          others.add(step.answer, isRequest: step.packet == .request)
        }
      }
      return (
        list,
        Crossing(
          request: request, isAnsweredAnyway: isAnsweredAnyway, points: points, others: others,
          outcome: outcome)
      )
    }
  }
}

/// A flow as one list sees it, for as long as mutants of that list are looked for.
struct Crossing {
  private let request: PacketHeader
  private let isAnsweredAnyway: Bool
  /// What the list is asked.
  private let points: [(isRequest: Bool, point: PolicyPoint)]
  /// What becomes of the flow if the list lets it pass.
  private let others: FlowOutcome
  private let outcome: FlowOutcome

  fileprivate init(
    request: PacketHeader, isAnsweredAnyway: Bool, points: [(isRequest: Bool, point: PolicyPoint)],
    others: FlowOutcome, outcome: FlowOutcome
  ) {
    self.request = request
    self.isAnsweredAnyway = isAnsweredAnyway
    self.points = points
    self.others = others
    self.outcome = outcome
  }

  /// The flow with every stage once more.
  func flow(_ filter: PacketFilter) -> TracedFlow {
    TracedFlow(request, isAnsweredAnyway: isAnsweredAnyway, filter)
  }

  /// Whether what the list answers says it all; otherwise the flow has to be looked at.
  var isPlain: Bool { !isAnsweredAnyway }

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

  /// Whether another list in the place of this makes something else of a flow that is plain.
  func isChanged(by list: RuleReading) -> Bool {
    var now = others
    for asked in points { now.add(list.answer(asked.point), isRequest: asked.isRequest) }
    return now.settled != outcome
  }
}

extension TracedFlow.Step {
  fileprivate init(_ traced: TraceStep, _ packet: TracedFlow.Packet, _ filter: PacketFilter) {
    self.packet = packet
    answer = RuleReading.Answer(traced.step.action)
    test = filter.ruleTest(traced).map { test in
      (
        test.list,
        PolicyPoint(
          remote: test.remote, services: test.services.keys, countsReferences: test.countsReferences,
          isNobodys: filter.holders(of: test.remote).isEmpty)
      )
    }
    interface = traced.step.element == .securityGroup ? traced.step.interface : nil
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
