import PrefixTables

/// The first matching rule for every pair of address class and service class, for one address family.
///
/// A product of the two partitions: `cells[row of the address + column of the service]`. Address classes with equal
/// rows share one, and so do service classes with equal columns; a lookup is two searches and one read. Where the
/// product would pass the limit on cells, each address class keeps its own rules instead, and they are scanned.
struct FamilyTable<Address: SearchableAddress>: Sendable {
  private let addresses: SearchTree<Address>
  /// For each address interval where its row begins in `cells`; without a product, its class.
  private let rows: [Int32]
  private let services: SearchTree<ServiceKey>
  /// For each service interval its column.
  private let columns: [Int32]
  /// Rule indices, -1 for none; empty without a product.
  private let cells: [Int32]
  private let scan: ScanLists

  /// How many cells the product has; zero if there is none.
  var cellCount: Int { cells.count }

  init(_ classes: FieldClasses<Address>, _ services: ServiceClasses, rules: [ResolvedRule], cellLimit: Int) {
    guard let product = RuleProduct(classes, services, ruleCount: rules.count, cellLimit: cellLimit) else {
      addresses = SearchTree(starts: classes.starts)
      rows = classes.classes
      self.services = SearchTree(starts: [.first])
      columns = []
      cells = []
      scan = ScanLists(classes, rules: rules)
      return
    }
    let (starts, rows) = Self.merge(
      classes.starts, classes.classes.map { product.rowStart(ofClass: Int($0)) })
    addresses = SearchTree(starts: starts)
    self.rows = rows
    let (keys, columns) = Self.merge(services.starts, services.classes.map { product.columnOfClass[Int($0)] })
    self.services = SearchTree(starts: keys)
    self.columns = columns
    cells = product.cells
    scan = ScanLists()
  }

  /// The index of the first rule that matches, or -1.
  func firstMatch(_ remote: Address, _ service: ServiceKey) -> Int32 {
    let row = Int(rows[addresses.interval(of: remote)])
    if cells.isEmpty { return scan.firstMatch(ofClass: row, service) }
    return cells[row &+ Int(columns[services.interval(of: service)])]
  }

  func possibleMatches(_ remote: Address, _ range: ClosedRange<ServiceKey>) -> [Int?] {
    let row = Int(rows[addresses.interval(of: remote)])
    if cells.isEmpty { return scan.possibleMatches(ofClass: row, range) }
    let intervals = services.interval(of: range.lowerBound)...services.interval(of: range.upperBound)
    let answers = Set(intervals.map { cells[row + Int(columns[$0])] })
    return answers.map { $0 < 0 ? nil : Int($0) }.sorted { ($0 ?? .max) < ($1 ?? .max) }
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

/// The rules of each address class in order, for lists whose product would be too large.
private struct ScanLists: Sendable {
  private struct Line: Sendable {
    var first: UInt32
    var last: UInt32
    var rule: Int32
  }

  private var bounds: [Int] = [0]
  private var lines: [Line] = []

  init() {}

  init<Address>(_ classes: FieldClasses<Address>, rules: [ResolvedRule]) {
    for index in 0..<classes.count {
      for rule in classes.rules(ofClass: index) {
        let services = rules[Int(rule)].traffic.services
        lines.append(
          Line(first: services.lowerBound.rawValue, last: services.upperBound.rawValue, rule: rule))
      }
      bounds.append(lines.count)
    }
  }

  func firstMatch(ofClass index: Int, _ service: ServiceKey) -> Int32 {
    for place in bounds[index]..<bounds[index + 1] {
      let line = lines[place]
      if line.first <= service.rawValue && service.rawValue <= line.last { return line.rule }
    }
    return -1
  }

  func possibleMatches(ofClass index: Int, _ range: ClosedRange<ServiceKey>) -> [Int?] {
    let borders = lines[bounds[index]..<bounds[index + 1]].map {
      ServiceKey(rawValue: $0.first)...ServiceKey(rawValue: $0.last)
    }
    return distinctMatches(over: range, borders: borders) {
      let rule = firstMatch(ofClass: index, $0)
      return rule < 0 ? nil : Int(rule)
    }
  }
}
