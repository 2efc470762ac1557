import Filtering
import NetworkTypes
import PolicyAnalysis
import RuleMatching
import VirtualNetworks

/// Why a claim cannot be checked.
public enum ClaimError: Error, Hashable, Sendable, CustomStringConvertible {
  case selector(SelectorError)
  case reach(ReachError)

  public var description: String {
    switch self {
    case .selector(let error): "\(error)"
    case .reach(let error): "\(error)"
    }
  }
}

extension TestedNetwork {
  /// Checks a claim for every packet that it is about; nil if it holds.
  ///
  /// Costs one trace for each kind of packets that the network tells apart, and ends soon after the first that
  /// contradicts.
  public func failure(of claim: PolicyClaim) throws(ClaimError) -> TestFailure? {
    let question = try self.question(of: claim)
    guard let region = try contradiction(to: claim, question) else { return nil }
    var failure = describe(region, contradicting: claim)
    failure.hint = try sourcePortHint(region, claim, question) ?? insideHint(region, claim)
    return failure
  }

  /// Whether a claim holds, without the words for why it does not.
  func holds(_ claim: PolicyClaim) throws(ClaimError) -> Bool {
    try contradiction(to: claim, try question(of: claim)) == nil
  }

  func question(of claim: PolicyClaim) throws(ClaimError) -> ReachQuestion {
    do { return try claim.question(in: resolver) } catch { throw .selector(error) }
  }

  /// The first region that contradicts for certain, or else the first of which nobody knows.
  private func contradiction(
    to claim: PolicyClaim, _ question: ReachQuestion
  ) throws(ClaimError) -> ReachRegion? {
    var uncertain: ReachRegion?
    var certain: ReachRegion?
    var contradictions = 0
    do {
      try analyzer.visit(question, claim.because.isEmpty ? [] : .everyBlocker) { region in
        switch Self.standing(of: region, claim) {
        case .holds: break
        case .unknown: uncertain = uncertain ?? region
        case .contradicted:
          // An example that people believe, if there is one.
          if certain == nil || region.isUsual { certain = region }
          contradictions += 1
        }
        return certain?.isUsual != true && contradictions < Self.exampleLimit
      }
    } catch { throw .reach(error) }
    return certain ?? uncertain
  }

  /// Contradictions among which the example is chosen.
  private static let exampleLimit = 64

  private enum Standing {
    case holds, unknown, contradicted
  }

  private static func standing(of region: ReachRegion, _ claim: PolicyClaim) -> Standing {
    switch (claim.expectation, region.verdict) {
    case (_, .unknown): return .unknown
    case (.allow, .deny): return .contradicted
    case (.allow, _): return .holds
    case (.deny, .deny):
      let codes = Set(region.answer.blockers.compactMap(\.step.code))
      return claim.because.isEmpty || !codes.isDisjoint(with: claim.because) ? .holds : .contradicted
    case (.deny, _): return .contradicted
    }
  }

  // MARK: Words

  private func describe(_ region: ReachRegion, contradicting claim: PolicyClaim) -> TestFailure {
    let answer = filter.trace(region.witness)
    var failure = TestFailure(claim.words, at: claim.location, finding: finding(region, claim, answer))
    let isPacket = !region.packets.sources.isEmpty
    if isPacket {
      failure.packet = PacketWords.packet(region.witness)
      failure.ends = ends(of: region.witness)
      failure.alike = alike(region.packets)
    }
    add(decisiveStep(answer), to: &failure)
    if answer.verdict == .unknown {
      failure.missing = answer.unknowns.map { filter.explain($0) }
    }
    failure.command = traceCommand(region.witness, claim)
    return failure
  }

  private func finding(_ region: ReachRegion, _ claim: PolicyClaim, _ answer: TraceAnswer) -> String {
    switch region.verdict {
    case .unknown: return "for this packet the answer is not known"
    case .deny:
      if region.packets.sources.isEmpty { return "one end has no address that the other could write to" }
      if claim.expectation == .deny {
        let codes = answer.blockers.compactMap(\.step.code?.rawValue)
        return "this packet is stopped for another reason: "
          + Array(Set(codes)).sorted().joined(separator: ", ")
      }
      return answer.blockers.first?.way == .reply
        ? "this packet gets there, but its reply is stopped" : "this packet is stopped"
    default: return "this packet gets through"
    }
  }

