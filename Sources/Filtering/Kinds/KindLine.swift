import NetworkTypes
import PrefixTables

/// A line of keys cut into kinds: two keys are of one kind if each of some sets holds both or neither.
///
/// A look-up is one search (``SearchTree``).
struct KindLine<Key: SearchKey>: Sendable {
  private let intervals: SearchTree<Key>
  private let kinds: [UInt32]

  /// Cuts the line that ends at `last` by sets; O(n log n) in their runs.
  ///
  /// - Parameter key: A key by its place on the line.
  init(_ sets: Set<IntervalSet>, last: IntervalSet.Key, key: (IntervalSet.Key) -> Key) {
    var random = SystemRandomNumberGenerator()
    var borders: [(place: IntervalSet.Key, token: UInt128)] = []
    for set in sets {
      // What holds a key is known by the sum of tokens. They are 128 random bits, new in each process: no input can be
      // made to have two sums collide.
      let token = UInt128.random(in: .min ... .max, using: &random)
      for run in set.runs {
        borders.append((run.lowerBound, token))
        if run.upperBound < last { borders.append((run.upperBound + 1, token)) }
      }
    }
    borders.sort { $0.place < $1.place }
    var numbers: [UInt128: UInt32] = [:]
    var starts: [Key] = []
    var kinds: [UInt32] = []
    var sum: UInt128 = 0
    var next = 0
    var place: IntervalSet.Key = 0
    while true {
      while next < borders.count, borders[next].place == place {
        sum ^= borders[next].token
        next += 1
      }
      let kind = numbers[sum] ?? UInt32(numbers.count)
      numbers[sum] = kind
      if kinds.last != kind {
        starts.append(key(place))
        kinds.append(kind)
      }
      if next == borders.count { break }
      place = borders[next].place
    }
    intervals = SearchTree(starts: starts)
    self.kinds = kinds
  }

  @inline(__always)
  func kind(of key: Key) -> UInt32 { kinds[intervals.interval(of: key)] }
}
