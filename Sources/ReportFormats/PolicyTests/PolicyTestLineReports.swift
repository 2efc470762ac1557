import PolicyFormats
import PolicyTesting
import VirtualNetworks

/// What became of policy tests, in the Test Anything Protocol, version 14.
public enum PolicyTestTAPReport {
  public static func text(_ results: PolicyTestResults) -> String {
    var lines = ["TAP version 14", "1..\(results.tests.count + results.problems.count)"]
    for (index, test) in results.tests.enumerated() {
      let point = "\(index + 1) - \(escaped(test.name))"
      switch test.outcome {
      case .passed: lines.append("ok \(point)")
      case .skipped: lines.append("ok \(point) # SKIP left out after a failure")
      case .invalid(let problems):
        lines.append("not ok \(point)")
        lines += diagnostics(test.location, "error", problems.map(\.description))
      case .failed(let failures):
        lines.append("not ok \(point)")
        lines += diagnostics(test.location, "fail", failures.map(\.sentences))
      }
    }
    for (index, problem) in results.problems.enumerated() {
      lines.append("not ok \(results.tests.count + index + 1) - \(escaped(problem.location.description))")
      lines += diagnostics(problem.location, "error", [problem.message])
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A description ends at a hash sign, and a backslash hides what follows it.
  private static func escaped(_ text: String) -> String {
    StyledText.plain(text).replacing("\\", with: "\\\\").replacing("#", with: "\\#")
  }

  /// JSON strings are YAML, too.
  private static func diagnostics(
    _ location: SourceLocation, _ severity: String, _ messages: [String]
  ) -> [String] {
    var lines = [
      "  ---", "  severity: \(severity)", "  at: \(JSONText.string(location.description).compact())",
    ]
    lines.append("  messages:")
    lines += messages.map { "    - \(JSONText.string($0).compact())" }
    return lines + ["  ..."]
  }
}

/// What became of policy tests, as annotations of files that GitHub Actions shows: nothing for tests that pass.
public enum PolicyTestGitHubReport {
  public static func text(_ results: PolicyTestResults) -> String {
    var lines: [String] = []
    for test in results.tests {
      switch test.outcome {
      case .passed, .skipped: break
      case .failed(let failures):
        lines += failures.map { annotation($0.location, title: test.name, message: $0.sentences) }
      case .invalid(let problems):
        lines += problems.map { annotation($0.location, title: test.name, message: $0.message) }
      }
    }
    lines += results.problems.map { annotation($0.location, title: "policy tests", message: $0.message) }
    lines.append(PolicyTestTextReport.summary(results))
    return lines.joined(separator: "\n") + "\n"
  }

  private static func annotation(_ location: SourceLocation, title: String, message: String) -> String {
    var properties = ["file=\(property(location.file))"]
    if let line = location.line { properties.append("line=\(line)") }
    if let column = location.column { properties.append("col=\(column)") }
    properties.append("title=\(property(title))")
    return "::error \(properties.joined(separator: ","))::\(data(message))"
  }

  private static func data(_ text: String) -> String {
    text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
  }

  private static func property(_ text: String) -> String {
    data(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
  }
}
