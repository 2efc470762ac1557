import NetworkTypes
import RuleMatching
import VirtualNetworks

/// A network that differs from another by one step in one rule, or in the places of two.
struct PolicyMutant {
  var changes: [NetworkChange]
  /// All that the changed list may answer otherwise.
  var deltas: [PolicyDelta]
}

/// Combinations of remote addresses and services.
struct PolicyDelta {
  var v4: IntervalSet
  var v6: IntervalSet
  var services: IntervalSet

  init(_ rule: ResolvedRule) {
    v4 = IntervalSet(.v4, rule.prefixes)
    v6 = IntervalSet(.v6, rule.prefixes)
    services = IntervalSet(rule.traffic)
  }

  /// What one of two rules matches and the other does not, where they differ in one respect.
  init(_ rule: ResolvedRule, _ other: ResolvedRule) {
    self.init(rule)
    let changed = PolicyDelta(other)
    if rule.traffic != other.traffic {
      services = services.symmetricDifference(changed.services)
    } else {
      v4 = v4.symmetricDifference(changed.v4)
      v6 = v6.symmetricDifference(changed.v6)
    }
  }

  func remotes(_ family: IPFamily) -> IntervalSet { family == .v4 ? v4 : v6 }

  func contains(_ remote: IPAddress, _ service: ServiceKey) -> Bool {
    services.contains(IntervalSet.Key(service.rawValue)) && remotes(remote.family).contains(remote.key)
  }

  /// The ports of some protocol that are in the services.
  func ports(of ipProtocol: IPProtocol) -> IntervalSet {
    let all = ServiceKey.all(of: ipProtocol)
    let base = IntervalSet.Key(all.lowerBound.rawValue)
    let own = services.intersection(IntervalSet(base...IntervalSet.Key(all.upperBound.rawValue)))
    return IntervalSet(own.runs.map { $0.lowerBound - base...$0.upperBound - base })
  }
}

extension IntervalSet {
  fileprivate func symmetricDifference(_ other: IntervalSet) -> IntervalSet {
    subtracting(other).union(other.subtracting(self))
  }
}

extension ResolvedRule {
  /// Every rule that differs by one step: in protocol, ports or type, and if it has one block of its own, in that.
  fileprivate func oneStepAway(hasPrefix: Bool) -> [ResolvedRule] {
    let blocks = hasPrefix && prefixes.count == 1 ? prefixes[0].oneBitAway : []
    return blocks.map { ResolvedRule(traffic, prefixes: [$0]) }
      + traffic.oneStepAway.map { ResolvedRule($0, prefixes: prefixes) }
  }
}

extension SecurityGroup {
  /// The mutants of one rule; `resolved` is what it means in the network.
  func mutants(
    of rule: SecurityGroupRule, _ direction: Direction, resolved: ResolvedRule
  ) -> [PolicyMutant] {
    let removal = NetworkChange.removeRule(group: id, direction, .id(rule.id))
    var hasPrefix = false
    if case .prefix = rule.match.peer { hasPrefix = true }
    let others = resolved.oneStepAway(hasPrefix: hasPrefix).compactMap { other -> PolicyMutant? in
      var mutant = rule
      mutant.match.traffic = other.traffic
      if hasPrefix { mutant.match.peer = .prefix(other.prefixes[0]) }
      // Two rules that say the same are one: the mutant is that without the rule.
      if rules(direction).contains(where: { $0.match == mutant.match }) { return nil }
      return PolicyMutant(
        changes: [removal, .addRule(group: id, direction, mutant)], deltas: [PolicyDelta(resolved, other)])
    }
    return [PolicyMutant(changes: [removal], deltas: [PolicyDelta(resolved)])] + others
  }

  /// The group with all traffic allowed in one direction, and with none.
  func extremes(_ direction: Direction) -> (open: [NetworkChange], closed: [NetworkChange]) {
    let closed = rules(direction).map { NetworkChange.removeRule(group: id, direction, .id($0.id)) }
    let everybody = [IPPrefix.v4(.everything), .v6(.everything)].map { prefix in
      NetworkChange.addRule(
        group: id, direction, SecurityGroupRule(id: "", match: Match(.all, peer: .prefix(prefix))))
    }
    return (closed + everybody, closed)
  }
}

extension NetworkACL {
  /// The mutants of one entry.
  func mutants(of entry: NetworkACLEntry, _ direction: Direction) -> [PolicyMutant] {
    let delta = PolicyDelta(entry.resolved)
    var mutants = [
      PolicyMutant(changes: [.deleteEntry(acl: id, direction, number: entry.number)], deltas: [delta])
    ]
    for other in entry.resolved.oneStepAway(hasPrefix: true) {
      var mutant = entry
      mutant.traffic = other.traffic
      mutant.prefix = other.prefixes[0]
      mutants.append(
        PolicyMutant(
          changes: [.replaceEntry(acl: id, direction, mutant)], deltas: [PolicyDelta(entry.resolved, other)]))
    }
    var flipped = entry
    flipped.action = entry.action == .allow ? .deny : .allow
    mutants.append(PolicyMutant(changes: [.replaceEntry(acl: id, direction, flipped)], deltas: [delta]))
    return mutants + swaps(of: entry, direction)
  }

  /// The entry in the place of each later one, and that in its place.
  private func swaps(of entry: NetworkACLEntry, _ direction: Direction) -> [PolicyMutant] {
    var mutants: [PolicyMutant] = []
    // Entries that do the same may change places unless one between them does otherwise.
    var hasContrary = false
    for other in entries(direction) where other.number > entry.number && !other.isFinalDeny {
      hasContrary = hasContrary || other.action != entry.action
      guard hasContrary else { continue }
      var (early, late) = (other, entry)
      (early.number, late.number) = (entry.number, other.number)
      mutants.append(
        PolicyMutant(
          changes: [early, late].map { .replaceEntry(acl: id, direction, $0) },
          deltas: [PolicyDelta(entry.resolved), PolicyDelta(other.resolved)]))
    }
    return mutants
  }

  /// The ACL with all traffic allowed in one direction, and with none.
  func extremes(_ direction: Direction) -> (open: [NetworkChange], closed: [NetworkChange]) {
    let closed = entries(direction).filter { !$0.isFinalDeny }.map {
      NetworkChange.deleteEntry(acl: id, direction, number: $0.number)
    }
    let everybody = [IPPrefix.v4(.everything), .v6(.everything)].enumerated().map { place, prefix in
      NetworkChange.createEntry(
        acl: id, direction,
        NetworkACLEntry(number: place + 1, action: .allow, traffic: .all, prefix: prefix))
    }
    return (closed + everybody, closed)
  }
}

extension NetworkACLEntry {
  var resolved: ResolvedRule { ResolvedRule(traffic, prefixes: [prefix]) }
}
