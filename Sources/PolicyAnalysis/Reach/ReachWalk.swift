import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Takes a box apart: traces a packet, keeps what its rules treat alike, and comes back to the rest.
struct ReachWalk {
  let analyzer: ReachAnalyzer
  let question: ReachQuestion
  let detail: ReachAnalyzer.Detail
  var rest: [PacketBox] = []
  /// Whether packets are placed as audits place them, by nothing but their addresses.
  var isCaptured = false
  /// Borders that regions respect besides those of rules.
  var marks: [RuleTest.List: [ReachMark]] = [:]
  /// What tells packets apart that lists are asked about more than once.
  var revision: ReachRevision?
  /// The packets that are alike so far, and the one of them that was traced.
  var cell = PacketBox.nothing
  var header = PacketHeader(
    source: .v4(.zero), destination: .v4(.zero), service: ServiceKey(rawValue: 0))

  init(_ analyzer: ReachAnalyzer, _ question: ReachQuestion, _ detail: ReachAnalyzer.Detail) {
    self.analyzer = analyzer
    self.question = question
    self.detail = detail
  }

  /// Runs of sets of addresses and services that were gone through.
  var runCount = 0

  /// Whether a mark holds the region that was found last.
  var isMarked = false

  mutating func begin(_ box: PacketBox) { rest = [box] }

  /// The next region of the box, or nil when nothing is left of it.
  mutating func next() -> ReachRegion? { next(beside: nil)?.region }

  /// The same, each region small enough to have one fate by the rules of another analyzer, too.
  mutating func next(beside other: ReachContrast?) -> (region: ReachRegion, verdictBeside: PacketClass)? {
    while let box = rest.popLast() {
      guard let witness = witness(of: box) else { continue }
      // Not the answer's header, which is the packet as it was where it entered.
      header = PacketHeader(
        source: witness.from.address, destination: witness.to.address, service: witness.service,
        sourcePort: witness.sourcePort)
      guard let answer = answer(to: witness) else { continue }
      cell = box
      var rules: [RuleIndex] = []
      if question.isOfAnswersToDenied {
        if let region = answerToDenied(witness, answer) { return (region, region.verdict) }
        continue
      }
      let tests = analyzer.filter.ruleTests(of: answer)
      for test in tests { narrow(to: test, of: analyzer, &rules) }
      var verdictBeside = answer.verdict
      if let other, other.mayDiffer(tests) {
        let answerBeside = other.analyzer.filter.trace(
          witness, findsEveryBlocker: detail.contains(.everyBlocker))
        verdictBeside = answerBeside.verdict
        var ignored: [RuleIndex] = []
        for test in other.analyzer.filter.ruleTests(of: answerBeside) {
          narrow(to: test, of: other.analyzer, &ignored)
        }
      }
      // The answer to a request of which nobody knows what becomes is no surer.
      let isRequestSure = !answer.unknowns.contains { $0.way == .request }
      isMarked = narrowToMarks(tests) { isRequestSure || $0.way == .request }
      if isMarked, let revision { narrow(to: revision, tests) }
      let region = ReachRegion(
        verdict: answer.verdict, packets: cell, witness: witness, answer: answer, rules: rules)
      return (region, verdictBeside)
    }
    return nil
  }

  /// What becomes of the witness; nil where it is placed as captured and the network is not asked.
  private func answer(to witness: TraceQuestion) -> TraceAnswer? {
    let findsEveryBlocker = detail.contains(.everyBlocker) || question.isOfAnswersToDenied
    guard isCaptured else {
      return analyzer.filter.trace(witness, findsEveryBlocker: findsEveryBlocker)
    }
    return analyzer.filter.trace(
      captured: header, isRoundTrip: question.isRoundTrip, findsEveryBlocker: findsEveryBlocker)
  }

  // MARK: Witnesses

