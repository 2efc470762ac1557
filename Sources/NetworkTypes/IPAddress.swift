/// An address of either family.
public enum IPAddress: Hashable, Comparable, Sendable {
  case v4(IPv4Address)
  case v6(IPv6Address)

  /// 4 or 6.
  @inlinable public var family: IPFamily {
    switch self {
    case .v4: .v4
    case .v6: .v6
    }
  }
}

/// Internet Protocol version 4 or 6.
public enum IPFamily: UInt8, Hashable, Sendable, CaseIterable {
  case v4 = 4
  case v6 = 6
}

/// Source and destination of one packet: always of one family, so a mixed pair cannot be written down.
public enum AddressPair: Hashable, Sendable {
  case v4(source: IPv4Address, destination: IPv4Address)
  case v6(source: IPv6Address, destination: IPv6Address)

  /// Pairs two addresses, or nil if their families differ.
  public init?(source: IPAddress, destination: IPAddress) {
    switch (source, destination) {
    case (.v4(let source), .v4(let destination)): self = .v4(source: source, destination: destination)
    case (.v6(let source), .v6(let destination)): self = .v6(source: source, destination: destination)
    default: return nil
    }
  }

  @inlinable public var source: IPAddress {
    switch self {
    case .v4(let source, _): .v4(source)
    case .v6(let source, _): .v6(source)
    }
  }
  @inlinable public var destination: IPAddress {
    switch self {
    case .v4(_, let destination): .v4(destination)
    case .v6(_, let destination): .v6(destination)
    }
  }
  @inlinable public var family: IPFamily {
    switch self {
    case .v4: .v4
    case .v6: .v6
    }
  }
  /// The pair of a packet that answers this one.
  @inlinable public var reversed: AddressPair {
    switch self {
    case .v4(let source, let destination): .v4(source: destination, destination: source)
    case .v6(let source, let destination): .v6(source: destination, destination: source)
    }
  }
}
