/// A JSON document to be written: members keep their order, so the same report is always the same bytes.
public enum JSONText: Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case string(String)
  case array([JSONText])
  case object([(String, JSONText)])
  /// Text that is JSON already, written as it is.
  case raw(String)

  /// A string, or null for nil.
  public static func optional(_ text: String?) -> JSONText { text.map(JSONText.string) ?? .null }
  public static func strings(_ texts: some Sequence<some CustomStringConvertible>) -> JSONText {
    .array(texts.map { .string($0.description) })
  }

  /// The document with two spaces of indentation; arrays and objects without arrays or objects within, on one line.
  public func pretty() -> String {
    var text = ""
    write(to: &text, indent: 0)
    return text + "\n"
  }

  /// The document on one line.
  public func compact() -> String {
    var text = ""
    write(to: &text, indent: nil)
    return text
  }

  private var isFlat: Bool {
    let isLeaf = { (value: JSONText) in
      switch value {
      case .array(let elements): elements.isEmpty
      case .object(let members): members.isEmpty
      default: true
      }
    }
    switch self {
    case .array(let elements): return elements.allSatisfy(isLeaf)
    case .object(let members): return members.allSatisfy { isLeaf($0.1) }
    default: return true
    }
  }

  private func write(to text: inout String, indent: Int?) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .string(let value): Self.write(value, to: &text)
    case .raw(let value): text += value
    case .array(let elements):
      write("[", "]", elements.map { (nil, $0) }, to: &text, indent: indent)
    case .object(let members):
      write("{", "}", members.map { ($0.0, $0.1) }, to: &text, indent: indent)
    }
  }

  private func write(
    _ open: String, _ close: String, _ members: [(String?, JSONText)], to text: inout String, indent: Int?
  ) {
    let inner = indent.flatMap { isFlat ? nil : $0 + 2 }
    let pad = { (count: Int) in "\n" + String(repeating: " ", count: count) }
    text += open
    for (index, member) in members.enumerated() {
      if index > 0 { text += inner == nil ? ", " : "," }
      if let inner { text += pad(inner) }
      if let name = member.0 {
        Self.write(name, to: &text)
        text += ": "
      }
      member.1.write(to: &text, indent: inner)
    }
    if inner != nil, let indent { text += pad(indent) }
    text += close
  }

  private static func write(_ value: String, to text: inout String) {
    text += "\""
    if value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5c && $0 != 0x7f }) {
      text += value
      text += "\""
      return
    }
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        let hex = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