  /// The step to name: the first denial, the first thing unknown, or the last rule that let the request pass.
  private func decisiveStep(_ answer: TraceAnswer) -> TraceStep? {
    switch answer.verdict {
    case .deny: return answer.blockers.first
    case .unknown: return answer.unknowns.first
    default:
      let request = answer.steps.filter { $0.way == .request }
      return request.last { $0.step.element == .securityGroup && $0.step.rule != nil }
        ?? request.last { $0.step.rule != nil } ?? request.last
    }
  }

  func add(_ traced: TraceStep?, to failure: inout TestFailure) {
    guard let traced else { return }
    failure.stage = traced.step.stage.description
    failure.code = traced.step.code?.rawValue
    failure.resource = filter.subject(of: traced.step).map { filter.title(of: $0) }
    failure.rule = filter.ruleName(of: traced.step)
    failure.isReply = traced.way == .reply
    failure.explanation = filter.explain(traced)
  }

  /// `app-1 -> db-1`
  func ends(of question: TraceQuestion) -> String {
    "\(name(of: question.from)) -> \(name(of: question.to))"
  }

  private func name(of end: TraceQuestion.End) -> String {
    guard case .address(let address) = end else { return "internet" }
    let holders = filter.holders(of: address)
    guard holders.count == 1 else {
      return holders.isEmpty
        ? (network.vpcs.contains { $0.contains(address) } ? "nobody" : "outside") : "several"
    }
    let id = filter.id(of: holders[0].interface)
    return filter.name(of: id) ?? id.rawValue
  }

  /// `the same for 12 more source addresses, 3 destinations and every port of tcp 1024-65535`
  private func alike(_ packets: PacketBox) -> String? {
    var parts: [String] = []
    func add(_ set: IntervalSet, _ noun: String) {
      let count = set.approximateCount
      if count > 1 { parts.append("\(PacketWords.quantity(count)) \(noun)") }
    }
    add(packets.sources, "sources")
    add(packets.destinations, "destinations")
    let service = PacketWords.services(packets.services)
    parts.append(service.text)
    if service.hasPorts { parts.append("source port \(PacketWords.ports(packets.sourcePorts))") }
    return "all alike: " + parts.joined(separator: ", ")
  }

  private func traceCommand(_ witness: TraceQuestion, _ claim: PolicyClaim) -> [String] {
    var words = ["trace"]
    for path in paths { words += ["-n", path] }
    words += [word(of: witness.from), word(of: witness.to), PacketWords.traffic(witness.service)]
    if witness.service.ipProtocol.hasPorts, !witness.standsForAnyClientPort {
      words += ["--from-port", "\(witness.sourcePort)"]
    }
    if case .interface(let interface)? = witness.entersAt {
      words += ["--enters-at", filter.id(of: interface).rawValue]
    }
    if claim.isRoundTrip == false { words.append("--one-way") }
    return words
  }

  private func word(of end: TraceQuestion.End) -> String {
    switch end {
    case .address(let address): address.description
    case .interface(let interface): filter.id(of: interface).rawValue
    case .internet: "internet"
    }
  }

  /// Whether the claim fails for source ports only that no ordinary client uses.
  private func sourcePortHint(
    _ region: ReachRegion, _ claim: PolicyClaim, _ question: ReachQuestion
  ) throws(ClaimError) -> String? {
    let usual = IntervalSet(1024...65535)
    guard claim.expectation == .allow, !region.packets.sourcePorts.isEmpty,
      region.packets.sourcePorts.isDisjoint(with: usual)
    else { return nil }
    var narrower = question
    narrower.sourcePorts = question.sourcePorts.intersection(usual)
    guard !narrower.sourcePorts.isEmpty, try contradiction(to: claim, narrower) == nil else { return nil }
    return "it holds for source ports 1024-65535: write from_port: 1024-65535 if clients use no others"
  }

  /// Whether every address was written where the internet may be meant.
  private func insideHint(_ region: ReachRegion, _ claim: PolicyClaim) -> String? {
    let ends = [(claim.from, region.witness.from), (claim.to, region.witness.to)]
    for (selectors, end) in ends {
      guard case .address(let address) = end, network.vpcs.contains(where: { $0.contains(address) }),
        let every = selectors.first(where: { IPPrefix($0.text)?.length == 0 })
      else { continue }
      return "\(every.text) holds the network's own addresses too: write internet for hosts outside"
    }
    return nil
  }
}
