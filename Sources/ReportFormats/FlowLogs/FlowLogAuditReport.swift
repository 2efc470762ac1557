import Filtering
import NetworkTypes
import TrafficAudit
import VirtualNetworks

/// The comparison of a flow log with the rules, as text or JSON (schema `sallyport.flow-log-audit/1`).
public struct FlowLogAuditReport: Sendable {
  public let report: FlowLogAudit.Report
  public var warnings: [String]
  public var style: TextStyle
  /// Whether every disagreement is listed.
  public var showsAll: Bool

  private static let limit = 20
  private static let interfaceLimit = 5

  public init(
    _ report: FlowLogAudit.Report, warnings: [String] = [], style: TextStyle = TextStyle(),
    showsAll: Bool = false
  ) {
    self.report = report
    self.warnings = warnings
    if report.skipped > 0 {
      self.warnings.append(
        "\(Quantities.count(report.skipped, "line")) say\(report.skipped == 1 ? "s" : "") SKIPDATA: AWS left records of "
          + "those intervals out, so that the log does not tell of all traffic")
    }
    self.style = style
    self.showsAll = showsAll
  }

  // MARK: Text

  public func text() -> String {
    var canvas = TextCanvas(style)
    canvas.heading("FLOW LOG", "what it recorded, and what the rules predict")
    line("agreed: ACCEPT", report.acceptedAsPredicted, .green, to: &canvas)
    line("agreed: REJECT", report.rejectedAsPredicted, .green, to: &canvas)
    line("DISAGREED", report.disagreeing, report.disagreeing > 0 ? .boldRed : .dim, to: &canvas)
    for prediction in FlowLogAudit.Prediction.allCases {
      guard let count = report.notPredicted[prediction] else { continue }
      line("not predicted: \(Self.words(prediction))", count, .yellow, to: &canvas)
    }
    line("records", report.records, .bold, to: &canvas)
    for (name, count) in [
      ("without traffic (NODATA)", report.withoutTraffic), ("left out by AWS (SKIPDATA)", report.skipped),
    ] where count > 0 {
      line("lines: \(name)", count, .dim, isShare: false, to: &canvas)
    }
    if !report.absentInterfaces.isEmpty {
      canvas.heading("NOT IN THE NETWORK", "interfaces, most records first")
      for (id, count) in absentInterfaces.prefix(showsAll ? .max : Self.interfaceLimit) {
        canvas.line("  \(id)", right: StyledText(Quantities.count(count, "record")))
      }
      let rest = absentInterfaces.count - Self.interfaceLimit
      if rest > 0 && !showsAll {
        canvas.line("  " + StyledText("and \(Quantities.count(rest)) more: --verbose shows all", .dim))
      }
    }
    if !warnings.isEmpty {
      canvas.heading("WARNINGS")
      for warning in warnings { canvas.paragraph("  " + StyledText("!", .yellow) + " ", warning, indent: 4) }
    }
    guard !report.disagreements.isEmpty else { return canvas.text }
    canvas.heading("DISAGREEMENTS", "most records first")
    let shown = showsAll ? report.disagreements.count : min(report.disagreements.count, Self.limit)
    for (index, group) in report.disagreements.prefix(shown).enumerated() {
      if index > 0 { canvas.line() }
      write(group, to: &canvas)
    }
    let rest = report.disagreements.count - shown
    if rest > 0 {
      canvas.line("  " + StyledText("and \(Quantities.count(rest)) more: --verbose shows all", .dim))
    }
    return canvas.text
  }

  private var absentInterfaces: [(id: ResourceID, count: Int)] {
    report.absentInterfaces.map { (id: $0.key, count: $0.value) }
      .sorted { ($1.count, $0.id.rawValue) < ($0.count, $1.id.rawValue) }
  }

