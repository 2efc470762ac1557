/// Finds the interval of a cut line that holds a key.
///
/// A static tree whose nodes hold sixteen bounds each, compared at once, four to a vector; a search takes a fixed number of
/// steps without a branch that depends on the key: two nodes to 256 intervals, three to 4,096. Keys of several pieces
/// are looked up piece by piece, the next one only where starts agree in those before (``KeyPieces``).
public struct SearchTree<Key: SearchKey>: Sendable {
  /// Sixteen bounds of ``SearchLevels``.
  @usableFromInline struct Node: Sendable {
    @usableFromInline let a: SIMD4<Int32>
    @usableFromInline let b: SIMD4<Int32>
    @usableFromInline let c: SIMD4<Int32>
    @usableFromInline let d: SIMD4<Int32>

    @usableFromInline init(_ bounds: ArraySlice<Int32>) {
      func vector(_ first: Int) -> SIMD4<Int32> {
        SIMD4(
          (first..<first + 4).map { $0 < bounds.count ? bounds[bounds.startIndex + $0] : SearchLevels.none })
      }
      (a, b, c, d) = (vector(0), vector(4), vector(8), vector(12))
    }

    /// How many of the bounds a key has passed.
    @inlinable func passed(_ key: SIMD4<Int32>) -> Int {
      // Signed compares and additions of four lanes are what plain x86-64 has.
      let (none, one) = (SIMD4<Int32>.zero, SIMD4<Int32>(repeating: -1))
      let left = none.replacing(with: one, where: key .> a) &+ none.replacing(with: one, where: key .> b)
      let right = none.replacing(with: one, where: key .> c) &+ none.replacing(with: one, where: key .> d)
      return 0 &- Int((left &+ right).wrappedSum())
    }
  }

  /// A line of one piece: its root in `nodes`, its further levels in `levels`.
  @usableFromInline struct Line: Sendable {
    @usableFromInline let root: Int
    @usableFromInline let levels: Range<Int>
    /// Where the values of its intervals stand.
    @usableFromInline let values: Int

    @inlinable init(root: Int, levels: Range<Int>, values: Int) {
      self.root = root
      self.levels = levels
      self.values = values
    }
  }

  @usableFromInline var nodes: [Node] = []
  /// Where each level of each line begins in `nodes`.
  @usableFromInline var levels: [Int] = []
  /// The whole line, then lists of ``KeyPieces``.
  @usableFromInline var lines: [Line] = []
  /// For lines of pieces: the interval, or one more than the last interval for the first list, and so on.
  @usableFromInline var values: [Int32] = []
  public let intervalCount: Int

  /// Makes the tree of intervals that begin at `starts`, which ascend strictly; every key searched for must be at least
  /// the first of them. Costs O(n).
  @inlinable public init(starts: [Key]) {
    precondition(!starts.isEmpty, "a line has at least one interval")
    intervalCount = starts.count
    guard Key.pieceCount > 1 else {
      append(starts.map { $0.piece(0) }, [])
      return
    }
    let pieces = KeyPieces(starts, Array(0..<Int32(starts.count)), valueCount: starts.count)
    append(pieces.line.starts, pieces.line.values)
    for list in pieces.lists { append(list.starts, list.values) }
  }

  @inlinable mutating func append(_ starts: [UInt32], _ values: [Int32]) {
    let tree = SearchLevels(starts)
    let (root, level) = (nodes.count, levels.count)
    nodes.append(Node(tree.root[...]))
    for bounds in tree.levels {
      levels.append(nodes.count)
      for first in stride(from: 0, to: bounds.count, by: SearchLevels.fanout) {
        nodes.append(Node(bounds[first..<first + SearchLevels.fanout]))
      }
    }
    lines.append(Line(root: root, levels: level..<levels.count, values: self.values.count))
    self.values += values
  }

  /// The index of the interval that holds `key`.
  @inlinable public func interval(of key: Key) -> Int {
    var line = lines[0]
    var piece = 0
    while true {
      let keys = SIMD4(repeating: Int32(bitPattern: key.piece(piece) ^ 0x8000_0000))
      var index = nodes[line.root].passed(keys)
      for level in line.levels {
        index = SearchLevels.fanout &* index &+ nodes[levels[level] &+ index].passed(keys)
      }
      if Key.pieceCount == 1 { return index }
      let value = Int(values[line.values &+ index])
      if value < intervalCount { return value }
      line = lines[value &- intervalCount &+ 1]
      piece &+= 1
    }
  }
}
