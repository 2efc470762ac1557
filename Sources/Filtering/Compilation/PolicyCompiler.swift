import NetworkTypes
import RuleMatching
import VirtualNetworks

/// What was compiled of the groups: kept with the network, so that a change compiles again only what it touches.
struct PolicyMemory: Sendable {
  /// Interfaces that carry a group, by the group's id.
  var members: [ResourceID: [Int]] = [:]
  /// Policies of sets of groups, by the groups' positions in ascending order.
  fileprivate(set) var interned: [[Int]: CompiledInterface.Groups] = [:]
  /// By policy: whose rules it holds.
  fileprivate(set) var keys: [PolicyKey] = []
  /// Places in the catalogue of each group's rules, by the group's position.
  var ingressRules: [[RuleIndex]] = []
  var egressRules: [[RuleIndex]] = []

  /// The groups and the direction that a policy is of.
  struct PolicyKey: Sendable {
    var groups: [Int]
    var direction: Direction
  }
}

/// Turns the groups of interfaces into policies: references into addresses, equal sets of groups into one policy.
struct PolicyCompiler {
  private let model: VirtualNetwork
  private let index: NetworkIndex
  private(set) var memory: PolicyMemory
  private(set) var policies: [CompiledPolicy] = []

  init(_ model: VirtualNetwork, _ index: NetworkIndex, _ catalogue: inout RuleCatalogue) {
    self.model = model
    self.index = index
    memory = PolicyMemory()
    for (position, interface) in model.networkInterfaces.enumerated() {
      for group in interface.groups { memory.members[group, default: []].append(position) }
    }
    for group in model.securityGroups {
      memory.ingressRules.append(catalogue.add(rulesOf: group, .ingress))
      memory.egressRules.append(catalogue.add(rulesOf: group, .egress))
    }
  }

  /// Goes on with what was compiled of an earlier state of the network.
  init(
    _ model: VirtualNetwork, _ index: NetworkIndex, memory: PolicyMemory, policies: [CompiledPolicy]
  ) {
    self.model = model
    self.index = index
    self.memory = memory
    self.policies = policies
  }

  /// The policies of an interface's groups.
  mutating func groups(of interface: NetworkInterface, isNATGateway: Bool) -> CompiledInterface.Groups {
    if isNATGateway { return .unfiltered }
    switch interface.kind {
    case .natGateway, .transitGateway, .gatewayLoadBalancerEndpoint, .gatewayLoadBalancer: return .unfiltered
    default: break
    }
    if interface.groups.isEmpty {
      return interface.kind == .standard && !interface.isRequesterManaged ? .unknown : .unfiltered
    }
    let positions = interface.groups.map { index.groups[$0] }
    guard positions.allSatisfy({ $0 != nil }) else { return .unknown }
    let key = Set(positions.compactMap { $0 }).sorted()
    if let known = memory.interned[key] { return known }
    let ingress = add(PolicyMemory.PolicyKey(groups: key, direction: .ingress))
    let egress = add(PolicyMemory.PolicyKey(groups: key, direction: .egress))
    let groups = CompiledInterface.Groups.policies(ingress: ingress, egress: egress)
    memory.interned[key] = groups
    return groups
  }

  private mutating func add(_ key: PolicyMemory.PolicyKey) -> Int {
    policies.append(policy(key))
    memory.keys.append(key)
    return policies.count - 1
  }

  /// Compiles the policies again that hold rules of these groups in these directions.
  mutating func renew(where isTouched: (PolicyMemory.PolicyKey) -> Bool) {
    for position in policies.indices where isTouched(memory.keys[position]) {
      policies[position] = policy(memory.keys[position])
    }
  }

