import NetworkTypes
import VirtualNetworks

extension AWSImporter {
  /// Interfaces that only `describe-instances` told of.
  mutating func addInterfacesOfInstances() {
    for interface in interfacesOfInstances where !networkInterfaces.contains(interface.id) {
      networkInterfaces.add(interface, log)
    }
    interfacesOfInstances = []
  }

  /// What gateways, endpoints and Elastic addresses say of interfaces, which some answers leave out there.
  mutating func completeInterfaces() {
    for gateway in natGateways.items where gateway.state != "deleted" {
      for address in gateway.addresses {
        guard let id = address.networkInterface else { continue }
        networkInterfaces.update(id) { interface in
          interface.kind = .natGateway
          interface.isAttached = true
          if let privateAddress = address.privateAddress, let publicAddress = address.publicAddress {
            Self.associate(publicAddress, with: privateAddress, of: &interface)
          }
        }
      }
    }
    for endpoint in endpoints.items {
      for id in endpoint.networkInterfaces {
        networkInterfaces.update(id) { interface in
          interface.isAttached = true
          if interface.kind == .standard && endpoint.kind == .interface {
            interface.kind = .interfaceEndpoint
          }
        }
      }
    }
    for address in elasticAddresses.items {
      guard let id = address.networkInterface, let privateAddress = address.privateAddress else { continue }
      networkInterfaces.update(id) { interface in
        let known = interface.ipv4Addresses.contains { $0.publicAddress == address.publicAddress }
        if !known { Self.associate(address.publicAddress, with: privateAddress, of: &interface) }
        for place in interface.ipv4Addresses.indices
        where interface.ipv4Addresses[place].publicAddress == address.publicAddress {
          interface.ipv4Addresses[place].isElastic = true
        }
      }
    }
  }

  private static func associate(
    _ publicAddress: IPv4Address, with privateAddress: IPv4Address, of interface: inout NetworkInterface
  ) {
    guard let index = interface.ipv4Addresses.firstIndex(where: { $0.address == privateAddress }) else {
      return
    }
    take(&interface.ipv4Addresses[index].publicAddress, publicAddress)
  }
}
