/// What `sallyport bench` measured, ready to be written.
public struct BenchmarkReport: Sendable {
  /// One stage on one workload.
  public struct Row: Sendable {
    public var stage: String
    public var matcher: String
    public var rules: Int?
    public var interfaces: Int?
    public var flows: Int?
    public var packets: Int
    /// Nanoseconds a packet, each run at the middle one of its rounds.
    public var nanoseconds: Double
    /// Nanoseconds a packet in runs of 256: what so many percent of the runs stayed below.
    public var percentiles: [(percent: Double, nanoseconds: Double)]
    public var buildNanoseconds: Int?
    public var bytes: Int?
    /// Nanoseconds a packet of an earlier report.
    public var earlier: Double?

    public init(
      stage: String, matcher: String, rules: Int?, interfaces: Int?, flows: Int?, packets: Int,
      nanoseconds: Double,
      percentiles: [(percent: Double, nanoseconds: Double)], buildNanoseconds: Int?, bytes: Int?
    ) {
      self.stage = stage
      self.matcher = matcher
      self.rules = rules
      self.interfaces = interfaces
      self.flows = flows
      self.packets = packets
      self.nanoseconds = nanoseconds
      self.percentiles = percentiles
      self.buildNanoseconds = buildNanoseconds
      self.bytes = bytes
    }

    /// What tells rows apart, so that two reports can be compared.
    public var key: String {
      [stage, matcher, Self.text(rules), Self.text(interfaces), Self.text(flows)].joined(separator: "|")
    }

    /// How many times as fast as in the earlier report.
    public var ratio: Double? { earlier.map { nanoseconds > 0 ? $0 / nanoseconds : 1 } }

    var packetsPerSecond: Double { nanoseconds > 0 ? 1e9 / nanoseconds : 0 }
    private static func text(_ number: Int?) -> String { number.map(String.init) ?? "" }
  }

  public var rows: [Row]
  /// What was measured: a network and a capture, or synthetic ones.
  public var workload: String
  /// The most memory that the process has had, in bytes, where the system tells.
  public var peakMemory: Int?

  public init(rows: [Row], workload: String, peakMemory: Int?) {
    self.rows = rows
    self.workload = workload
    self.peakMemory = peakMemory
  }

  /// One line a row, with a header.
  public func csv() -> String {
    let head =
      "stage,matcher,rules,interfaces,flows,packets,ns,packets_per_second,p50_ns,p90_ns,p99_ns,max_ns,"
      + "build_ns,bytes,ratio"
    let lines = rows.map { row -> String in
      let fields: [String] = [
        row.stage, "\"\(row.matcher)\"", text(row.rules), text(row.interfaces), text(row.flows),
        String(row.packets),
        row.nanoseconds.text(2), row.packetsPerSecond.text(0),
      ]
      return
        (fields + row.percentiles.map { $0.nanoseconds.text(2) }
        + [text(row.buildNanoseconds), text(row.bytes), row.ratio?.text(3) ?? ""]).joined(separator: ",")
    }
    return ([head] + lines).joined(separator: "\n") + "\n"
  }

  private func text(_ number: Int?) -> String { number.map(String.init) ?? "" }

  /// The document that `--compare` reads.
  public func json() -> String {
    let rows = rows.map { row -> JSONText in
      var members: [(String, JSONText)] = [("stage", .string(row.stage)), ("matcher", .string(row.matcher))]
      for (name, number) in [("rules", row.rules), ("interfaces", row.interfaces), ("flows", row.flows)] {
        if let number { members.append((name, .integer(number))) }
      }
      members.append(("packets", .integer(row.packets)))
      members.append(("ns", .raw(row.nanoseconds.text(2))))
      members.append(("packets_per_second", .raw(row.packetsPerSecond.text(0))))
      for (percent, nanoseconds) in row.percentiles {
        members.append((percent == 100 ? "max_ns" : "p\(percent.text(0))_ns", .raw(nanoseconds.text(2))))
      }
      if let time = row.buildNanoseconds { members.append(("build_ns", .integer(time))) }
      if let bytes = row.bytes { members.append(("bytes", .integer(bytes))) }
      if let ratio = row.ratio { members.append(("ratio", .raw(ratio.text(3)))) }
      return .object(members)
    }
    var document: [(String, JSONText)] = [
      ("schema", .string("sallyport.bench/1")), ("workload", .string(workload)),
      ("matchers_agree", .bool(true)),
    ]
    if let peakMemory { document.append(("peak_memory", .integer(peakMemory))) }
    document.append(("measurements", .array(rows)))
    return JSONText.object(document).pretty()
  }

