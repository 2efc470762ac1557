import NetworkTypes
import PolicyAnalysis
import RuleMatching
import VirtualNetworks

/// One small change of one rule, as a slip of the hand would make it.
public struct RuleMutation: Sendable, Hashable {
  /// What is done to the rule, in the order in which mutants are tried.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The rule is taken away.
    case dropped
    /// An entry of an ACL and the next one, which does the contrary, change places.
    case swapped
    /// The group or prefix list that the rule names is another.
    case replaced
    /// The first or the last port is one less or one more.
    case ports
    /// The block of addresses is twice as large.
    case widened
    /// Only one half of the block is left.
    case narrowed
  }

  public var kind: Kind
  /// The group or ACL.
  public var owner: ResourceID
  public var direction: Direction
  /// `sgr-…`, or an entry's number.
  public var rule: String
  /// The rule as it is: `tcp 443 from 0.0.0.0/0`.
  public var text: String
  /// What it becomes; empty for a rule that is dropped.
  public var result: String
  var changes: [NetworkChange]
  /// Services that one of both rules matches and the other does not, or not from everywhere.
  var services: IntervalSet

  /// `inbound tcp 22 from sg-0123: dropped`
  public var summary: String {
    let side = direction == .ingress ? "inbound" : "outbound"
    return "\(side) \(text): " + (result.isEmpty ? kind.rawValue : "\(verb) \(result)")
  }

  private var verb: String { kind == .swapped ? "swapped with" : "changed to" }
}

extension VirtualNetwork {
  /// Every mutant of every rule of groups and ACLs: first one kind of all rules, then the next.
  ///
  /// Left out are mutants that AWS would refuse, and final denials, which cannot be changed.
  public var ruleMutations: [RuleMutation] {
    var mutations: [RuleMutation] = []
    for group in securityGroups {
      for direction in [Direction.ingress, .egress] {
        for rule in group.rules(direction) { mutations += self.mutations(of: rule, in: group, direction) }
      }
    }
    for acl in networkACLs {
      for direction in [Direction.ingress, .egress] {
        let entries = acl.entries(direction).filter { !$0.isFinalDeny }
        for position in entries.indices {
          mutations += self.mutations(of: entries[position], in: acl, direction)
          if position + 1 < entries.count,
            let swapped = swap(entries[position], entries[position + 1], in: acl, direction)
          {
            mutations.append(swapped)
          }
        }
      }
    }
    return RuleMutation.Kind.allCases.flatMap { kind in mutations.filter { $0.kind == kind } }
  }

  // MARK: Groups

  private func mutations(
    of rule: SecurityGroupRule, in group: SecurityGroup, _ direction: Direction
  ) -> [RuleMutation] {
    let removal = NetworkChange.removeRule(group: group.id, direction, .id(rule.id))
    func mutation(_ kind: RuleMutation.Kind, _ match: Match?, _ services: IntervalSet) -> RuleMutation {
      var changes = [removal]
      if let match {
        var mutant = rule
        mutant.match = match
        if match.peer != rule.match.peer { mutant.reference = nil }
        changes.append(.addRule(group: group.id, direction, mutant))
      }
      return RuleMutation(
        kind: kind, owner: group.id, direction: direction, rule: rule.id, text: rule.match.text(direction),
        result: match?.text(direction) ?? "", changes: changes, services: services)
    }
    var mutations = [mutation(.dropped, nil, IntervalSet(rule.match.traffic))]
    for variant in rule.match.variants + peerVariants(of: rule.match, in: group) {
      // AWS refuses a rule that is there already.
      if group.rules(direction).contains(where: { $0.match == variant.match }) { continue }
      mutations.append(mutation(variant.kind, variant.match, variant.services))
    }
    return mutations
  }

  /// The same rule for the next group of the VPC, or the next prefix list.
  private func peerVariants(of match: Match, in owner: SecurityGroup) -> [RuleVariant] {
    let other: Peer?
    switch match.peer {
    case .prefix: return []
    case .group(let name):
      let groups = securityGroups.filter { $0.vpc == owner.vpc }.map(\.id.rawValue)
      other = Self.next(after: name, in: groups).map(Peer.group)
    case .prefixList(let name):
      other = Self.next(after: name, in: prefixLists.map(\.id.rawValue)).map(Peer.prefixList)
    }
    guard let other else { return [] }
    return [RuleVariant(.replaced, Match(match.traffic, peer: other), IntervalSet(match.traffic))]
  }

