import NetworkTypes
import RuleMatching
import VirtualNetworks

/// A network made ready for judging: ids replaced by positions, rules by matchers, routes by tables.
struct CompiledNetwork: Sendable {
  var model: VirtualNetwork
  var catalogue = RuleCatalogue()
  var resources = ResourceCatalogue()
  var vpcs: [CompiledVPC] = []
  var subnets: [CompiledSubnet] = []
  var interfaces: [CompiledInterface] = []
  var policies: [CompiledPolicy] = []
  /// What changes of rules need to know of how the policies were made.
  var policyMemory = PolicyMemory()
  var acls: [CompiledACL] = []
  /// Where in ``acls`` a resource's ingress entries stand; its egress entries follow.
  var aclsByResource: [ResourceIndex: Int] = [:]
  var routeTables: [CompiledRouteTable] = []
  var attachments: [CompiledAttachment] = []
  var transitTables: [CompiledTransitTable] = []
  var balancersByInterface: [InterfaceIndex: CompiledBalancer] = [:]
  /// Interfaces to which a balancer sends packets with their client's address.
  var balancerTargets: Set<InterfaceIndex> = []
  var addresses: AddressOwners
  var index: NetworkIndex
  /// What people call resources, by id.
  var names: [ResourceID: String]

  init(_ model: VirtualNetwork) {
    self.model = model
    index = NetworkIndex(model)
    names = model.resourceNames()
    addresses = AddressOwners(model)
    // Interfaces first: their resource index is their interface index.
    for interface in model.networkInterfaces { _ = resources.index(of: interface.id) }
    // Rules of groups, then entries of ACLs, then routes: the order in which reports list them.
    var policyCompiler = PolicyCompiler(model, index, &catalogue)
    compileACLs()
    compileRouteTables()
    compileVPCs()
    compileSubnets()
    compileInterfaces(&policyCompiler)
    compileTransitGateways()
    compileBalancers()
  }

  /// Whether an address of a VPC is meant that the input's VPCs contain.
  func vpc(containing address: IPAddress) -> Int? {
    model.vpcs.firstIndex { $0.contains(address) }
  }
}

/// What judging needs to know of a VPC.
struct CompiledVPC: Sendable {
  var resource: ResourceIndex
  /// The attached internet gateway, if any.
  var internetGateway: ResourceIndex?
  /// The route table of the internet gateway (semantics RT-16).
  var edgeTable: Int?
  /// Amazon's resolver: the primary block's base plus two (semantics SG-41).
  let resolver: IPv4Address?
  /// The router's addresses: the base plus one of each subnet's blocks (semantics SG-41, AD-6).
  private(set) var routers: Set<IPAddress> = []
  /// The resolver and the routers of IPv4.
  private var services = AddressMap<Bool>()

  init(resource: ResourceIndex, resolver: IPv4Address?) {
    self.resource = resource
    self.resolver = resolver
    if let resolver { services.change(resolver, from: true) { _ in } }
  }

  mutating func add(routers addresses: [IPAddress]) {
    routers.formUnion(addresses)
    for case .v4(let address) in addresses { services.change(address, from: true) { _ in } }
  }

  /// Whether the address is the resolver's or a router's.
  func isService(_ address: IPAddress) -> Bool {
    switch address {
    case .v4(let address): services[address] ?? false
    case .v6: routers.contains(address)
    }
  }
}

/// What judging needs to know of a subnet.
struct CompiledSubnet: Sendable {
  var resource: ResourceIndex
  var vpc: Int?
  /// Positions of the two directions' ACLs; nil when the input has none for the subnet.
  var ingressACL: Int?
  var egressACL: Int?
  var routeTable: Int?
}

/// What judging needs to know of an interface.
struct CompiledInterface: Sendable {
  enum Groups: Sendable, Hashable {
    /// Positions of the policies of both directions.
    case policies(ingress: Int, egress: Int)
    /// Nothing is filtered here: gateways' interfaces have no groups (semantics SG-46).
    case unfiltered
    /// The input does not hold all the groups.
    case unknown
  }

  var vpc: Int?
  var subnet: Int?
  var groups: Groups
  var checksAddresses: Bool
  var isAttached: Bool
  /// The NAT gateway whose interface this is.
  var natGateway: Int?
  var natGatewayResource: ResourceIndex?
  var kind: NetworkInterface.Kind
  /// The state of the instance that it is attached to; nil when it belongs to none or the input does not tell.
  var instanceState: InstanceState?

