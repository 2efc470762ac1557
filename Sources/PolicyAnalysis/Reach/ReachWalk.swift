import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Takes a box apart: traces a packet, keeps what its rules treat alike, and comes back to the rest.
struct ReachWalk {
  private let analyzer: ReachAnalyzer
  private let question: ReachQuestion
  private let detail: ReachAnalyzer.Detail
  private var rest: [PacketBox] = []
  /// Whether packets are placed as audits place them, by nothing but their addresses.
  var isCaptured = false
  /// Borders that regions respect besides those of rules.
  var marks: [RuleTest.List: [ReachMark]] = [:]
  /// What tells packets apart that lists are asked about more than once.
  var revision: ReachRevision?
  /// The packets that are alike so far, and the one of them that was traced.
  private var cell = PacketBox.nothing
  private var header = PacketHeader(
    source: .v4(.zero), destination: .v4(.zero), service: ServiceKey(rawValue: 0))

  init(_ analyzer: ReachAnalyzer, _ question: ReachQuestion, _ detail: ReachAnalyzer.Detail) {
    self.analyzer = analyzer
    self.question = question
    self.detail = detail
  }

  /// Runs of sets of addresses and services that were gone through.
  private(set) var runCount = 0

  /// Whether a mark holds the region that was found last.
  private(set) var isMarked = false

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
      isMarked = narrowToMarks(tests, of: answer)
      if isMarked, let revision { narrow(to: revision, tests) }
      let region = ReachRegion(
        verdict: answer.verdict, packets: cell, witness: witness, answer: answer, rules: rules)
      return (region, verdictBeside)
    }
    return nil
  }

  /// What becomes of the witness; nil where it is placed as captured and the network is not asked.
  private func answer(to witness: TraceQuestion) -> TraceAnswer? {
    let findsEveryBlocker = detail.contains(.everyBlocker)
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

  // MARK: Narrowing

  /// What of the first packet a rule's remote address came from.
  private enum RemoteAxis {
    case source, destination
    /// The public address of the source, or the private one of the destination.
    case sourceImage, destinationImage
    /// The IPv4 address in an IPv6 destination.
    case embedded
    /// The same for every packet of the cell.
    case constant
  }

  private enum ServiceAxis {
    case services, sourcePorts, constant
  }

  private struct Axes {
    var remote: RemoteAxis
    var service: ServiceAxis
    var test: RuleTest
  }

  private mutating func narrow(to test: RuleTest, of analyzer: ReachAnalyzer, _ rules: inout [RuleIndex]) {
    let list = analyzer.prepared(test.list)
    let axes = Axes(remote: remoteAxis(test.remote), service: serviceAxis(test), test: test)
    switch test.outcome {
    case .several(let only):
      if let only { rules.append(list.indices[only]) }
      for rule in list.rules where rule.services.overlaps(test.services.keys) {
        cutRemotes(rule, axes, inside: rule.remotes(test.remote.family).contains(test.remote.key))
      }
    case .rule(let position):
      rules.append(list.indices[position])
      for earlier in list.rules[..<position].indices {
        // Rules that answer the same may come first for other packets, unless it matters which of them it is.
        let isAlike = list.allows.map { $0[earlier] == $0[position] } ?? true
        if !isAlike || detail.contains(.everyRule) { avoid(list.rules[earlier], axes) }
      }
      keep(list.rules[position], axes)
    case .none:
      for (position, rule) in list.rules.enumerated() {
        if list.allows?[position] == false && !detail.contains(.everyRule) { continue }
        if matches(rule, axes) {
          // A reference that does not count here: the code of the denial hangs on it.
          keep(rule, axes)
        } else {
          avoid(rule, axes)
        }
      }
      avoidOpen(list, upTo: list.open.count, axes)
    case .open(let position):
      for rule in list.rules where !matches(rule, axes) { avoid(rule, axes) }
      avoidOpen(list, upTo: position, axes)
      keep(list.open[position], axes)
    }
  }

  /// Narrows the cell to packets that marks treat alike; whether any of them holds the cell where it matters: the answer to
  /// a request of which nobody knows what becomes is no surer.
  private mutating func narrowToMarks(_ tests: [RuleTest], of answer: TraceAnswer) -> Bool {
    if marks.isEmpty { return false }
    let isRequestSure = !answer.unknowns.contains { $0.way == .request }
    var isMarked = false
    for test in tests where narrow(to: marks[test.list] ?? [], of: test) {
      if isRequestSure || test.way == .request { isMarked = true }
    }
    return isMarked
  }

  /// Narrows the cell to packets that marks treat alike; whether any of them holds the cell.
  private mutating func narrow(to marks: [ReachMark], of test: RuleTest) -> Bool {
    if marks.isEmpty { return false }
    var isMarked = false
    let axes = Axes(remote: remoteAxis(test.remote), service: serviceAxis(test), test: test)
    let isHeld = !analyzer.filter.holders(of: test.remote).isEmpty
    for mark in marks where mark.counts(where: test.countsReferences, isHeld: isHeld) {
      if matches(mark.rule, axes) {
        keep(mark.rule, axes)
        isMarked = true
      } else {
        avoid(mark.rule, axes)
      }
    }
    return isMarked
  }

  /// Where lists that are others now are asked at several stages, what one answers may hide what another does: then the
  /// cell is narrowed to packets that they treat alike at each stage, as they were and as they are.
  private mutating func narrow(to revision: ReachRevision, _ tests: [RuleTest]) {
    let asked = tests.filter { revision.marks[$0.list] != nil }
    guard asked.count > 1 else { return }
    for test in asked {
      _ = narrow(to: revision.marks[test.list] ?? [], of: test)
      let axes = Axes(remote: remoteAxis(test.remote), service: serviceAxis(test), test: test)
      let before = revision.original.prepared(test.list)
      for rule in before.rules {
        guard matches(rule, axes) else {
          avoid(rule, axes)
          continue
        }
        keep(rule, axes)
        // Of an ACL the first match decides, for the services that it is about.
        if before.allows != nil && rule.services.contains(test.services.keys) { break }
      }
      avoidOpen(before, upTo: before.open.count, axes)
    }
  }

  private mutating func avoidOpen(_ list: PreparedRules, upTo end: Int, _ axes: Axes) {
    guard end > 0 else { return }
    let isHeld = !analyzer.filter.holders(of: axes.test.remote).isEmpty
    for position in 0..<end where !(isHeld && list.areForNobodys[position]) {
      avoid(list.open[position], axes)
    }
  }

  private func remoteAxis(_ remote: IPAddress) -> RemoteAxis {
    if remote == header.source { return .source }
    if remote == header.destination { return .destination }
    if remote.family != header.family {
      return PacketFilter.embeddedAddress(header.destination) == remote ? .embedded : .constant
    }
    if analyzer.hosts.image(of: header.source) == remote { return .sourceImage }
    if analyzer.hosts.image(of: header.destination) == remote { return .destinationImage }
    return .constant
  }

  private func serviceAxis(_ test: RuleTest) -> ServiceAxis {
    if test.services.lowerBound != test.services.upperBound { return .constant }
    if test.way == .reply && header.ipProtocol.hasPorts { return .sourcePorts }
    return test.service == header.service ? .services : .constant
  }

  private func matches(_ rule: PreparedRules.Rule, _ axes: Axes) -> Bool {
    rule.services.overlaps(axes.test.services.keys)
      && rule.remotes(axes.test.remote.family).contains(axes.test.remote.key)
  }

  /// Leaves the packets that the rule matches.
  private mutating func keep(_ rule: PreparedRules.Rule, _ axes: Axes) {
    cutRemotes(rule, axes, inside: true)
    cutServices(rule, axes, inside: true)
  }

  /// Leaves packets that the rule does not match.
  private mutating func avoid(_ rule: PreparedRules.Rule, _ axes: Axes) {
    runCount += 4 + rule.remotes(cell.family).runs.count
    guard overlaps(rule, axes) else { return }
    if !rule.remotes(axes.test.remote.family).contains(axes.test.remote.key) {
      cutRemotes(rule, axes, inside: false)
    } else if !rule.services.overlaps(axes.test.services.keys) {
      cutServices(rule, axes, inside: false)
    }
  }

  /// Whether the rule matches any packet of the cell.
  private func overlaps(_ rule: PreparedRules.Rule, _ axes: Axes) -> Bool {
    switch axes.service {
    case .constant:
      guard rule.services.overlaps(axes.test.services.keys) else { return false }
    case .services: if cell.services.isDisjoint(with: IntervalSet(rule.services)) { return false }
    case .sourcePorts: if cell.sourcePorts.isDisjoint(with: ports(rule)) { return false }
    }
    switch axes.remote {
    case .source: return !cell.sources.isDisjoint(with: rule.remotes(cell.family))
    case .destination: return !cell.destinations.isDisjoint(with: rule.remotes(cell.family))
    case .sourceImage, .destinationImage, .embedded: return true
    case .constant: return rule.remotes(axes.test.remote.family).contains(axes.test.remote.key)
    }
  }

  private func ports(_ rule: PreparedRules.Rule) -> IntervalSet {
    let base = IntervalSet.Key(ServiceKey(header.ipProtocol, port: 0).rawValue)
    let low = max(rule.services.lowerBound, base)
    let high = min(rule.services.upperBound, base + 65535)
    return low <= high ? IntervalSet(low - base...high - base) : .empty
  }

  private mutating func cutServices(_ rule: PreparedRules.Rule, _ axes: Axes, inside: Bool) {
    switch axes.service {
    case .services: cut(\.services, by: IntervalSet(rule.services), inside)
    case .sourcePorts: cut(\.sourcePorts, by: ports(rule), inside)
    case .constant: break
    }
  }

  private mutating func cutRemotes(_ rule: PreparedRules.Rule, _ axes: Axes, inside: Bool) {
    let remotes = rule.remotes(axes.test.remote.family)
    switch axes.remote {
    case .source: cut(\.sources, by: remotes, inside)
    case .destination: cut(\.destinations, by: remotes, inside)
    case .sourceImage: cut(\.sources, by: preimage(cell.sources, remotes), inside)
    case .destinationImage: cut(\.destinations, by: preimage(cell.destinations, remotes), inside)
    case .embedded: cut(\.destinations, by: PacketFilter.embedding(remotes), inside)
    case .constant: break
    }
  }

  /// Those addresses of a set whose images are in another: only hosts' addresses have images, one by one.
  private func preimage(_ set: IntervalSet, _ remotes: IntervalSet) -> IntervalSet {
    var runs: [ClosedRange<IntervalSet.Key>] = []
    for run in set.runs {
      for key in run {
        guard let image = analyzer.hosts.image(of: IPAddress(cell.family, key: key)) else { continue }
        if remotes.contains(image.key) { runs.append(key...key) }
      }
    }
    return IntervalSet(runs)
  }

  /// Keeps a part of one side of the cell, and puts the rest aside as a box of its own.
  private mutating func cut(
    _ side: WritableKeyPath<PacketBox, IntervalSet>, by set: IntervalSet, _ inside: Bool
  ) {
    let all = cell[keyPath: side]
    runCount += all.runs.count + set.runs.count
    let kept = inside ? all.intersection(set) : all.subtracting(set)
    if kept == all { return }
    var other = cell
    other[keyPath: side] = inside ? all.subtracting(set) : all.intersection(set)
    rest.append(other)
    cell[keyPath: side] = kept
  }
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
