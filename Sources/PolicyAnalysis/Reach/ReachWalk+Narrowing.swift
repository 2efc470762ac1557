import Filtering
import NetworkTypes
import RuleMatching

extension ReachWalk {
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

  mutating func narrow(to test: RuleTest, of analyzer: ReachAnalyzer, _ rules: inout [RuleIndex]) {
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

  /// Narrows the cell to packets that marks treat alike at each of some tests; whether any of them holds the cell.
  mutating func narrowToMarks(_ tests: [RuleTest], where counts: (RuleTest) -> Bool = { _ in true }) -> Bool {
    if marks.isEmpty { return false }
    var isMarked = false
    for test in tests where narrow(to: marks[test.list] ?? [], of: test) && counts(test) { isMarked = true }
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
  mutating func narrow(to revision: ReachRevision, _ tests: [RuleTest]) {
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
