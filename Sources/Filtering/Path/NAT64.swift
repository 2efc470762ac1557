import NetworkTypes
import RuleMatching

/// Translation between IPv6 and IPv4 at a NAT gateway (RFC 6052, RFC 7915; semantics AD-22).
enum NAT64 {
  /// The IPv4 address in an address of 64:ff9b::/96, or nil.
  static func embeddedAddress(_ address: IPv6Address) -> IPv4Address? {
    guard address.high == 0x0064_ff9b_0000_0000, address.low >> 32 == 0 else { return nil }
    return IPv4Address(rawValue: UInt32(truncatingIfNeeded: address.low))
  }

  /// The same service on the IPv4 side: ICMPv6 echo becomes ICMP echo.
  static func service(_ service: ServiceKey) -> ServiceKey {
    switch (service.ipProtocol, service.port >> 8) {
    case (.icmpv6, 128): ServiceKey(.icmp, port: 8 << 8)
    case (.icmpv6, 129): ServiceKey(.icmp, port: 0)
    default: service
    }
  }
}
