import NetworkTypes
import PrefixTables

/// The first matching rule for every pair of address class and service class, for consecutive rules of a list.
///
/// A product of the two partitions. Address classes with equal rows share one, and so do service classes with equal
/// columns in both families; a lookup is two searches and a read.
struct RuleSegment {
  /// One address family's intervals and cells.
  struct Family<Address: SearchableAddress> {
    /// Where the intervals begin; neighbours have different rows.
    var starts: [Address]
    var rows: [Int32]
    var rowCount: Int
    /// Row by row, the first matching rule or -1.
    var cells: [Int32]
  }

  let firstRule: Int
  let ruleCount: Int
  let columnCount: Int
  let serviceStarts: [ServiceKey]
  /// The column of each service interval.
  let columns: [Int32]
  let v4: Family<IPv4Address>
  let v6: Family<IPv6Address>

  var cellCount: Int { v4.cells.count + v6.cells.count }

  /// What numbers of 16 bits leave room for; the highest stands for "nobody's" in displaced rows.
  private static let numberLimit = Int(UInt16.max) - 1
  /// How many rules the classes of one field may list in all: 16 MiB of them.
  private static let memberLimit = 1 << 22

  /// Compiles the rules, or nil if one family's product has more than `cellLimit` cells before columns are merged, or
  /// anything needs more numbers than there are. One rule alone always fits.
  init?(_ rules: [ResolvedRule], firstRule: Int, cellLimit: Int) {
    let mustFit = rules.count <= 1
    guard rules.count < Self.numberLimit,
      let partition = RulePartition(rules, memberLimit: mustFit ? .max : Self.memberLimit)
    else { return nil }
    let limit = mustFit ? .max : cellLimit
    let services = partition.services
    let rulesServices = services.classes(ofRules: rules.count)
    guard let v4 = RuleRows(partition.v4, services.count, rulesServices, cellLimit: limit),
      let v6 = RuleRows(partition.v6, services.count, rulesServices, cellLimit: limit),
      max(v4.count, v6.count) < Self.numberLimit
    else { return nil }

    // A column is what a service class means to both families.
    var interned = SequenceInterner()
    var columnOfClass: [Int32] = []
    var column = Array(repeating: Int32(-1), count: v4.count + v6.count)
    for index in 0..<services.count {
      for row in 0..<v4.count { column[row] = v4[row, index] }
      for row in 0..<v6.count { column[v4.count + row] = v6[row, index] }
      columnOfClass.append(Int32(interned.intern(column)))
    }
    guard interned.count < Self.numberLimit else { return nil }

    self.firstRule = firstRule
    ruleCount = rules.count
    columnCount = interned.count
    (serviceStarts, columns) = Self.merge(services.starts, services.classes.map { columnOfClass[Int($0)] })
    self.v4 = Self.family(partition.v4, v4, interned, from: 0)
    self.v6 = Self.family(partition.v6, v6, interned, from: v4.count)
  }

  /// - Parameter place: Where the family's rows begin in each of the `columns`.
  private static func family<Address>(
    _ classes: FieldClasses<Address>, _ rows: RuleRows, _ columns: SequenceInterner, from place: Int
  ) -> Family<Address> {
    let (starts, values) = merge(classes.starts, classes.classes.map { rows.rowOfClass[Int($0)] })
    var cells = Array(repeating: Int32(-1), count: rows.count * columns.count)
    for column in 0..<columns.count {
      let first = columns.bounds[column] + place
      for row in 0..<rows.count { cells[row * columns.count + column] = columns.storage[first + row] }
    }
    return Family(starts: starts, rows: values, rowCount: rows.count, cells: cells)
  }

  /// Joins neighbouring intervals that have equal values.
  private static func merge<Key>(_ starts: [Key], _ values: [Int32]) -> ([Key], [Int32]) {
    var mergedStarts: [Key] = []
    var mergedValues: [Int32] = []
    for (start, value) in zip(starts, values) where mergedValues.last != value {
      mergedStarts.append(start)
      mergedValues.append(value)
    }
    return (mergedStarts, mergedValues)
  }
}
