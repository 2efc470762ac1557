import NetworkTypes
import RuleMatching
import VirtualNetworks

/// The rules of a set of security groups in one direction, as one allow set (semantics SG-2).
///
/// Interfaces with the same groups share one policy. A class, so that a walk that looks at one copies a single reference.
/// What the rules were made from is not kept: ``CompiledNetwork/resolvedRules(ofPolicy:)`` makes it again for those who
/// explain, so that ten thousand policies of sixty rules take 25 MB and not 150.
final class CompiledPolicy: Sendable {
  /// Rules in the order of the input; the matcher answers with positions in it.
  let rules: CompiledRules
  /// The same without rules whose peer is a group, for paths that lose group identity (semantics SG-29); nil when no
  /// rule has one.
  let rulesWithoutReferences: CompiledRules?
  /// For each rule its place in the catalogue.
  let indices: [RuleIndex]
  /// Rules whose peers the input does not fully tell.
  let openRules: [OpenRule]
  /// What the rules with the peer 0.0.0.0/0 and ::/0 allow: what untracked flows hang on (semantics CT-4).
  let openToIPv4: [TrafficMatch]
  let openToIPv6: [TrafficMatch]

  struct OpenRule: Sendable {
    var traffic: TrafficMatch
    var index: RuleIndex
    var missing: MissingPiece
    /// Blocks within which the unknown members must lie; empty when not even that is known.
    var within: [IPPrefix]

    /// Whether it is open only for senders that no interface of the input has: those may be members of its group.
    var isForNobodys: Bool { missing == .interfaceOfAddress }
    /// Whether it tells members of a group, which counts for nothing where group identity is lost.
    var isReference: Bool { missing == .groupMembers || missing == .interfaceOfAddress }
  }

  init(
    _ resolved: [ResolvedRule], withoutReferences: [ResolvedRule]?, indices: [RuleIndex],
    openRules: [OpenRule],
    openToIPv4: [TrafficMatch], openToIPv6: [TrafficMatch]
  ) {
    rules = CompiledRules(resolved)
    rulesWithoutReferences = withoutReferences.map { CompiledRules($0) }
    self.indices = indices
    self.openRules = openRules
    self.openToIPv4 = openToIPv4
    self.openToIPv6 = openToIPv6
  }

  /// Whether a rule of this policy allows the traffic from or to every address of the family.
  func allowsEveryone(_ family: IPFamily, _ service: ServiceKey) -> Bool {
    (family == .v4 ? openToIPv4 : openToIPv6).contains { $0.matches(service) }
  }

  /// Whether a rule allows every port of the protocol to every address of the family.
  func allowsEveryPort(_ family: IPFamily, _ ipProtocol: IPProtocol) -> Bool {
    (family == .v4 ? openToIPv4 : openToIPv6).contains { traffic in
      switch traffic {
      case .all: true
      case .tcp(let ports): ipProtocol == .tcp && ports == .all
      case .udp(let ports): ipProtocol == .udp && ports == .all
      default: false
      }
    }
  }

  /// The first rule whose unknown peers might be `remote`.
  ///
  /// - Parameter hasTransport: Whether the ports are known; if not, every port of the protocol may be meant.
  /// - Parameter isNobodys: Whether no interface of the input has `remote`.
  func openRule(
    remote: IPAddress, service: ServiceKey, hasTransport: Bool, countsReferences: Bool,
    isNobodys: @autoclosure () -> Bool
  ) -> OpenRule? {
    openRules.first { rule in
      guard countsReferences || !rule.isReference else { return false }
      let mayMatch =
        hasTransport
        ? rule.traffic.matches(service)
        : rule.traffic.ipProtocol == nil || rule.traffic.ipProtocol == service.ipProtocol
      return mayMatch && (rule.within.isEmpty || rule.within.contains { $0.contains(remote) })
        && (!rule.isForNobodys || isNobodys())
    }
  }
}

/// One direction of a network ACL.
final class CompiledACL: Sendable {
  let rules: CompiledRules
  /// What `rules` was made from, for explanations.
  let resolved: [ResolvedRule]
  let allows: [Bool]
  let indices: [RuleIndex]
  let resource: ResourceIndex

  init(_ entries: [NetworkACLEntry], indices: [RuleIndex], resource: ResourceIndex) {
    resolved = entries.map { ResolvedRule($0.traffic, prefixes: [$0.prefix]) }
    rules = CompiledRules(resolved)
    allows = entries.map { $0.action == .allow }
    self.indices = indices
    self.resource = resource
  }
}