  private static func next(after name: String, in names: [String]) -> String? {
    let place = names.firstIndex(of: name).map { ($0 + 1) % names.count } ?? 0
    return names.indices.contains(place) && names[place] != name ? names[place] : nil
  }

  // MARK: ACLs

  private func mutations(
    of entry: NetworkACLEntry, in acl: NetworkACL, _ direction: Direction
  ) -> [RuleMutation] {
    func mutation(_ kind: RuleMutation.Kind, _ match: Match?, _ services: IntervalSet) -> RuleMutation {
      var mutant = entry
      if let match, case .prefix(let prefix) = match.peer {
        mutant.traffic = match.traffic
        mutant.prefix = prefix
      }
      return RuleMutation(
        kind: kind, owner: acl.id, direction: direction, rule: "\(entry.number)", text: entry.text(direction),
        result: match == nil ? "" : mutant.text(direction),
        changes: [
          match == nil
            ? .deleteEntry(acl: acl.id, direction, number: entry.number)
            : .replaceEntry(acl: acl.id, direction, mutant)
        ], services: services)
    }
    let match = Match(entry.traffic, peer: .prefix(entry.prefix))
    return [mutation(.dropped, nil, IntervalSet(entry.traffic))]
      + match.variants.map { mutation($0.kind, $0.match, $0.services) }
  }

  /// Two neighbours that do the contrary of each other for some packets; of others the order means nothing.
  private func swap(
    _ first: NetworkACLEntry, _ second: NetworkACLEntry, in acl: NetworkACL, _ direction: Direction
  ) -> RuleMutation? {
    let services = IntervalSet(first.traffic).intersection(IntervalSet(second.traffic))
    guard first.action != second.action, !services.isEmpty else { return nil }
    var (early, late) = (second, first)
    early.number = first.number
    late.number = second.number
    return RuleMutation(
      kind: .swapped, owner: acl.id, direction: direction, rule: "\(first.number)",
      text: first.text(direction), result: second.text(direction),
      changes: [.replaceEntry(acl: acl.id, direction, early), .replaceEntry(acl: acl.id, direction, late)],
      services: services)
  }
}

/// A rule that differs a little from another.
struct RuleVariant {
  var kind: RuleMutation.Kind
  var match: Match
  var services: IntervalSet

  init(_ kind: RuleMutation.Kind, _ match: Match, _ services: IntervalSet) {
    self.kind = kind
    self.match = match
    self.services = services
  }
}

extension Match {
  /// The match with its block one bit wider or narrower, and with its ports one further.
  var variants: [RuleVariant] { portVariants + blockVariants }

  private var portVariants: [RuleVariant] {
    let ports: PortRange
    let make: (PortRange) -> TrafficMatch
    switch traffic {
    case .tcp(let range): (ports, make) = (range, TrafficMatch.tcp)
    case .udp(let range): (ports, make) = (range, TrafficMatch.udp)
    default: return []
    }
    func variant(_ first: Int, _ last: Int, port: UInt16) -> RuleVariant? {
      guard let low = UInt16(exactly: first), let high = UInt16(exactly: last),
        let range = PortRange(low, high)
      else { return nil }
      return RuleVariant(
        .ports, Match(make(range), peer: peer), IntervalSet(make(PortRange(port))))
    }
    let (first, last) = (Int(ports.first), Int(ports.last))
    return [
      variant(first - 1, last, port: ports.first &- 1), variant(first + 1, last, port: ports.first),
      variant(first, last + 1, port: ports.last &+ 1), variant(first, last - 1, port: ports.last),
    ].compactMap { $0 }
  }

  private var blockVariants: [RuleVariant] {
    guard case .prefix(let prefix) = peer else { return [] }
    let services = IntervalSet(traffic)
    var variants: [RuleVariant] = []
    func add(_ kind: RuleMutation.Kind, _ address: IPAddress, _ length: Int) {
      variants.append(
        RuleVariant(kind, Match(traffic, peer: .prefix(IPPrefix(address, length: length))), services))
    }
    if prefix.length > 0 { add(.widened, prefix.first, prefix.length - 1) }
    if prefix.first != prefix.last {
      add(.narrowed, prefix.first, prefix.length + 1)
      add(.narrowed, prefix.last, prefix.length + 1)
    }
    return variants
  }
}

extension NetworkACLEntry {
  /// `100 allow tcp 443 from 0.0.0.0/0`
  fileprivate func text(_ direction: Direction) -> String {
    "\(number) \(action.rawValue) " + Match(traffic, peer: .prefix(prefix)).text(direction)
  }
}
