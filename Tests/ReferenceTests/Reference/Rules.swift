import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// What a list of rules says of a packet.
enum RuleAnswer: Equatable {
  case admits
  case refuses(ReachabilityCode)
  case cannotTell
}

extension ReferenceNetwork {
  // MARK: Security groups

  /// SG-1, SG-2, SG-3: the rules of all groups of an interface in one heap; any match admits.
  func rules(of interface: NetworkInterface, _ direction: Direction) -> [SecurityGroupRule] {
    network.securityGroups.filter { interface.groups.contains($0.id) }.flatMap { $0.rules(direction) }
  }

  /// SG-46: gateways carry no groups; an ordinary interface has at least one (SG-7).
  func isFiltered(_ interface: NetworkInterface) -> Bool { interface.kind == .standard }

  func groupAnswer(
    _ interface: NetworkInterface, _ direction: Direction, _ header: Header, keepsIdentity: Bool
  ) -> RuleAnswer {
    let traffic = rules(of: interface, direction).map(\.match.traffic)
    return commonAnswer(header, traffic) {
      knownGroupAnswer(interface, direction, $0, keepsIdentity: keepsIdentity)
    }
  }

  private func knownGroupAnswer(
    _ interface: NetworkInterface, _ direction: Direction, _ header: Header, keepsIdentity: Bool
  ) -> RuleAnswer {
    let rules = rules(of: interface, direction)
    let remote = direction == .ingress ? header.source : header.destination
    var doubtful = false
    var lostReference = false
    for rule in rules {
      guard header.isMeant(by: rule.match.traffic) else { continue }
      let isRemote = isPeer(remote, rule, of: interface)
      if direction == .ingress, keepsIdentity, isRemote == false, mayBeMember(remote, rule, of: interface) {
        doubtful = true
        continue
      }
      if case .group = rule.match.peer, !keepsIdentity {
        // SG-29: behind a middlebox no reference matches.
        lostReference = lostReference || isRemote == true
      } else if isRemote == true {
        return .admits
      } else if isRemote == nil {
        doubtful = true
      }
    }
    if doubtful { return .cannotTell }
    if rules.isEmpty { return .refuses(.groupHasNoRules) }
    return .refuses(lostReference ? .groupReferencesNotPreserved : .groupRulesMismatch)
  }

  /// SG-18: one peer a rule; nil where the input does not tell the blocks of a prefix list.
  private func isPeer(_ remote: IPAddress, _ rule: SecurityGroupRule, of interface: NetworkInterface) -> Bool?
  {
    switch rule.match.peer {
    case .prefix(let prefix): return prefix.contains(remote)  // SG-21
    case .prefixList(let name):  // SG-33
      guard let list = network.prefixLists.first(where: { $0.id.rawValue == name }), list.entriesAreKnown
      else {
        return nil
      }
      return list.entries.contains { $0.contains(remote) }
    case .group(let name):  // SG-22, SG-24: private addresses of members
      return network.networkInterfaces.contains { member in
        member.groups.contains(ResourceID(name)) && referenceReaches(from: interface.vpc, to: member.vpc)
          && member.privatePrefixes.contains { $0.contains(remote) }
      }
    }
  }

  /// A sender in the VPC of a group whose interface the input lacks may have the group.
  private func mayBeMember(
    _ remote: IPAddress, _ rule: SecurityGroupRule, of interface: NetworkInterface
  ) -> Bool {
    guard case .group(let name) = rule.match.peer, privateOwners(remote).isEmpty, publicOwner(remote) == nil,
      let home = network.securityGroups.first(where: { $0.id.rawValue == name })?.vpc
    else { return false }
    return referenceReaches(from: interface.vpc, to: home) && vpc(home)?.contains(remote) == true
  }

  /// SG-25, SG-26, SG-28: members in the same VPC or in one of an active peering count.
  private func referenceReaches(from vpc: ResourceID, to other: ResourceID) -> Bool {
    vpc == other
      || network.peeringConnections.contains {
        $0.state == "active" && $0.side(oppositeTo: vpc)?.vpc == other
          && $0.requester.region == $0.accepter.region
      }
  }

