/// How a text report may look: its width, and what its reader's terminal can show.
public struct TextStyle: Sendable, Hashable {
  /// Columns of a line; tables are cut to it, sentences wrapped.
  public var width: Int
  /// Whether words are coloured, always in addition to what they say.
  public var usesColor: Bool
  /// Whether characters beyond ASCII may be added; names of the input are printed as they are in any case.
  public var usesUnicode: Bool
  /// Whether lines of a list end at the width; a file or a pipe may want them whole.
  public var cutsLines: Bool

  public init(
    width: Int = 80, usesColor: Bool = false, usesUnicode: Bool = false, cutsLines: Bool = true
  ) {
    self.width = width
    self.usesColor = usesColor
    self.usesUnicode = usesUnicode
    self.cutsLines = cutsLines
  }

  /// What stands where a text was cut.
  var ellipsis: String { usesUnicode ? "…" : "..." }
}

/// The look of a word.
enum Ink: String, Sendable {
  case plain = ""
  case bold = "1"
  case dim = "2"
  case red = "31"
  case boldRed = "1;31"
  case green = "32"
  case yellow = "33"
}
