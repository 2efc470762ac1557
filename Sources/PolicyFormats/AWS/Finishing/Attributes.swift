import VirtualNetworks

extension AWSImporter {
  /// Region and account of every resource, from its VPC where it does not say itself; tags from `describe-tags`.
  mutating func completeAttributes() {
    var regions: [ResourceID: String] = [:]
    var accounts: [ResourceID: String] = [:]
    for subnet in subnets.items where regions[subnet.vpc] == nil {
      regions[subnet.vpc] = subnet.attributes.region
    }
    for interface in networkInterfaces.items where regions[interface.vpc] == nil {
      regions[interface.vpc] = interface.attributes.region
    }
    for peering in peeringConnections.items {
      for side in [peering.requester, peering.accepter] {
        take(&regions[side.vpc], side.region)
        take(&accounts[side.vpc], side.account)
      }
    }
    for vpc in vpcs.items {
      take(&regions[vpc.id], vpc.attributes.region)
      accounts[vpc.id] = vpc.attributes.account ?? accounts[vpc.id]
    }
    let tags = self.tags
    func complete<Resource: NetworkResource>(
      _ resources: inout Collected<Resource>, vpc: (Resource) -> ResourceID?
    ) {
      resources.updateAll { resource in
        if let home = vpc(resource) {
          take(&resource.attributes.region, regions[home])
          take(&resource.attributes.account, accounts[home])
        }
        for tag in tags[resource.id] ?? []
        where !resource.attributes.tags.contains(where: { $0.key == tag.key }) {
          resource.attributes.tags.append(tag)
        }
      }
    }
    complete(&vpcs) { $0.id }
    complete(&subnets) { $0.vpc }
    complete(&networkInterfaces) { $0.vpc }
    complete(&instances) { $0.vpc }
    complete(&securityGroups) { $0.vpc }
    complete(&networkACLs) { $0.vpc }
    complete(&routeTables) { $0.vpc }
    complete(&internetGateways) { $0.vpc }
    complete(&egressOnlyGateways) { $0.vpc }
    complete(&natGateways) { $0.vpc }
    complete(&endpoints) { $0.vpc }
    complete(&virtualPrivateGateways) { $0.vpc }
    complete(&loadBalancers) { $0.vpc }
    complete(&targetGroups) { $0.vpc }
    complete(&elasticAddresses) { _ in nil }
    complete(&prefixLists) { _ in nil }
    complete(&peeringConnections) { _ in nil }
    complete(&vpnConnections) { _ in nil }
    complete(&transitGateways) { _ in nil }
    complete(&transitGatewayAttachments) { $0.kind == .vpc ? $0.resource : nil }
    complete(&transitGatewayRouteTables) { _ in nil }
  }

  /// The groups that only `describe-security-group-rules` told of are in the VPC of the interfaces that carry them.
  mutating func completeGroups() {
    guard securityGroups.items.contains(where: { $0.vpc == nil }) else { return }
    var homes: [ResourceID: ResourceID] = [:]
    for interface in networkInterfaces.items {
      for group in interface.groups where homes[group] == nil { homes[group] = interface.vpc }
    }
    securityGroups.updateAll { take(&$0.vpc, homes[$0.id]) }
  }
}
