import NetworkTypes

/// Values by prefix of either family: one table for each, since no prefix holds addresses of both.
public struct IPPrefixTable<Value: Sendable>: Sendable {
  public let v4: PrefixTable<IPv4Address, Value>
  public let v6: PrefixTable<IPv6Address, Value>

  /// Builds both tables in O(n log n); of several entries with an equal prefix the first one given counts.
  @inlinable public init(_ entries: some Sequence<(IPPrefix, Value)>) {
    var v4: [(Prefix<IPv4Address>, Value)] = []
    var v6: [(Prefix<IPv6Address>, Value)] = []
    for (prefix, value) in entries {
      switch prefix {
      case .v4(let prefix): v4.append((prefix, value))
      case .v6(let prefix): v6.append((prefix, value))
      }
    }
    self.v4 = PrefixTable(v4)
    self.v6 = PrefixTable(v6)
  }

  /// The value of the longest prefix that contains `address`, or nil.
  @inlinable public func lookup(_ address: IPAddress) -> Value? { longestMatch(address)?.value }

  /// The longest prefix that contains `address` and its value, or nil.
  @inlinable public func longestMatch(_ address: IPAddress) -> (prefix: IPPrefix, value: Value)? {
    switch address {
    case .v4(let address): v4.longestMatch(address).map { (.v4($0.prefix), $0.value) }
    case .v6(let address): v6.longestMatch(address).map { (.v6($0.prefix), $0.value) }
    }
  }

  /// Every prefix that contains `address` with its value, the longest first.
  @inlinable public func matches(_ address: IPAddress) -> [(prefix: IPPrefix, value: Value)] {
    switch address {
    case .v4(let address): v4.matches(address).map { (.v4($0.prefix), $0.value) }
    case .v6(let address): v6.matches(address).map { (.v6($0.prefix), $0.value) }
    }
  }
}
