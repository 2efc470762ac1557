import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// An interface by which packets can be brought to a list of rules.
struct PolicyCarrier: Sendable {
  var interface: InterfaceIndex
  var addresses: [IPAddress]
  /// Whether the interface is elsewhere and its packets pass the ACL on their way through a NAT gateway.
  var isBehindNAT = false

  func address(_ family: IPFamily) -> IPAddress? { addresses.first { $0.family == family } }
}

/// The lists of rules of a network, each with those who carry packets to it.
struct BoundaryNetwork: Sendable {
  let filter: PacketFilter
  let network: VirtualNetwork
  /// Addresses of interfaces: likely remote ends.
  let ends: [IPAddress]
  private let carriers: [PolicyCarrier]
  /// The private address behind each public one.
  private let privateAddresses: [IPAddress: IPAddress]
  private let states: [ResourceID: InstanceState]

  /// Hosts of the internet to talk to where the rule does not say which.
  static let internet: [IPAddress] = [
    .v4(IPv4Address(23, 1, 2, 3)), .v6(IPv6Address(high: 0x2a00_1450_0000_0000, low: 0x200e)),
  ]

  init(_ network: VirtualNetwork) {
    self.network = network
    filter = PacketFilter(network)
    states = Dictionary(network.instances.map { ($0.id, $0.state) }, uniquingKeysWith: { first, _ in first })
    carriers = network.networkInterfaces.enumerated().map { position, interface in
      PolicyCarrier(
        interface: InterfaceIndex(position),
        addresses: interface.ipv4Addresses.prefix(1).map { .v4($0.address) }
          + interface.ipv6Addresses.prefix(1).map { .v6($0) })
    }
    let owned = network.networkInterfaces.flatMap(\.ipv4Addresses)
    privateAddresses = Dictionary(
      owned.compactMap { own in own.publicAddress.map { (.v4($0), .v4(own.address)) } },
      uniquingKeysWith: { first, _ in first })
    ends = carriers.flatMap(\.addresses) + owned.compactMap { $0.publicAddress.map(IPAddress.v4) }
  }

  /// The private address behind a public one of an interface.
  func privateAddress(behind address: IPAddress) -> IPAddress? { privateAddresses[address] }

  /// Of some carriers the first with addresses of each family; such as are running before others.
  private func some(_ carriers: [PolicyCarrier]) -> [PolicyCarrier] {
    var chosen: [PolicyCarrier] = []
    for family in [IPFamily.v4, .v6] {
      let able = carriers.lazy.filter { $0.address(family) != nil }
      guard let carrier = able.first(where: isRunning) ?? able.first,
        !chosen.contains(where: { $0.interface == carrier.interface })
      else { continue }
      chosen.append(carrier)
    }
    return chosen
  }

  private func isRunning(_ carrier: PolicyCarrier) -> Bool {
    let instance = network.networkInterfaces[Int(carrier.interface.rawValue)].instance
    return instance.flatMap { states[$0] }?.carriesTraffic ?? true
  }

  /// Interfaces that carry a group: one or two, so that there is one for each family if any has addresses of it.
  func carriers(of group: ResourceID) -> [PolicyCarrier] {
    some(
      carriers.filter { carrier in
        network.networkInterfaces[Int(carrier.interface.rawValue)].groups.contains(group)
          && filter.groupRules(at: carrier.interface, .ingress) != nil
      })
  }

  /// Interfaces in an ACL's subnets, or whose packets come by a NAT gateway there: one or two as for groups.
  func carriers(of acl: NetworkACL) -> [PolicyCarrier] {
    let own = Set(network.subnets(of: acl))
    let inside = carriers.filter { carrier in
      filter.subnet(of: carrier.interface).map(own.contains) ?? false
        && network.networkInterfaces[Int(carrier.interface.rawValue)].kind != .natGateway
    }
    let chosen = some(inside)
    return chosen.contains { $0.address(.v4) != nil } ? chosen : chosen + clients(ofGatewaysIn: own)
  }

  private func clients(ofGatewaysIn subnets: Set<Int>) -> [PolicyCarrier] {
    let ids = Set(subnets.map { network.subnets[$0].id })
    let gateways = network.natGateways.filter { ids.contains($0.subnet) }
    guard !gateways.isEmpty else { return [] }
    let doors = Set(gateways.flatMap { $0.addresses.compactMap(\.networkInterface) })
    var clients: [PolicyCarrier] = []
    for carrier in carriers where clients.count < 3 {
      guard let own = carrier.address(.v4), !subnets.contains(filter.subnet(of: carrier.interface) ?? -1)
      else {
        continue
      }
      let probe = PacketHeader(
        source: own, destination: Self.internet[0], service: ServiceKey(.tcp, port: 443), sourcePort: 49_152)
      let passes = filter.trace(captured: probe)?.steps.contains { traced in
        traced.way == .request && traced.step.action == .translate
          && traced.step.interface.map { doors.contains(filter.id(of: $0)) } ?? false
      }
      guard passes ?? false else { continue }
      var client = carrier
      client.isBehindNAT = true
      clients.append(client)
    }
    return clients
  }

  /// The ends of a packet that comes past a carrier's rules, or its subnet's, with some remote address.
  func ends(
    of remote: IPAddress, _ direction: Direction, by carrier: PolicyCarrier
  ) -> (source: IPAddress, destination: IPAddress)? {
    guard let own = carrier.address(remote.family), own != remote || carrier.isBehindNAT else { return nil }
    // What an ACL beside a NAT gateway is asked about may be on either side of the gateway.
    let host = own == remote ? Self.internet.first { $0.family == own.family } : remote
    return host.map { direction == .ingress && own != remote ? ($0, own) : (own, $0) }
  }
}
