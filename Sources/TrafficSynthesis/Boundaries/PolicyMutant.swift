import NetworkTypes
import RuleMatching
import VirtualNetworks

/// A network that differs from another by one step in one rule, or in the places of two.
struct PolicyMutant {
  /// A rule of the list that is another, or none, now.
  struct Edit {
    /// The group's rule, or the ACL's entry.
    var id: String
    var rule: ResolvedRule?
    var allows = true
    /// Whether the rule is about the same addresses as before.
    var keepsBlocks = false
  }

  var changes: [NetworkChange]
  var edits: [Edit]
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
  /// The mutants of one rule; `resolved` is what it means in the network, and `others` are all rules of the direction.
  func mutants(
    of rule: SecurityGroupRule, _ direction: Direction, resolved: ResolvedRule, besides others: Set<Match>
  ) -> [PolicyMutant] {
    let removal = NetworkChange.removeRule(group: id, direction, .id(rule.id))
    var hasPrefix = false
    if case .prefix = rule.match.peer { hasPrefix = true }
    let mutants = resolved.oneStepAway(hasPrefix: hasPrefix).compactMap { other -> PolicyMutant? in
      var mutant = rule
      mutant.match.traffic = other.traffic
      if hasPrefix { mutant.match.peer = .prefix(other.prefixes[0]) }
      // Two rules that say the same are one: the mutant is that without the rule.
      if others.contains(mutant.match) { return nil }
      return PolicyMutant(
        changes: [removal, .addRule(group: id, direction, mutant)],
        edits: [PolicyMutant.Edit(id: rule.id, rule: other, keepsBlocks: !hasPrefix)])
    }
    return [PolicyMutant(changes: [removal], edits: [PolicyMutant.Edit(id: rule.id, rule: nil)])] + mutants
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
  /// The mutants of one entry, but for those where it changes places with others.
  func mutants(of entry: NetworkACLEntry, _ direction: Direction) -> [PolicyMutant] {
    var mutants = [
      PolicyMutant(
        changes: [.deleteEntry(acl: id, direction, number: entry.number)],
        edits: [PolicyMutant.Edit(id: String(entry.number), rule: nil)])
    ]
    for other in entry.resolved.oneStepAway(hasPrefix: true) {
      var mutant = entry
      mutant.traffic = other.traffic
      mutant.prefix = other.prefixes[0]
      mutants.append(replacing([mutant], direction))
    }
    var flipped = entry
    flipped.action = entry.action == .allow ? .deny : .allow
    mutants.append(replacing([flipped], direction))
    return mutants
  }

  private func replacing(_ entries: [NetworkACLEntry], _ direction: Direction) -> PolicyMutant {
    PolicyMutant(
      changes: entries.map { .replaceEntry(acl: id, direction, $0) },
      edits: entries.map {
        PolicyMutant.Edit(id: String($0.number), rule: $0.resolved, allows: $0.action == .allow)
      })
  }

  /// Two entries, each in the place of the other.
  func swap(of entry: NetworkACLEntry, with other: NetworkACLEntry, _ direction: Direction) -> PolicyMutant {
    var (early, late) = (other, entry)
    (early.number, late.number) = (entry.number, other.number)
    return replacing([early, late], direction)
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
