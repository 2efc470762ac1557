import PrefixTables

/// The product of address classes and service classes, its equal rows and equal columns merged.
struct RuleProduct {
  /// The row of each address class.
  private let rowOfClass: [Int32]
  /// The column of each service class.
  let columnOfClass: [Int32]
  private let columnCount: Int
  /// Row by row, the first matching rule or -1.
  let cells: [Int32]

  /// Where the row of an address class begins in `cells`.
  func rowStart(ofClass index: Int) -> Int32 { rowOfClass[index] * Int32(columnCount) }

  /// Makes the product, or nil if its distinct rows hold more than `cellLimit` cells before columns are merged.
  init?<Address>(
    _ addresses: FieldClasses<Address>, _ services: ServiceClasses, ruleCount: Int, cellLimit: Int
  ) {
    let width = services.count
    let (bounds, servicesOfRules) = services.classes(ofRules: ruleCount)
    var rows = SequenceInterner()
    var rowOfClass: [Int32] = []
    rowOfClass.reserveCapacity(addresses.count)
    var row = Array(repeating: Int32(-1), count: width)
    for index in 0..<addresses.count {
      for column in row.indices { row[column] = -1 }
      var open = width
      for rule in addresses.rules(ofClass: index) {
        for place in bounds[Int(rule)]..<bounds[Int(rule) + 1] {
          let column = Int(servicesOfRules[place])
          if row[column] < 0 {
            row[column] = rule
            open -= 1
          }
        }
        if open == 0 { break }
      }
      rowOfClass.append(Int32(rows.intern(row)))
      if rows.count * width > cellLimit { return nil }
    }

    var columns = SequenceInterner()
    var columnOfClass: [Int32] = []
    var column = Array(repeating: Int32(-1), count: rows.count)
    for index in 0..<width {
      for row in 0..<rows.count { column[row] = rows.storage[row * width + index] }
      columnOfClass.append(Int32(columns.intern(column)))
    }

    self.rowOfClass = rowOfClass
    self.columnOfClass = columnOfClass
    columnCount = columns.count
    var cells = Array(repeating: Int32(-1), count: rows.count * columns.count)
    for row in 0..<rows.count {
      for column in 0..<columns.count {
        cells[row * columns.count + column] = columns.storage[column * rows.count + row]
      }
    }
    self.cells = cells
  }
}
