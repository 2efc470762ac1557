import Foundation
import PolicyFormats
import PolicyTesting
import TestSupport
import Testing

/// Test files with mistakes: each is named with its place, and none of them passes.
@Suite("Bad test files")
struct BadTestFileTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var text: String
    var problem: String
    var testDescription: String { problem }
  }

  private static func test(_ body: String) -> String {
    "network: net\ntests:\n  - name: a\n" + body.split(separator: "\n").map { "    \($0)\n" }.joined()
  }

  @Test(arguments: [
    Row(text: "", problem: "t.test.yaml:1:1: found no"),
    Row(text: "tests: []", problem: "found no test, expected a list of tests"),
    Row(text: "network: n", problem: "found no key \"tests\""),
    Row(
      text: "networks: n\ntests: [{name: a, from: x, to: y, allow: tcp/1}]",
      problem: "1:1: unknown key \"networks\"; did you mean \"network\"?"),
    Row(
      text: test("form: x\nto: y\nallow: tcp/1"), problem: "4:5: unknown key \"form\"; did you mean \"from\"?"
    ),
    Row(text: test("from: x\nto: y"), problem: "found no claim, expected allow or deny"),
    Row(text: test("from: x\nto: y\nallow: []"), problem: "6:12: found a list, expected what to allow"),
    Row(
      text: test("from: x\nto: y\nallow: [tcp/70000]"), problem: "6:13: found \"tcp/70000\", expected tcp/443"
    ),
    Row(text: test("from: []\nto: y\nallow: tcp/1"), problem: "expected a selector"),
    Row(text: test("from: 10.0.0.256\nto: y\nallow: tcp/1"), problem: "4:11: found \"10.0.0.256\""),
    Row(text: test("to: y\nallow: tcp/1"), problem: "found no key \"from\""),
    Row(text: test("from: x\nto: y\nallow: tcp/1\nbecause: NO_PATH"), problem: "denies none"),
    Row(
      text: test("from: x\nto: y\ndeny: tcp/1\nbecause: ENI_SG_RULE_MISMATCH"),
      problem: "did you mean \"ENI_SG_RULES_MISMATCH\"?"),
    Row(text: test("from: x\nto: y\ndeny: tcp/1\nfrom_port: 9-8"), problem: "7:16: found \"9-8\""),
    Row(text: test("from: x\nto: y\ndeny: tcp/1\ndenied: 0"), problem: "means nothing beside"),
    Row(text: test("steps: []"), problem: "found no expect"),
    Row(text: test("steps:\n  - send: {from: \"a:1\", to: \"b:2\", tcp: S}"), problem: "found no expect"),
    Row(
      text: test("steps:\n  - send: {from: a, to: \"b:2\", tcp: S}\n    expect: allow"),
      problem: "without a port"),
    Row(
      text: test("steps:\n  - send: {from: \"a:1\", to: \"b:2\", tcp: X}\n    expect: allow"),
      problem: "TCP flags"),
    Row(
      text: test("steps:\n  - send: {from: \"a:1\", to: \"b:2\"}\n    expect: allow"),
      problem: "found no protocol"),
    Row(
      text: test("steps:\n  - send: {from: \"a:1\", to: \"b:2\", tcp: S}\n    expect: alow"),
      problem: "did you mean \"allow\"?"),
    Row(text: test("steps:\n  - wait: soon"), problem: "5:15: found \"soon\", expected a time"),
    Row(text: test("steps:\n  - stpo: web"), problem: "did you mean \"stop\"?"),
    Row(
      text: test("steps:\n  - remove_rule: {group: web, rule: tcp 443 form 0.0.0.0/0}"),
      problem: "found \"form\""),
    Row(
      text: "tests: [{name: \" \", from: x, to: y, allow: tcp/1}]",
      problem: "expected the test's name, of one"),
    Row(text: test("capture: c.pcap"), problem: "found no limit, expected denied"),
    Row(text: test("capture: c.pcap\ndenied: -1"), problem: "a whole number"),
    Row(text: test("from: x\nto: y\nallow: tcp/1\nallow: tcp/2"), problem: "occurs twice"),
    Row(
      text: test("from: x\nto: y\nallow: tcp/1") + "  - name: a\n    from: x\n    to: y\n    deny: tcp/1\n",
      problem: "7:11: the name \"a\" is taken by the test in line 3"),
    Row(text: "network: n\ntests: *nothing", problem: "2:"),
    Row(text: "network: [\ntests", problem: "t.test.yaml:"),
  ]) func isLocated(row: Row) throws {
    let error = #expect(throws: YAMLProblems.self) {
      try PolicyTestFileReader().parse(Array(row.text.utf8), path: "t.test.yaml")
    }
    let text = try #require(error).description
    #expect(text.contains(row.problem), "\(text)")
    #expect(text.hasPrefix("t.test.yaml:"))
  }

  @Test("Bombs of aliases are refused quickly")
  func bomb() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...12 {
      text +=
        "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
        + "]\n"
    }
    text += "tests: *a12\n"
    #expect(throws: YAMLProblems.self) {
      try PolicyTestFileReader().parse(Array(text.utf8), path: "t.test.yaml")
    }
  }

  @Test("Every mistake is named, not only the first")
  func all() throws {
    let text =
      "network: n\ntests:\n  - name: a\n    frm: x\n  - name: b\n    from: x\n    to: y\n    allow: tcp\n"
    let error = #expect(throws: YAMLProblems.self) {
      try PolicyTestFileReader().parse(Array(text.utf8), path: "t.test.yaml")
    }
    #expect(try #require(error).all.compactMap(\.location.line) == [3, 4, 8])
  }

  @Test("A file cut off at any byte, or with a byte changed, never traps")
  func damaged() throws {
    let bytes = Array(
      try Data(contentsOf: URL(fileURLWithPath: Environment.fixture("policies/shop.test.yaml"))))
    var random = SeededRandom.fresh("damaged test files")
    for _ in 0..<150 {
      var damaged = bytes
      damaged[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = try? PolicyTestFileReader().parse(damaged, path: "t.test.yaml")
      _ = try? PolicyTestFileReader().parse(
        Array(bytes[..<Int.random(in: 0..<bytes.count, using: &random)]), path: "t.test.yaml")
    }
  }
}
