import NetworkTypes

/// The plainest prefix table: looks at every entry.
struct LinearPrefixTable<Address: FixedWidthAddress> {
  var entries: [(prefix: Prefix<Address>, value: Int)]

  /// Every entry that contains the address, the longest prefix first, the first of equal prefixes alone.
  func matches(_ address: Address) -> [(prefix: Prefix<Address>, value: Int)] {
    var result: [(prefix: Prefix<Address>, value: Int)] = []
    for entry in entries where entry.prefix.contains(address) {
      if !result.contains(where: { $0.prefix == entry.prefix }) { result.append(entry) }
    }
    return result.sorted { $0.prefix.length > $1.prefix.length }
  }
}
