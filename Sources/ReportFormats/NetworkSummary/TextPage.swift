/// Lines of text with indentation; long lists are broken before the eightieth column.
struct TextPage {
  private(set) var text = ""
  private static let width = 80

  mutating func blank() { text += "\n" }

  mutating func line(_ indent: Int, _ content: String) {
    text += String(repeating: " ", count: indent) + content + "\n"
  }

  /// Items after a label, separated by commas, on as many lines as they need; nothing if there are none.
  mutating func list(_ indent: Int, _ label: String, _ items: [String]) {
    guard !items.isEmpty else { return }
    var line = label
    var column = indent + label.count
    for (index, item) in items.enumerated() {
      let piece = item + (index == items.count - 1 ? "" : ",")
      if index > 0 && column + 1 + piece.count > Self.width {
        self.line(indent, line)
        line = String(repeating: " ", count: label.count)
        column = indent + label.count
      } else if index > 0 {
        line += " "
        column += 1
      }
      line += piece
      column += piece.count
    }
    self.line(indent, line)
  }

  /// A sentence after a label, broken between words; what follows the first line is indented by `hanging` more.
  mutating func paragraph(_ indent: Int, _ sentence: String, hanging: Int = 2) {
    var line = ""
    var depth = indent
    for word in sentence.split(separator: " ", omittingEmptySubsequences: false) {
      if !line.isEmpty && depth + line.count + 1 + word.count > Self.width {
        self.line(depth, line)
        line = ""
        depth = indent + hanging
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    self.line(depth, line)
  }
}
