import PolicyFormats
import PolicyTesting

/// What became of policy tests, for people: one line a test, and below a failed one the packet that shows it.
public struct PolicyTestTextReport: Sendable {
  private let style: TextStyle
  /// Whether tests that passed are listed, too.
  private let listsPassed: Bool

  public init(style: TextStyle = TextStyle(), listsPassed: Bool = true) {
    self.style = style
    self.listsPassed = listsPassed
  }

  public func text(_ results: PolicyTestResults) -> String {
    var text = ""
    var file: String?
    for test in results.tests where listsPassed || test.outcome != .passed {
      if test.file != file {
        var canvas = TextCanvas(style)
        canvas.line(StyledText(test.file, .bold))
        text += (file == nil ? "" : "\n") + canvas.text
        file = test.file
      }
      text += block(test)
    }
    if !results.problems.isEmpty {
      var canvas = TextCanvas(style)
      if file != nil { canvas.line() }
      for problem in results.problems {
        canvas.paragraph(StyledText("ERROR ", .boldRed), problem.text, indent: 6)
      }
      text += canvas.text
    }
    var canvas = TextCanvas(style)
    if !text.isEmpty { canvas.line() }
    canvas.line(StyledText(Self.summary(results)))
    return text + canvas.text
  }

  /// `12 tests: 10 passed, 1 failed, 1 with errors, 0 skipped`
  static func summary(_ results: PolicyTestResults) -> String {
    var parts = ["\(Quantities.count(results.passed)) passed", "\(Quantities.count(results.failed)) failed"]
    if results.invalid > 0 { parts.append("\(Quantities.count(results.invalid)) could not be run") }
    if results.skipped > 0 { parts.append("\(Quantities.count(results.skipped)) skipped") }
    if !results.problems.isEmpty {
      parts.append(Quantities.count(results.problems.count, "error") + " in files")
    }
    return Quantities.count(results.tests.count, "test") + ": " + parts.joined(separator: ", ")
  }

  private func block(_ test: PolicyTestResult) -> String {
    var canvas = TextCanvas(style)
    switch test.outcome {
    case .passed: canvas.paragraph(StyledText("  PASS  ", .green), test.name, indent: 8)
    case .skipped: canvas.paragraph(StyledText("  SKIP  ", .yellow), test.name, indent: 8)
    case .invalid(let problems):
      canvas.paragraph(StyledText("  ERROR ", .boldRed), test.name, indent: 8)
      for problem in problems { canvas.paragraph("        ", problem.description, indent: 8) }
    case .failed(let failures):
      canvas.paragraph(StyledText("  FAIL  ", .boldRed), test.name, indent: 8)
      return canvas.text + failures.map(block).joined(separator: "\n")
    }
    return canvas.text
  }

  private func block(_ failure: TestFailure) -> String {
    var canvas = TextCanvas(style)
    func add(_ label: String, _ words: String?) {
      guard let words else { return }
      canvas.paragraph(
        "        " + StyledText(label.isEmpty ? "         " : label.padding(to: 9), .dim), words, indent: 17)
    }
    add("at", failure.location.description)
    add("claimed", failure.claim)
    add("but", failure.finding)
    add("packet", failure.packet.map { $0 + (failure.ends.map { "  (\($0))" } ?? "") })
    add("", failure.alike)
    add("decided", failure.decision)
    add("because", failure.explanation)
    for missing in failure.missing where missing != failure.explanation { add("missing", missing) }
    add("hint", failure.hint)
    guard let command = failure.commandLine else { return canvas.text }
    // Never wrapped: it is there to be copied.
    return canvas.text + "        " + StyledText("show", .dim).rendered(style) + "     "
      + StyledText.plain(command)
      + "\n"
  }
}

extension TestFailure {
  /// `destination_security_group of db-1, sg-1/sgr-2 (ENI_SG_RULES_MISMATCH), on the way back`
  var decision: String? {
    guard let stage else { return nil }
    return stage + (resource.map { " of \($0)" } ?? "") + (rule.map { ", \($0)" } ?? "")
      + (code.map { ", \($0)" } ?? "") + (isReply ? ", on the way back" : "")
  }

  /// The failure as one paragraph, for whatever holds a message.
  public var sentences: String {
    var parts = ["claimed: \(claim)", "but \(finding)" + (packet.map { ": \($0)" } ?? "")]
    if let ends { parts[1] += " (\(ends))" }
    if let alike { parts.append(alike) }
    if let decision { parts.append("decided by \(decision)") }
    if let explanation { parts.append("because \(explanation)") }
    parts += missing.filter { $0 != explanation }.map { "missing: \($0)" }
    if let hint { parts.append("hint: \(hint)") }
    if let commandLine { parts.append("show it with: \(commandLine)") }
    return parts.joined(separator: "\n")
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
