import PolicyFormats
import PolicyTesting

/// What became of policy tests, as the JUnit XML that Jenkins and GitLab read (schema junit-10.xsd of Jenkins' xUnit
/// plugin): one suite a file, and one for files that could not be read.
public enum PolicyTestJUnitReport {
  public static func text(_ results: PolicyTestResults) -> String {
    var files: [String] = []
    var suites: [String: [PolicyTestResult]] = [:]
    for test in results.tests {
      if suites[test.file] == nil { files.append(test.file) }
      suites[test.file, default: []].append(test)
    }
    let errors = results.invalid + results.problems.count
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    text +=
      "<testsuites name=\"sallyport\" tests=\"\(results.tests.count + results.problems.count)\""
      + " failures=\"\(results.failed)\" errors=\"\(errors)\">\n"
    for file in files { text += suite(file, suites[file] ?? []) }
    if !results.problems.isEmpty { text += suite(results.problems) }
    return text + "</testsuites>\n"
  }

  private static func suite(_ file: String, _ tests: [PolicyTestResult]) -> String {
    var counts = PolicyTestResults()
    counts.tests = tests
    var text =
      "  <testsuite name=\(quoted(file)) tests=\"\(tests.count)\" failures=\"\(counts.failed)\""
      + " errors=\"\(counts.invalid)\" skipped=\"\(counts.skipped)\" file=\(quoted(file))>\n"
    for test in tests { text += testCase(test) }
    return text + "  </testsuite>\n"
  }

  private static func suite(_ problems: [PolicyTestResults.FileProblem]) -> String {
    let count = problems.count
    var text =
      "  <testsuite name=\"files\" tests=\"\(count)\" failures=\"0\" errors=\"\(count)\" skipped=\"0\">\n"
    for problem in problems {
      text +=
        "    <testcase name=\(quoted(problem.location.description)) classname=\(quoted(problem.location.file))>\n"
        + element("error", type: "invalid", message: problem.message, body: problem.text)
        + "    </testcase>\n"
    }
    return text + "  </testsuite>\n"
  }

  private static func testCase(_ test: PolicyTestResult) -> String {
    let head = "    <testcase name=\(quoted(test.name)) classname=\(quoted(test.file))"
    switch test.outcome {
    case .passed: return head + "/>\n"
    case .skipped: return head + ">\n      <skipped message=\"left out after a failure\"/>\n    </testcase>\n"
    case .invalid(let problems):
      let message = problems.first?.description ?? ""
      return head + ">\n" + element("error", type: "invalid", message: message, body: message)
        + "    </testcase>\n"
    case .failed(let failures):
      // One element a test, as schema and readers have it.
      let message = failures.first.map { "\($0.claim): \($0.finding)" } ?? ""
      let body = failures.map { "\($0.location.description)\n\($0.sentences)" }.joined(separator: "\n\n")
      return head + ">\n" + element("failure", type: "claim", message: message, body: body)
        + "    </testcase>\n"
    }
  }

  private static func element(_ name: String, type: String, message: String, body: String) -> String {
    "      <\(name) type=\"\(type)\" message=\(quoted(message))>\(escaped(body))</\(name)>\n"
  }

  private static func quoted(_ text: String) -> String { "\"\(escaped(text, isAttribute: true))\"" }

  /// Text as XML 1.0 can hold it: of control characters only tab and line ends.
  static func escaped(_ text: String, isAttribute: Bool = false) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += isAttribute ? "&quot;" : "\""
      case "\n": result += isAttribute ? "&#10;" : "\n"
      case "\t": result += isAttribute ? "&#9;" : "\t"
      case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value): result += "?"
      case "\u{fffe}", "\u{ffff}": result += "?"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
