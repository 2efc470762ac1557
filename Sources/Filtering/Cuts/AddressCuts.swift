import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Sets of addresses whose borders judging may notice, of both families.
struct AddressCuts {
  private(set) var v4: Set<IntervalSet> = []
  private(set) var v6: Set<IntervalSet> = []

  /// Notes that something asks whether an address is in one of these blocks.
  mutating func add(_ prefixes: some Sequence<IPPrefix>) {
    add(.v4, IntervalSet(.v4, prefixes))
    add(.v6, IntervalSet(.v6, prefixes))
  }

  mutating func add(_ addresses: some Sequence<IPAddress>) { add(addresses.map { IPPrefix(host: $0) }) }

  mutating func add(_ family: IPFamily, _ set: IntervalSet) {
    guard !set.isEmpty else { return }
    if family == .v4 { v4.insert(set) } else { v6.insert(set) }
  }

  /// Notes every question that is asked of IPv4 addresses, for the IPv6 addresses that stand for them behind a NAT
  /// gateway.
  mutating func addEmbedded() {
    v6.insert(NAT64.block)
    for set in v4 {
      v6.insert(IntervalSet(set.runs.map { NAT64.embedding($0) }))
    }
  }

  func kinds(_ family: IPFamily) -> KeyKinds {
    KeyKinds(family == .v4 ? v4 : v6, last: IntervalSet.everything(family).runs[0].upperBound)
  }
}

extension CompiledNetwork {
  /// Everything besides rules that judging asks of an address.
  ///
  /// - Parameter isExact: Whether every address of an interface, and what each route leads, is a set of its own, also
  ///   where nothing but its name tells it from others.
  /// - Parameter groups: What of an interface's groups is looked at.
  func addressCuts(
    isExact: Bool = false,
    groups: (CompiledInterface.Groups) -> CompiledInterface.Groups = { $0 }
  ) -> AddressCuts {
    var cuts = AddressCuts()
    SpecialBlocks.addCuts(to: &cuts)
    PlatformServices.addCuts(to: &cuts)
    AmazonBlocks.addCuts(to: &cuts)
    for table in routeTables { table.addCuts(to: &cuts, tellsRoutesApart: isExact) }
    for table in transitTables { table.addCuts(to: &cuts, tellsRoutesApart: isExact) }
    for vpc in model.vpcs { cuts.add(vpc.ipv4Blocks.map(IPPrefix.v4) + vpc.ipv6Blocks.map(IPPrefix.v6)) }
    for vpc in vpcs {
      cuts.add(vpc.routers)
      if let resolver = vpc.resolver { cuts.add([IPAddress.v4(resolver)]) }
    }
    for subnet in model.subnets {
      cuts.add((subnet.ipv4Block.map { [IPPrefix.v4($0)] } ?? []) + subnet.ipv6Blocks.map(IPPrefix.v6))
    }
    for peering in model.peeringConnections {
      cuts.add(peering.requester.blocks)
      cuts.add(peering.accepter.blocks)
    }
    for connection in model.vpnConnections { cuts.add(connection.staticRoutes) }
    for balancer in balancersByInterface.values {
      for target in balancer.listeners.flatMap(\.candidates) { cuts.add([IPAddress.v4(target.address)]) }
    }
    addOwners(to: &cuts, isExact, groups)
    if !model.natGateways.isEmpty { cuts.addEmbedded() }
    return cuts
  }

  // MARK: Interfaces

  /// What judging looks at in an interface: those of one role cannot be told apart but by rules.
  private struct InterfaceRole: Hashable {
    var vpc: Int?
    var subnet: Int?
    var groups: CompiledInterface.Groups
    var checksAddresses: Bool
    var isAttached: Bool
    var instanceState: InstanceState?
    /// Whether the address asked for is the public one, or has one.
    var isPublic: Bool
    var hasPublic: Bool
    var hasUnknownPublic = false
  }

  /// Addresses of interfaces that play the same role are one set; the others are sets of their own.
  private func addOwners(
    to cuts: inout AddressCuts, _ tellsInterfacesApart: Bool,
    _ groups: (CompiledInterface.Groups) -> CompiledInterface.Groups
  ) {
    let singular = tellsInterfacesApart ? [] : singularInterfaces()
    var roles: [InterfaceRole: [IPAddress]] = [:]
    for (position, interface) in model.networkInterfaces.enumerated() {
      cuts.add(interface.delegatedPrefixes)
      let isSingular =
        tellsInterfacesApart || singular.contains(position) || interface.isDeleted
        || !interface.delegatedPrefixes.isEmpty
      func add(
        _ address: IPAddress, isPublic: Bool = false, hasPublic: Bool = false, hasUnknownPublic: Bool = false
      ) {
        guard !isSingular, addresses.owners(of: address).count == 1 else {
          cuts.add([address])
          return
        }
        let state = interfaces[position]
        roles[
          InterfaceRole(
            vpc: state.vpc, subnet: state.subnet, groups: groups(state.groups),
            checksAddresses: state.checksAddresses,
            isAttached: state.isAttached, instanceState: state.instanceState, isPublic: isPublic,
            hasPublic: hasPublic, hasUnknownPublic: hasUnknownPublic),
          default: []
        ].append(address)
      }
      for address in interface.ipv4Addresses {
        add(
          .v4(address.address), hasPublic: address.publicAddress != nil,
          hasUnknownPublic: address.hasUnknownPublicAddress)
        if let face = address.publicAddress { add(.v4(face), isPublic: true, hasPublic: true) }
      }
      for address in interface.ipv6Addresses { add(.v6(address)) }
    }
    for addresses in roles.values { cuts.add(addresses) }
  }

  /// Interfaces that something names, or that are one of several of their instance.
  private func singularInterfaces() -> Set<Int> {
    var named: Set<Int> = []
    for (position, interface) in interfaces.enumerated() where interface.kind != .standard {
      named.insert(position)
    }
    for route in routeTables.flatMap(\.routes) {
      if case .networkInterface(let target?) = route.target { named.insert(target.int) }
    }
    named.formUnion(balancersByInterface.keys.map(\.int))
    named.formUnion(balancerTargets.map(\.int))
    for balancer in balancersByInterface.values {
      named.formUnion(balancer.listeners.flatMap(\.candidates).compactMap(\.interface?.int))
    }
    var first: [ResourceID: Int] = [:]
    for (position, interface) in model.networkInterfaces.enumerated() {
      guard let instance = interface.instance else { continue }
      if let other = first[instance] {
        named.formUnion([other, position])
      } else {
        first[instance] = position
      }
    }
    return named
  }
}
