import NetworkTypes

/// A line of addresses as lines of 32-bit keys: one of the first 32 bits, and one of the next wherever a single value of
/// those before is cut.
///
/// ```
/// starts   2001:db8::           2001:db8:0:1::           2001:db9::
/// line     2001:0db8 -> list (0000:0000 -> row, 0000:0001 -> row)   2001:0db9 -> row
/// ```
struct KeyPieces {
  struct Line {
    var starts: [UInt32] = []
    /// Rows; from `rowCount` on numbers of lists.
    var values: [Int32] = []
  }

  private(set) var line = Line()
  private(set) var lists: [Line] = []
  private let addresses: [IPv6Address]
  private let rows: [Int32]
  private let rowCount: Int

  /// Splits the intervals that begin at `starts`, the first of them at zero.
  init(_ starts: [IPv6Address], _ rows: [Int32], rowCount: Int) {
    addresses = starts
    self.rows = rows
    self.rowCount = rowCount
    line = split(starts.indices, piece: 0, before: 0)
  }

  /// The line of the given piece of consecutive starts that agree in the pieces before it.
  ///
  /// - Parameter row: The row of the addresses before the first start.
  private mutating func split(_ range: Range<Int>, piece: Int, before row: Int32) -> Line {
    var result = Line()
    var row = row
    var next = range.lowerBound
    if addresses[next].piece(piece) != 0 {
      result.starts.append(0)
      result.values.append(row)
    }
    while next < range.upperBound {
      let key = addresses[next].piece(piece)
      let first = next
      while next < range.upperBound, addresses[next].piece(piece) == key { next += 1 }
      if next - first == 1, addresses[first].isZero(after: piece) {
        row = rows[first]
        result.append(key, row)
        continue
      }
      let list = split(first..<next, piece: piece + 1, before: row)
      result.append(key, Int32(rowCount + lists.count))
      lists.append(list)
      row = rows[next - 1]
      // What follows is cut off from the list, unless a rule does so itself.
      if key != .max, next == range.upperBound || addresses[next].piece(piece) != key + 1 {
        result.append(key + 1, row)
      }
    }
    return result
  }
}

extension KeyPieces.Line {
  /// Begins an interval, unless the one before has the same value.
  fileprivate mutating func append(_ start: UInt32, _ value: Int32) {
    if starts.last == start {
      values[values.count - 1] = value
    } else if values.last != value {
      starts.append(start)
      values.append(value)
    }
  }
}

extension IPv6Address {
  /// The 32 bits at `index`: the first are 0, the last are 3.
  @inline(__always)
  func piece(_ index: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: (index < 2 ? high : low) >> (index & 1 == 0 ? 32 : 0))
  }

  /// Whether every piece after `index` is zero.
  fileprivate func isZero(after index: Int) -> Bool {
    ((index + 1)..<4).allSatisfy { piece($0) == 0 }
  }
}
