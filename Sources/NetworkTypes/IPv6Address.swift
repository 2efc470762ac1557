/// An IPv6 address, kept as two 64-bit halves in host order.
public struct IPv6Address: Hashable, Comparable, Sendable {
  /// Bits 0 to 63: the routing prefix and subnet of most addresses.
  public var high: UInt64
  /// Bits 64 to 127: the interface identifier of most addresses.
  public var low: UInt64

  @inlinable public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  @inlinable public static func == (left: Self, right: Self) -> Bool {
    left.high == right.high && left.low == right.low
  }

  @inlinable public static func < (left: Self, right: Self) -> Bool {
    left.high != right.high ? left.high < right.high : left.low < right.low
  }
}

extension IPv6Address: FixedWidthAddress {
  @inlinable public static var bitWidth: Int { 128 }
  @inlinable public static var zero: Self { Self(high: 0, low: 0) }
  @inlinable public static var allOnes: Self { Self(high: .max, low: .max) }

  @inlinable public static func mask(length: Int) -> Self {
    if length <= 0 { return zero }
    if length >= 128 { return allOnes }
    if length <= 64 { return Self(high: UInt64.max << UInt64(64 - length), low: 0) }
    return Self(high: .max, low: UInt64.max << UInt64(128 - length))
  }
  @inlinable public static func & (left: Self, right: Self) -> Self {
    Self(high: left.high & right.high, low: left.low & right.low)
  }
  @inlinable public static func | (left: Self, right: Self) -> Self {
    Self(high: left.high | right.high, low: left.low | right.low)
  }
  @inlinable public static prefix func ~ (address: Self) -> Self {
    Self(high: ~address.high, low: ~address.low)
  }
  @inlinable public var next: Self? {
    if low != .max { return Self(high: high, low: low + 1) }
    return high == .max ? nil : Self(high: high + 1, low: 0)
  }
  @inlinable public var previous: Self? {
    if low != 0 { return Self(high: high, low: low - 1) }
    return high == 0 ? nil : Self(high: high - 1, low: .max)
  }
  @inlinable public var wrapped: IPAddress { .v6(self) }
}
