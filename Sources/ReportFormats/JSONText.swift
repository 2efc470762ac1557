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
    var text = TextBuffer()
    write(to: &text, indent: 0)
    text.append("\n" as Unicode.Scalar)
    return String(decoding: text.bytes, as: UTF8.self)
  }

  /// The document on one line.
  public func compact() -> String {
    var text = TextBuffer()
    write(to: &text, indent: nil)
    return String(decoding: text.bytes, as: UTF8.self)
  }

  private var isFlat: Bool {
    switch self {
    case .array(let elements): elements.allSatisfy(\.isLeaf)
    case .object(let members): members.allSatisfy { $0.1.isLeaf }
    default: true
    }
  }

  private var isLeaf: Bool {
    switch self {
    case .array(let elements): elements.isEmpty
    case .object(let members): members.isEmpty
    default: true
    }
  }

  private func write(to text: inout TextBuffer, indent: Int?) {
    switch self {
    case .null: text.append("null")
    case .bool(let value): text.append(value ? "true" : "false")
    case .integer(let value): text.append(decimal: value)
    case .string(let value): Self.write(value, to: &text)
    case .raw(let value): text.append(value)
    case .array(let elements):
      let inner = isFlat ? nil : indent.map { $0 + 2 }
      text.append("[" as Unicode.Scalar)
      for (index, element) in elements.enumerated() {
        Self.separate(index, inner, in: &text)
        element.write(to: &text, indent: inner)
      }
      if inner != nil, let indent { Self.newLine(indent, in: &text) }
      text.append("]" as Unicode.Scalar)
    case .object(let members):
      let inner = isFlat ? nil : indent.map { $0 + 2 }
      text.append("{" as Unicode.Scalar)
      for (index, (name, value)) in members.enumerated() {
        Self.separate(index, inner, in: &text)
        Self.write(name, to: &text)
        text.append(": ")
        value.write(to: &text, indent: inner)
      }
      if inner != nil, let indent { Self.newLine(indent, in: &text) }
      text.append("}" as Unicode.Scalar)
    }
  }

  /// What stands before a member or an element.
  private static func separate(_ index: Int, _ indent: Int?, in text: inout TextBuffer) {
    if index > 0 { text.append(indent == nil ? ", " : ",") }
    if let indent { newLine(indent, in: &text) }
  }

  private static func newLine(_ indent: Int, in text: inout TextBuffer) {
    text.append("\n" as Unicode.Scalar)
    for _ in 0..<indent { text.append(" " as Unicode.Scalar) }
  }

  private static func write(_ value: String, to text: inout TextBuffer) {
    text.append("\"" as Unicode.Scalar)
    let first = text.count
    text.append(value)
    if text.bytes[first...].contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5c || $0 == 0x7f }) {
      text.truncate(to: first)
      escape(value, to: &text)
    }
    text.append("\"" as Unicode.Scalar)
  }

  private static func escape(_ value: String, to text: inout TextBuffer) {
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\""): text.append("\\\"")
      case UInt8(ascii: "\\"): text.append("\\\\")
      case UInt8(ascii: "\n"): text.append("\\n")
      case UInt8(ascii: "\r"): text.append("\\r")
      case UInt8(ascii: "\t"): text.append("\\t")
      case 0..<0x20, 0x7f:
        text.append("\\u00")
        text.append(byte: 0x30 + byte >> 4)
        text.append(hexadecimal: UInt16(byte & 0xf))
      default: text.append(byte: byte)
      }
    }
  }
}
