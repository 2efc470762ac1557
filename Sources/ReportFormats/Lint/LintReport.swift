import PolicyAnalysis
import VirtualNetworks

/// What a linter found, to be written as text, JSON or SARIF.
public struct LintReport: Sendable {
  public let findings: [LintFinding]
  /// What findings name, for the names beside ids.
  let network: VirtualNetwork

  public init(_ findings: [LintFinding], network: VirtualNetwork) {
    self.findings = findings
    self.network = network
  }

  public func count(_ severity: LintFinding.Severity) -> Int { findings.count { $0.severity == severity } }

  /// Whether there are findings at least as grave.
  public func has(atLeast severity: LintFinding.Severity) -> Bool {
    findings.contains { $0.severity <= severity }
  }

  // MARK: JSON

  /// `sallyport.lint/1`.
  public func json() -> String {
    JSONText.object([
      ("schema", .string("sallyport.lint/1")),
      (
        "counts",
        .object(LintFinding.Severity.allCases.map { ($0.rawValue, .integer(count($0))) })
      ),
      ("findings", .array(findings.map(Self.json))),
    ]).pretty()
  }

  private static func json(_ finding: LintFinding) -> JSONText {
    var members: [(String, JSONText)] = [
      ("severity", .string(finding.severity.rawValue)), ("code", .string(finding.code)),
      ("resource", .optional(finding.resource?.rawValue)), ("rule", .optional(finding.rule)),
      ("message", .string(finding.message)), ("fix", .string(finding.fix)),
    ]
    let place = finding.location.description
    if !place.isEmpty { members.append(("location", .string(place))) }
    return .object(members)
  }

  // MARK: Text

  /// For people: the gravest first; notes (`info`) are counted, and shown if `showsNotes`.
  ///
  /// - Parameter showsSum: Whether it says first how many there are.
  public func text(
    style: TextStyle = TextStyle(), showsNotes: Bool = false, showsSum: Bool = true
  ) -> String {
    var canvas = TextCanvas(style)
    let shown = findings.filter { showsNotes || $0.severity != .info }
    if showsSum { canvas.line(StyledText(summary(showsNotes: showsNotes), .bold)) }
    for (index, finding) in shown.enumerated() {
      if showsSum || index > 0 { canvas.line() }
      let ink: Ink = finding.severity == .error ? .boldRed : finding.severity == .warning ? .yellow : .dim
      let label =
        finding.severity.rawValue + String(repeating: " ", count: 9 - finding.severity.rawValue.count)
      let subject = [finding.resource?.rawValue, finding.rule].compactMap { $0 }.joined(separator: " ")
      canvas.paragraph(StyledText(label, ink) + StyledText(finding.code + " ", .bold), subject, indent: 9)
      canvas.paragraph(StyledText("         "), finding.message, indent: 9)
      canvas.paragraph(StyledText("         fix: ", .dim), finding.fix, indent: 14)
      let place = finding.location.description
      if !place.isEmpty { canvas.paragraph(StyledText("         at:  ", .dim), place, indent: 14) }
    }
    return canvas.text
  }

  private func summary(showsNotes: Bool) -> String {
    if findings.isEmpty { return "nothing found" }
    let words = [(LintFinding.Severity.error, "error"), (.warning, "warning"), (.info, "note")].compactMap {
      severity, word -> String? in
      let count = count(severity)
      return count == 0 ? nil : "\(count) \(word)\(count == 1 ? "" : "s")"
    }
    let hidden = count(.info) > 0 && !showsNotes
    return words.joined(separator: ", ") + (hidden ? " (-v shows notes)" : "")
  }
}
