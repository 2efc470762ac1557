/// Cost curves: a table for each size that varies, one line a size, one column a stage.
extension BenchmarkReport {
  /// The tables, within eighty columns.
  public func curvesText() -> String {
    var parts = [workload]
    let byRules = rows.filter { $0.rules != nil }
    let byFlows = rows.filter { $0.flows != nil }
    let byInterfaces = rows.filter { $0.rules == nil && $0.flows == nil && $0.interfaces != nil }
    for (noun, rows, size) in [
      ("rules", byRules, \Row.rules), ("interfaces", byInterfaces, \.interfaces), ("flows", byFlows, \.flows),
    ] where !rows.isEmpty {
      parts.append(Self.curve(noun, rows, size))
    }
    if let peakMemory { parts.append("memory at its peak: \(Self.size(peakMemory))") }
    parts.append("All matchers gave the same answer to every packet measured.")
    return parts.joined(separator: "\n\n") + "\n"
  }

  private static func curve(_ noun: String, _ rows: [Row], _ size: KeyPath<Row, Int?>) -> String {
    var columns: [String] = []
    for row in rows where !columns.contains(row.shortName) { columns.append(row.shortName) }
    var sizes: [Int] = []
    for row in rows {
      if let size = row[keyPath: size], !sizes.contains(size) { sizes.append(size) }
    }
    let compares = rows.contains { $0.earlier != nil }
    let builds = rows.contains { $0.buildNanoseconds != nil }
    var head = noun.right(11) + columns.map { $0.right(7) }.joined()
    head += (builds ? "build".right(11) : "") + "memory".right(9)
    let title = (compares ? "times as fast as before" : "nanoseconds a packet") + " by number of \(noun)"
    let lines = sizes.map { number in
      let line = rows.filter { $0[keyPath: size] == number }
      let cells = columns.map { column -> String in
        guard let row = line.first(where: { $0.shortName == column }) else { return "-" }
        return compares
          ? row.ratio.map { $0.text(2) + "x" } ?? "new"
          : row.nanoseconds.text(row.nanoseconds < 1_000 ? 1 : 0)
      }
      // The whole audit asks everything that was built; where it was not measured, the first row that was built.
      let whole = line.last { $0.buildNanoseconds != nil || $0.bytes != nil }
      return String(number).right(11) + cells.map { $0.right(7) }.joined()
        + (builds ? (whole?.buildNanoseconds.map(Self.time) ?? "-").right(11) : "")
        + (line.compactMap(\.bytes).max().map(Self.size) ?? "-").right(9)
    }
    return ([title, head] + lines).joined(separator: "\n")
  }
}

extension BenchmarkReport.Row {
  /// The stage in six letters.
  fileprivate var shortName: String {
    switch (stage, matcher) {
    case ("rule match", "compiled"): "single"
    case ("rule match", "compiled, IPv6"): "IPv6"
    case ("rule match", "compiled, batches"): "batch"
    case ("rule match", "of any interface"): "random"
    case ("rule match", "the same, packed"): "packed"
    case ("rule match", _): matcher
    case ("address lookup", _): "lookup"
    case ("first packets", _): "first"
    case ("tracking", _): "known"
    case ("whole audit", _): "audit"
    default: stage
    }
  }
}
