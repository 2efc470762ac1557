import NetworkTypes
import RuleMatching

/// Translation between IPv6 and IPv4 at a NAT gateway (RFC 6052, RFC 7915; semantics AD-22).
enum NAT64 {
  /// The IPv4 address in an address of 64:ff9b::/96, or nil.
  static func embeddedAddress(_ address: IPv6Address) -> IPv4Address? {
    guard address.high == 0x0064_ff9b_0000_0000, address.low >> 32 == 0 else { return nil }
    return IPv4Address(rawValue: UInt32(truncatingIfNeeded: address.low))
  }

  /// 64:ff9b::/96.
  static let block = IntervalSet(embedding(0...IntervalSet.Key(UInt32.max)))

  /// The addresses that stand for a run of IPv4 addresses.
  static func embedding(_ run: ClosedRange<IntervalSet.Key>) -> ClosedRange<IntervalSet.Key> {
    let base: IntervalSet.Key = 0x0064_ff9b << 96
    return base + run.lowerBound...base + run.upperBound
  }

  /// The messages that ``service(_:)`` changes.
  static let changedServices: [ClosedRange<ServiceKey>] = [
    ServiceKey.kinds(.icmpv6, 128...128), ServiceKey.kinds(.icmpv6, 129...129),
  ]

  /// The same service on the IPv4 side: ICMPv6 echo becomes ICMP echo.
  static func service(_ service: ServiceKey) -> ServiceKey {
    switch (service.ipProtocol, service.port >> 8) {
    case (.icmpv6, 128): ServiceKey(.icmp, port: 8 << 8)
    case (.icmpv6, 129): ServiceKey(.icmp, port: 0)
    default: service
    }
  }
}
