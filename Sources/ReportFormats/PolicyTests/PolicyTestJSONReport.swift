import PolicyFormats
import PolicyTesting
import VirtualNetworks

/// What became of policy tests, as one JSON document.
public enum PolicyTestJSONReport {
  /// The document; its words are those of `trace`. `coverage` is a member only where it was measured.
  public static func text(_ results: PolicyTestResults, coverage: [PolicyCoverage]? = nil) -> String {
    let members: [(String, JSONText)] = [
      ("schema", .string("sallyport.test/1")),
      (
        "totals",
        .object([
          ("tests", .integer(results.tests.count)), ("passed", .integer(results.passed)),
          ("failed", .integer(results.failed)), ("errors", .integer(results.invalid)),
          ("skipped", .integer(results.skipped)), ("file_errors", .integer(results.problems.count)),
        ])
      ),
      ("tests", .array(results.tests.map(test))),
      (
        "problems",
        .array(results.problems.map { .object(place($0.location) + [("message", .string($0.message))]) })
      ),
    ]
    return JSONText.object(members + (coverage.map { [("coverage", self.coverage($0))] } ?? [])).pretty()
  }

  /// The tests of a plan, without running them.
  public static func list(_ tests: [PolicyTestPlan.Planned]) -> String {
    JSONText.object([
      ("schema", .string("sallyport.test-list/1")),
      (
        "tests",
        .array(tests.map { .object([("name", .string($0.test.name))] + place($0.test.location)) })
      ),
    ]).pretty()
  }

  private static func place(_ location: SourceLocation) -> [(String, JSONText)] {
    var members: [(String, JSONText)] = [("file", .string(location.file))]
    if let line = location.line { members.append(("line", .integer(line))) }
    if let column = location.column { members.append(("column", .integer(column))) }
    return members
  }

  private static func test(_ test: PolicyTestResult) -> JSONText {
    var members: [(String, JSONText)] = [("name", .string(test.name))] + place(test.location)
    switch test.outcome {
    case .passed: members.append(("outcome", .string("passed")))
    case .skipped: members.append(("outcome", .string("skipped")))
    case .failed(let failures):
      members += [("outcome", .string("failed")), ("failures", .array(failures.map(failure)))]
    case .invalid(let problems):
      members += [
        ("outcome", .string("error")),
        (
          "problems",
          .array(problems.map { .object(place($0.location) + [("message", .string($0.message))]) })
        ),
      ]
    }
    return .object(members)
  }

  private static func failure(_ failure: TestFailure) -> JSONText {
    var members: [(String, JSONText)] =
      [("claim", .string(failure.claim))] + place(failure.location) + [("finding", .string(failure.finding))]
    for (name, value) in [
      ("packet", failure.packet), ("ends", failure.ends), ("alike", failure.alike), ("stage", failure.stage),
      ("code", failure.code), ("resource", failure.resource), ("rule", failure.rule),
      ("leg", failure.stage.map { _ in failure.isReply ? "reply" : "request" }),
      ("explanation", failure.explanation), ("hint", failure.hint), ("command", failure.commandLine),
    ] {
      if let value { members.append((name, .string(value))) }
    }
    if !failure.missing.isEmpty { members.append(("missing", .strings(failure.missing))) }
    return .object(members)
  }
}
