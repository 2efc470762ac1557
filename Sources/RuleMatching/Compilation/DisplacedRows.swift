/// The cells of a product with what most rows have in common kept once.
///
/// A row of rules for one block differs from the others in few columns. Its own cells are laid into one shared array at
/// the first displacement where they meet nobody else's, each marked with its row.
///
/// ```
/// common   . . 3 . . 1 .        own   | 0:7 | 2:4 | 0:9 | …
/// row 0    . 7 3 9 . 1 .                 ^ displacement of row 0, minus 1
/// ```
struct DisplacedRows {
  struct Cell {
    var row: Int32
    var rule: Int32
  }

  let common: [Int32]
  /// For each row where its column 0 would be in `own`.
  private(set) var displacements: [Int] = []
  private(set) var own: [Cell] = []

  /// Of a row that nobody has.
  static let nobody: Int32 = -1

  /// Lays out `cells`, row by row `width` of them; nil if that takes more than half of their number.
  init?(_ cells: [Int32], rows: Int, width: Int) {
    common = Self.mostFrequent(cells, rows: rows, width: width)
    let limit = (cells.count / 2 - rows - width) / 2
    var columns: [Int] = []
    var bounds = [0]
    for row in 0..<rows {
      for column in 0..<width where cells[row * width + column] != common[column] { columns.append(column) }
      bounds.append(columns.count)
    }
    if columns.count > limit { return nil }
    displacements = Array(repeating: 0, count: rows)
    var free = 0
    // The fullest rows first: what is left between them is for the others.
    let counts = (0..<rows).map { bounds[$0 + 1] - bounds[$0] }
    for row in (0..<rows).sorted(by: { (counts[$1], $0) < (counts[$0], $1) }) where counts[row] > 0 {
      let taken = columns[bounds[row]..<bounds[row + 1]]
      let first = columns[bounds[row]]
      var place = max(free - first, 0)
      var tries = 0
      while taken.contains(where: { place + $0 < own.count && own[place + $0].row != Self.nobody }) {
        // What does not fit between others soon goes to the end.
        place = tries < 512 ? place + 1 : max(own.count - first, place + 1)
        tries += 1
      }
      displacements[row] = place
      for column in taken {
        while own.count <= place + column { own.append(Cell(row: Self.nobody, rule: 0)) }
        own[place + column] = Cell(row: Int32(row), rule: cells[row * width + column])
      }
      while free < own.count, own[free].row != Self.nobody { free += 1 }
      if own.count > limit { return nil }
    }
    // Every column of every row is read, whether it is its own or not.
    let end = (displacements.max() ?? 0) + width
    while own.count < end { own.append(Cell(row: Self.nobody, rule: 0)) }
    if own.count > limit { return nil }
  }

  /// For each column the value that most rows have; the first of them that came if there are several.
  private static func mostFrequent(_ cells: [Int32], rows: Int, width: Int) -> [Int32] {
    var counts = Array(repeating: 0, count: 2 + Int(cells.max() ?? -1))
    return (0..<width).map { column in
      var best: Int32 = -1
      for row in 0..<rows {
        let value = cells[row * width + column]
        counts[Int(value + 1)] += 1
        if counts[Int(value + 1)] > counts[Int(best + 1)] { best = value }
      }
      for row in 0..<rows { counts[Int(cells[row * width + column] + 1)] = 0 }
      return best
    }
  }
}
