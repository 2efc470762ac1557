import PrefixTables

/// The distinct rows of a product of address classes and service classes: for each service class the first rule.
struct RuleRows {
  /// The row of each address class.
  let rowOfClass: [Int32]
  private let width: Int
  private let rows: SequenceInterner

  var count: Int { rows.count }

  /// The first rule for a service class in a row, or -1.
  subscript(row: Int, service: Int) -> Int32 { rows.storage[row * width + service] }

  /// Makes the rows, or nil if they hold more than `cellLimit` cells.
  ///
  /// - Parameter services: For each rule the classes that satisfy it: `ServiceClasses.classes(ofRules:)`.
  init?<Address>(
    _ addresses: FieldClasses<Address>, _ width: Int, _ services: (bounds: [Int], classes: [Int32]),
    cellLimit: Int
  ) {
    var rows = SequenceInterner()
    var rowOfClass: [Int32] = []
    rowOfClass.reserveCapacity(addresses.count)
    var row = Array(repeating: Int32(-1), count: width)
    for index in 0..<addresses.count {
      for column in row.indices { row[column] = -1 }
      var open = width
      for rule in addresses.rules(ofClass: index) {
        for place in services.bounds[Int(rule)]..<services.bounds[Int(rule) + 1] {
          let column = Int(services.classes[place])
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
    self.rowOfClass = rowOfClass
    self.width = width
    self.rows = rows
  }
}
