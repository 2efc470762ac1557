import VirtualNetworks

extension AWSImporter {
  /// Puts everything together once all files are read; resources are sorted by id, so that neither the names of files
  /// nor their order leaves a trace.
  mutating func network() -> VirtualNetwork {
    joinRules()
    addInterfacesOfInstances()
    completeGroups()
    resolveGroupNames()
    completeInterfaces()
    completeZones()
    completeTransitGateways()
    completeLoadBalancers()
    completeAttributes()

    var network = VirtualNetwork()
    network.vpcs = Self.sorted(vpcs)
    network.subnets = Self.sorted(subnets)
    network.networkInterfaces = Self.sorted(networkInterfaces)
    network.instances = Self.sorted(instances)
    network.elasticAddresses = Self.sorted(elasticAddresses)
    network.securityGroups = Self.sorted(securityGroups)
    network.networkACLs = Self.sorted(networkACLs)
    network.routeTables = Self.sorted(routeTables)
    network.prefixLists = Self.sorted(prefixLists)
    network.internetGateways = Self.sorted(internetGateways)
    network.egressOnlyGateways = Self.sorted(egressOnlyGateways)
    network.natGateways = Self.sorted(natGateways)
    network.peeringConnections = Self.sorted(peeringConnections)
    network.endpoints = Self.sorted(endpoints)
    network.virtualPrivateGateways = Self.sorted(virtualPrivateGateways)
    network.vpnConnections = Self.sorted(vpnConnections)
    network.transitGateways = Self.sorted(transitGateways)
    network.transitGatewayAttachments = transitGatewayAttachments.items.sorted {
      ($0.id, $0.transitGateway) < ($1.id, $1.transitGateway)
    }
    network.transitGatewayRouteTables = Self.sorted(transitGatewayRouteTables)
    network.loadBalancers = Self.sorted(loadBalancers)
    network.targetGroups = Self.sorted(targetGroups)
    network.problems = log.problems
    return network
  }

  private static func sorted<Resource: NetworkResource>(_ resources: Collected<Resource>) -> [Resource] {
    resources.items.sorted { $0.id < $1.id }
  }
}
