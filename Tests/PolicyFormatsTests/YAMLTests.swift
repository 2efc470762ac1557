import NetworkTypes
import Testing
import VirtualNetworks

@testable import PolicyFormats

/// Reading YAML: what the tree holds, and what is refused where.
@Suite struct YAMLTests {
  private func read(_ text: String, _ limits: YAMLLimits = YAMLLimits()) throws -> YAMLDocument {
    try YAMLDocument(parsing: text, file: "n.yaml", limits: limits)
  }

  @Test func everyValueKnowsItsPlace() throws {
    let root = try read("vpcs:\n  shop: {cidr: [10.0.0.0/16, \"::/0\"]}\n").root.mapping()
    let shop = try root.required("vpcs").mapping().members[0]
    #expect(shop.key == "shop")
    #expect(shop.keyLocation.description == "n.yaml:2:3")
    let blocks = try shop.value.mapping().required("cidr").list()
    #expect(blocks.map(\.location.description) == ["n.yaml:2:17", "n.yaml:2:30"])
    #expect(try blocks.map { try $0.prefix() } == [IPPrefix("10.0.0.0/16"), IPPrefix("::/0")])
  }

  @Test func keysKeepTheirOrder() throws {
    #expect(try read("b: 1\na: 2\nc: 3").root.mapping().keys == ["b", "a", "c"])
  }

  @Test func scalarsAreTextUntilSomebodyExpectsMore() throws {
    let root = try read("a: 0x10\nb: 010\nc: \"\"\nd: ~\ne: \"~\"\nf:\ng: yes\n").root.mapping()
    #expect(root.members.map { $0.value.isNull } == [false, false, false, true, false, true, false])
    #expect(try root.required("b").integer(in: 0...20) == 10)
    #expect(throws: YAMLProblem.self) { try root.required("a").integer(in: 0...20) }
    #expect(throws: YAMLProblem.self) { try root.required("g").bool() }
    #expect(try root.required("c").text() == "")
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    var text: String
    var message: String
    var testDescription: String { message }
    init(_ text: String, _ message: String) {
      self.text = text
      self.message = message
    }
  }

  @Test(arguments: [
    Mistake("", "n.yaml:1:1: found no value, expected a YAML document"),
    Mistake("# nothing\n", "n.yaml:1:1: found no value, expected a YAML document"),
    Mistake("a: 1\n---\nb: 2\n", "n.yaml:3:1: found a second document, expected one document in a file"),
    Mistake(
      "a: [1, 2\nb: 3\n",
      "n.yaml:2:2: not YAML: did not find expected ',' or ']' (while parsing a flow sequence,"
        + " begun in line 1)"),
    Mistake("a: *b\n", "n.yaml:1:4: not YAML: found undefined alias"),
    Mistake("a: \u{1}\n", "n.yaml:1:4: not YAML: control characters are not allowed"),
    Mistake(
      "a:\n\tb: 1\n",
      "n.yaml:2:1: not YAML: found character that cannot start any token (while scanning for the next token, begun in line 2)"
    ),
  ])
  func whatIsNoYAMLIsThrownWithItsPlace(_ mistake: Mistake) {
    let error = #expect(throws: YAMLProblem.self) { try read(mistake.text) }
    #expect(error?.description == mistake.message)
  }

