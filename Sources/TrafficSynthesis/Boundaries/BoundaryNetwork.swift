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
  /// Ends, hosts of the internet, and a few addresses of each class that any rule or block of the network tells apart.
  let addresses: [IPAddress]
  /// A few services of each class that any rule tells apart.
  let services: [ServiceKey]
  private let carriers: [PolicyCarrier]
  /// The private address behind each public one.
  private let privateAddresses: [IPAddress: IPAddress]

  /// Carriers of one rule that are tried; of more, some are passed over evenly.
  static let carrierLimit = 8
  /// Hosts of the internet to talk to where the rule does not say which.
  static let internet: [IPAddress] = [
    .v4(IPv4Address(23, 1, 2, 3)), .v6(IPv6Address(high: 0x2a00_1450_0000_0000, low: 0x200e)),
  ]

  init(_ network: VirtualNetwork) {
    self.network = network
    filter = PacketFilter(network)
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
    addresses = Self.addresses(of: network, ends: ends)
    services = Self.services(of: network)
  }

  /// Prefixes that are told apart; of larger networks only the first.
  private static let prefixLimit = 512

  private static func addresses(of network: VirtualNetwork, ends: [IPAddress]) -> [IPAddress] {
    let rules = network.securityGroups.flatMap { $0.inbound + $0.outbound }
    let entries = network.networkACLs.flatMap { $0.inbound + $0.outbound }
    var prefixes = entries.map(\.prefix)
    for rule in rules {
      if case .prefix(let prefix) = rule.match.peer { prefixes.append(prefix) }
    }
    prefixes += network.prefixLists.flatMap { $0.entries.prefix(16) }
    prefixes += network.subnets.flatMap {
      $0.ipv4Block.map { [IPPrefix.v4($0)] } ?? [] + $0.ipv6Blocks.map { .v6($0) }
    }
    prefixes += network.vpcs.flatMap { $0.ipv4Blocks.map { IPPrefix.v4($0) } + $0.ipv6Blocks.map { .v6($0) } }
    var distinct: [IPPrefix] = []
    var known: Set<IPPrefix> = []
    for prefix in prefixes where known.insert(prefix).inserted && distinct.count < prefixLimit {
      distinct.append(prefix)
    }
    var classes = EdgeClasses<IPAddress>(limit: 3)
    for prefix in distinct {
      for address in EdgeValues.addresses(of: prefix) {
        classes.add(address) { address in distinct.map { $0.contains(address) } }
      }
    }
    let first = ends + internet
    let own = Set(first)
    return first + classes.values.filter { !own.contains($0) }
  }

  private static func services(of network: VirtualNetwork) -> [ServiceKey] {
    let rules = network.securityGroups.flatMap { $0.inbound + $0.outbound }.map(\.match.traffic)
    let entries = network.networkACLs.flatMap { $0.inbound + $0.outbound }.map(\.traffic)
    var distinct: [TrafficMatch] = []
    for traffic in rules + entries where !distinct.contains(traffic) && distinct.count < prefixLimit {
      distinct.append(traffic)
    }
    var classes = EdgeClasses<ServiceKey>(limit: 2)
    for traffic in distinct + [.all] {
      let services = EdgeValues.services(of: traffic)
      for service in services + EdgeValues.otherProtocols(services[0]) {
        classes.add(service) { service in distinct.map { $0.matches(service) } }
      }
    }
    return classes.values
  }

  /// The private address behind a public one of an interface.
  func privateAddress(behind address: IPAddress) -> IPAddress? { privateAddresses[address] }

  /// The public address of an interface's private one.
  func publicAddress(of interface: InterfaceIndex) -> IPAddress? {
    network.networkInterfaces[Int(interface.rawValue)].ipv4Addresses.first?.publicAddress.map { .v4($0) }
  }

  private static func some(_ carriers: [PolicyCarrier]) -> [PolicyCarrier] {
    let step = max(1, (carriers.count + carrierLimit - 1) / carrierLimit)
    return carriers.enumerated().filter { $0.offset % step == 0 }.map(\.element)
  }

  /// Interfaces that carry a group.
  func carriers(of group: ResourceID) -> [PolicyCarrier] {
    Self.some(
      carriers.filter { carrier in
        network.networkInterfaces[Int(carrier.interface.rawValue)].groups.contains(group)
          && filter.groupRules(at: carrier.interface, .ingress) != nil
      })
  }

  /// Subnets' positions at whose border an ACL stands.
  func subnets(of acl: NetworkACL) -> [Int] {
    network.subnets.indices.filter { position in
      let subnet = network.subnets[position]
      if acl.subnets.contains(subnet.id) { return true }
      return acl.isDefault && subnet.vpc == acl.vpc
        && !network.networkACLs.contains { $0.subnets.contains(subnet.id) }
    }
  }

  /// Interfaces in an ACL's subnets, and those whose packets come by a NAT gateway there.
  func carriers(of acl: NetworkACL) -> [PolicyCarrier] {
    let own = Set(subnets(of: acl))
    let inside = carriers.filter { carrier in
      filter.subnet(of: carrier.interface).map(own.contains) ?? false
        && network.networkInterfaces[Int(carrier.interface.rawValue)].kind != .natGateway
    }
    return Self.some(inside) + clients(ofGatewaysIn: own)
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

  /// Ports that an interface's groups admit, for requests whose replies are of interest.
  func admittedPorts(
    at interface: InterfaceIndex, _ direction: Direction, _ ipProtocol: IPProtocol
  ) -> [UInt16] {
    var ports: [UInt16] = []
    for rule in filter.groupRules(at: interface, direction) ?? [] {
      let port: UInt16? =
        switch rule.resolved.traffic {
        case .all: 443
        case .tcp(let range): ipProtocol == .tcp ? range.first : nil
        case .udp(let range): ipProtocol == .udp ? range.first : nil
        default: nil
        }
      if let port, !ports.contains(port) { ports.append(max(port, 1)) }
    }
    return Array((ports + [443, 80]).prefix(8))
  }
}