  /// One packet of the box; nil if all of them stay on their host.
  private func witness(of box: PacketBox) -> TraceQuestion? {
    guard let ends = ends(of: box), let first = box.services.first else { return nil }
    let service = ServiceKey(rawValue: UInt32(first))
    let usual: IntervalSet.Key = 49152
    var sourcePort: UInt16?
    if service.ipProtocol.hasPorts {
      guard let port = box.sourcePorts.contains(usual) ? usual : box.sourcePorts.first else { return nil }
      sourcePort = UInt16(port)
    }
    return TraceQuestion(
      from: .address(ends.source), to: .address(ends.destination), entersAt: entrance(box, ends),
      service: service, sourcePort: sourcePort, isRoundTrip: question.isRoundTrip)
  }

  private func entrance(
    _ box: PacketBox, _ ends: (source: IPAddress, destination: IPAddress)
  ) -> TraceQuestion.Entrance? {
    switch box.sender {
    case .anybody: return nil
    case .interface(let interface): return .interface(interface)
    case .holder:
      // Which of several has the destination must not unsettle where the packet comes from.
      guard analyzer.filter.holders(of: ends.destination).count > 1 else { return nil }
      return analyzer.filter.holders(of: ends.source).first.map { .interface($0.interface) }
    }
  }

  /// Two addresses of the box that are not one host's.
  private func ends(of box: PacketBox) -> (source: IPAddress, destination: IPAddress)? {
    let usualSource = usual(in: box.sources, box.family)
    let usualDestination = usual(in: box.destinations, box.family)
    if let usualSource, let usualDestination { return (usualSource, usualDestination) }
    if let usualSource { return first(of: box.destinations, box.family).map { (usualSource, $0) } }
    if let usualDestination { return first(of: box.sources, box.family).map { ($0, usualDestination) } }
    var senders: Set<Int32?> = []
    for source in Self.addresses(of: box.sources, box.family) {
      let sender = host(source, box)
      // Once for each host: what one of its addresses cannot reach, the others cannot.
      guard senders.insert(sender).inserted else { continue }
      for destination in Self.addresses(of: box.destinations, box.family)
      where sender == nil || analyzer.hosts.host(of: destination) != sender {
        return (source, destination)
      }
    }
    return nil
  }

  private func first(of set: IntervalSet, _ family: IPFamily) -> IPAddress? {
    set.first.map { IPAddress(family, key: $0) }
  }

  /// The first addresses of each run: hosts have theirs one by one, or in blocks that are runs of their own.
  private static func addresses(of set: IntervalSet, _ family: IPFamily) -> some Sequence<IPAddress> {
    set.runs.lazy.flatMap { run in
      (run.lowerBound...min(run.upperBound, run.lowerBound + 4095)).lazy.map { IPAddress(family, key: $0) }
    }
  }

  private func host(_ address: IPAddress, _ box: PacketBox) -> Int32? {
    guard case .interface(let interface) = box.sender else { return analyzer.hosts.host(of: address) }
    return analyzer.hosts.host(ofInterface: Int(interface.rawValue))
  }

  /// An address that everybody knows for an example, if the set holds it and no host of the network has it.
  private func usual(in set: IntervalSet, _ family: IPFamily) -> IPAddress? {
    let examples = family == .v4 ? Self.examplesV4 : Self.examplesV6
    return examples.first { set.contains($0.key) && analyzer.filter.holders(of: $0).isEmpty }
  }

  private static let examplesV4 = ["203.0.113.7", "198.51.100.7", "192.0.2.7"].compactMap { IPAddress($0) }
  private static let examplesV6 = ["2001:db8:ffff::7"].compactMap { IPAddress($0) }
}

extension TraceQuestion.End {
  /// The address of an end that is one.
  fileprivate var address: IPAddress {
    if case .address(let address) = self { address } else { .v4(.zero) }
  }
}

extension PacketBox {
  fileprivate static let nothing = PacketBox(
    family: .v4, sources: .empty, destinations: .empty, services: .empty, sourcePorts: .empty,
    sender: .anybody)
}
