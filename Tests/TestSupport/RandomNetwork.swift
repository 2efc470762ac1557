import NetworkTypes
import RuleMatching
import VirtualNetworks

/// A small random network in which addresses, rules and routes collide.
package struct RandomNetwork {
  package var choices: Choices
  package var network = VirtualNetwork()
  private let blocks: [String]
  /// Hosts that are not in the network.
  package static let outsiders = [
    "203.0.113.7", "203.0.113.8", "8.8.8.8", "192.168.7.7", "172.16.0.1", "100.64.9.9", "10.9.9.9",
    "2001:db8:ffff::7", "2001:db8:ffff::8", "fd12::1", "127.0.0.1", "169.254.5.5", "fe80::77",
  ].map { IPAddress($0)! }

  /// - Parameter hasPublicBlocks: Whether VPCs may have blocks out of the internet's addresses (AD-9).
  package init(_ choices: Choices, hasPublicBlocks: Bool = false) {
    self.choices = choices
    blocks = ["10.0.%.0", "10.0.%.0", "100.64.%.0", hasPublicBlocks ? "192.0.2.0" : "172.20.%.0"]
    addVPCs()
    addHosts()
    addGateways()
    addRules()
    for vpc in network.vpcs { addTables(vpc) }
  }

  /// Every address that somebody has, and those of the subnets' and blocks' edges.
  package var owned: [IPAddress] {
    network.networkInterfaces.flatMap { interface in
      interface.privatePrefixes.map(\.first)
        + interface.ipv4Addresses.compactMap { $0.publicAddress.map(IPAddress.v4) }
    }
  }

  // MARK: Blocks

  private mutating func addVPCs() {
    for index in 0..<choices.number(1...3) {
      let id = ResourceID("vpc-\(index)")
      let base = choices.one(of: blocks).replacing("%", with: "\(index)")
      let first = choices.chance(4) ? IPv4Address("10.0.0.0")! : IPv4Address(base)!
      var vpc = VPC(id: id, ipv4Blocks: [Prefix(first, length: 25)])
      if choices.chance(25) {
        vpc.ipv4Blocks.append(Prefix(IPv4Address(rawValue: first.rawValue + 128), length: 26))
      }
      let high: UInt64 = 0x2001_0db8_0a00_0000 + UInt64(index) << 8
      if choices.chance(60) { vpc.ipv6Blocks = [Prefix(IPv6Address(high: high, low: 0), length: 56)] }
      network.vpcs.append(vpc)
      for number in 0..<choices.number(1...4) {
        network.subnets.append(
          Subnet(
            id: ResourceID("subnet-\(index)\(number)"), vpc: id,
            ipv4Block: Prefix(IPv4Address(rawValue: first.rawValue + UInt32(number) * 32), length: 28),
            ipv6Blocks: vpc.ipv6Blocks.isEmpty || choices.chance(20)
              ? [] : [Prefix(IPv6Address(high: high + UInt64(number), low: 0), length: 64)]))
      }
    }
  }

  private mutating func addHosts() {
    for index in 0..<choices.number(2...8) {
      let subnet = choices.one(of: network.subnets)
      let base = subnet.ipv4Block!.first.rawValue
      var interface = NetworkInterface(id: ResourceID("eni-\(index)"), vpc: subnet.vpc, subnet: subnet.id)
      var taken = Set(network.networkInterfaces.flatMap(\.ipv4Addresses).map(\.address))
      for _ in 0..<(choices.chance(25) ? 2 : 1) {
        let address = IPv4Address(rawValue: base + UInt32(choices.number(4...11)))
        guard taken.insert(address).inserted else { continue }
        let publicAddress =
          choices.chance(45) ? IPv4Address(198, 51, 100, UInt8(taken.count + 1)) : nil
        interface.ipv4Addresses.append(.init(address, publicAddress: publicAddress))
      }
      if let block = subnet.ipv6Blocks.first, choices.chance(60) {
        interface.ipv6Addresses = [IPv6Address(high: block.first.high, low: UInt64(16 + index))]
      }
      if interface.ipv4Addresses.isEmpty && interface.ipv6Addresses.isEmpty { continue }
      let delegated = IPPrefix(.v4(IPv4Address(rawValue: base + 12)), length: 31)
      if choices.chance(10),
        !network.networkInterfaces.contains(where: { $0.delegatedPrefixes.contains(delegated) })
      {
        interface.delegatedPrefixes = [delegated]
      }
      interface.sourceDestinationCheck = choices.chance(80)
      interface.isAttached = choices.chance(93)
      if choices.chance(60) {
        let instance = Instance(
          id: ResourceID("i-\(index)"),
          state: choices.chance(90) ? .running : choices.one(of: InstanceState.allCases),
          networkInterfaces: [interface.id])
        network.instances.append(instance)
        interface.instance = instance.id
      }
      network.networkInterfaces.append(interface)
    }
  }

  // MARK: Gateways

  private mutating func addGateways() {
    for (index, vpc) in network.vpcs.enumerated() {
      if choices.chance(75) {
        network.internetGateways.append(InternetGateway(id: ResourceID("igw-\(index)"), vpc: vpc.id))
      }
      if choices.chance(50) {
        network.egressOnlyGateways.append(EgressOnlyGateway(id: ResourceID("eigw-\(index)"), vpc: vpc.id))
      }
      if choices.chance(50) { addNAT(index, vpc) }
      for (second, other) in network.vpcs.enumerated() where second > index && choices.chance(60) {
        network.peeringConnections.append(
          PeeringConnection(
            id: ResourceID("pcx-\(index)\(second)"), requester: .init(vpc: vpc.id, region: "eu-west-1"),
            accepter: .init(vpc: other.id, region: choices.chance(90) ? "eu-west-1" : "us-east-1"),
            state: choices.chance(85) ? "active" : "deleted"))
      }
    }
  }

  private mutating func addNAT(_ index: Int, _ vpc: VPC) {
    let subnet = choices.one(of: network.subnets.filter { $0.vpc == vpc.id })
    let address = IPv4Address(rawValue: subnet.ipv4Block!.first.rawValue + 14)
    let isPublic = choices.chance(85)
    let face = isPublic ? IPv4Address(198, 51, 100, UInt8(220 + index)) : nil
    let interface = NetworkInterface(
      id: ResourceID("eni-nat-\(index)"), vpc: vpc.id, subnet: subnet.id, kind: .natGateway,
      ipv4Addresses: [.init(address, publicAddress: face)], sourceDestinationCheck: false)
    guard network.networkInterfaces.allSatisfy({ $0.ipv4Addresses.allSatisfy { $0.address != address } })
    else {
      return
    }
    let isAvailable = choices.chance(92)
    if isAvailable { network.networkInterfaces.append(interface) }
    network.natGateways.append(
      NATGateway(
        id: ResourceID("nat-\(index)"), vpc: vpc.id, subnet: subnet.id, isPublic: isPublic,
        state: isAvailable ? "available" : "deleted",
        addresses: [.init(networkInterface: interface.id, privateAddress: address, publicAddress: face)]))
  }

  // MARK: Rules

  private mutating func addRules() {
    network.prefixLists = [
      PrefixList(
        id: "pl-1", entries: (0..<choices.number(0...3)).map { _ in choices.prefix(around: places) }),
      PrefixList(id: "pl-2", entriesAreKnown: false),
    ]
    for vpc in network.vpcs {
      let suffix = vpc.id.rawValue.dropFirst(4)
      for number in 1...choices.number(1...3) {
        let id = ResourceID("sg-\(suffix)\(number)")
        network.securityGroups.append(
          SecurityGroup(
            id: id, vpc: vpc.id, inbound: groupRules("inbound", .ingress),
            outbound: groupRules("outbound", .egress)))
      }
      network.networkACLs.append(
        NetworkACL(
          id: ResourceID("acl-\(suffix)"), vpc: vpc.id, isDefault: true, inbound: entries(),
          outbound: entries()))
      for subnet in network.subnets where subnet.vpc == vpc.id && choices.chance(30) {
        network.networkACLs.append(
          NetworkACL(
            id: ResourceID("acl-" + subnet.id.rawValue), vpc: vpc.id, subnets: [subnet.id],
            inbound: entries(),
            outbound: entries()))
      }
    }
    for index in network.networkInterfaces.indices where network.networkInterfaces[index].kind == .standard {
      let groups = network.securityGroups.filter { $0.vpc == network.networkInterfaces[index].vpc }.map(\.id)
      network.networkInterfaces[index].groups =
        choices.chance(3)
        ? [] : Array(Set((0..<choices.number(1...2)).map { _ in choices.one(of: groups) })).sorted()
    }
  }

  private var places: [IPAddress] {
    (owned.isEmpty ? [] : owned + owned) + Self.outsiders
      + network.subnets.compactMap { $0.ipv4Block.map { .v4($0.first) } }
  }

  private mutating func groupRules(_ side: String, _ direction: Direction) -> [SecurityGroupRule] {
    let places = places
    var rules = (0..<choices.number(0...3)).map { index in
      let peer: Peer
      switch choices.number(0...9) {
      case 0...1: peer = .group("sg-\(choices.number(0...2))\(choices.number(1...3))")
      case 2: peer = .prefixList(choices.chance(85) ? "pl-1" : "pl-2")
      default: peer = .prefix(choices.prefix(around: places))
      }
      return SecurityGroupRule(id: "\(side)-\(index + 1)", match: Match(choices.traffic(), peer: peer))
    }
    // Most groups are open in some way, or hardly a packet would get through; halves of the address space keep
    // flows tracked (CT-4).
    if choices.chance(80) {
      let blocks = choices.one(of: [["0.0.0.0/0", "::/0"], ["0.0.0.0/1", "128.0.0.0/1", "::/1"]])
      let traffic = choices.one(of: [.all, .all, .tcp(.all), choices.traffic()])
      rules += blocks.map { block in
        SecurityGroupRule(id: "\(side)-\(block)", match: Match(traffic, peer: .prefix(IPPrefix(block)!)))
      }
    }
    return rules
  }

  private mutating func entries() -> [NetworkACLEntry] {
    let places = places
    var entries: [NetworkACLEntry] = []
    if choices.chance(40) {
      entries = (0..<choices.number(0...4)).map { index in
        NetworkACLEntry(
          number: 10 * index + 10, action: choices.chance(55) ? .allow : .deny, traffic: choices.traffic(),
          prefix: choices.prefix(around: places))
      }
    }
    if choices.chance(85) {
      entries.append(NetworkACLEntry(number: 100, action: .allow, traffic: .all, prefix: .v4(.everything)))
      entries.append(NetworkACLEntry(number: 101, action: .allow, traffic: .all, prefix: .v6(.everything)))
    }
    return entries
  }

  // MARK: Routes

  private mutating func addTables(_ vpc: VPC) {
    let suffix = vpc.id.rawValue.dropFirst(4)
    network.routeTables.append(
      RouteTable(id: ResourceID("rtb-\(suffix)"), vpc: vpc.id, isMain: true, routes: routes(vpc)))
    for subnet in network.subnets where subnet.vpc == vpc.id && choices.chance(40) {
      network.routeTables.append(
        RouteTable(
          id: ResourceID("rtb-" + subnet.id.rawValue), vpc: vpc.id, subnets: [subnet.id], routes: routes(vpc))
      )
    }
  }

  private mutating func routes(_ vpc: VPC) -> [Route] {
    var routes: [Route] = []
    func own<Gateway>(_ gateways: [Gateway], _ vpcOf: (Gateway) -> ResourceID?) -> Gateway? {
      gateways.first { vpcOf($0) == vpc.id }
    }
    let internet = own(network.internetGateways) { $0.vpc }.map { Route.Target.internetGateway($0.id) }
    let nat = own(network.natGateways) { $0.vpc }.map { Route.Target.natGateway($0.id) }
    let egress = own(network.egressOnlyGateways) { $0.vpc }.map { Route.Target.egressOnlyGateway($0.id) }
    if let target = choices.one(of: [internet, internet, nat, nat, nil]) {
      routes.append(Route(destination: .prefix(.v4(.everything)), target: target))
    }
    if let target = choices.one(of: [internet, egress, nil]) {
      routes.append(Route(destination: .prefix(.v6(.everything)), target: target))
    }
    for peering in network.peeringConnections where choices.chance(80) {
      guard let side = peering.side(oppositeTo: vpc.id),
        let peer = network.vpcs.first(where: { $0.id == side.vpc })
      else { continue }
      for block in peer.ipv4Blocks.map(IPPrefix.v4) + peer.ipv6Blocks.map(IPPrefix.v6)
      where !vpc.ipv4Blocks.contains(where: { IPPrefix.v4($0).overlaps(block) }) {
        routes.append(Route(destination: .prefix(block), target: .peering(peering.id)))
      }
    }
    for _ in 0..<(choices.chance(50) ? choices.number(1...3) : 0) {
      if let route = oddRoute(vpc),
        !routes.contains(where: { $0.destination == route.destination && $0.origin == route.origin })
      {
        routes.append(route)
      }
    }
    return routes
  }

  /// A route that is more specific, propagated, gone, or leads to somewhere unusual.
  private mutating func oddRoute(_ vpc: VPC) -> Route? {
    let prefix = choices.prefix(around: places)
    let v4: [Route.Target] =
      network.natGateways.filter { $0.vpc == vpc.id }.map { .natGateway($0.id) }
      + network.networkInterfaces.filter { $0.vpc == vpc.id && $0.kind == .standard }.map {
        .networkInterface($0.id)
      }
      + [.virtualPrivateGateway("vgw-1")]
    let both: [Route.Target] =
      network.internetGateways.filter { $0.vpc == vpc.id }.map { .internetGateway($0.id) }
      + network.peeringConnections.filter { $0.side(oppositeTo: vpc.id) != nil }.map { .peering($0.id) }
      + network.instances.map { .instance($0.id) }
    let v6 = network.egressOnlyGateways.filter { $0.vpc == vpc.id }.map {
      Route.Target.egressOnlyGateway($0.id)
    }
    let targets = both + (prefix.family == .v4 ? v4 : v6)
    guard !targets.isEmpty else { return nil }
    // A list may hold blocks of both families, and so may lead only to what takes both.
    let isList = choices.chance(8) && !both.isEmpty
    return Route(
      destination: isList ? .prefixList("pl-1") : .prefix(prefix),
      target: choices.one(of: isList ? both : targets),
      origin: choices.chance(15) ? .propagated : .createdByUser, isBlackhole: choices.chance(20))
  }
}
