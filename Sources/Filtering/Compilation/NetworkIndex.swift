import NetworkTypes
import VirtualNetworks

/// Positions of resources by id: used while compiling, never while judging.
struct NetworkIndex: Sendable {
  var vpcs: [ResourceID: Int]
  var subnets: [ResourceID: Int]
  var interfaces: [ResourceID: Int]
  var instances: [ResourceID: Int]
  var groups: [ResourceID: Int]
  var prefixLists: [ResourceID: Int]
  var peerings: [ResourceID: Int]
  var natGateways: [ResourceID: Int]
  var internetGateways: [ResourceID: Int]
  var egressOnlyGateways: [ResourceID: Int]
  var endpoints: [ResourceID: Int]

  init(_ network: VirtualNetwork) {
    func positions(_ ids: some Sequence<ResourceID>) -> [ResourceID: Int] {
      Dictionary(ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }
    vpcs = positions(network.vpcs.lazy.map(\.id))
    subnets = positions(network.subnets.lazy.map(\.id))
    interfaces = positions(network.networkInterfaces.lazy.map(\.id))
    instances = positions(network.instances.lazy.map(\.id))
    groups = positions(network.securityGroups.lazy.map(\.id))
    prefixLists = positions(network.prefixLists.lazy.map(\.id))
    peerings = positions(network.peeringConnections.lazy.map(\.id))
    natGateways = positions(network.natGateways.lazy.map(\.id))
    internetGateways = positions(network.internetGateways.lazy.map(\.id))
    egressOnlyGateways = positions(network.egressOnlyGateways.lazy.map(\.id))
    endpoints = positions(network.endpoints.lazy.map(\.id))
  }
}
