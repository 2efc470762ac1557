import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Plain questions to a network, answered by looking through its lists.
final class ReferenceNetwork {
  let network: VirtualNetwork
  /// Every private block with who has it: cut once from the interfaces, since every question begins here.
  private let owners: [(prefix: IPPrefix, interface: NetworkInterface)]

  init(network: VirtualNetwork) {
    self.network = network
    owners = network.networkInterfaces.flatMap { interface in
      interface.privatePrefixes.map { ($0, interface) }
    }
  }

  func subnet(_ interface: NetworkInterface) -> Subnet {
    network.subnets.first { $0.id == interface.subnet }!
  }
  func vpc(_ id: ResourceID) -> VPC? { network.vpcs.first { $0.id == id } }

  /// Interfaces that have a private address, secondary, IPv6 and delegated ones among them (SG-24, AD-25).
  func privateOwners(_ address: IPAddress) -> [NetworkInterface] {
    owners.filter { $0.prefix.contains(address) }.map(\.interface)
  }

  /// AD-12: the interface and private address behind a public address.
  func publicOwner(_ address: IPAddress) -> (interface: NetworkInterface, address: IPAddress)? {
    guard case .v4(let wanted) = address else { return nil }
    for interface in network.networkInterfaces {
      for own in interface.ipv4Addresses where own.publicAddress == wanted {
        return (interface, .v4(own.address))
      }
    }
    return nil
  }

  /// AD-12: the public face of a private address.
  func publicAddress(of address: IPAddress, _ interface: NetworkInterface) -> IPAddress? {
    interface.ipv4Addresses.first { .v4($0.address) == address }?.publicAddress.map(IPAddress.v4)
  }

  /// The private address behind a public one; any other address stays as it is.
  func canonical(_ address: IPAddress) -> IPAddress { publicOwner(address)?.address ?? address }

  func isSameOwner(_ left: IPAddress, _ right: IPAddress) -> Bool {
    canonical(left) == canonical(right)
      || privateOwners(canonical(left)).contains {
        $0.privatePrefixes.contains { $0.contains(canonical(right)) }
      }
  }

  func vpcHaving(_ address: IPAddress) -> ResourceID? { network.vpcs.first { $0.contains(address) }?.id }

  func internetGateway(of vpc: ResourceID) -> InternetGateway? {
    network.internetGateways.first { $0.vpc == vpc }
  }

  func natGateway(having interface: NetworkInterface) -> NATGateway? {
    network.natGateways.first { $0.addresses.contains { $0.networkInterface == interface.id } }
  }

  /// LC-8: only running instances send and receive; interfaces without a known instance are taken to work.
  func isRunning(_ interface: NetworkInterface) -> Bool {
    guard let id = interface.instance, let instance = network.instances.first(where: { $0.id == id }) else {
      return true
    }
    return Self.works(instance)
  }

  /// LC-8: for some seconds while it stops, too.
  private static func works(_ instance: Instance) -> Bool {
    [.running, .shuttingDown, .stopping].contains(instance.state)
  }

  // MARK: Routes

  enum RouteAnswer {
    case target(Route.Target)
    case refused(ReachabilityCode)
    case cannotTell
  }

  /// RT-1: the table that names the subnet, or else the VPC's main one.
  func table(of subnet: Subnet) -> RouteTable? {
    network.routeTables.first { $0.subnets.contains(subnet.id) }
      ?? network.routeTables.first { $0.vpc == subnet.vpc && $0.isMain }
  }

  /// RT-2 to RT-5, RT-9, RT-11, RT-12: the longest prefix; of equal ones static, then prefix list, then propagated.
  func route(_ subnet: Subnet, to destination: IPAddress) -> RouteAnswer {
    if Self.isServiceRange(destination) || Self.isLocal(destination) {
      return .refused(.noPossibleDestination)
    }
    guard let table = table(of: subnet) else { return .cannotTell }
    return route(table, to: destination)
  }

  func route(_ table: RouteTable, to destination: IPAddress) -> RouteAnswer {
    let unknownList = table.routes.contains { route in
      guard case .prefixList(let id) = route.destination else { return false }
      return !network.prefixLists.contains { $0.id == id && $0.entriesAreKnown }
    }
    if unknownList { return .cannotTell }
    guard let best = bestRoute(table, to: destination) else { return .refused(.noRoute) }
    if best.isBlackhole || isDown(best.target) { return .refused(.badStateRoute) }
    return .target(best.target)
  }

  func bestRoute(_ table: RouteTable, to destination: IPAddress) -> Route? {
    var candidates: [(length: Int, rank: Int, route: Route)] = []
    for route in table.routes {
      switch route.destination {
      case .prefix(let prefix):
        guard prefix.contains(destination) else { continue }
        candidates.append((prefix.length, route.origin == .propagated ? 3 : 0, route))
      case .prefixList(let id):
        for entry in network.prefixLists.first(where: { $0.id == id })?.entries ?? []
        where entry.contains(destination) {
          candidates.append((entry.length, route.origin == .propagated ? 3 : 2, route))
        }
      }
    }
    // RT-3: local routes are there whether listed or not; a listed one of the same block may have another target.
    let vpc = vpc(table.vpc)
    let blocks = (vpc?.ipv4Blocks.map(IPPrefix.v4) ?? []) + (vpc?.ipv6Blocks.map(IPPrefix.v6) ?? [])
    for block in blocks where block.contains(destination) {
      candidates.append((block.length, 1, Route(destination: .prefix(block), target: .local)))
    }
    return candidates.max { ($0.length, -$0.rank) < ($1.length, -$1.rank) }?.route
  }

  /// LC-9: a route to an instance that does not run is a blackhole.
  private func isDown(_ target: Route.Target) -> Bool {
    switch target {
    case .networkInterface(let id):
      guard let interface = network.networkInterfaces.first(where: { $0.id == id }) else { return false }
      return !isRunning(interface)
    case .instance(let id): return network.instances.first { $0.id == id }.map { !Self.works($0) } ?? false
    default: return false
    }
  }

  /// RT-9
  /// RFC 1122, RFC 3927, RFC 4291: what no router passes on.
  static func isLocal(_ address: IPAddress) -> Bool {
    ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::/127", "fe80::/10"].contains {
      IPPrefix($0)!.contains(address)
    }
  }

  /// What no host of the internet has, and no code of AWS names.
  static func isNobodysOnInternet(_ address: IPAddress) -> Bool {
    isLocal(address)
      || ["224.0.0.0/4", "255.255.255.255/32", "ff00::/8", "fc00::/7"].contains {
        IPPrefix($0)!.contains(address)
      }
  }

  static func isServiceRange(_ address: IPAddress) -> Bool { serviceRanges.contains { $0.contains(address) } }
  private static let serviceRanges = [IPPrefix("169.254.168.0/22")!, IPPrefix("fd00:ec2::/32")!]
}