  @Test func bytesThatAreNoTextAreRefused() {
    let error = #expect(throws: YAMLProblem.self) {
      try YAMLDocument(parsing: Array("a: 1\nb: ".utf8) + [0xc3, 0x28], file: "n.yaml")
    }
    #expect(error?.description == "n.yaml:2:4: found bytes that are not UTF-8")
  }

  @Test func everyKeyThatOccursTwiceIsAProblemAndTheRestIsRead() throws {
    let document = try read("web: 1\n\"db\": {x: 1, y: 2, x: 3}\nweb: 4\napp: 5\nweb: 6\n")
    #expect(
      document.problems.map(\.description) == [
        "n.yaml:2:20: the key \"x\" occurs twice in one mapping; first in line 2",
        "n.yaml:3:1: the key \"web\" occurs twice in one mapping; first in line 1",
        "n.yaml:5:1: the key \"web\" occurs twice in one mapping; first in line 1",
      ])
    #expect(try document.root.mapping().keys == ["web", "db", "app"])
  }

  @Test func aQuotedAndAPlainKeyAreTheSame() throws {
    #expect(try read("a: 1\n\"a\": 2\n").problems.count == 1)
    #expect(try read("? a\n: 1\n? a\n: 2\n").problems.count == 1)
  }

  @Test func tagsAndCollectionsAsKeysAreProblems() throws {
    let problems = try read("a: !Ref b\nb: !!str 5\n[x]: 1\n").problems.map(\.description)
    #expect(
      problems == [
        "n.yaml:1:4: found the tag !Ref, expected plain data",
        "n.yaml:3:1: found a list or mapping as a key, expected text as a key",
      ])
  }

  @Test func aliasesAndMergeKeysStandForWhatTheyName() throws {
    let root = try read("a: &x {k: 1, l: 2}\nb: *x\nc: {<<: *x, k: 3}\n").root.mapping()
    #expect(root["a"] == root["b"])
    let merged = try root.required("c").mapping()
    #expect(merged.keys == ["k", "l"])
    #expect(try merged.required("k").text() == "3")
  }

  @Test func aBombOfAliasesIsRefused() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...12 {
      text +=
        "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
        + "]\n"
    }
    let error = #expect(throws: YAMLProblem.self) { try read(text) }
    #expect(error?.message == "aliases repeat more than 100000 values")
  }

  @Test(arguments: ["? [*a12, *a12]\n: 1\n", "{[*a12]: 1}\n", "*a12 : 1\n", "- ? *a12\n  : 1\n"])
  func aBombInAKeyIsRefusedBeforeItIsHashed(_ key: String) {
    var text = "- &a0 [x, x]\n"
    for level in 1...40 { text += "- &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    text += "- " + key.replacing("\n", with: "\n  ").replacing("a12", with: "a40")
    let error = #expect(throws: YAMLProblem.self) { try read(text) }
    #expect(error?.location.line == 42)
  }

  @Test func quotesAndCommentsAreNoKeys() throws {
    let text = "a: &x 1\nb: *x\nc: \"[*x]: 1\"\nd: '[*x]: 1' # ? *x : 1\ne: [\"[::1]:443\", '[::1]:80']\n"
    #expect(try read(text).root.mapping().members.count == 5)
  }

  @Test(arguments: [
    Mistake(String(repeating: "[", count: 100_000), "brackets"),
    Mistake(String(repeating: "{a: ", count: 500), "braces"),
    Mistake(String(repeating: "- ", count: 300) + "x", "dashes"),
    Mistake(String(repeating: "? ", count: 900) + "x", "question marks"),
    Mistake((0..<300).map { String(repeating: " ", count: $0) + "a:\n" }.joined(), "indentation"),
  ])
  func deepNestingIsRefused(_ nested: Mistake) {
    let error = #expect(throws: YAMLProblem.self) { try read(nested.text) }
    #expect(error?.message.hasPrefix("more than 64 ") ?? false)
  }

  @Test func sizesAreLimited() throws {
    var limits = YAMLLimits()
    limits.bytes = 10
    #expect(throws: YAMLProblem.self) { try read("aaaaaaaaaaa: 1", limits) }
    limits = YAMLLimits()
    limits.nodes = 5
    #expect(throws: YAMLProblem.self) { try read("[1, 2, 3, 4, 5]", limits) }
    _ = try read("[1, 2, 3, 4]", limits)
  }

  @Test func problemsStandInTheOrderOfTheText() throws {
    let root = try read("ports: 70000\nsubnet: [a]\nzone: x\n").root.mapping()
    let log = YAMLProblemLog()
    log.checkKeys(of: root, known: ["port", "subnets", "cidr"])
    _ = log.attempt { () throws(YAMLProblem) in try root.required("ports").integer(in: 0...65535) }
    _ = log.attempt { () throws(YAMLProblem) in try root.required("subnet").text("a subnet's name") }
    let problems = #expect(throws: YAMLProblems.self) { try log.throwIfAny() }
    #expect(
      problems?.description == """
        n.yaml:1:1: unknown key "ports"; did you mean "port"?
        n.yaml:1:8: found "70000", expected a whole number from 0 to 65535
        n.yaml:2:1: unknown key "subnet"; did you mean "subnets"?
        n.yaml:2:9: found a list, expected a subnet's name
        n.yaml:3:1: unknown key "zone"; expected one of port, subnets, cidr
        """)
  }

  @Test func everyCutAndEveryChangedByteIsReadOrRefused() {
    let text = Array("a: &x {b: [1, \"t\\n\"], 'c': *x2}\nd: |\n  e\n? f\n: *x\n".utf8)
    for cut in text.indices {
      _ = try? YAMLDocument(parsing: Array(text[..<cut]), file: "cut")
      for byte: UInt8 in [0x00, 0x09, 0x20, 0x22, 0x26, 0x2a, 0x2d, 0x3a, 0x5b, 0x7b, 0x7c, 0xff] {
        var changed = text
        changed[cut] = byte
        _ = try? YAMLDocument(parsing: changed, file: "changed")
      }
    }
  }
}
