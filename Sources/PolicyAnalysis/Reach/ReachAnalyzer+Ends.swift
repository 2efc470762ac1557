import Filtering
import NetworkTypes
import VirtualNetworks

extension ReachAnalyzer {
  /// The addresses of an interface that it sends from.
  func privateRuns(_ position: Int, _ family: IPFamily) -> [ClosedRange<IntervalSet.Key>] {
    interfaces[position].privatePrefixes.lazy.filter { $0.family == family }.map(\.keys)
  }

  /// The addresses by which the internet knows an interface, where they are not those that it sends from.
  func publicRuns(_ position: Int, _ family: IPFamily) -> [ClosedRange<IntervalSet.Key>] {
    guard family == .v4 else { return [] }
    return interfaces[position].ipv4Addresses.compactMap(\.publicAddress)
      .map { IPPrefix(host: .v4($0)).keys }
  }

  /// The addresses that a host of the internet may have: global, unicast, and not the network's own.
  func internet(_ family: IPFamily) -> IntervalSet {
    family == .v4 ? internetV4 : internetV6
  }

  /// Bare addresses that stand for hosts of the internet when they send.
  func outside(_ family: IPFamily) -> IntervalSet {
    family == .v4 ? outsideV4 : outsideV6
  }

  func families(of end: ReachQuestion.End) -> Set<IPFamily> {
    switch end {
    case .internet: [.v4, .v6]
    case .prefix(let prefix): [prefix.family]
    case .interface(let position):
      Set([IPFamily.v4, .v6].filter { !privateRuns(position, $0).isEmpty })
    }
  }

  func end(_ end: ReachQuestion.End) -> TraceQuestion.End {
    switch end {
    case .internet: .internet
    case .prefix(let prefix): .address(prefix.first)
    case .interface(let position): .interface(InterfaceIndex(position))
    }
  }

  /// Addresses that belong to nobody in the network: in none of its blocks, and had by none of its interfaces.
  static func foreign(_ family: IPFamily, _ network: VirtualNetwork, _ hosts: HostTable) -> IntervalSet {
    let blocks = network.vpcs.flatMap { $0.ipv4Blocks.map(IPPrefix.v4) + $0.ipv6Blocks.map(IPPrefix.v6) }
    let delegated = network.networkInterfaces.flatMap(\.delegatedPrefixes)
    let owned = hosts.owned.map { IPPrefix(host: $0) }
    return IntervalSet.everything(family).subtracting(IntervalSet(family, blocks + delegated + owned))
  }

  /// Blocks that no host of the internet has (RFC 6890; IPv6: what is not 2000::/3, and RFC 6052).
  static func unroutable(_ family: IPFamily) -> IntervalSet {
    let blocks =
      family == .v4
      ? [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "224.0.0.0/3",
      ] : ["::/3", "4000::/2", "8000::/1"]
    return IntervalSet(family, blocks.compactMap { IPPrefix($0) })
  }

  /// Blocks whose addresses never stand for a host of the internet when they send, as ``PacketFilter`` sees it.
  static func local(_ family: IPFamily) -> IntervalSet {
    let blocks =
      family == .v4
      ? ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
      : ["fc00::/7", "fe80::/10"]
    return IntervalSet(family, blocks.compactMap { IPPrefix($0) })
  }
}
