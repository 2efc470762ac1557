/// Blocks of addresses with a meaning of their own.
public enum SpecialBlock: Sendable {
  /// 10/8, 172.16/12 and 192.168/16 (RFC 1918).
  @inlinable public static func isRFC1918(_ address: IPv4Address) -> Bool {
    let value = address.rawValue
    return value >> 24 == 10 || value >> 20 == 0xac1 || value >> 16 == 0xc0a8
  }
  /// 100.64/10, shared by carriers (RFC 6598).
  @inlinable public static func isRFC6598(_ address: IPv4Address) -> Bool {
    address.rawValue >> 22 == 0x6440 >> 6
  }
  /// 169.254/16 (RFC 3927).
  @inlinable public static func isLinkLocal(_ address: IPv4Address) -> Bool {
    address.rawValue >> 16 == 0xa9fe
  }
  /// fe80::/10 (RFC 4291).
  @inlinable public static func isLinkLocal(_ address: IPv6Address) -> Bool { address.high >> 54 == 0x3fa }
  /// fc00::/7 (RFC 4193).
  @inlinable public static func isUniqueLocal(_ address: IPv6Address) -> Bool { address.high >> 57 == 0x7e }
}
