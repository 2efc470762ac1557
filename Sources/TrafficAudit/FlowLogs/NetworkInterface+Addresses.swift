import NetworkTypes
import VirtualNetworks

extension NetworkInterface {
  /// Whether an address is the interface's: a private, public or IPv6 one, or one of its prefixes.
  func has(_ address: IPAddress) -> Bool {
    switch address {
    case .v4(let v4):
      if ipv4Addresses.contains(where: { $0.address == v4 || $0.publicAddress == v4 }) { return true }
    case .v6(let v6): if ipv6Addresses.contains(v6) { return true }
    }
    return delegatedPrefixes.contains { $0.contains(address) }
  }
}
