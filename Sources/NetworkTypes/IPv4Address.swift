/// An IPv4 address, kept as its 32 bits in host order (192.0.2.1 is `0xC000_0201`).
public struct IPv4Address: Hashable, Comparable, Sendable {
  /// The 32 bits; the first octet is the most significant one.
  public var rawValue: UInt32

  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Makes the address `a.b.c.d`.
  @inlinable public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    rawValue = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
  }

  @inlinable public static func == (left: Self, right: Self) -> Bool {
    left.rawValue == right.rawValue
  }

  @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension IPv4Address: FixedWidthAddress {
  @inlinable public static var bitWidth: Int { 32 }
  @inlinable public static var zero: Self { Self(rawValue: 0) }
  @inlinable public static var allOnes: Self { Self(rawValue: .max) }

  @inlinable public static func mask(length: Int) -> Self {
    length <= 0 ? zero : Self(rawValue: UInt32.max << UInt32(32 - min(length, 32)))
  }
  @inlinable public static func & (left: Self, right: Self) -> Self {
    Self(rawValue: left.rawValue & right.rawValue)
  }
  @inlinable public static func | (left: Self, right: Self) -> Self {
    Self(rawValue: left.rawValue | right.rawValue)
  }
  @inlinable public static prefix func ~ (address: Self) -> Self { Self(rawValue: ~address.rawValue) }
  @inlinable public var next: Self? {
    rawValue == .max ? nil : Self(rawValue: rawValue + 1)
  }
  @inlinable public var previous: Self? {
    rawValue == 0 ? nil : Self(rawValue: rawValue - 1)
  }
  @inlinable public var wrapped: IPAddress { .v4(self) }
}
