import NetworkTypes
import RuleMatching
import VirtualNetworks

extension PathWalk {
  /// Whether the interface can send and receive at all: attached, and its instance running (semantics AD-14, LC-8).
  mutating func isUsable(
    _ interface: InterfaceIndex, _ stage: EvaluationStage, _ direction: Direction
  ) -> Bool {
    let state = compiled.network.interfaces[interface.int]
    if !state.isAttached {
      deny(.placement, .networkInterface, direction, .unassociatedComponent, interface: interface)
      return false
    }
    guard let life = state.instanceState, !life.carriesTraffic else { return true }
    deny(.placement, .networkInterface, direction, .badState, interface: interface)
    return false
  }

  /// The source/destination check (semantics AD-25): an interface sends from and receives for its own addresses only.
  mutating func passesAddressCheck(
    _ interface: InterfaceIndex, _ address: IPAddress, _ direction: Direction
  ) -> Bool {
    let state = compiled.network.interfaces[interface.int]
    guard state.checksAddresses else { return true }
    if compiled.isOwn(address, of: interface) { return true }
    deny(.sourceCheck, .sourceCheck, direction, .sourceDestinationCheck, interface: interface)
    return findsEveryBlocker
  }

  /// The security groups of an interface in one direction (semantics sections 1 and 2).
  mutating func passesGroups(_ interface: InterfaceIndex, _ direction: Direction) -> Bool {
    let stage: EvaluationStage = direction == .egress ? .sourceSecurityGroup : .destinationSecurityGroup
    let state = compiled.network.interfaces[interface.int]
    switch state.groups {
    case .unfiltered:
      append(PathStep(stage, .securityGroup, .unfiltered, direction, interface: interface))
      return true
    case .unknown:
      markUnknown(stage, .securityGroup, direction, .securityGroup, interface: interface)
      return true
    case .policies: break
    }
    if isEstablished(at: interface) {
      append(PathStep(stage, .securityGroup, .established, direction, interface: interface))
      return true
    }
    guard let position = state.policy(direction) else { return true }
    let policy = compiled.network.policies[position]
    let remote = header.remote(direction)
    switch firstMatch(in: policy, remote: remote) {
    case .rule(let position):
      var step = PathStep(
        stage, .securityGroup, .allow, direction, interface: interface, rule: policy.indices[position])
      step.tracksFlow = isTracked(at: state, direction)
      append(step)
      return true
    case .dependsOnPorts:
      markUnknown(
        stage, .securityGroup, direction, header.hasTransport ? .translatedPort : .firstFragment,
        interface: interface)
      return true
    case .none:
      // Where group identity is lost, members that the input lacks count as little as those that it has (SG-29).
      if let open = policy.openRule(
        remote: remote, service: header.service, hasTransport: header.hasTransport,
        countsReferences: preservesGroupIdentity,
        isNobodys: compiled.owners(of: remote).isEmpty)
      {
        markUnknown(
          stage, .securityGroup, direction, open.missing, interface: interface, rule: open.index,
          code: open.missing == .groupMembers ? .unknownPeeredGroups : nil)
        return true
      }
      let code: ReachabilityCode =
        policy.indices.isEmpty
        ? .groupHasNoRules
        : preservesGroupIdentity || policy.rules.firstMatch(remote: remote, service: header.service) == nil
          ? .groupRulesMismatch : .groupReferencesNotPreserved
      deny(stage, .securityGroup, direction, code, interface: interface)
      return findsEveryBlocker
    }
  }

  /// The network ACL of a subnet in one direction; it knows no flows (semantics section 3).
  mutating func passesACL(of subnet: Int, _ direction: Direction, interface: InterfaceIndex?) -> Bool {
    let stage: EvaluationStage = direction == .egress ? .sourceNetworkACL : .destinationNetworkACL
    let state = compiled.network.subnets[subnet]
    guard let position = direction == .egress ? state.egressACL : state.ingressACL else {
      markUnknown(stage, .networkACL, direction, .networkACL, interface: interface, resource: state.resource)
      return true
    }
    let acl = compiled.network.acls[position]
    let remote = header.remote(direction)
    let answer = firstAction(in: acl, remote: remote)
    switch answer.allows {
    case true?:
      append(
        PathStep(
          stage, .networkACL, .allow, direction, interface: interface, resource: acl.resource,
          rule: answer.rule))
      return true
    case false?:
      deny(
        stage, .networkACL, direction, .networkACL, interface: interface, resource: acl.resource,
        rule: answer.rule)
      return findsEveryBlocker
    case nil:
      markUnknown(
        stage, .networkACL, direction, header.hasTransport ? .translatedPort : .firstFragment,
        interface: interface, resource: acl.resource)
      return true
    }
  }

