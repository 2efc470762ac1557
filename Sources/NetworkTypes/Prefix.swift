/// A block of addresses that share their first `length` bits (AWS: CIDR block); the host bits are always zero.
public struct Prefix<Address: FixedWidthAddress>: Hashable, Sendable {
  /// The first address of the block.
  public let address: Address
  /// How many leading bits are fixed: 0...32 or 0...128.
  public let length: Int

  /// Makes the block that holds `address`: host bits are cleared (AWS stores 100.68.0.18/18 as 100.68.0.0/18:
  /// semantics SG-20). `length` is clamped to the family's width.
  @inlinable public init(_ address: Address, length: Int) {
    let length = min(max(length, 0), Address.bitWidth)
    self.length = length
    self.address = address & Address.mask(length: length)
  }

  /// The block of exactly one address.
  @inlinable public init(host address: Address) { self.init(address, length: Address.bitWidth) }

  /// Every address of the family: 0.0.0.0/0 or ::/0.
  @inlinable public static var everything: Self { Self(.zero, length: 0) }

  @inlinable public var first: Address { address }
  @inlinable public var last: Address { address | ~Address.mask(length: length) }

  @inlinable public func contains(_ other: Address) -> Bool {
    other & Address.mask(length: length) == address
  }
  /// Whether every address of `other` is in this block; true for the block itself.
  @inlinable public func contains(_ other: Self) -> Bool {
    length <= other.length && contains(other.address)
  }
  @inlinable public func overlaps(_ other: Self) -> Bool { contains(other) || other.contains(self) }
}

/// A block of addresses of either family.
public enum IPPrefix: Hashable, Sendable {
  case v4(Prefix<IPv4Address>)
  case v6(Prefix<IPv6Address>)

  public init(_ address: IPAddress, length: Int) {
    switch address {
    case .v4(let address): self = .v4(Prefix(address, length: length))
    case .v6(let address): self = .v6(Prefix(address, length: length))
    }
  }

  /// The block of exactly one address.
  public init(host address: IPAddress) {
    switch address {
    case .v4(let address): self = .v4(Prefix(host: address))
    case .v6(let address): self = .v6(Prefix(host: address))
    }
  }

  public var family: IPFamily {
    switch self {
    case .v4: .v4
    case .v6: .v6
    }
  }
  public var length: Int {
    switch self {
    case .v4(let prefix): prefix.length
    case .v6(let prefix): prefix.length
    }
  }
  public var first: IPAddress {
    switch self {
    case .v4(let prefix): .v4(prefix.first)
    case .v6(let prefix): .v6(prefix.first)
    }
  }
  public var last: IPAddress {
    switch self {
    case .v4(let prefix): .v4(prefix.last)
    case .v6(let prefix): .v6(prefix.last)
    }
  }
  /// True for 0.0.0.0/0 and ::/0.
  public var isEverything: Bool { length == 0 }

  public func contains(_ address: IPAddress) -> Bool {
    switch (self, address) {
    case (.v4(let prefix), .v4(let address)): prefix.contains(address)
    case (.v6(let prefix), .v6(let address)): prefix.contains(address)
    default: false
    }
  }
  /// Whether every address of `other` is in this block; blocks of different families never are.
  public func contains(_ other: IPPrefix) -> Bool {
    switch (self, other) {
    case (.v4(let left), .v4(let right)): left.contains(right)
    case (.v6(let left), .v6(let right)): left.contains(right)
    default: false
    }
  }
  public func overlaps(_ other: IPPrefix) -> Bool { contains(other) || other.contains(self) }
}

extension Prefix: CustomStringConvertible {
  /// `10.0.0.0/16`, `2001:db8::/56`.
  public var description: String { "\(address)/\(length)" }

  /// Parses `address/length`; host bits are cleared.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let address = Address(parts[0]), let length = Self.length(parts[1]) else {
      return nil
    }
    self.init(address, length: length)
  }

  private static func length(_ text: some StringProtocol) -> Int? {
    IPPrefix.number(Array(text.utf8)[...]).flatMap { $0 <= Address.bitWidth ? $0 : nil }
  }
}

extension IPPrefix: CustomStringConvertible {
  public var description: String {
    switch self {
    case .v4(let prefix): prefix.description
    case .v6(let prefix): prefix.description
    }
  }

  /// Parses `address/length` of either family; host bits are cleared.
  public init?(_ text: some StringProtocol) {
    guard let (address, length) = Self.parts(of: text) else { return nil }
    self.init(address, length: length)
  }

  /// Parses `address/length` of either family; the address is as it was written.
  public static func parts(of text: some StringProtocol) -> (address: IPAddress, length: Int)? {
    let bytes = Array(text.utf8)
    guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")), let length = number(bytes[(slash + 1)...])
    else { return nil }
    if let address = IPv4Address(utf8: bytes[..<slash]) { return length <= 32 ? (.v4(address), length) : nil }
    guard length <= 128, let address = IPv6Address(text[..<text.utf8.index(text.startIndex, offsetBy: slash)])
    else { return nil }
    return (.v6(address), length)
  }

  /// One to three digits.
  fileprivate static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard (1...3).contains(digits.count) else { return nil }
    var number = 0
    for digit in digits {
      guard (0x30...0x39).contains(digit) else { return nil }
      number = number * 10 + Int(digit - 0x30)
    }
    return number
  }
}
