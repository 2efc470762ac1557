/// A line, or a part of one, whose words have an ink.
///
/// Text comes from outside, too: what could end a line or move the cursor is replaced when it enters.
struct StyledText: Sendable, ExpressibleByStringInterpolation {
  private(set) var spans: [(text: String, ink: Ink)] = []

  init(_ text: String, _ ink: Ink = .plain) { spans = [(Self.plain(text), ink)] }
  init(stringLiteral value: String) { self.init(value) }

  static func + (left: StyledText, right: StyledText) -> StyledText {
    var sum = left
    sum.spans += right.spans
    return sum
  }

  /// Columns that the text takes on a terminal.
  var width: Int { spans.reduce(0) { $0 + $1.text.columns } }

  /// The text cut to `width` columns, with an ellipsis where it was longer.
  func cut(to width: Int, _ style: TextStyle) -> StyledText {
    if self.width <= width { return self }
    var left = max(0, width - style.ellipsis.count)
    var result = StyledText("")
    for span in spans {
      let part = span.text.fitting(columns: left)
      result.spans.append((part, span.ink))
      left -= part.columns
      if part.utf8.count < span.text.utf8.count { break }
    }
    result.spans.append((String(style.ellipsis.prefix(width)), .plain))
    return result
  }

  /// The text filled with spaces to `width` columns, or cut to it.
  func padded(to width: Int, _ style: TextStyle, right: Bool = false) -> StyledText {
    let text = cut(to: width, style)
    let space = StyledText(String(repeating: " ", count: max(0, width - text.width)))
    return right ? space + text : text + space
  }

  /// The text as it is printed.
  func rendered(_ style: TextStyle) -> String {
    spans.reduce(into: "") { result, span in
      if style.usesColor && span.ink != .plain && !span.text.isEmpty {
        result += "\u{1b}[\(span.ink.rawValue)m\(span.text)\u{1b}[0m"
      } else {
        result += span.text
      }
    }
  }

  /// A text without anything that could end a line, move the cursor or turn the direction of writing.
  static func plain(_ text: String) -> String {
    let isClean = text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f }
    if isClean { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned:
        result.append("?")
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}

extension StringProtocol {
  /// Columns of a terminal that the text takes: two for wide East Asian characters and emoji, none for marks.
  var columns: Int {
    if utf8.allSatisfy({ $0 < 0x80 }) { return utf8.count }
    return reduce(0) { $0 + $1.columns }
  }

  /// The longest beginning that takes no more than `limit` columns.
  func fitting(columns limit: Int) -> String {
    var used = 0
    var end = startIndex
    while end < endIndex {
      used += self[end].columns
      if used > limit { break }
      end = index(after: end)
    }
    return String(self[..<end])
  }
}

extension Character {
  fileprivate var columns: Int {
    guard let scalar = unicodeScalars.first else { return 0 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff, 0xa000...0xa4cf,
      0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f,
      0x1f680...0x1f6ff, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
      return 2
    default: return 1
    }
  }
}
