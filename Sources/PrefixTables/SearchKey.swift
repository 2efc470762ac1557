import NetworkTypes

/// A key of a line that is cut into intervals: one or several pieces of 32 bits, the highest first.
public protocol SearchKey: Comparable, Sendable {
  /// How many pieces a key has.
  static var pieceCount: Int { get }

  /// The piece at `index`; keys compare as the lists of their pieces do.
  func piece(_ index: Int) -> UInt32
}

/// An address that prefix tables and partitions are built over.
public protocol SearchableAddress: FixedWidthAddress, SearchKey {}

extension IPv4Address: SearchableAddress {
  @inlinable public static var pieceCount: Int { 1 }
  @inlinable public func piece(_ index: Int) -> UInt32 { rawValue }
}

extension IPv6Address: SearchableAddress {
  @inlinable public static var pieceCount: Int { 4 }
  @inlinable public func piece(_ index: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: (index < 2 ? high : low) >> (index & 1 == 0 ? 32 : 0))
  }
}