  /// - Parameter isShare: Whether it is some of the records that is counted.
  private func line(
    _ name: String, _ count: Int, _ ink: Ink, isShare: Bool = true, to canvas: inout TextCanvas
  ) {
    canvas.line(
      "  " + StyledText(name, ink).padded(to: 44, style)
        + StyledText(Quantities.count(count)).padded(to: 14, style, right: true)
        + StyledText(isShare ? Quantities.share(count, of: report.records) : "")
        .padded(to: 8, style, right: true))
  }

  private static func words(_ prediction: FlowLogAudit.Prediction) -> String {
    switch prediction {
    case .exempt: "platform services"
    case .unknown: "unknown to the input"
    case .noInterface: "no such interface"
    case .notPlaced: "neither end is the interface's"
    default: prediction.rawValue
    }
  }

  private func write(_ group: FlowLogAudit.Disagreement, to canvas: inout TextCanvas) {
    let logged = group.isAccepted ? "ACCEPT" : "REJECT"
    let word = group.direction == .egress ? "to" : "from"
    let service = group.port.map { "\(group.ipProtocol) \($0)" } ?? "\(group.ipProtocol)"
    canvas.line(
      "  " + StyledText("\(logged), predicted \(group.prediction.rawValue)", .boldRed) + "  "
        + StyledText("\(service) \(word) \(group.remote)", .bold),
      right: StyledText(Quantities.count(group.records, "record"), .bold))
    let place = group.interface.map { id in
      "\(group.direction?.description ?? "") at "
        + (group.interfaceName.map { "\($0) (\(id))" } ?? id.rawValue)
    }
    canvas.line(
      "    \(place ?? "at no named interface")",
      right: StyledText(
        "line \(Quantities.count(group.firstLine)), \(Quantities.count(group.packets, "packet"))"))
    canvas.paragraph("    " + StyledText("rules:  ", .yellow), group.explanation, indent: 12)
    for reason in group.reasons {
      canvas.paragraph("    " + StyledText("maybe:  ", .dim), reason, indent: 12)
    }
  }

  // MARK: JSON

  public func json() -> String {
    let notPredicted = FlowLogAudit.Prediction.allCases.compactMap { prediction in
      report.notPredicted[prediction].map {
        (prediction.rawValue.replacing(" ", with: "_"), JSONText.integer($0))
      }
    }
    return JSONText.object([
      ("schema", .string("sallyport.flow-log-audit/1")),
      (
        "records",
        .object([
          ("total", .integer(report.records)),
          ("accepted_as_predicted", .integer(report.acceptedAsPredicted)),
          ("rejected_as_predicted", .integer(report.rejectedAsPredicted)),
          ("disagreeing", .integer(report.disagreeing)), ("not_predicted", .object(notPredicted)),
          ("without_traffic", .integer(report.withoutTraffic)), ("skipped", .integer(report.skipped)),
        ])
      ),
      (
        "absent_interfaces",
        .array(
          absentInterfaces.map { id, count in
            .object([("id", .string(id.rawValue)), ("records", .integer(count))])
          })
      ),
      ("disagreements", .array(report.disagreements.map(json))), ("warnings", .strings(warnings)),
    ]).pretty()
  }

  private func json(_ group: FlowLogAudit.Disagreement) -> JSONText {
    .object([
      ("logged", .string(group.isAccepted ? "ACCEPT" : "REJECT")),
      ("predicted", .string(group.prediction.rawValue.replacing(" ", with: "_"))),
      ("interface", .optional(group.interface?.rawValue)),
      ("direction", .optional(group.direction?.description)),
      ("remote", .string(group.remote.description)), ("protocol", .string(group.ipProtocol.description)),
      ("port", group.port.map { .integer(Int($0)) } ?? .null), ("records", .integer(group.records)),
      ("packets", .integer(group.packets)), ("bytes", .integer(group.bytes)),
      ("first_line", .integer(group.firstLine)), ("explanation", .string(group.explanation)),
      ("reasons", .strings(group.reasons)),
    ])
  }
}
