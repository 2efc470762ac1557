import Filtering
import NetworkTypes
import TrafficAudit
import TrafficCosts

/// An audit as text for people: what came, what was stopped and why, and which rules were of use.
public struct AuditTextReport: Sendable {
  public let report: AuditReport
  public var style: TextStyle
  /// Whether everything is listed: all groups of denials, all rules in use, all warnings.
  public var showsAll: Bool
  /// What the traffic costs, where prices were given.
  public var costs: CostReport?

  /// How much of each list is shown without ``showsAll``.
  enum Limit {
    static let captures = 8
    static let denials = 12
    static let rules = 10
    static let interfaces = 30
    static let reasons = 10
    static let warnings = 10
    static let changes = 20
    static let alarms = 20
    static let costs = 20
  }

  public init(
    _ report: AuditReport, costs: CostReport? = nil, style: TextStyle = TextStyle(), showsAll: Bool = false
  ) {
    self.report = report
    self.costs = costs
    self.style = style
    self.showsAll = showsAll
  }

  /// The report; tables are cut to the width, sentences wrapped.
  public func text() -> String {
    var canvas = TextCanvas(style)
    writeCaptures(to: &canvas)
    writeTotals(to: &canvas)
    writeWarnings(to: &canvas)
    writeChanges(to: &canvas)
    writeAlarms(to: &canvas)
    writeCosts(to: &canvas)
    writeDenials(to: &canvas)
    writeReasons(to: &canvas)
    writeInterfaces(to: &canvas)
    writeRules(to: &canvas)
    writeUnusedRules(to: &canvas)
    return canvas.text
  }

  /// How many of `count` things to show.
  func shown(_ count: Int, _ limit: Int) -> Int { showsAll ? count : min(count, limit) }

  func writeRest(_ count: Int, _ noun: String, to canvas: inout TextCanvas) {
    guard count > 0 else { return }
    canvas.line("  " + StyledText("and \(Quantities.count(count)) more \(noun): --verbose shows all", .dim))
  }

  // MARK: Captures and totals

  private func writeCaptures(to canvas: inout TextCanvas) {
    canvas.heading(report.captures.count == 1 ? "CAPTURE" : "CAPTURES")
    let count = shown(report.captures.count, Limit.captures)
    for capture in report.captures.prefix(count) {
      canvas.line(
        "  \(capture.path == "-" ? "standard input" : capture.path)",
        right: capture.isTruncated ? StyledText("TRUNCATED", .boldRed) : nil)
      let facts = [
        capture.format, capture.linkType, Quantities.count(capture.packets, "packet"),
        Quantities.bytes(capture.bytes),
      ]
      canvas.line("    " + StyledText(facts.filter { !$0.isEmpty }.joined(separator: ", ")))
      if let first = capture.firstTime, let last = capture.lastTime {
        canvas.line("    " + StyledText(Self.period(first, last)))
      }
    }
    writeRest(report.captures.count - count, "captures", to: &canvas)
  }

  /// `2026-01-02 03:04:05 to 03:04:43 UTC (38.2 s)`
  private static func period(_ first: CaptureTime, _ last: CaptureTime) -> String {
    let (from, to) = (Self.second(first), Self.second(last))
    let end = from.prefix(10) == to.prefix(10) ? String(to.dropFirst(11)) : to
    let duration = Quantities.duration(nanoseconds: last.nanoseconds &- first.nanoseconds)
    return "\(from) to \(end) UTC (\(duration))"
  }

  /// `2026-01-02 03:04:05`
  private static func second(_ time: CaptureTime) -> String {
    String(time.description.prefix(19)).replacing("T", with: " ")
  }

  private func writeTotals(to canvas: inout TextCanvas) {
    canvas.heading("PACKETS")
    for (packetClass, name, ink, note) in Self.classes {
      let packets = report.packets[packetClass]
      canvas.line(
        totalsLine(
          StyledText(name, packets > 0 ? ink : .dim), packets, report.bytes[packetClass],
          StyledText(note, .dim)))
    }
    canvas.line(totalsLine(StyledText("total", .bold), report.packets.total, report.bytes.total, ""))
    let flows = report.flows
    canvas.line(
      "  \(Quantities.count(flows.total, "flow")): \(Quantities.count(flows.allowed)) allowed, "
        + "\(Quantities.count(flows.denied)) denied")
    if report.duplicates > 0 {
      canvas.line(
        "  \(Quantities.count(report.duplicates, "packet")) mirrored at a second interface, not counted")
    }
  }

  private static let classes: [(PacketClass, String, Ink, String)] = [
    (.allow, "ALLOWED", .green, "every stage admits them"),
    (.deny, "DENIED", .boldRed, "see below"),
    (.exempt, "exempt", .plain, "platform services, never filtered"),
    (.unknown, "unknown", .yellow, "the input lacks what decides"),
    (.unplaced, "unplaced", .yellow, "no address of the network"),
    (.undecoded, "undecoded", .yellow, "not IP, or cut too short"),
  ]

  private func totalsLine(_ name: StyledText, _ packets: Int, _ bytes: Int, _ note: StyledText) -> StyledText
  {
    let count = StyledText(Quantities.count(packets)).padded(to: 14, style, right: true)
    let share = StyledText(Quantities.share(packets, of: report.packets.total))
    return "  " + name.padded(to: 10, style) + count + share.padded(to: 8, style, right: true)
      + StyledText(Quantities.bytes(bytes)).padded(to: 11, style, right: true) + "  " + note
  }

  // MARK: Reasons and warnings

  private func writeReasons(to canvas: inout TextCanvas) {
    if !report.unknowns.isEmpty {
      canvas.heading("UNKNOWN", "what the answer hangs on")
      let count = shown(report.unknowns.count, Limit.reasons)
      for unknown in report.unknowns.prefix(count) {
        canvas.paragraph(number(unknown.packets) + "  ", unknown.explanation, indent: Self.numberWidth + 2)
      }
      writeRest(report.unknowns.count - count, "reasons", to: &canvas)
    }
    if !report.undecoded.isEmpty {
      canvas.heading("UNDECODED", "layer and reason")
      let count = shown(report.undecoded.count, Limit.reasons)
      for undecoded in report.undecoded.prefix(count) {
        canvas.paragraph(
          number(undecoded.packets) + "  ", "\(undecoded.stop.layer): \(undecoded.stop)",
          indent: Self.numberWidth + 2)
      }
      writeRest(report.undecoded.count - count, "reasons", to: &canvas)
    }
  }

  private static let numberWidth = 9

  /// A count of packets, right-aligned where lists have theirs.
  func number(_ value: Int) -> StyledText {
    StyledText(Quantities.count(value)).padded(to: Self.numberWidth, style, right: true)
  }

  private func writeWarnings(to canvas: inout TextCanvas) {
    guard !report.warnings.isEmpty else { return }
    canvas.heading("WARNINGS")
    let count = shown(report.warnings.count, Limit.warnings)
    for warning in report.warnings.prefix(count) {
      canvas.paragraph("  " + StyledText("!", .yellow) + " ", warning, indent: 4)
    }
    writeRest(report.warnings.count - count, "warnings", to: &canvas)
  }
}
