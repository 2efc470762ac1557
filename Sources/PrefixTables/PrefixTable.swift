import NetworkTypes

/// Values by prefix, looked up by longest match: route tables, owners of addresses.
///
/// The prefixes cut the line of addresses into at most `2n + 1` intervals, each with one longest prefix; a lookup is one
/// search among the intervals. Of several entries with an equal prefix the first one given counts.
public struct PrefixTable<Address: SearchableAddress, Value: Sendable>: Sendable {
  /// A prefix and what it stands for.
  public struct Entry: Sendable {
    public let prefix: Prefix<Address>
    public let value: Value

    @inlinable public init(_ prefix: Prefix<Address>, _ value: Value) {
      self.prefix = prefix
      self.value = value
    }
  }

  /// The entries in order of address, a shorter prefix before those it contains; no prefix occurs twice.
  public let entries: [Entry]
  /// For each entry the one whose block most closely encloses it, or -1.
  @usableFromInline let enclosing: [Int32]
  @usableFromInline let intervals: SearchTree<Address>
  /// For each interval the entry with the longest prefix, or -1.
  @usableFromInline let winners: [Int32]

  /// Builds the table in O(n log n).
  @inlinable public init(_ entries: some Sequence<(Prefix<Address>, Value)>) {
    let sorted = Self.sortedWithoutRepeats(entries)
    var enclosing: [Int32] = []
    var starts: [Address] = [.zero]
    var winners: [Int32] = [-1]
    var open: [Int32] = []

    func begin(_ winner: Int32, at address: Address) {
      if starts[starts.count - 1] == address {
        winners[winners.count - 1] = winner
      } else if winners[winners.count - 1] != winner {
        starts.append(address)
        winners.append(winner)
      }
    }
    func close(before address: Address?) {
      while let innermost = open.last {
        let last = sorted[Int(innermost)].prefix.last
        if let address, address <= last { return }
        open.removeLast()
        if let next = last.next { begin(open.last ?? -1, at: next) }
      }
    }

    for (index, entry) in sorted.enumerated() {
      close(before: entry.prefix.first)
      enclosing.append(open.last ?? -1)
      open.append(Int32(index))
      begin(Int32(index), at: entry.prefix.first)
    }
    close(before: nil)

    self.entries = sorted
    self.enclosing = enclosing
    self.intervals = SearchTree(starts: starts)
    self.winners = winners
  }

  @inlinable static func sortedWithoutRepeats(
    _ entries: some Sequence<(Prefix<Address>, Value)>
  ) -> [Entry] {
    let sorted = entries.enumerated().sorted { left, right in
      let (a, b) = (left.element.0, right.element.0)
      if a.address != b.address { return a.address < b.address }
      return a.length != b.length ? a.length < b.length : left.offset < right.offset
    }
    var result: [Entry] = []
    result.reserveCapacity(sorted.count)
    for (_, (prefix, value)) in sorted where result.last?.prefix != prefix {
      result.append(Entry(prefix, value))
    }
    return result
  }

  /// The value of the longest prefix that contains `address`, or nil.
  @inlinable public func lookup(_ address: Address) -> Value? { longestMatch(address)?.value }

  /// The entry with the longest prefix that contains `address`, or nil.
  @inlinable public func longestMatch(_ address: Address) -> Entry? {
    let winner = winners[intervals.interval(of: address)]
    return winner < 0 ? nil : entries[Int(winner)]
  }

  /// Every entry whose prefix contains `address`, the longest prefix first.
  @inlinable public func matches(_ address: Address) -> [Entry] {
    var result: [Entry] = []
    var index = winners[intervals.interval(of: address)]
    while index >= 0 {
      result.append(entries[Int(index)])
      index = enclosing[Int(index)]
    }
    return result
  }
}
