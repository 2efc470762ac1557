import NetworkTypes
import PolicyAnalysis
import RuleMatching
import VirtualNetworks

/// Which packets may tell a mutant from the original: those that come past the rule that is another.
struct MutantQuestions {
  private let network: VirtualNetwork
  /// Everybody, whoever has which address.
  private let everybody: [ReachQuestion.End]
  /// Interfaces whose addresses others have as well.
  private let sharing: Set<Int>
  /// Balancers send to other ports than those that they are asked on, and choose by what no trace names.
  let hasBalancers: Bool

  init(_ network: VirtualNetwork) {
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
    hasBalancers = !network.loadBalancers.isEmpty
  }

  func questions(for mutation: RuleMutation) -> [ReachQuestion] {
    if let group = network.securityGroups.first(where: { $0.id == mutation.owner }) {
      return questions(group, mutation)
    }
    guard let acl = network.networkACLs.first(where: { $0.id == mutation.owner }) else { return [] }
    return questions(acl, mutation)
  }

  // MARK: Groups

  /// Groups are asked of requests only: a tracked reply is let through, and an untracked one is open to all.
  private func questions(_ group: SecurityGroup, _ mutation: RuleMutation) -> [ReachQuestion] {
    let members = network.networkInterfaces.indices.filter {
      network.networkInterfaces[$0].groups.contains(group.id)
    }
    if members.isEmpty { return [] }
    let forwards = hasBalancers || members.contains { !isPlainHost(network.networkInterfaces[$0]) }
    let ends = forwards ? everybody : members.map { .interface($0) }
    let services = hasBalancers ? IntervalSet.everyService : mutation.services
    return mutation.direction == .ingress
      ? [question(from: everybody, to: ends, services)] : [question(from: ends, to: everybody, services)]
  }

  // MARK: ACLs

  /// ACLs are asked of replies, too: there the port is the one that the request came from.
  private func questions(_ acl: NetworkACL, _ mutation: RuleMutation) -> [ReachQuestion] {
    let subnets = subnets(of: acl)
    let ids = Set(subnets.map(\.id))
    let positions = network.networkInterfaces.indices.filter {
      ids.contains(network.networkInterfaces[$0].subnet)
    }
    if subnets.isEmpty { return [] }
    let forwards = hasBalancers || positions.contains { !isPlainHost(network.networkInterfaces[$0]) }
    let blocks = subnets.flatMap { subnet in
      (subnet.ipv4Block.map { [IPPrefix.v4($0)] } ?? []) + subnet.ipv6Blocks.map(IPPrefix.v6)
    }
    let shared = positions.filter(sharing.contains)
    let sources: [ReachQuestion.End] =
      forwards ? everybody : blocks.map { .prefix($0) } + shared.map { .interface($0) }
    let destinations: [ReachQuestion.End] =
      forwards ? everybody : blocks.map { .prefix($0) } + positions.map { .interface($0) }
    let services = hasBalancers ? IntervalSet.everyService : mutation.services
    let (answered, ports) = hasBalancers ? (.everyService, .everyPort) : Self.answered(by: mutation.services)
    var questions: [ReachQuestion] = []
    if mutation.direction == .ingress {
      questions.append(question(from: everybody, to: destinations, services))
      if !answered.isEmpty { questions.append(question(from: sources, to: everybody, answered, ports)) }
    } else {
      questions.append(question(from: sources, to: everybody, services))
      if !answered.isEmpty { questions.append(question(from: everybody, to: destinations, answered, ports)) }
    }
    return questions
  }

  private func subnets(of acl: NetworkACL) -> [Subnet] {
    let taken = Set(network.networkACLs.filter { $0.vpc == acl.vpc }.flatMap(\.subnets))
    return network.subnets.filter { subnet in
      acl.subnets.contains(subnet.id)
        || acl.isDefault && subnet.vpc == acl.vpc && !taken.contains(subnet.id)
    }
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
    from sources: [ReachQuestion.End], to destinations: [ReachQuestion.End], _ services: IntervalSet,
    _ sourcePorts: IntervalSet = .everyPort
  ) -> ReachQuestion {
    ReachQuestion(
      from: sources, to: destinations, services: services, sourcePorts: sourcePorts,
      includesPublicAddresses: true)
  }
}
