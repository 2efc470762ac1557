import NetworkTypes
import RuleMatching

/// A rule as packets meet it: peers replaced by addresses.
public struct PolicyRule: Sendable, Hashable {
  /// Its place in ``PacketFilter/rules``.
  public var index: RuleIndex
  /// Whether packets that match pass; rules of groups always allow.
  public var allows: Bool
  public var resolved: ResolvedRule
}

extension PacketFilter {
  /// The rules that all security groups of an interface have in one direction, in the order of the input: any match
  /// allows. nil where no groups filter, or the input lacks one of them.
  public func groupRules(at interface: InterfaceIndex, _ direction: Direction) -> [PolicyRule]? {
    guard let position = compiled.network.interfaces[interface.int].policy(direction) else { return nil }
    let policy = compiled.network.policies[position]
    return zip(policy.indices, compiled.network.resolvedRules(ofPolicy: position)).map {
      PolicyRule(index: $0, allows: true, resolved: $1)
    }
  }

  /// The entries of the network ACL at a subnet's border in one direction, in order: the first match decides, and none
  /// denies. nil where the input lacks the ACL.
  ///
  /// - Parameter subnet: The subnet's position in the network.
  public func aclEntries(ofSubnet subnet: Int, _ direction: Direction) -> [PolicyRule]? {
    let state = compiled.network.subnets[subnet]
    guard let position = direction == .egress ? state.egressACL : state.ingressACL else { return nil }
    let acl = compiled.network.acls[position]
    return acl.indices.indices.map {
      PolicyRule(index: acl.indices[$0], allows: acl.allows[$0], resolved: acl.resolved[$0])
    }
  }

  /// What the network ACL at a subnet's border says of a packet with this header there.
  ///
  /// - Returns: Whether it passes, and one sentence that names the entry; nil where the input lacks the ACL.
  public func aclAnswer(
    ofSubnet subnet: Int, _ direction: Direction, to header: PacketHeader
  ) -> (allows: Bool, explanation: String)? {
    let state = compiled.network.subnets[subnet]
    guard let position = direction == .egress ? state.egressACL : state.ingressACL,
      let entries = aclEntries(ofSubnet: subnet, direction)
    else { return nil }
    let remote = header.remote(direction)
    let entry = entries.first { $0.resolved.matches(remote: remote, service: header.service) }
    let allows = entry?.allows ?? false
    let step = PathStep(
      direction == .egress ? .sourceNetworkACL : .destinationNetworkACL, .networkACL, allows ? .allow : .deny,
      direction, resource: compiled.network.acls[position].resource, rule: entry?.index)
    return (allows, explain(denial: step, header))
  }

  /// The position of an interface's subnet in the network; nil where the input lacks it.
  public func subnet(of interface: InterfaceIndex) -> Int? {
    compiled.network.interfaces[interface.int].subnet
  }
}