  /// A table within eighty columns.
  public func text() -> String {
    var lines = ["\(workload)", ""]
    let compares = rows.contains { $0.earlier != nil }
    lines.append(
      "stage".column(15) + "matcher".column(18) + "size".column(12) + "ns/packet".right(10) + "p99".right(9)
        + (compares ? "faster".right(10) : "M/s".right(8) + "memory".right(8)))
    for row in rows {
      let size =
        row.rules.map { "\($0) rules" } ?? row.flows.map { "\($0) flows" } ?? row.interfaces.map {
          "\($0) eni"
        } ?? ""
      let p99 = row.percentiles.first { $0.percent == 99 }?.nanoseconds
      let rest =
        compares
        ? (row.ratio.map { $0.text(2) + "x" } ?? "new").right(10)
        : (row.packetsPerSecond / 1e6).text(1).right(8) + (row.bytes.map(Self.size) ?? "").right(8)
      lines.append(
        row.stage.column(15) + row.matcher.column(18) + size.column(12) + row.nanoseconds.text(1).right(10)
          + (p99?.text(1) ?? "").right(9) + rest)
    }
    let builds = rows.filter {
      $0.buildNanoseconds != nil && $0.matcher != "compiled, IPv6" && $0.matcher != "from bytes"
    }
    if !builds.isEmpty { lines += ["", "build times"] }
    for row in builds where row.matcher != "compiled, batches" {
      let what =
        row.rules.map { "\($0) rules" } ?? row.interfaces.map { "\($0) interfaces, \(row.matcher)" } ?? ""
      lines.append("  " + what.column(45) + Self.time(row.buildNanoseconds ?? 0).right(12))
    }
    if let peakMemory { lines += ["", "memory at its peak: \(Self.size(peakMemory))"] }
    lines = lines.map { line in
      var line = line
      while line.last == " " { line.removeLast() }
      return line
    }
    lines += ["", "All matchers gave the same answer to every packet measured."]
    return lines.joined(separator: "\n") + "\n"
  }

  static func size(_ bytes: Int) -> String {
    bytes < 10_000 ? "\(bytes) B" : bytes < 10_000_000 ? "\(bytes / 1_000) kB" : "\(bytes / 1_000_000) MB"
  }

  static func time(_ nanoseconds: Int) -> String {
    nanoseconds < 10_000_000
      ? (Double(nanoseconds) / 1e3).text(1) + " us" : (Double(nanoseconds) / 1e6).text(1) + " ms"
  }
}

extension Double {
  /// With a fixed number of digits after the point; negative numbers do not occur.
  func text(_ digits: Int) -> String {
    let scale = (0..<digits).reduce(1) { power, _ in power * 10 }
    let scaled = Int((self * Double(scale)).rounded())
    if digits == 0 { return String(scaled) }
    let fraction = String(scaled % scale)
    return "\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}

extension String {
  fileprivate func column(_ width: Int) -> String {
    let cut = count >= width ? String(prefix(width - 1)) : self
    return cut + String(repeating: " ", count: width - cut.count)
  }

  func right(_ width: Int) -> String {
    String(repeating: " ", count: Swift.max(1, width - count)) + self
  }
}
