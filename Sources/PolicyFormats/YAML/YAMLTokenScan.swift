/// Looks through a text, before Yams reads it, for keys that would take Yams exponential time.
///
/// To find keys that occur twice, Yams hashes them. A key that is a list of aliases of lists of aliases is hashed
/// element by element: a page of text would take years. Collections as keys mean nothing here anyway, so a text that
/// has both them and aliases is refused. Quotes and comments are stepped over; elsewhere the scan errs towards refusal.
struct YAMLTokenScan {
  private let scalars: [UInt8]
  private var index = 0
  private var position = TextPosition(line: 1, column: 1)

  init(_ text: String) { scalars = Array(text.utf8) }

  /// Where such a key or too deep a nesting of brackets stands, and what is wrong with it.
  mutating func hostileKey(depth limit: Int) -> (TextPosition, String)? {
    var hasAlias = false
    var complexKey: TextPosition?
    var depth = 0
    var explicitKeys = 0
    var isTokenStart = true
    while index < scalars.count {
      let byte = scalars[index]
      let here = position
      switch byte {
      case 0x20, 0x09, 0x0a, 0x0d:
        step()
        isTokenStart = true
        continue
      case UInt8(ascii: "#") where isTokenStart:
        while index < scalars.count && scalars[index] != 0x0a { step() }
        continue
      case UInt8(ascii: "\"") where isTokenStart, UInt8(ascii: "'") where isTokenStart:
        skipQuoted(byte)
        isTokenStart = false
        continue
      case UInt8(ascii: "*") where isTokenStart:
        hasAlias = true
        while index < scalars.count && !isBlankOrIndicator(scalars[index]) { step() }
        while peek == 0x20 { step() }
        // `*a : value`
        if peek == UInt8(ascii: ":") { complexKey = complexKey ?? here }
        isTokenStart = false
        continue
      case UInt8(ascii: "?") where isTokenStart && isBlank(next):
        complexKey = complexKey ?? here
        explicitKeys += 1
        // Each level of `? ? ? key` hashes all below it once more.
        if explicitKeys > limit { return (here, "more than \(limit) keys are written with a question mark") }
        step()
        continue
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        if depth > limit { return (here, "more than \(limit) lists and mappings stand within each other") }
        step()
        isTokenStart = true
        continue
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        depth = max(0, depth - 1)
        step()
        while peek == 0x20 { step() }
        if peek == UInt8(ascii: ":") && (depth > 0 || isBlank(next)) { complexKey = complexKey ?? here }
        isTokenStart = false
        continue
      default: break
      }
      // A flow collection's comma begins a token; a dash and a colon do with the blank that follows them.
      isTokenStart = byte == UInt8(ascii: ",")
      step()
    }
    guard hasAlias, let complexKey else { return nil }
    return (complexKey, "found an alias, a list or a mapping as a key, expected text as a key")
  }

  private var peek: UInt8? { index < scalars.count ? scalars[index] : nil }
  private var next: UInt8? { index + 1 < scalars.count ? scalars[index + 1] : nil }

  private func isBlank(_ byte: UInt8?) -> Bool { byte.map { [0x20, 0x09, 0x0a, 0x0d].contains($0) } ?? true }

  private func isBlankOrIndicator(_ byte: UInt8) -> Bool {
    isBlank(byte) || [UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}")].contains(byte)
  }

  private mutating func step() {
    if scalars[index] == 0x0a {
      position = TextPosition(line: position.line + 1, column: 1)
    } else if scalars[index] & 0xc0 != 0x80 {
      position.column += 1
    }
    index += 1
  }

  private mutating func skipQuoted(_ quote: UInt8) {
    step()
    while let byte = peek, byte != quote {
      step()
      if byte == UInt8(ascii: "\\") && quote == UInt8(ascii: "\"") && peek != nil { step() }
    }
    if peek != nil { step() }
  }
}
