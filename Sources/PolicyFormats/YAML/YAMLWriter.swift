/// A value that is to be written as YAML.
enum YAMLValue: Sendable {
  /// Text, in quotes where it would read back as something else.
  case text(String)
  /// A number, `true`, `false` or `~`, as it stands.
  case word(String)
  case list([YAMLValue])
  case map([(String, YAMLValue)])

  static func number(_ value: Int) -> YAMLValue { .word(String(value)) }
  static func flag(_ value: Bool) -> YAMLValue { .word(value ? "true" : "false") }
  static var null: YAMLValue { .word("~") }

  /// One value as itself, several as a list; nil for none.
  static func oneOrMany(_ values: [YAMLValue]) -> YAMLValue? {
    values.isEmpty ? nil : values.count == 1 ? values[0] : .list(values)
  }
}

/// Writes values as YAML: short ones on one line, others as blocks.
struct YAMLWriter {
  private(set) var text = ""
  /// Columns that a value written on one line may reach.
  private static let width = 100
  /// Characters of a key that needs no sign of its own: YAML takes no more than 1,024 for one.
  private static let keyLength = 1000

  /// Appends `key: value` with everything below it.
  mutating func member(_ key: String, _ value: YAMLValue, indent: Int = 0) {
    let space = String(repeating: " ", count: indent)
    let name = Self.scalar(key)
    let isLong = name.unicodeScalars.count > Self.keyLength
    if isLong { text += "\(space)? \(name)\n" }
    let start = space + (isLong ? "" : name) + ":"
    if let line = Self.line(value, fitting: Self.width - start.count - 1) {
      text += "\(start) \(line)\n"
      return
    }
    text += start + "\n"
    block(value, indent: indent + 2)
  }

  mutating func comment(_ line: String) { text += "# \(line)\n" }

  mutating func blankLine() { text += "\n" }

  private mutating func block(_ value: YAMLValue, indent: Int) {
    let space = String(repeating: " ", count: indent)
    switch value {
    case .text, .word: text += space + (Self.line(value, fitting: .max) ?? "") + "\n"
    case .list(let elements):
      for element in elements {
        if let line = Self.line(element, fitting: Self.width - indent - 2) ?? Self.long(element) {
          text += "\(space)- \(line)\n"
        } else {
          // The first member stands behind the dash.
          var inner = YAMLWriter()
          inner.block(element, indent: indent + 2)
          text += "\(space)- " + inner.text.dropFirst(indent + 2)
        }
      }
    case .map(let members):
      for (key, value) in members { member(key, value, indent: indent) }
    }
  }

  private static func long(_ value: YAMLValue) -> String? {
    if case .text(let text) = value { return scalar(text) }
    return nil
  }

  /// The value on one line; nil if it is too long, or a mapping of mappings.
  private static func line(_ value: YAMLValue, fitting width: Int) -> String? {
    let line: String
    switch value {
    case .text(let text): return scalar(text)
    case .word(let word): return word
    case .list(let elements):
      let parts = elements.compactMap { isFlat($0) ? self.line($0, fitting: width) : nil }
      guard parts.count == elements.count else { return nil }
      line = "[\(parts.joined(separator: ", "))]"
    case .map(let members):
      let parts = members.compactMap { key, value in
        isFlat(value) || isFlatList(value)
          ? self.line(value, fitting: width).map { "\(scalar(key)): \($0)" } : nil
      }
      guard parts.count == members.count else { return nil }
      line = "{\(parts.joined(separator: ", "))}"
    }
    return line.count <= width ? line : nil
  }

  private static func isFlat(_ value: YAMLValue) -> Bool {
    switch value {
    case .text, .word: true
    case .list(let elements): elements.isEmpty
    case .map(let members): members.isEmpty
    }
  }

  private static func isFlatList(_ value: YAMLValue) -> Bool {
    if case .list(let elements) = value { elements.allSatisfy(isFlat) } else { false }
  }

  /// Text as a scalar that every reader of YAML takes for text.
  static func scalar(_ text: String) -> String {
    if isPlain(text) { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20 || (0x7f...0xa0).contains(scalar.value) || isHidden(scalar):
        let digits = String(scalar.value, radix: 16)
        quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

  /// Characters that YAML breaks lines at, or does not take at all.
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    [0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff].contains(scalar.value)
      || scalar.properties.generalCategory == .format
  }

  private static let reserved: Set<String> = [
    "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "infinity",
  ]

  /// Whether text needs no quotes: it looks like a name, an address or a rule, and like no number, date or word.
  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.last != 0x20, !reserved.contains(text.lowercased()) else {
      return false
    }
    let isAlphanumeric = { (byte: UInt8) in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
    guard isAlphanumeric(first) || first == UInt8(ascii: "_") || first == UInt8(ascii: "/") else {
      return false
    }
    var previous: UInt8 = 0
    for byte in text.utf8 {
      guard isAlphanumeric(byte) || " ._/@+=*-:()".utf8.contains(byte) else { return false }
      if byte == 0x20 && previous == UInt8(ascii: ":") { return false }
      previous = byte
    }
    if previous == UInt8(ascii: ":") { return false }
    // Numbers, dates, sexagesimal numbers: digits with signs between them. Addresses have three dots or a slash.
    let isLikeNumber =
      (0x30...0x39).contains(first)
      && text.utf8.allSatisfy { (0x30...0x39).contains($0) || "._:+-eExXoabcdfABCDF".utf8.contains($0) }
    return !isLikeNumber || text.utf8.count { $0 == UInt8(ascii: ".") } == 3
  }
}
