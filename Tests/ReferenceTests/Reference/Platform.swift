import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// SG-40, SG-41, NACL-13: what is never filtered.
extension ReferenceNetwork {
  private static let services = Set(
    [
      "169.254.169.253", "169.254.169.254", "169.254.169.123", "169.254.169.250", "169.254.169.251",
      "169.254.169.249", "169.254.170.2", "fd00:ec2::253", "fd00:ec2::254", "fd00:ec2::123", "fd00:ec2::250",
      "fe80:ec2::1",
    ].map { IPAddress($0)! })

  /// Whether the packet is between an interface and a service of the platform.
  func isExempt(_ header: Header, _ sender: NetworkInterface?, _ receiver: NetworkInterface?) -> Bool {
    if staysOnLink(header), isDHCP(header) || isDiscovery(header) { return true }
    if let sender, isService(header.destination, sender) { return true }
    return receiver.map { isService(header.source, $0) } ?? false
  }

  private func isService(_ address: IPAddress, _ neighbour: NetworkInterface) -> Bool {
    Self.services.contains(address) || isRouterOrResolver(address, vpc: neighbour.vpc)
  }

  /// The resolver at the primary block's base + 2 (AD-7), the routers at each subnet's base + 1.
  private func isRouterOrResolver(_ address: IPAddress, vpc id: ResourceID) -> Bool {
    guard let vpc = vpc(id) else { return false }
    let subnets = network.subnets.filter { $0.vpc == id }
    switch address {
    case .v4(let address):
      if let primary = vpc.ipv4Blocks.first, address.rawValue == primary.first.rawValue + 2 { return true }
      return subnets.contains { $0.ipv4Block.map { address.rawValue == $0.first.rawValue + 1 } ?? false }
    case .v6(let address):
      return subnets.contains { $0.ipv6Blocks.contains { address == $0.first.next } }
    }
  }

  /// Whether an end is nobody, everybody or an address of the link alone: SG-42 exempts the platform's own services, not
  /// every packet that has their ports or types.
  private func staysOnLink(_ header: Header) -> Bool {
    let blocks = [
      "0.0.0.0/32", "255.255.255.255/32", "224.0.0.0/4", "169.254.0.0/16", "::/128", "ff00::/8", "fe80::/10",
    ]
    .map { IPPrefix($0)! }
    return blocks.contains { $0.contains(header.source) || $0.contains(header.destination) }
  }

  private func isDHCP(_ header: Header) -> Bool {
    guard header.ipProtocol == .udp, header.hasPorts else { return false }
    return Set([header.sourcePort, header.destinationPort])
      == (header.family == .v4 ? [67, 68] : [546, 547])
  }

  /// ICMPv6 133 to 136: routers and neighbours of the link find each other.
  private func isDiscovery(_ header: Header) -> Bool {
    header.ipProtocol == .icmpv6 && header.hasPorts && (133...136).contains(header.icmpType)
  }
}