  private func policy(_ key: PolicyMemory.PolicyKey) -> CompiledPolicy {
    let direction = key.direction
    var resolved: [ResolvedRule] = []
    var withoutReferences: [ResolvedRule] = []
    var hasReferences = false
    var indices: [RuleIndex] = []
    var open: [CompiledPolicy.OpenRule] = []
    var openToIPv4: [TrafficMatch] = []
    var openToIPv6: [TrafficMatch] = []
    for group in key.groups {
      let ruleIndices = (direction == .ingress ? memory.ingressRules : memory.egressRules)[group]
      for (rule, ruleIndex) in zip(model.securityGroups[group].rules(direction), ruleIndices) {
        let peer = resolve(rule, of: model.securityGroups[group], direction)
        let traffic = rule.match.traffic
        resolved.append(ResolvedRule(traffic, prefixes: peer.prefixes))
        indices.append(ruleIndex)
        if case .group = rule.match.peer {
          hasReferences = true
          withoutReferences.append(ResolvedRule(traffic, prefixes: []))
        } else {
          withoutReferences.append(ResolvedRule(traffic, prefixes: peer.prefixes))
        }
        if let missing = peer.missing {
          open.append(
            CompiledPolicy.OpenRule(
              traffic: traffic, index: ruleIndex, missing: missing, within: peer.within))
        }
        if let blocks = peer.blocksOfMembers, direction == .ingress {
          open.append(
            CompiledPolicy.OpenRule(
              traffic: traffic, index: ruleIndex, missing: .interfaceOfAddress, within: blocks))
        }
        if peer.prefixes.contains(.v4(.everything)) { openToIPv4.append(traffic) }
        if peer.prefixes.contains(.v6(.everything)) { openToIPv6.append(traffic) }
      }
    }
    return CompiledPolicy(
      resolved, withoutReferences: hasReferences ? withoutReferences : nil, indices: indices,
      openRules: open, openToIPv4: openToIPv4, openToIPv6: openToIPv6)
  }

  /// What the matcher of a policy is made from, rule by rule.
  func resolvedRules(_ key: PolicyMemory.PolicyKey) -> [ResolvedRule] {
    key.groups.flatMap { position in
      let group = model.securityGroups[position]
      return group.rules(key.direction).map { rule in
        ResolvedRule(rule.match.traffic, prefixes: resolve(rule, of: group, key.direction).prefixes)
      }
    }
  }

  private struct ResolvedPeer {
    var prefixes: [IPPrefix] = []
    var missing: MissingPiece?
    var within: [IPPrefix] = []
    /// For a group that the input has: where members that it lacks would be.
    var blocksOfMembers: [IPPrefix]?
  }

  private func resolve(
    _ rule: SecurityGroupRule, of owner: SecurityGroup, _ direction: Direction
  ) -> ResolvedPeer {
    switch rule.match.peer {
    case .prefix(let prefix): return ResolvedPeer(prefixes: [prefix])
    case .prefixList(let id):
      guard let position = index.prefixLists[ResourceID(id)], model.prefixLists[position].entriesAreKnown
      else {
        return ResolvedPeer(missing: .prefixListEntries)
      }
      return ResolvedPeer(prefixes: model.prefixLists[position].entries)
    case .group(let id):
      return resolve(group: ResourceID(id), rule, of: owner, direction)
    }
  }

  /// The private addresses of the members that the reference may stand for (semantics SG-22 to SG-28).
  private func resolve(
    group: ResourceID, _ rule: SecurityGroupRule, of owner: SecurityGroup, _ direction: Direction
  ) -> ResolvedPeer {
    // A reference over a peering that is gone is stale (SG-28).
    if let status = rule.reference?.peeringStatus, status != "active", status != "provisioning" {
      return ResolvedPeer()
    }
    guard index.groups[group] != nil || memory.members[group] != nil else {
      // Of another account or VPC that the input does not hold; a group of this VPC that is gone is stale.
      let isForeign =
        rule.reference.map { $0.peering != nil || $0.vpc != nil && $0.vpc != owner.vpc } ?? false
      let isOtherAccount =
        rule.reference?.account != nil && owner.attributes.account != nil
        && rule.reference?.account != owner.attributes.account
      guard isForeign || isOtherAccount else { return ResolvedPeer() }
      return ResolvedPeer(missing: .groupMembers, within: peerBlocks(rule, of: owner))
    }
    let members = (memory.members[group] ?? []).lazy
      .filter { isInScope(vpc: model.networkInterfaces[$0].vpc, of: owner, direction) }
    let home = index.groups[group].flatMap { model.securityGroups[$0].vpc }
    let blocks = home.flatMap { vpc -> [IPPrefix]? in
      guard isInScope(vpc: vpc, of: owner, direction), let position = index.vpcs[vpc] else { return nil }
      return model.vpcs[position].ipv4Blocks.map(IPPrefix.v4)
        + model.vpcs[position].ipv6Blocks.map(IPPrefix.v6)
    }
    return ResolvedPeer(
      prefixes: members.flatMap { model.networkInterfaces[$0].privatePrefixes }, blocksOfMembers: blocks)
  }

