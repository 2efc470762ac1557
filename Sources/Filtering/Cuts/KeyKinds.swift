import NetworkTypes

/// The cut of a line of keys into kinds that nothing but rules tells apart.
///
/// Two addresses of a kind are the same to everything that judging looks at besides the rules of groups and ACLs:
/// routes, blocks, special addresses, and what kind of interface has them. A kind may hold the addresses of many
/// interfaces, and then two packets that differ in nothing else but which of these they are from (or to) meet the
/// same stages, unless both ends are one host.
package struct KeyKinds: Sendable {
  /// Where the intervals begin, ascending; the first is 0.
  private let starts: [IntervalSet.Key]
  private let kinds: [Int32]

  /// Cuts the line that ends at `last` by sets: two keys are of one kind if each set holds both or neither.
  init(_ sets: Set<IntervalSet>, last: IntervalSet.Key) {
    var borders: [(key: IntervalSet.Key, set: Int32)] = []
    // The order in which sets are numbered does not matter: a kind is a set of them.
    for (number, set) in sets.enumerated() {
      for run in set.runs {
        borders.append((run.lowerBound, Int32(number)))
        if run.upperBound < last {
          borders.append((run.upperBound + 1, Int32(number)))
        }
      }
    }
    borders.sort { $0.key < $1.key }
    var active: Set<Int32> = []
    var numbers: [Set<Int32>: Int32] = [:]
    var starts: [IntervalSet.Key] = []
    var kinds: [Int32] = []
    var next = 0
    var key: IntervalSet.Key = 0
    while true {
      while next < borders.count, borders[next].key == key {
        // Runs of one set never touch, so each border turns its set on or off.
        if active.remove(borders[next].set) == nil { active.insert(borders[next].set) }
        next += 1
      }
      let kind = numbers[active] ?? Int32(numbers.count)
      numbers[active] = kind
      if kinds.last != kind {
        starts.append(key)
        kinds.append(kind)
      }
      if next == borders.count { break }
      key = borders[next].key
    }
    self.starts = starts
    self.kinds = kinds
  }

  /// A set taken apart by kind, in the order of each kind's first key.
  package func split(_ set: IntervalSet) -> [IntervalSet] {
    var order: [Int32] = []
    var runs: [Int32: [ClosedRange<IntervalSet.Key>]] = [:]
    for run in set.runs {
      var index = interval(of: run.lowerBound)
      while index < starts.count, starts[index] <= run.upperBound {
        let end = index + 1 < starts.count ? min(run.upperBound, starts[index + 1] - 1) : run.upperBound
        if runs[kinds[index]] == nil { order.append(kinds[index]) }
        runs[kinds[index], default: []].append(max(run.lowerBound, starts[index])...end)
        index += 1
      }
    }
    return order.map { IntervalSet(runs[$0] ?? []) }
  }

  private func interval(of key: IntervalSet.Key) -> Int {
    var low = 0
    var high = starts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if key < starts[middle] { high = middle } else { low = middle }
    }
    return low
  }
}
