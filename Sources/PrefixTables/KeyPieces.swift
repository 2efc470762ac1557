/// A line of long keys as lines of 32-bit keys: one of the first 32 bits, and one of the next wherever a single value of
/// those before is cut.
///
/// ```
/// starts   2001:db8::           2001:db8:0:1::           2001:db9::
/// line     2001:0db8 -> list (0000:0000 -> value, 0000:0001 -> value)   2001:0db9 -> value
/// ```
public struct KeyPieces {
  public struct Line: Sendable {
    public let starts: [UInt32]
    /// Values of intervals; from `valueCount` on numbers of lists.
    public let values: [Int32]

    @inlinable init(_ builder: LineBuilder) {
      starts = builder.starts
      values = builder.values
    }
  }

  public let line: Line
  public let lists: [Line]

  /// Splits the intervals that begin at `starts`, the first of them at zero, with a value below `valueCount` each.
  @inlinable public init<Key: SearchKey>(_ starts: [Key], _ values: [Int32], valueCount: Int) {
    var splitter = KeySplitter(keys: starts, values: values, valueCount: valueCount)
    line = splitter.split(starts.indices, piece: 0, before: 0)
    lists = splitter.lists
  }
}

/// Splits a line of keys into lines of their pieces.
@usableFromInline
struct KeySplitter<Key: SearchKey> {
  @usableFromInline let keys: [Key]
  @usableFromInline let values: [Int32]
  @usableFromInline let valueCount: Int
  @usableFromInline var lists: [KeyPieces.Line] = []

  @inlinable init(keys: [Key], values: [Int32], valueCount: Int) {
    self.keys = keys
    self.values = values
    self.valueCount = valueCount
  }

  /// The line of the given piece of consecutive starts that agree in the pieces before it.
  ///
  /// - Parameter value: The value of the keys before the first start.
  @inlinable mutating func split(_ range: Range<Int>, piece: Int, before value: Int32) -> KeyPieces.Line {
    var result = LineBuilder()
    var value = value
    var next = range.lowerBound
    if keys[next].piece(piece) != 0 { result.append(0, value) }
    while next < range.upperBound {
      let key = keys[next].piece(piece)
      let first = next
      while next < range.upperBound, keys[next].piece(piece) == key { next += 1 }
      if next - first == 1, isZero(keys[first], after: piece) {
        value = values[first]
        result.append(key, value)
        continue
      }
      let list = split(first..<next, piece: piece + 1, before: value)
      result.append(key, Int32(valueCount + lists.count))
      lists.append(list)
      value = values[next - 1]
      // What follows is cut off from the list, unless a start does so itself.
      if key != .max, next == range.upperBound || keys[next].piece(piece) != key + 1 {
        result.append(key + 1, value)
      }
    }
    return KeyPieces.Line(result)
  }

  @inlinable func isZero(_ key: Key, after index: Int) -> Bool {
    ((index + 1)..<Key.pieceCount).allSatisfy { key.piece($0) == 0 }
  }
}

/// A line of pieces that grows.
@usableFromInline
struct LineBuilder {
  @usableFromInline var starts: [UInt32] = []
  @usableFromInline var values: [Int32] = []

  @inlinable init() {}

  /// Begins an interval, unless the one before has the same value.
  @inlinable mutating func append(_ start: UInt32, _ value: Int32) {
    if starts.last == start {
      values[values.count - 1] = value
    } else if values.last != value {
      starts.append(start)
      values.append(value)
    }
  }
}