  func policy(_ direction: Direction) -> Int? {
    guard case .policies(let ingress, let egress) = groups else { return nil }
    return direction == .ingress ? ingress : egress
  }
}

extension CompiledNetwork {
  private mutating func compileVPCs() {
    for vpc in model.vpcs {
      let primary = vpc.ipv4Blocks.first.flatMap { $0.length <= 30 ? $0.address.rawValue : nil }
      var compiled = CompiledVPC(
        resource: resources.index(of: vpc.id), resolver: primary.map { IPv4Address(rawValue: $0 + 2) })
      if let gateway = model.internetGateways.first(where: { $0.vpc == vpc.id }) {
        compiled.internetGateway = resources.index(of: gateway.id)
        compiled.edgeTable = model.routeTables.firstIndex { $0.gateways.contains(gateway.id) }
      }
      vpcs.append(compiled)
    }
  }

  private mutating func compileSubnets() {
    var explicitTables: [ResourceID: Int] = [:]
    var mainTables: [ResourceID: Int] = [:]
    for (position, table) in model.routeTables.enumerated() {
      for subnet in table.subnets { explicitTables[subnet] = position }
      if table.isMain && mainTables[table.vpc] == nil { mainTables[table.vpc] = position }
    }
    var explicitACLs: [ResourceID: Int] = [:]
    var defaultACLs: [ResourceID: Int] = [:]
    for (position, acl) in model.networkACLs.enumerated() {
      for subnet in acl.subnets { explicitACLs[subnet] = position }
      if acl.isDefault { defaultACLs[acl.vpc] = position }
    }
    for subnet in model.subnets {
      let acl = explicitACLs[subnet.id] ?? defaultACLs[subnet.vpc]
      if let vpc = index.vpcs[subnet.vpc] {
        let bases =
          [subnet.ipv4Block?.address.wrapped].compactMap { $0 } + subnet.ipv6Blocks.map(\.address.wrapped)
        vpcs[vpc].add(routers: bases.compactMap(\.next))
      }
      subnets.append(
        CompiledSubnet(
          resource: resources.index(of: subnet.id), vpc: index.vpcs[subnet.vpc],
          ingressACL: acl.map { 2 * $0 }, egressACL: acl.map { 2 * $0 + 1 },
          routeTable: explicitTables[subnet.id] ?? mainTables[subnet.vpc]))
    }
  }

  private mutating func compileACLs() {
    for acl in model.networkACLs {
      aclsByResource[resources.index(of: acl.id)] = acls.count
      for direction in [Direction.ingress, .egress] {
        let entries = acl.entries(direction)
        let indices = entries.map { catalogue.add(RuleCatalogue.Entry($0, of: acl.id, direction)) }
        acls.append(CompiledACL(entries, indices: indices, resource: resources.index(of: acl.id)))
      }
    }
  }

  private mutating func compileInterfaces(_ policyCompiler: inout PolicyCompiler) {
    var natGateways: [ResourceID: Int] = [:]
    for (position, gateway) in model.natGateways.enumerated() where gateway.state != "deleted" {
      for address in gateway.addresses {
        if let interface = address.networkInterface { natGateways[interface] = position }
      }
    }
    for interface in model.networkInterfaces {
      interfaces.append(compile(interface, natGateway: natGateways[interface.id], &policyCompiler))
    }
    policies = policyCompiler.policies
    policyMemory = policyCompiler.memory
  }

  mutating func compile(
    _ interface: NetworkInterface, natGateway: Int?, _ policyCompiler: inout PolicyCompiler
  ) -> CompiledInterface {
    CompiledInterface(
      vpc: index.vpcs[interface.vpc], subnet: index.subnets[interface.subnet],
      groups: policyCompiler.groups(of: interface, isNATGateway: natGateway != nil),
      checksAddresses: interface.sourceDestinationCheck, isAttached: interface.isAttached,
      natGateway: natGateway,
      natGatewayResource: natGateway.map { resources.index(of: model.natGateways[$0].id) },
      kind: natGateway == nil ? interface.kind : .natGateway,
      instanceState: interface.instance.flatMap { index.instances[$0] }.map { model.instances[$0].state })
  }
}

extension IPAddress {
  /// The address one higher, or nil for the last one of its family.
  fileprivate var next: IPAddress? {
    switch self {
    case .v4(let address): address.next.map(IPAddress.v4)
    case .v6(let address): address.next.map(IPAddress.v6)
    }
  }
}
