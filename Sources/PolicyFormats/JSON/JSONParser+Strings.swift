extension JSONParser {
  /// Reads a string: escapes resolved, surrogate pairs joined, a lone surrogate replaced by U+FFFD.
  mutating func string() throws(JSONSyntaxError) -> String {
    guard peek() == UInt8(ascii: "\"") else { throw error(expected: "a string in double quotes") }
    let start = position + 1
    var index = start
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        advance(to: index + 1)
        return String(decoding: bytes[start..<index], as: UTF8.self)
      case UInt8(ascii: "\\"): return try escapedString(from: start, firstEscape: index)
      case 0..<0x20: throw error(at: index, expected: "the string's closing quote, or an escape such as \\n")
      default: index += 1
      }
    }
    throw error(at: index, expected: "the string's closing quote")
  }

  private mutating func escapedString(
    from start: Int, firstEscape: Int
  ) throws(JSONSyntaxError) -> String {
    var text = Array(bytes[start..<firstEscape])
    var index = firstEscape
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        advance(to: index + 1)
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): index = try escape(at: index, into: &text)
      case 0..<0x20: throw error(at: index, expected: "the string's closing quote, or an escape such as \\n")
      case let byte:
        text.append(byte)
        index += 1
      }
    }
    throw error(at: index, expected: "the string's closing quote")
  }

  /// Appends what the escape at `index` stands for; returns the index after it.
  private func escape(at index: Int, into text: inout [UInt8]) throws(JSONSyntaxError) -> Int {
    guard index + 1 < bytes.count else { throw error(at: index + 1, expected: "the rest of an escape") }
    switch bytes[index + 1] {
    case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
    case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
    case UInt8(ascii: "/"): text.append(UInt8(ascii: "/"))
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var unit = try hexUnit(at: index + 2)
      var next = index + 6
      if (0xd800..<0xdc00).contains(unit), next + 1 < bytes.count, bytes[next] == UInt8(ascii: "\\"),
        bytes[next + 1] == UInt8(ascii: "u")
      {
        let low = try hexUnit(at: next + 2)
        if (0xdc00..<0xe000).contains(low) {
          unit = 0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00)
          next += 6
        }
      }
      text.append(contentsOf: Array(String(Unicode.Scalar(unit) ?? "\u{fffd}").utf8))
      return next
    default: throw error(at: index + 1, expected: "one of \" \\ / b f n r t u after a backslash")
    }
    return index + 2
  }

  private func hexUnit(at index: Int) throws(JSONSyntaxError) -> UInt32 {
    var unit: UInt32 = 0
    for offset in index..<index + 4 {
      guard offset < bytes.count, let digit = Self.hexDigit(bytes[offset]) else {
        throw error(at: offset, expected: "four hexadecimal digits after \\u")
      }
      unit = unit << 4 | digit
    }
    return unit
  }

  private static func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }

  /// Passes over one value without building it.
  mutating func skipValue() throws(JSONSyntaxError) {
    switch peek() {
    case UInt8(ascii: "{"):
      try forEachMember { parser, _, _ throws(JSONSyntaxError) in try parser.skipValue() }
    case UInt8(ascii: "["): try forEachElement { parser throws(JSONSyntaxError) in try parser.skipValue() }
    default: _ = try value()
    }
  }
}
