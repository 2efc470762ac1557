/// Reads JSON (RFC 8259) from bytes, one value at a time.
///
/// Arrays and objects can be walked member by member, so that a file of 100,000 interfaces is never in memory as
/// values all at once. Stricter than it needs to be in nothing, lenient in two things: malformed UTF-8 in a string
/// becomes U+FFFD, and several documents may follow one another (`cat *.json`).
struct JSONParser {
  private(set) var bytes: [UInt8]
  private(set) var position = 0
  private var depth = 0
  let limits: JSONLimits
  /// Names that occurred twice in one object, with the offset of the second occurrence.
  private(set) var repeatedNames: [(name: String, offset: Int)] = []

  init(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) {
    self.bytes = bytes
    self.limits = limits
  }

  /// The next byte that is not white space, without consuming it; nil at the end.
  mutating func peek() -> UInt8? {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0a, 0x0d, 0x09: position += 1
      case let byte: return byte
      }
    }
    return nil
  }

  /// Whether nothing but white space is left.
  mutating func isAtEnd() -> Bool { peek() == nil }

  /// Reads one value of any kind.
  mutating func value() throws(JSONSyntaxError) -> JSONValue {
    switch peek() {
    case UInt8(ascii: "{"): return .object(try object())
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try forEachElement { parser throws(JSONSyntaxError) in elements.append(try parser.value()) }
      return .array(elements)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case let byte? where byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte): return try number()
    default: throw error(expected: "a value")
    }
  }

  /// Reads an object; of repeated names the last one counts, and `repeatedNames` remembers it.
  mutating func object() throws(JSONSyntaxError) -> JSONObject {
    var members: [JSONObject.Member] = []
    // A linear search for a repeated name is quickest for a few names; a hostile object of a million is not few.
    var index: [String: Int]?
    try forEachMember { parser, name, offset throws(JSONSyntaxError) in
      let value = try parser.value()
      let earlier = index.map { $0[name] } ?? members.firstIndex { $0.name == name }
      if let earlier {
        parser.repeatedNames.append((name, offset))
        members[earlier].value = value
        return
      }
      index?[name] = members.count
      members.append(JSONObject.Member(name: name, value: value))
      if members.count == 64 {
        index = Dictionary(uniqueKeysWithValues: members.enumerated().map { ($1.name, $0) })
      }
    }
    return JSONObject(members: members)
  }

  /// Reads an object, calling `body` at the start of each member's value, which it must consume.
  mutating func forEachMember(
    _ body: (inout JSONParser, _ name: String, _ nameOffset: Int) throws(JSONSyntaxError) -> Void
  ) throws(JSONSyntaxError) {
    try open(UInt8(ascii: "{"), expected: "an object")
    defer { depth -= 1 }
    if peek() == UInt8(ascii: "}") {
      position += 1
      return
    }
    while true {
      guard peek() == UInt8(ascii: "\"") else { throw error(expected: "a member's name in double quotes") }
      let offset = position
      let name = try string()
      guard peek() == UInt8(ascii: ":") else { throw error(expected: "\":\" after the member's name") }
      position += 1
      try body(&self, name, offset)
      switch peek() {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "}"):
        position += 1
        return
      default: throw error(expected: "\",\" or \"}\"")
      }
    }
  }

  /// Reads an array, calling `body` at the start of each element, which it must consume.
  mutating func forEachElement(
    _ body: (inout JSONParser) throws(JSONSyntaxError) -> Void
  ) throws(JSONSyntaxError) {
    try open(UInt8(ascii: "["), expected: "an array")
    defer { depth -= 1 }
    if peek() == UInt8(ascii: "]") {
      position += 1
      return
    }
    while true {
      try body(&self)
      switch peek() {
      case UInt8(ascii: ","): position += 1
      case UInt8(ascii: "]"):
        position += 1
        return
      default: throw error(expected: "\",\" or \"]\"")
      }
    }
  }

  private mutating func open(_ bracket: UInt8, expected: String) throws(JSONSyntaxError) {
    guard peek() == bracket else { throw error(expected: expected) }
    guard depth < limits.depth else {
      throw error(found: "more than \(limits.depth) arrays and objects within each other", expected: "fewer")
    }
    position += 1
    depth += 1
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
    let text = Array(String(describing: word).utf8)
    guard bytes[position...].starts(with: text) else { throw error(expected: "a value") }
    position += text.count
    return value
  }

  private mutating func number() throws(JSONSyntaxError) -> JSONValue {
    let start = position
    func isDigit(_ index: Int) -> Bool { index < bytes.count && (0x30...0x39).contains(bytes[index]) }
    if bytes[position] == UInt8(ascii: "-") { position += 1 }
    guard isDigit(position) else { throw error(expected: "a digit") }
    if bytes[position] == UInt8(ascii: "0") && isDigit(position + 1) {
      position += 1
      throw error(expected: "no digit after a leading zero")
    }
    while isDigit(position) { position += 1 }
    var isInteger = true
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      guard isDigit(position) else { throw error(expected: "a digit after the decimal point") }
      while isDigit(position) { position += 1 }
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      position += 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
      {
        position += 1
      }
      guard isDigit(position) else { throw error(expected: "a digit of the exponent") }
      while isDigit(position) { position += 1 }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let integer = Int(text) { return .integer(integer) }
    return .number(Double(text) ?? .infinity)
  }

  /// Advances the cursor; for the part of the parser that reads strings.
  mutating func advance(to position: Int) { self.position = position }
}

extension JSONParser {
  /// The error of the byte at the cursor.
  func error(expected: String) -> JSONSyntaxError { error(at: position, expected: expected) }

  func error(at offset: Int, expected: String) -> JSONSyntaxError {
    error(at: offset, found: Self.describe(bytes, at: offset), expected: expected)
  }

  func error(found: String, expected: String) -> JSONSyntaxError {
    error(at: position, found: found, expected: expected)
  }

  func error(at offset: Int, found: String, expected: String) -> JSONSyntaxError {
    let place = lineAndColumn(of: offset)
    return JSONSyntaxError(line: place.line, column: place.column, found: found, expected: expected)
  }

  /// Line and column, counted from 1, of a byte; linear in the offset.
  func lineAndColumn(of offset: Int) -> (line: Int, column: Int) {
    let before = bytes[..<min(offset, bytes.count)]
    let line = before.reduce(1) { $1 == 0x0a ? $0 + 1 : $0 }
    let lineStart = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
    return (line, before.endIndex - lineStart + 1)
  }

  private static func describe(_ bytes: [UInt8], at offset: Int) -> String {
    guard offset < bytes.count else { return "the end of the input" }
    let byte = bytes[offset]
    if byte < 0x20 || byte == 0x7f {
      return byte == 0x0a ? "the end of the line" : "control character 0x" + hex(byte)
    }
    if byte == UInt8(ascii: "\"") { return "a double quote" }
    if byte < 0x80 {
      let isWord = { (byte: UInt8) in
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte & 0xdf) || byte == 0x5f
      }
      let word = bytes[offset...].prefix { isWord($0) }.prefix(20)
      return "\"" + String(decoding: word.isEmpty ? bytes[offset...offset] : word, as: UTF8.self) + "\""
    }
    let character = String(decoding: bytes[offset...].prefix(4), as: UTF8.self).unicodeScalars.first
    guard let character, character != "\u{fffd}" else { return "byte 0x" + hex(byte) }
    return "\"\(character)\""
  }

  private static func hex(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}