  // MARK: Matching

  /// What the packet's service may be where that is not certain: of a later fragment all of its protocol, of an answer on its way
  /// to a NAT gateway all with a port that the gateway may have put in the place of the sender's.
  private var possibleServices: ClosedRange<ServiceKey>? {
    if !header.hasTransport { return .every(header.ipProtocol) }
    return hasTranslatedPort ? .translatedPorts(of: header.ipProtocol) : nil
  }

  private enum GroupMatch {
    case rule(Int)
    case none
    case dependsOnPorts
  }

  private func firstMatch(in policy: CompiledPolicy, remote: IPAddress) -> GroupMatch {
    let rules = preservesGroupIdentity ? policy.rules : policy.rulesWithoutReferences ?? policy.rules
    guard let services = possibleServices else {
      return rules.firstMatch(remote: remote, service: header.service).map(GroupMatch.rule) ?? .none
    }
    let possible = rules.possibleMatches(remote: remote, services: services)
    if possible.allSatisfy({ $0 == nil }) { return .none }
    if possible.contains(where: { $0 == nil }) { return .dependsOnPorts }
    return .rule(possible.compactMap { $0 }.min() ?? 0)
  }

  private func firstAction(in acl: CompiledACL, remote: IPAddress) -> (allows: Bool?, rule: RuleIndex?) {
    guard let services = possibleServices else {
      let match = acl.rules.firstMatch(remote: remote, service: header.service)
      return (match.map { acl.allows[$0] } ?? false, match.map { acl.indices[$0] })
    }
    let possible = acl.rules.possibleMatches(remote: remote, services: services)
    let actions = Set(possible.map { $0.map { acl.allows[$0] } ?? false })
    guard actions.count == 1, let allows = actions.first else { return (nil, nil) }
    let only = Set(possible).count == 1 ? possible.first ?? nil : nil
    return (allows, only.map { acl.indices[$0] })
  }

  private func isEstablished(at interface: InterfaceIndex) -> Bool {
    switch relation.tracking {
    case .nowhere: false
    case .everywhere: true
    case .at(let interfaces): interfaces.contains(interface)
    }
  }

  /// Whether the flow that this packet begins is tracked at the interface (semantics CT-4, CT-5).
  private func isTracked(at state: CompiledInterface, _ direction: Direction) -> Bool {
    guard header.ipProtocol.hasPorts, let own = state.policy(direction),
      let opposite = state.policy(direction.opposite)
    else { return true }
    let isOpen =
      compiled.network.policies[own].allowsEveryone(header.family, header.service)
      && compiled.network.policies[opposite].allowsEveryPort(header.family, header.ipProtocol)
    return !isOpen
  }
}

extension CompiledReference {
  /// The platform service that the address stands for, seen from an interface, or nil: traffic with these is never
  /// filtered (semantics SG-40 to SG-43, NACL-13).
  func exemption(
    at interface: InterfaceIndex, _ address: IPAddress, _ header: PacketHeader
  ) -> ResourceIndex?? {
    if PlatformServices.isLinkLocalService(address, header) { return .some(nil) }
    if PlatformServices.isDHCP(header) { return .some(nil) }
    guard let vpc = network.interfaces[interface.int].vpc, network.vpcs[vpc].isService(address) else {
      return nil
    }
    return .some(network.vpcs[vpc].resource)
  }
}

extension ClosedRange<ServiceKey> {
  /// The ports that NAT gateways choose from for the sources of what they send (semantics AD-15).
  static func translatedPorts(of ipProtocol: IPProtocol) -> Self {
    ServiceKey(ipProtocol, port: 1024)...ServiceKey(ipProtocol, port: .max)
  }

  /// Every port, or type and code, of a protocol.
  fileprivate static func every(_ ipProtocol: IPProtocol) -> Self {
    let first = UInt32(ipProtocol.rawValue) << 16
    return ServiceKey(rawValue: first)...ServiceKey(rawValue: first | 0xffff)
  }
}