  /// CT-4, CT-5: whether groups leave a flow untracked whose first packet passes the interface in `direction`.
  func isUntracked(_ interface: NetworkInterface, _ direction: Direction, _ header: Header) -> Bool {
    guard header.ipProtocol.hasPorts, header.hasPorts else { return false }
    func isEverything(_ rule: SecurityGroupRule) -> Bool {
      let everything: IPPrefix = header.family == .v4 ? .v4(.everything) : .v6(.everything)
      switch rule.match.peer {
      case .prefix(let prefix): return prefix == everything
      case .prefixList(let name):
        return network.prefixLists.contains { $0.id.rawValue == name && $0.entries.contains(everything) }
      case .group: return false
      }
    }
    let admitted = rules(of: interface, direction).contains {
      isEverything($0) && header.isMeant(by: $0.match.traffic)
    }
    let anyPort: TrafficMatch = header.ipProtocol == .tcp ? .tcp(.all) : .udp(.all)
    let answered = rules(of: interface, direction.opposite).contains {
      isEverything($0) && ($0.match.traffic == .all || $0.match.traffic == anyPort)
    }
    return admitted && answered
  }

  // MARK: Network ACLs

  /// NACL-1: the ACL that names the subnet, or else the VPC's default one.
  func acl(of subnet: Subnet) -> NetworkACL? {
    network.networkACLs.first { $0.subnets.contains(subnet.id) }
      ?? network.networkACLs.first { $0.vpc == subnet.vpc && $0.isDefault }
  }

  /// NACL-2, NACL-4, NACL-7, NACL-11: the lowest number that matches; nothing matching denies.
  func aclAnswer(_ subnet: Subnet, _ direction: Direction, _ header: Header) -> RuleAnswer {
    guard let acl = acl(of: subnet) else { return .cannotTell }
    return commonAnswer(header, acl.entries(direction).map(\.traffic)) { header in
      let remote = direction == .ingress ? header.source : header.destination
      let first = acl.entries(direction).first {
        $0.prefix.contains(remote) && header.isMeant(by: $0.traffic)
      }
      return first?.action == .allow ? .admits : .refuses(.networkACL)
    }
  }

  /// What rules say of a packet whose ports are not known (NACL-18), or whose destination port a NAT gateway has chosen (AD-15):
  /// the same for all that they may be, or nothing.
  private func commonAnswer(
    _ header: Header, _ rules: [TrafficMatch], _ answer: (Header) -> RuleAnswer
  ) -> RuleAnswer {
    let isChosen = header.hasChosenPort && header.hasPorts && header.ipProtocol.hasPorts
    guard isChosen || !header.hasPorts, header.ipProtocol.hasPorts || header.ipProtocol.hasICMPKind else {
      return answer(header)
    }
    var whole = header
    whole.hasPorts = true
    let ports = Set(Self.portsWhereRulesChange(rules) + [1024]).filter { !isChosen || $0 >= 1024 }
    let answers = ports.map { port in
      whole.destinationPort = port
      return answer(whole)
    }
    return answers.allSatisfy { $0 == answers[0] } ? answers[0] : .cannotTell
  }

  /// Ports, or types and codes, on both sides of every edge of the rules.
  private static func portsWhereRulesChange(_ rules: [TrafficMatch]) -> [UInt16] {
    [0, .max]
      + rules.flatMap { rule -> [UInt16] in
        switch rule {
        case .tcp(let ports), .udp(let ports):
          return [ports.first, ports.first &- 1, ports.last, ports.last &+ 1]
        case .icmp(let kind), .icmpv6(let kind):
          let first = UInt16(kind.type ?? 0) << 8 | UInt16(kind.code ?? 0)
          let last = UInt16(kind.type ?? 255) << 8 | UInt16(kind.code ?? 255)
          return [first, first &- 1, last, last &+ 1]
        case .all, .other: return []
        }
      }
  }
}
