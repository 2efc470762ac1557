import Foundation
import TestSupport
import Testing

@testable import PolicyFormats

@Suite struct JSONParserTests {
  struct Good: Sendable {
    var text: String
    var value: JSONValue
  }

  @Test(arguments: [
    Good(text: "null", value: .null),
    Good(text: " [true , false ] ", value: .array([.bool(true), .bool(false)])),
    Good(text: "0", value: .integer(0)),
    Good(text: "-0", value: .integer(0)),
    Good(text: "9223372036854775807", value: .integer(.max)),
    Good(text: "9223372036854775808", value: .number(9223372036854775808)),
    Good(text: "1.5e3", value: .number(1500)),
    Good(text: "1E-2", value: .number(0.01)),
    Good(text: "1e999", value: .number(.infinity)),
    Good(text: #""a\"\\\/\b\f\n\r\tz""#, value: .string("a\"\\/\u{8}\u{c}\n\r\tz")),
    Good(text: #""\u00e9\uD834\udd1E""#, value: .string("é𝄞")),
    Good(text: #""\ud834""#, value: .string("\u{fffd}")),
    Good(text: #""\udd1e\ud834x""#, value: .string("\u{fffd}\u{fffd}x")),
    Good(text: "\"é\u{7f}\"", value: .string("é\u{7f}")),
    Good(text: "{}", value: .object(JSONObject())),
    Good(text: "[]", value: .array([])),
  ])
  func reads(row: Good) throws {
    var parser = JSONParser(Array(row.text.utf8))
    let value = try parser.value()
    #expect(value == row.value)
    let isAtEnd = parser.isAtEnd()
    #expect(isAtEnd)
  }

  struct Bad: Sendable {
    var text: String
    var line: Int
    var column: Int
    var found: String
    var expected: String
  }

  @Test(arguments: [
    Bad(text: "", line: 1, column: 1, found: "the end of the input", expected: "a value"),
    Bad(text: "{\n  \"a\" 1}", line: 2, column: 7, found: "\"1\"", expected: "\":\" after the member's name"),
    Bad(
      text: "{\"a\": 1,}", line: 1, column: 9, found: "\"}\"", expected: "a member's name in double quotes"),
    Bad(text: "{'a': 1}", line: 1, column: 2, found: "\"'\"", expected: "a member's name in double quotes"),
    Bad(text: "[1 2]", line: 1, column: 4, found: "\"2\"", expected: "\",\" or \"]\""),
    Bad(text: "[1,\n\n]", line: 3, column: 1, found: "\"]\"", expected: "a value"),
    Bad(text: "[1", line: 1, column: 3, found: "the end of the input", expected: "\",\" or \"]\""),
    Bad(text: "nul", line: 1, column: 1, found: "\"nul\"", expected: "a value"),
    Bad(text: "-", line: 1, column: 2, found: "the end of the input", expected: "a digit"),
    Bad(text: "01", line: 1, column: 2, found: "\"1\"", expected: "no digit after a leading zero"),
    Bad(
      text: "1.", line: 1, column: 3, found: "the end of the input",
      expected: "a digit after the decimal point"),
    Bad(text: "1e+", line: 1, column: 4, found: "the end of the input", expected: "a digit of the exponent"),
    Bad(
      text: "\"a\nb\"", line: 1, column: 3, found: "the end of the line",
      expected: "the string's closing quote, or an escape such as \\n"),
    Bad(
      text: "\"a", line: 1, column: 3, found: "the end of the input", expected: "the string's closing quote"),
    Bad(
      text: #""\x""#, line: 1, column: 3, found: "\"x\"",
      expected: "one of \" \\ / b f n r t u after a backslash"),
    Bad(
      text: #""\u12g4""#, line: 1, column: 6, found: "\"g4\"", expected: "four hexadecimal digits after \\u"),
    Bad(text: "[é]", line: 1, column: 2, found: "\"é\"", expected: "a value"),
    Bad(text: "NaN", line: 1, column: 1, found: "\"NaN\"", expected: "a value"),
  ])
  func refuses(row: Bad) throws {
    var parser = JSONParser(Array(row.text.utf8))
    let error = #expect(throws: JSONSyntaxError.self) { _ = try parser.value() }
    #expect(
      error
        == JSONSyntaxError(line: row.line, column: row.column, found: row.found, expected: row.expected))
  }

  @Test func aRepeatedNameIsRememberedAndTheLastOneCounts() throws {
    var parser = JSONParser(Array(#"{"a": 1, "b": 2, "a": 3}"#.utf8))
    let object = try parser.object()
    #expect(object["a"] == .integer(3))
    #expect(object.members.map(\.name) == ["a", "b"])
    #expect(parser.repeatedNames.map(\.name) == ["a"])
    #expect(parser.repeatedNames.map(\.offset) == [17])
  }

  @Test func aMillionRepeatedNamesAreNoAttack() throws {
    let names = (0..<50_000).map { "\"k\($0)\": 1" } + (0..<50_000).map { "\"k\($0)\": 2" }
    var parser = JSONParser(Array("{\(names.joined(separator: ","))}".utf8))
    let object = try parser.object()
    #expect(object.members.count == 50_000)
    #expect(parser.repeatedNames.count == 50_000)
  }

  @Test(arguments: ["[", "{\"a\":", "[[{\"a\":[", "{\"a\":[{\"b\":"])
  func depthIsLimited(opening: String) throws {
    for repeats in [100, 129, 100_000] {
      var parser = JSONParser(Array(String(repeating: opening, count: repeats).utf8))
      #expect(throws: JSONSyntaxError.self) { _ = try parser.value() }
      var skipper = JSONParser(Array(String(repeating: opening, count: repeats).utf8))
      #expect(throws: JSONSyntaxError.self) { try skipper.skipValue() }
    }
  }

  private static let document = Array(
    #"{"Vpcs": [{"VpcId": "vpc-1", "n": -1.5e3, "t": [true, false, null], "s": "\u00e9\n"}], "x": {}}"#.utf8)

  @Test func everyPrefixIsRefusedWithoutATrap() throws {
    for length in 0..<Self.document.count {
      var parser = JSONParser(Array(Self.document[..<length]))
      #expect(throws: JSONSyntaxError.self) { _ = try parser.value() }
    }
  }

  @Test func whatIsAcceptedIsWhatFoundationAccepts() throws {
    var random = SeededRandom.fresh("JSON mutations")
    let alphabet = Array("{}[]\":,\\u0019aetrfn.-+eE \n".utf8)
    for _ in 0..<3_000 {
      var bytes = Self.document
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let index = Int.random(in: bytes.indices, using: &random)
        bytes[index] = alphabet.randomElement(using: &random) ?? 0x20
      }
      var parser = JSONParser(bytes)
      let ours = (try? parser.value()) != nil && parser.isAtEnd()
      let theirs = (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
      // Only lone surrogates and the size of numbers may be judged differently.
      if ours != theirs { #expect(ours && !theirs, "\(String(decoding: bytes, as: UTF8.self))") }
    }
  }
}
