import NetworkTypes
import PrefixTables

/// Writes segments into the words of a rule block: ``BlockLayout`` says where.
struct RuleBlockWriter {
  private typealias Layout = BlockLayout
  private var bytes: [UInt8] = []

  /// The vectors of a block that holds `segments` in their order.
  static func vectors(_ segments: [RuleSegment]) -> [SIMD4<UInt32>] {
    var writer = RuleBlockWriter()
    for (index, segment) in segments.enumerated() {
      let start = writer.append(segment)
      if index < segments.count - 1 {
        writer.align(Layout.vectorSize)
        writer.set(start + Layout.next, writer.bytes.count)
      }
    }
    writer.align(Layout.vectorSize)
    let bytes = writer.bytes
    func word(_ first: Int) -> UInt32 {
      UInt32(bytes[first]) | UInt32(bytes[first + 1]) << 8 | UInt32(bytes[first + 2]) << 16
        | UInt32(bytes[first + 3]) << 24
    }
    return stride(from: 0, to: bytes.count, by: 16).map {
      SIMD4(word($0), word($0 + 4), word($0 + 8), word($0 + 12))
    }
  }

  private mutating func append(_ segment: RuleSegment) -> Int {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: Layout.segmentSize))
    let isWide =
      segment.ruleCount > 254 || segment.columnCount > 256
      || max(segment.v4.rowCount, segment.v6.rowCount) > 255
    set(start + Layout.firstRule, segment.firstRule)
    set(start + Layout.isWide, isWide ? 1 : 0)
    set(start + Layout.columns, segment.columnCount)
    appendLine(start + Layout.services, segment.serviceStarts.map(\.rawValue), segment.columns, isWide)
    appendLine(start + Layout.v4, segment.v4.starts.map(\.rawValue), segment.v4.rows, isWide)
    appendCells(start + Layout.v4, segment.v4.cells, segment.v4.rowCount, segment.columnCount, isWide)
    appendPieces(start + Layout.v6, segment.v6)
    appendCells(start + Layout.v6, segment.v6.cells, segment.v6.rowCount, segment.columnCount, isWide)
    return start
  }

  // MARK: Lines

  private mutating func appendLine(_ header: Int, _ starts: [UInt32], _ values: [Int32], _ isWide: Bool) {
    appendTree(header, starts)
    set(header + Layout.values, bytes.count)
    for value in values { append(value, isWide) }
    align(4)
  }

  /// Appends the tree: root, then levels; the offset of the first level stands next to the root.
  private mutating func appendTree(_ header: Int, _ starts: [UInt32]) {
    let tree = SearchLevels(starts)
    let vectors = tree.root.count <= 8 ? (tree.root.count + 3) / 4 : 4
    align(4)
    for _ in tree.levels { append(UInt32(0)) }
    align(Layout.vectorSize)
    let root = bytes.count
    set(header + Layout.shape, vectors << 8 | tree.levels.count)
    set(header + Layout.nodes, root)
    for bound in tree.root { append(bound) }
    for _ in tree.root.count..<4 * vectors { append(SearchLevels.none) }
    for (index, level) in tree.levels.enumerated() {
      set(root - 4 * (index + 1), bytes.count)
      for bound in level { append(bound) }
    }
  }

  private mutating func appendPieces(_ header: Int, _ family: RuleSegment.Family<IPv6Address>) {
    let pieces = KeyPieces(family.starts, family.rows, valueCount: family.rowCount)
    set(header + Layout.rows, family.rowCount)
    appendWords(header, pieces.line)
    let lists = bytes.count
    set(header + Layout.lists, lists)
    bytes.append(contentsOf: repeatElement(0, count: Layout.lineSize * pieces.lists.count))
    for (index, list) in pieces.lists.enumerated() { appendWords(lists + Layout.lineSize * index, list) }
  }

  private mutating func appendWords(_ header: Int, _ line: KeyPieces.Line) {
    appendTree(header, line.starts)
    set(header + Layout.values, bytes.count)
    for value in line.values { append(UInt32(value)) }
  }

  // MARK: Cells

  private mutating func appendCells(
    _ header: Int, _ cells: [Int32], _ rows: Int, _ columns: Int, _ isWide: Bool
  ) {
    set(header + Layout.cells, bytes.count)
    guard rows > 4, let displaced = DisplacedRows(cells, rows: rows, width: columns) else {
      for rule in cells { append(rule + 1, isWide) }
      align(4)
      return
    }
    for rule in displaced.common { append(rule + 1, isWide) }
    align(4)
    set(header + Layout.displacements, bytes.count)
    // Displacements are counted from where they stand themselves, the cells following.
    for displacement in displaced.displacements {
      if isWide { append(UInt32(rows + displacement)) } else { append(UInt16(rows + displacement)) }
    }
    for cell in displaced.own {
      if isWide {
        append(UInt32(UInt16(truncatingIfNeeded: cell.row)) << 16 | UInt32(cell.rule + 1))
      } else {
        append(UInt16(UInt8(truncatingIfNeeded: cell.row)) << 8 | UInt16(cell.rule + 1))
      }
    }
    align(4)
  }

  // MARK: Bytes

  private mutating func set(_ offset: Int, _ number: Int) {
    let number = UInt32(number)
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: number >> UInt32(8 * index)) }
  }

  private mutating func append(_ number: Int32, _ isWide: Bool) {
    if isWide { append(UInt16(number)) } else { bytes.append(UInt8(number)) }
  }

  private mutating func append(_ number: some FixedWidthInteger) {
    for index in 0..<(number.bitWidth / 8) { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * index))) }
  }

  private mutating func align(_ size: Int) {
    while bytes.count % size != 0 { bytes.append(0) }
  }
}