  private func peerBlocks(_ rule: SecurityGroupRule, of owner: SecurityGroup) -> [IPPrefix] {
    guard let vpc = owner.vpc else { return [] }
    if let peering = rule.reference?.peering, let position = index.peerings[peering] {
      return model.peeringConnections[position].side(oppositeTo: vpc)?.blocks ?? []
    }
    return model.peeringConnections.filter { $0.state == "active" }
      .compactMap { $0.side(oppositeTo: vpc)?.blocks }.flatMap { $0 }
  }

  /// Whether a member in `vpc` counts for a reference from a group: the same VPC, a VPC peered in the same Region, or
  /// for ingress one on the same transit gateway that supports references (semantics SG-25 to SG-27).
  private func isInScope(vpc: ResourceID, of owner: SecurityGroup, _ direction: Direction) -> Bool {
    guard let home = owner.vpc, home != vpc else { return true }
    let isPeered = model.peeringConnections.contains { peering in
      guard peering.state == "active", let other = peering.side(oppositeTo: home), other.vpc == vpc else {
        return false
      }
      let regions = Set([peering.requester.region, peering.accepter.region].compactMap { $0 })
      return regions.count <= 1
    }
    if isPeered || direction == .egress { return isPeered }
    let attachments = model.transitGatewayAttachments.filter {
      $0.supportsGroupReferences && $0.state == "available"
    }
    return attachments.contains { left in
      left.resource == home
        && attachments.contains { $0.resource == vpc && $0.transitGateway == left.transitGateway }
        && model.transitGateways.contains { $0.id == left.transitGateway && $0.supportsGroupReferences }
    }
  }
}

extension CompiledNetwork {
  /// What a policy's matcher was made from, for explanations and claims; costs O(rules and prefixes).
  func resolvedRules(ofPolicy position: Int) -> [ResolvedRule] {
    PolicyCompiler(model, index, memory: policyMemory, policies: [])
      .resolvedRules(policyMemory.keys[position])
  }
}

extension RuleCatalogue {
  /// Adds a group's rules of one direction.
  fileprivate mutating func add(rulesOf group: SecurityGroup, _ direction: Direction) -> [RuleIndex] {
    group.rules(direction).map { add(Entry($0, of: group.id, direction)) }
  }
}

extension RuleCatalogue.Entry {
  /// A rule of a group.
  init(_ rule: SecurityGroupRule, of group: ResourceID, _ direction: Direction) {
    self.init(
      kind: .groupRule, owner: group, id: rule.id, direction: direction, text: rule.match.text(direction),
      peer: rule.match.peer.resource)
  }

  /// An entry of a network ACL.
  init(_ entry: NetworkACLEntry, of acl: ResourceID, _ direction: Direction) {
    self.init(
      kind: .aclEntry, owner: acl, id: entry.isFinalDeny ? "*" : String(entry.number), direction: direction,
      text: "\(entry.action.rawValue) " + Match(entry.traffic, peer: .prefix(entry.prefix)).text(direction))
  }

  /// A route.
  init(_ route: Route, of table: ResourceID) {
    self.init(
      kind: .route, owner: table, id: route.destination.text, direction: .egress,
      text: "\(route.destination.text) -> \(route.target.text)" + (route.isBlackhole ? " (blackhole)" : ""))
  }
}

extension Peer {
  /// The group or prefix list, or nil for a block.
  fileprivate var resource: ResourceID? {
    switch self {
    case .prefix: nil
    case .group(let id), .prefixList(let id): ResourceID(id)
    }
  }
}
