/// A set of keys on a line (addresses, ports, services), kept as disjoint runs in ascending order.
///
/// Sets of every address of a family are one run. Operations cost time linear in the runs of both sides, and no time at
/// all where one side is empty.
public struct IntervalSet: Sendable, Hashable {
  public typealias Key = UInt128
  /// Ascending, disjoint, never touching.
  public private(set) var runs: [ClosedRange<Key>]

  public static let empty = IntervalSet()

  public init() { runs = [] }

  public init(_ run: ClosedRange<Key>) { runs = [run] }

  public init(_ key: Key) { runs = [key...key] }

  /// The union of runs in any order, overlapping or not.
  @inlinable public init(_ unsorted: some Sequence<ClosedRange<Key>>) { self.init(sorting: Array(unsorted)) }

  /// The same, not made anew for each kind of sequence.
  @usableFromInline init(sorting runs: [ClosedRange<Key>]) {
    if runs.count < 2 {
      self.runs = runs
      return
    }
    self.runs = []
    for run in runs.sorted(by: { $0.lowerBound < $1.lowerBound }) { append(run) }
  }

  /// Adds a run that begins no earlier than the last one.
  private mutating func append(_ run: ClosedRange<Key>) {
    guard let last = runs.last, last.upperBound == .max || run.lowerBound <= last.upperBound + 1 else {
      runs.append(run)
      return
    }
    runs[runs.count - 1] = last.lowerBound...max(last.upperBound, run.upperBound)
  }

  public var isEmpty: Bool { runs.isEmpty }
  public var first: Key? { runs.first?.lowerBound }

  /// How many keys there are, as a number that may be rounded.
  public var approximateCount: Double {
    runs.reduce(0) { $0 + Double($1.upperBound - $1.lowerBound) + 1 }
  }

  public func contains(_ key: Key) -> Bool {
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].upperBound < key { low = middle + 1 } else { high = middle }
    }
    return low < runs.count && runs[low].lowerBound <= key
  }

  public func intersection(_ other: IntervalSet) -> IntervalSet {
    var result = IntervalSet()
    var left = 0
    var right = 0
    while left < runs.count, right < other.runs.count {
      let low = max(runs[left].lowerBound, other.runs[right].lowerBound)
      let high = min(runs[left].upperBound, other.runs[right].upperBound)
      if low <= high { result.runs.append(low...high) }
      if runs[left].upperBound < other.runs[right].upperBound { left += 1 } else { right += 1 }
    }
    return result
  }

  public func subtracting(_ other: IntervalSet) -> IntervalSet {
    var result = IntervalSet()
    var right = 0
    for run in runs {
      var low = run.lowerBound
      var isUsedUp = false
      while right < other.runs.count, other.runs[right].upperBound < low { right += 1 }
      var next = right
      while next < other.runs.count, other.runs[next].lowerBound <= run.upperBound {
        let hole = other.runs[next]
        if hole.lowerBound > low { result.runs.append(low...(hole.lowerBound - 1)) }
        if hole.upperBound >= run.upperBound {
          isUsedUp = true
          break
        }
        low = hole.upperBound + 1
        next += 1
      }
      if !isUsedUp { result.runs.append(low...run.upperBound) }
    }
    return result
  }

  public func union(_ other: IntervalSet) -> IntervalSet {
    if isEmpty { return other }
    if other.isEmpty { return self }
    return IntervalSet(runs + other.runs)
  }

  public func isDisjoint(with other: IntervalSet) -> Bool {
    var left = 0
    var right = 0
    while left < runs.count, right < other.runs.count {
      if runs[left].upperBound < other.runs[right].lowerBound {
        left += 1
      } else if other.runs[right].upperBound < runs[left].lowerBound {
        right += 1
      } else {
        return false
      }
    }
    return true
  }

  public func isSubset(of other: IntervalSet) -> Bool { subtracting(other).isEmpty }
}

extension IPAddress {
  /// The address as a number on its family's line.
  public var key: IntervalSet.Key {
    switch self {
    case .v4(let address): IntervalSet.Key(address.rawValue)
    case .v6(let address): IntervalSet.Key(address.high) << 64 | IntervalSet.Key(address.low)
    }
  }

  /// The address of a family at a key of its line; IPv4 keys beyond 32 bits are cut.
  public init(_ family: IPFamily, key: IntervalSet.Key) {
    switch family {
    case .v4: self = .v4(IPv4Address(rawValue: UInt32(truncatingIfNeeded: key)))
    case .v6:
      self = .v6(
        IPv6Address(high: UInt64(truncatingIfNeeded: key >> 64), low: UInt64(truncatingIfNeeded: key)))
    }
  }
}

extension IPPrefix {
  /// The block's addresses as keys of its family's line.
  public var keys: ClosedRange<IntervalSet.Key> { first.key...last.key }
}

extension IntervalSet {
  /// The addresses of those blocks that are of a family.
  @inlinable public init(_ family: IPFamily, _ prefixes: some Sequence<IPPrefix>) {
    var runs: [ClosedRange<Key>] = []
    for prefix in prefixes where prefix.family == family { runs.append(prefix.keys) }
    self.init(sorting: runs)
  }

  /// Every address of a family.
  public static func everything(_ family: IPFamily) -> IntervalSet {
    IntervalSet(0...(family == .v4 ? Key(UInt32.max) : .max))
  }
}
