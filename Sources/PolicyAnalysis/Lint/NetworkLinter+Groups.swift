import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Rules of security groups.
extension NetworkLinter {
  func findings(of group: SecurityGroup) -> [LintFinding] {
    [Direction.ingress, .egress].flatMap { direction in
      let rules = group.rules(direction)
      return peers(of: rules, group) + removable(rules, direction, group)
    }
  }

  // MARK: Peers

  /// Peers that are gone, or stand for nobody.
  private func peers(of rules: [SecurityGroupRule], _ group: SecurityGroup) -> [LintFinding] {
    rules.compactMap { rule in
      switch rule.match.peer {
      case .prefix: return nil
      case .group(let name): return staleness(of: rule, ResourceID(rawValue: name), group)
      case .prefixList(let name):
        guard let list = lists[ResourceID(rawValue: name)], list.entriesAreKnown, list.entries.isEmpty else {
          return nil
        }
        return LintFinding(
          .warning, .emptyPrefixList, group.id, rule: rule.id, at: rule.location,
          "the rule refers to \(title(list.id)), which has no entries: it matches nothing",
          fix: "add entries to the list, or remove the rule")
      }
    }
  }

  private func staleness(
    of rule: SecurityGroupRule, _ peer: ResourceID, _ group: SecurityGroup
  ) -> LintFinding? {
    let stale = { (why: String) in
      LintFinding(
        .warning, .staleGroupReference, group.id, rule: rule.id, at: rule.location,
        "the rule refers to \(self.title(peer)), \(why): it matches nothing (a stale rule)",
        fix: "remove the rule, or name a group that exists")
    }
    if let status = rule.reference?.peeringStatus, status != "active" {
      return stale("over a peering connection that is \(status)")
    }
    if let id = rule.reference?.peering,
      let peering = network.peeringConnections.first(where: { $0.id == id }),
      peering.state != "active"
    {
      return stale("over \(title(id)), which is \(peering.state)")
    }
    guard groups[peer] != nil else {
      // A group of another account or VPC need not be in the input.
      return rule.reference == nil ? stale("which is not in the input") : nil
    }
    guard members[peer] == nil, peer != group.id || members[group.id] != nil else { return nil }
    guard members[peer] == nil else { return nil }
    return LintFinding(
      .warning, .unreferencedPeer, group.id, rule: rule.id, at: rule.location,
      "the rule refers to \(title(peer)), which no interface carries: it matches nothing",
      fix: "attach the group to the interfaces that are meant, or remove the rule")
  }

  // MARK: Redundancy

  /// Rules that can go together without a change of any verdict, and rules that partly say what others say.
  private func removable(
    _ rules: [SecurityGroupRule], _ direction: Direction, _ group: SecurityGroup
  ) -> [LintFinding] {
    let resolved = rules.map { ResolvedRule($0.match.traffic, prefixes: prefixes($0, of: group)) }
    let covered = RuleCover(resolved).removable(
      // What its peers are is not told, or it matches nobody: then it is a finding of another kind.
      except: rules.indices.filter { resolved[$0].prefixes.isEmpty })
    var findings: [LintFinding] = []
    for index in covered.keys.sorted() {
      let rule = rules[index]
      let text = rule.match.text(direction)
      if let twin = rules.indices.first(where: {
        $0 != index && covered[$0] == nil && rules[$0].match == rule.match
      }) {
        findings.append(
          LintFinding(
            .warning, .duplicateRule, group.id, rule: rule.id, at: rule.location,
            "\"\(text)\" stands there twice: \(rules[twin].id) says the same", fix: "remove one of the two"))
        continue
      }
      let by = covered[index].flatMap { $0 }
      let moving = moving(index, by, rules, covered.keys.contains)
      let isMoving = !moving.isEmpty
      findings.append(
        LintFinding(
          isMoving ? .info : .warning, .redundantRule, group.id, rule: rule.id, at: rule.location,
          "\"\(text)\" changes nothing: "
            + (by.map { "\"\(rules[$0].match.text(direction))\" (\(rules[$0].id)) allows all of it" }
              ?? "other rules of the group together allow all of it")
            + (isMoving ? ", as the members of \(moving.joined(separator: " and ")) are now" : ""),
          fix: isMoving ? "remove the rule, unless members are to come or go" : "remove the rule"))
    }
    return findings + overlaps(rules, resolved, Set(covered.keys), direction, group)
  }

  /// The groups on whose members of today it hangs that a rule is covered.
  private func moving(
    _ index: Int, _ by: Int?, _ rules: [SecurityGroupRule], _ isGone: (Int) -> Bool
  ) -> [String] {
    let rule = rules[index]
    if let by, rules[by].match.peer == rule.match.peer { return [] }
    let covering =
      by.map { [$0] }
      ?? rules.indices.filter {
        $0 != index && !isGone($0) && rules[$0].match.traffic.services.overlaps(rule.match.traffic.services)
      }
    var titles: [String] = []
    for case .group(let id) in [rule.match.peer] + covering.map({ rules[$0].match.peer }) {
      let title = title(ResourceID(rawValue: id))
      if !titles.contains(title) { titles.append(title) }
    }
    return titles
  }

  /// Pairs of rules neither of which holds the other, but which match some of the same packets; one pair a rule.
  private func overlaps(
    _ rules: [SecurityGroupRule], _ resolved: [ResolvedRule], _ gone: Set<Int>, _ direction: Direction,
    _ group: SecurityGroup
  ) -> [LintFinding] {
    guard rules.count <= RuleCover.pairLimit else { return [] }
    return rules.indices.compactMap { first in
      guard !gone.contains(first) else { return nil }
      let second = rules.indices.first { second in
        second > first && !gone.contains(second) && resolved[first].partlyOverlaps(resolved[second])
      }
      guard let second else { return nil }
      return LintFinding(
        .info, .overlappingRules, group.id, rule: rules[first].id, at: rules[first].location,
        "\"\(rules[first].match.text(direction))\" and \"\(rules[second].match.text(direction))\" "
          + "(\(rules[second].id)) match some of the same packets",
        fix: "narrow one of them if both are not meant")
    }
  }

  /// The blocks that a rule's peer stands for, as far as that is certain: nothing else may be said to cover.
  func prefixes(_ rule: SecurityGroupRule, of group: SecurityGroup) -> [IPPrefix] {
    switch rule.match.peer {
    case .prefix(let prefix): return [prefix]
    case .prefixList(let name):
      guard let list = lists[ResourceID(rawValue: name)], list.entriesAreKnown else { return [] }
      return list.entries
    case .group(let name):
      let peer = ResourceID(rawValue: name)
      // Whether a reference into another VPC holds depends on the connection (semantics SG-25 to SG-28).
      guard let found = groups[peer], rule.reference == nil, found.vpc == group.vpc else { return [] }
      return (members[peer] ?? []).flatMap(\.privatePrefixes)
    }
  }
}

extension ResolvedRule {
  /// Whether the two match some of the same packets, and neither matches all of the other's.
  fileprivate func partlyOverlaps(_ other: ResolvedRule) -> Bool {
    guard traffic.services.overlaps(other.traffic.services),
      prefixes.contains(where: { mine in other.prefixes.contains { $0.overlaps(mine) } })
    else { return false }
    return !holds(other) && !other.holds(self)
  }

  fileprivate func holds(_ other: ResolvedRule) -> Bool {
    traffic.services.lowerBound <= other.traffic.services.lowerBound
      && other.traffic.services.upperBound <= traffic.services.upperBound
      && other.prefixes.allSatisfy { theirs in prefixes.contains { $0.contains(theirs) } }
  }
}
