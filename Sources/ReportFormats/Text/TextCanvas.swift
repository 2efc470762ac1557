/// Lines of a text report, each cut or wrapped to the width of the style.
struct TextCanvas {
  let style: TextStyle
  private(set) var text = ""

  init(_ style: TextStyle) { self.style = style }

  /// One line, cut to the width; `right` is set against the right edge and never cut.
  mutating func line(_ left: StyledText = "", right: StyledText? = nil) {
    guard let right else {
      finish(left.cut(to: style.width, style))
      return
    }
    let room = max(0, style.width - right.width - 2)
    finish(left.padded(to: room, style) + "  " + right)
  }

  /// An empty line and a heading; `note` says what stands below it.
  mutating func heading(_ title: String, _ note: String = "") {
    if !text.isEmpty { line() }
    line(StyledText(title, .bold) + StyledText(note.isEmpty ? "" : "  \(note)", .dim))
  }

  /// Words over as many lines as they need; the first begins with `lead`, the others are indented.
  mutating func paragraph(_ lead: StyledText, _ words: String, indent: Int) {
    var current = lead
    var isEmpty = true
    for word in StyledText.plain(words).split(separator: " ") {
      let word = String(word)
      if isEmpty {
        add(word, to: &current, indent)
      } else if current.width + 1 + word.columns <= style.width {
        current = current + StyledText(" " + word)
      } else {
        finish(current)
        current = StyledText(String(repeating: " ", count: indent))
        add(word, to: &current, indent)
      }
      isEmpty = false
    }
    finish(current)
  }

  /// A word longer than a line is broken, not cut: sentences keep everything. An ARN stays whole, to be copied.
  private mutating func add(_ word: String, to line: inout StyledText, _ indent: Int) {
    var rest = word
    while !rest.contains("arn:aws"), line.width + rest.columns > style.width, style.width > indent {
      let part = rest.fitting(columns: style.width - line.width)
      if part.isEmpty { break }
      finish(line + StyledText(part))
      line = StyledText(String(repeating: " ", count: indent))
      rest = String(rest.dropFirst(part.count))
    }
    line = line + StyledText(rest)
  }

  private mutating func finish(_ line: StyledText) {
    var rendered = line.rendered(style)
    while rendered.last == " " { rendered.removeLast() }
    text += rendered + "\n"
  }
}
