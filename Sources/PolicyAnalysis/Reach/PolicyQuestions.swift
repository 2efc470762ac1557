import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Which packets come past the rules of a group or an ACL, and so may be judged otherwise if these are others.
package struct PolicyQuestions: Sendable {
  /// Packets that a group or an ACL is asked about in one direction.
  package struct Passing {
    /// Those that begin a flow.
    package var requests: ReachQuestion?
    /// Those that begin a flow whose answers it is asked about; nil if it is asked about none.
    package var answered: ReachQuestion?
    /// Those that come by way of a load balancer, wherever they go on to, with their answers.
    package var balanced: ReachQuestion?

    package init(
      requests: ReachQuestion? = nil, answered: ReachQuestion? = nil, balanced: ReachQuestion? = nil
    ) {
      self.requests = requests
      self.answered = answered
      self.balanced = balanced
    }

    package var all: [ReachQuestion] { [requests, answered, balanced].compactMap { $0 } }
  }

  private let network: VirtualNetwork
  /// Everybody, whoever has which address.
  private let everybody: [ReachQuestion.End]
  /// Interfaces whose addresses others have as well.
  private let sharing: Set<Int>
  /// Balancers send to other ports than those that they are asked on, and choose by what no trace names.
  package let hasBalancers: Bool
  private let balanced: ReachQuestion?

  package init(_ network: VirtualNetwork) {
    self.network = network
    var holders: [IPAddress: Int] = [:]
    var sharing: Set<Int> = []
    for (position, interface) in network.networkInterfaces.enumerated() where !interface.isDeleted {
      let own =
        interface.ipv4Addresses.map { IPAddress.v4($0.address) } + interface.ipv6Addresses.map(IPAddress.v6)
      for address in own {
        if let other = holders.updateValue(position, forKey: address) {
          sharing.formUnion([other, position])
        }
      }
    }
    self.sharing = sharing
    everybody =
      [.prefix(.v4(.everything)), .prefix(.v6(.everything))] + sharing.sorted().map { .interface($0) }
    let balancers =
      network.loadBalancers.isEmpty
      ? []
      : network.networkInterfaces.indices.filter {
        network.networkInterfaces[$0].kind == .networkLoadBalancer
      }
    hasBalancers = !balancers.isEmpty
    balanced =
      balancers.isEmpty
      ? nil
      : ReachQuestion(
        from: everybody, to: balancers.map { .interface($0) }, services: .everyService,
        includesPublicAddresses: true)
  }

  /// The packets that come past a group's or an ACL's rules in one direction with some services.
  package func questions(
    past owner: ResourceID, _ direction: Direction, _ services: IntervalSet
  ) -> Passing {
    if let group = network.securityGroups.first(where: { $0.id == owner }) {
      return questions(group, direction, services)
    }
    guard let acl = network.networkACLs.first(where: { $0.id == owner }) else { return Passing() }
    return questions(acl, direction, services)
  }

  // MARK: Groups

  /// Groups are asked of requests only: a tracked reply is let through, and an untracked one is open to all.
  private func questions(
    _ group: SecurityGroup, _ direction: Direction, _ services: IntervalSet
  ) -> Passing {
    let members = network.networkInterfaces.indices.filter {
      network.networkInterfaces[$0].groups.contains(group.id)
    }
    if members.isEmpty { return Passing() }
    let forwards = members.contains { !isPlainHost(network.networkInterfaces[$0]) }
    let ends = forwards ? everybody : members.map { .interface($0) }
    return Passing(
      requests: direction == .ingress
        ? question(from: everybody, to: ends, services) : question(from: ends, to: everybody, services),
      balanced: balanced)
  }

  // MARK: ACLs

  /// ACLs are asked of replies, too: there the port is the one that the request came from.
  private func questions(
    _ acl: NetworkACL, _ direction: Direction, _ services: IntervalSet
  ) -> Passing {
    let subnets = network.subnets(of: acl).map { network.subnets[$0] }
    let ids = Set(subnets.map(\.id))
    let positions = network.networkInterfaces.indices.filter {
      ids.contains(network.networkInterfaces[$0].subnet)
    }
    if subnets.isEmpty { return Passing() }
    // What comes through an attachment passes the ACL of its subnet, whoever it is from.
    let isAttached = network.transitGatewayAttachments.contains { !ids.isDisjoint(with: $0.subnets) }
    let forwards = isAttached || positions.contains { !isPlainHost(network.networkInterfaces[$0]) }
    let blocks = subnets.flatMap { subnet in
      (subnet.ipv4Block.map { [IPPrefix.v4($0)] } ?? []) + subnet.ipv6Blocks.map(IPPrefix.v6)
    }
    let shared = positions.filter(sharing.contains)
    let sources: [ReachQuestion.End] =
      forwards ? everybody : blocks.map { .prefix($0) } + shared.map { .interface($0) }
    let destinations: [ReachQuestion.End] =
      forwards ? everybody : blocks.map { .prefix($0) } + positions.map { .interface($0) }
    let (answered, ports) = Self.answered(by: services)
    let inward = question(from: everybody, to: destinations, direction == .ingress ? services : answered)
    let outward = question(from: sources, to: everybody, direction == .ingress ? answered : services)
    var passing = Passing(
      requests: direction == .ingress ? inward : outward,
      answered: answered.isEmpty ? nil : direction == .ingress ? outward : inward, balanced: balanced)
    passing.answered?.sourcePorts = ports
    return passing
  }

  /// The requests whose replies have these services, and the source ports that make them so.
  private static func answered(by replies: IntervalSet) -> (services: IntervalSet, ports: IntervalSet) {
    var services: [ClosedRange<IntervalSet.Key>] = []
    var ports: [ClosedRange<IntervalSet.Key>] = []
    for ipProtocol in [IPProtocol.tcp, .udp, .icmp, .icmpv6] {
      let all = ServiceKey.all(of: ipProtocol)
      let base = IntervalSet.Key(all.lowerBound.rawValue)
      let run = base...IntervalSet.Key(all.upperBound.rawValue)
      let meant = replies.intersection(IntervalSet(run))
      if meant.isEmpty { continue }
      services.append(run)
      // Of ICMP no port is looked at: any will do.
      ports += ipProtocol.hasPorts ? meant.runs.map { $0.lowerBound - base...$0.upperBound - base } : []
    }
    return (IntervalSet(services), ports.isEmpty ? .everyPort : IntervalSet(ports))
  }

  /// Whether nothing passes the interface but what is from or for its own addresses.
  private func isPlainHost(_ interface: NetworkInterface) -> Bool {
    interface.kind == .standard && interface.sourceDestinationCheck
  }

  private func question(
    from sources: [ReachQuestion.End], to destinations: [ReachQuestion.End], _ services: IntervalSet
  ) -> ReachQuestion {
    ReachQuestion(
      from: sources, to: destinations, services: services, includesPublicAddresses: true)
  }
}

extension VirtualNetwork {
  /// The positions of the subnets at whose border an ACL stands: of a default ACL all that have no other.
  package func subnets(of acl: NetworkACL) -> [Int] {
    let own = Set(acl.subnets)
    let taken = acl.isDefault ? Set(networkACLs.flatMap(\.subnets)) : []
    return subnets.indices.filter { position in
      let subnet = subnets[position]
      return own.contains(subnet.id) || acl.isDefault && subnet.vpc == acl.vpc && !taken.contains(subnet.id)
    }
  }
}
