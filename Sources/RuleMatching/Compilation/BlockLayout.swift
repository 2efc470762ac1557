import PrefixTables

/// Where the numbers of a rule block stand.
///
/// A block is a chain of segments; nearly always there is one. Every offset is in bytes from the block's first, every
/// field of a header a 32-bit word.
///
/// ```
/// segment     next segment (0: none) | first rule's number | width | columns
///             service line           | IPv4 family         | IPv6 family
/// line        shape | values | nodes
/// family      its line, then cells | displacements (0: every cell is stored) | rows | lists (IPv6)
/// ```
///
/// A line of keys is cut into intervals; `values` say the row or column of each. Its nodes make a tree: a root of one, two
/// or four vectors, and levels of nodes of four vectors, the level offsets standing before the root. The bounds are
/// those of `SearchLevels`.
///
/// The line of IPv6 is cut by the first 32 bits of addresses; a value of `rows` or more is a list, a line of the next 32.
enum BlockLayout {
  // The segment.
  static let next = 0
  static let firstRule = 4
  static let isWide = 8
  static let columns = 12
  static let services = 16
  static let v4 = services + lineSize
  static let v6 = v4 + familySize
  static let segmentSize = v6 + familySize

  // A line.
  /// Levels below the root, and the root's vectors << 8.
  static let shape = 0
  static let values = 4
  static let nodes = 8
  static let lineSize = 12

  // A family.
  static let cells = lineSize
  static let displacements = lineSize + 4
  static let rows = lineSize + 8
  static let lists = lineSize + 12
  static let familySize = lineSize + 16

  /// How many intervals a node tells apart.
  static let fanout = SearchLevels.fanout
  static let nodeSize = 64
  static let vectorSize = 16
}
