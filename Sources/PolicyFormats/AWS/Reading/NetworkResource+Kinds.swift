import VirtualNetworks

extension VPC: NetworkResource {
  mutating func fill(from other: VPC) {
    take(&ipv4Blocks, other.ipv4Blocks)
    take(&ipv6Blocks, other.ipv6Blocks)
  }
}

extension Subnet: NetworkResource {
  mutating func fill(from other: Subnet) {
    take(&ipv4Block, other.ipv4Block)
    take(&ipv6Blocks, other.ipv6Blocks)
    take(&zone, other.zone)
    take(&zoneID, other.zoneID)
  }
}

extension NetworkInterface: NetworkResource {}

extension Instance: NetworkResource {
  mutating func fill(from other: Instance) {
    take(&vpc, other.vpc)
    take(&subnet, other.subnet)
    take(&networkInterfaces, other.networkInterfaces)
    take(&volumes, other.volumes)
  }
}

extension ElasticAddress: NetworkResource {}

extension SecurityGroup: NetworkResource {
  mutating func fill(from other: SecurityGroup) {
    take(&vpc, other.vpc)
    take(&groupName, other.groupName)
  }

  func withoutLocations() -> SecurityGroup {
    var copy = self
    for index in copy.inbound.indices { copy.inbound[index].location = SourceLocation() }
    for index in copy.outbound.indices { copy.outbound[index].location = SourceLocation() }
    return copy
  }
}

extension NetworkACL: NetworkResource {
  func withoutLocations() -> NetworkACL {
    var copy = self
    for index in copy.inbound.indices { copy.inbound[index].location = SourceLocation() }
    for index in copy.outbound.indices { copy.outbound[index].location = SourceLocation() }
    return copy
  }
}

extension RouteTable: NetworkResource {
  func withoutLocations() -> RouteTable {
    var copy = self
    for index in copy.routes.indices { copy.routes[index].location = SourceLocation() }
    return copy
  }
}

extension PrefixList: NetworkResource {
  mutating func fill(from other: PrefixList) {
    take(&listName, other.listName)
    take(&maximumEntries, other.maximumEntries)
    if !entriesAreKnown && other.entriesAreKnown {
      entries = other.entries
      entriesAreKnown = true
    }
  }

  // Two commands list the blocks in different orders.
  func withoutLocations() -> PrefixList {
    var copy = self
    copy.entries.sort { $0.description < $1.description }
    return copy
  }
}

extension InternetGateway: NetworkResource {
  mutating func fill(from other: InternetGateway) { take(&vpc, other.vpc) }
}

extension EgressOnlyGateway: NetworkResource {
  mutating func fill(from other: EgressOnlyGateway) { take(&vpc, other.vpc) }
}

extension NATGateway: NetworkResource {
  mutating func fill(from other: NATGateway) { take(&addresses, other.addresses) }
}

extension PeeringConnection: NetworkResource {
  // Each account is told the blocks of both sides only once the other has accepted.
  mutating func fill(from other: PeeringConnection) {
    requester.fill(from: other.requester)
    accepter.fill(from: other.accepter)
  }
}

extension PeeringConnection.Side {
  fileprivate mutating func fill(from other: PeeringConnection.Side) {
    take(&account, other.account)
    take(&region, other.region)
    take(&blocks, other.blocks)
  }
}

extension VPCEndpoint: NetworkResource {}

extension VirtualPrivateGateway: NetworkResource {
  mutating func fill(from other: VirtualPrivateGateway) { take(&vpc, other.vpc) }
}

extension VPNConnection: NetworkResource {}

extension TransitGateway: NetworkResource {}

extension TransitGatewayAttachment: NetworkResource {
  // Two commands tell of one attachment: one its association, the other its subnets.
  mutating func fill(from other: TransitGatewayAttachment) {
    take(&associatedTable, other.associatedTable)
    take(&subnets, other.subnets)
    supportsGroupReferences = supportsGroupReferences || other.supportsGroupReferences
  }
}

extension TransitGatewayRouteTable: NetworkResource {
  mutating func fill(from other: TransitGatewayRouteTable) {
    take(&routes, other.routes)
    take(&propagations, other.propagations)
    routesAreKnown = routesAreKnown || other.routesAreKnown
  }

  func withoutLocations() -> TransitGatewayRouteTable {
    var copy = self
    for index in copy.routes.indices { copy.routes[index].location = SourceLocation() }
    return copy
  }
}

extension LoadBalancer: NetworkResource {
  mutating func fill(from other: LoadBalancer) {
    take(&listeners, other.listeners)
    take(&isCrossZone, other.isCrossZone)
  }
}

extension TargetGroup: NetworkResource {
  mutating func fill(from other: TargetGroup) {
    take(&targets, other.targets)
    take(&preservesClientAddress, other.preservesClientAddress)
  }
}
