import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Where a list of rules is asked: an interface's groups, or an ACL, in one direction.
enum PolicyPlace: Hashable, Sendable {
  case groups(InterfaceIndex, Direction)
  case acl(ResourceID, Direction)

  var direction: Direction {
    switch self {
    case .groups(_, let direction), .acl(_, let direction): direction
    }
  }
}

/// What a rule looks at, seen from the place where it stands.
struct PolicyCell: Hashable, Sendable {
  var remote: IPAddress
  var service: ServiceKey
}

/// Rules of which the first match decides, and none denies; with allow rules only, any match allows.
struct PolicyList: Sendable {
  var rules: [PolicyRule]

  func allows(_ cell: PolicyCell) -> Bool {
    for rule in rules where rule.resolved.matches(remote: cell.remote, service: cell.service) {
      return rule.allows
    }
    return false
  }
}

/// A list that differs by one step in one rule, or two that change places.
struct PolicyMutant: Sendable {
  var list: PolicyList
  /// The rules before and after: between them lies all that may be judged otherwise.
  var changed: [ResolvedRule]
}

extension PolicyList {
  /// Every mutant of the rule at `position` by one step.
  ///
  /// - Parameter hasPrefix: Whether the rule names a block itself, not a group or a list of blocks.
  func mutants(of position: Int, hasPrefix: Bool, isOrdered: Bool) -> [PolicyMutant] {
    let rule = rules[position].resolved
    var mutants = [replacing(position, by: ResolvedRule(rule.traffic, prefixes: []))]
    if hasPrefix, rule.prefixes.count == 1 {
      for prefix in rule.prefixes[0].oneBitAway {
        mutants.append(replacing(position, by: ResolvedRule(rule.traffic, prefixes: [prefix])))
      }
    }
    for traffic in rule.traffic.oneStepAway {
      mutants.append(replacing(position, by: ResolvedRule(traffic, prefixes: rule.prefixes)))
    }
    guard isOrdered else { return mutants }
    for other in rules.indices where other > position && rules[other].allows != rules[position].allows {
      var swapped = self
      swapped.rules.swapAt(position, other)
      mutants.append(PolicyMutant(list: swapped, changed: [rule, rules[other].resolved]))
    }
    var flipped = self
    flipped.rules[position].allows.toggle()
    mutants.append(PolicyMutant(list: flipped, changed: [rule]))
    return mutants
  }

  private func replacing(_ position: Int, by rule: ResolvedRule) -> PolicyMutant {
    var list = self
    list.rules[position].resolved = rule
    return PolicyMutant(list: list, changed: [rules[position].resolved, rule])
  }
}

extension IPPrefix {
  /// The block around this one, and its halves.
  var oneBitAway: [IPPrefix] {
    switch self {
    case .v4(let prefix): prefix.oneBitAway.map { .v4($0) }
    case .v6(let prefix): prefix.oneBitAway.map { .v6($0) }
    }
  }
}

extension Prefix {
  fileprivate var oneBitAway: [Prefix] {
    var prefixes: [Prefix] = []
    if length > 0 { prefixes.append(Prefix(address, length: length - 1)) }
    if length < Address.bitWidth {
      prefixes.append(Prefix(address, length: length + 1))
      prefixes.append(Prefix(last, length: length + 1))
    }
    return prefixes
  }
}

extension TrafficMatch {
  /// Ports and types off by one at either end, and other protocols.
  var oneStepAway: [TrafficMatch] {
    switch self {
    case .all: [.tcp(.all), .udp(.all), .icmp(.any), .icmpv6(.any)]
    case .tcp(let ports):
      ports.oneStepAway.map { .tcp($0) } + [.udp(ports), .all, .icmp(.any), .icmpv6(.any)]
    case .udp(let ports):
      ports.oneStepAway.map { .udp($0) } + [.tcp(ports), .all, .icmp(.any), .icmpv6(.any)]
    case .icmp(let kind): kind.oneStepAway.map { .icmp($0) } + [.icmpv6(kind), .tcp(.all), .udp(.all), .all]
    case .icmpv6(let kind):
      kind.oneStepAway.map { .icmpv6($0) } + [.icmp(kind), .tcp(.all), .udp(.all), .all]
    case .other(let number):
      [.all, .tcp(.all), .udp(.all), .icmp(.any)]
        + [number.rawValue &- 1, number.rawValue &+ 1].map { IPProtocol(rawValue: $0) }
        .filter { !$0.hasPorts && !$0.hasICMPKind }.map { .other($0) }
    }
  }
}

extension PortRange {
  fileprivate var oneStepAway: [PortRange] {
    var ranges: [PortRange?] = []
    if first > 0 { ranges.append(PortRange(first - 1, last)) }
    if first < .max { ranges.append(PortRange(first + 1, last)) }
    if last > 0 { ranges.append(PortRange(first, last - 1)) }
    if last < .max { ranges.append(PortRange(first, last + 1)) }
    if first == last && first > 0 { ranges.append(PortRange(first - 1)) }
    if first == last && first < .max { ranges.append(PortRange(first + 1)) }
    return ranges.compactMap { $0 }
  }
}

extension ICMPMatch {
  fileprivate var oneStepAway: [ICMPMatch] {
    guard let type else { return [] }
    var kinds: [ICMPMatch] = [.any]
    for other in [Int(type) - 1, Int(type) + 1] where (0...255).contains(other) {
      kinds.append(.type(UInt8(other), code: code))
    }
    guard let code else { return kinds + [.type(type, code: 0), .type(type, code: 1)] }
    kinds.append(.type(type))
    for other in [Int(code) - 1, Int(code) + 1] where (0...255).contains(other) {
      kinds.append(.type(type, code: UInt8(other)))
    }
    return kinds
  }
}
