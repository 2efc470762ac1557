import NetworkTypes
import RuleMatching

/// The link-local services of the platform that neither groups nor ACLs filter (semantics SG-40, SG-41).
enum PlatformServices {
  private static let ipv4: Set<IPv4Address> = [
    IPv4Address(169, 254, 169, 253),  // Amazon DNS
    IPv4Address(169, 254, 169, 254),  // instance metadata
    IPv4Address(169, 254, 169, 123),  // Amazon Time Sync
    IPv4Address(169, 254, 169, 249),  // GRID licences [mem]
    IPv4Address(169, 254, 169, 250),  // Windows activation
    IPv4Address(169, 254, 169, 251),  // Windows activation
    IPv4Address(169, 254, 170, 2),  // ECS task metadata [mem]
  ]

  /// fd00:ec2::/32: DNS ::253, metadata ::254, time ::123, activation ::250.
  private static let ipv6: Set<IPv6Address> = Set(
    [0x253, 0x254, 0x123, 0x250].map { IPv6Address(high: 0xfd00_0ec2_0000_0000, low: $0) })

  /// fe80:ec2::1, the VPC's router on every subnet (semantics AD-8).
  private static let router = IPv6Address(high: 0xfe80_0ec2_0000_0000, low: 1)

  /// The borders that ``isLinkLocalService(_:_:)`` notices; what stays on the link are ``SpecialBlocks``.
  static func addCuts(to cuts: inout AddressCuts) {
    cuts.add(ipv4.map(IPAddress.v4))
    cuts.add(ipv6.map(IPAddress.v6) + [.v6(router)])
  }

  /// The messages of ``isNeighborDiscovery(_:)``.
  static let discoveryServices = ServiceKey.kinds(.icmpv6, discoveryTypes)
  private static let discoveryTypes: ClosedRange<UInt16> = 133...136

  /// The ports that ``isDHCP(_:)`` tells from others, as source or as destination, between two addresses.
  static func dhcpPorts(from source: IPAddress, to destination: IPAddress) -> [UInt16] {
    guard staysOnLink(source, destination) else { return [] }
    return source.family == .v4 ? [67, 68] : [546, 547]
  }

  /// The ports of ``isDHCP(_:)``, between whatever addresses.
  static let everyDHCPPort: [UInt16] = [67, 68, 546, 547]

  /// Whether an address is that of a platform service, or the traffic is part of how a link itself works.
  static func isLinkLocalService(_ address: IPAddress, _ header: PacketHeader) -> Bool {
    switch address {
    case .v4(let address): return SpecialBlock.isLinkLocal(address) && ipv4.contains(address)
    case .v6(let address):
      if ipv6.contains(address) || address == router { return true }
      return isNeighborDiscovery(header)
    }
  }

  /// ICMPv6 router and neighbor discovery (RFC 4861) on the link, which the platform answers itself; the same types
  /// between two far addresses are packets like any other.
  static func isNeighborDiscovery(_ header: PacketHeader) -> Bool {
    header.ipProtocol == .icmpv6 && header.hasTransport
      && discoveryTypes.contains(header.service.port >> 8)
      && staysOnLink(header.source, header.destination)
  }

  private static func staysOnLink(_ source: IPAddress, _ destination: IPAddress) -> Bool {
    [source, destination].contains { $0.isLinkLocal || $0.isMulticast || $0.isUnspecified }
  }

  /// DHCP between clients and the platform's server: ports 67 and 68, or 546 and 547 (ports: [mem]), from or to
  /// nobody, everybody or the link. What the server sends from the router's address is exempt as the router's.
  static func isDHCP(_ header: PacketHeader) -> Bool {
    guard header.ipProtocol == .udp, header.hasTransport else { return false }
    switch (header.family, header.sourcePort, header.service.port) {
    case (.v4, 68, 67), (.v4, 67, 68), (.v6, 546, 547), (.v6, 547, 546):
      return staysOnLink(header.source, header.destination)
    default: return false
    }
  }
}
