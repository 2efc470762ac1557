import VirtualNetworks
import Yams

/// Text that Yams is to compose, and what must be done to it first.
///
/// Yams gives up at keys that occur twice. To find every problem, and where the second one stands, the first of two
/// equal keys is given another name of the same length and the text is read again.
struct YAMLSource {
  private var text: String
  private let file: String
  private let limit: Int
  /// The names that keys were given, with their own.
  private(set) var renamedKeys: [String: String] = [:]

  init(text: String, file: String, limit: Int) {
    self.text = text
    self.file = file
    self.limit = limit
  }

  /// The one document of the text; nil if there is none.
  mutating func compose() throws(YAMLProblem) -> Node? {
    while true {
      do {
        // The default resolver would match every key with eight regular expressions.
        let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
        let root = try parser.nextRoot()
        if root != nil, let second = try parser.nextRoot() {
          throw YAMLProblem(
            at: location(second.mark), found: "a second document", expected: "one document in a file")
        }
        return root
      } catch let error as YAMLProblem {
        throw error
      } catch YamlError.duplicatedKeysInMapping(let names, let context) {
        guard renamedKeys.count < limit, rename(names.first ?? "", at: context.mark) else {
          throw YAMLProblem(
            at: location(context.mark), "the key \"\(names.first ?? "")\" occurs twice in one mapping")
        }
      } catch {
        throw problem(error)
      }
    }
  }

  private mutating func rename(_ name: String, at mark: Mark) -> Bool {
    var scalars = Array(text.unicodeScalars)
    let wanted = Array(name.unicodeScalars)
    guard !wanted.isEmpty, var start = TextPosition(mark).offset(in: scalars), start < scalars.count else {
      return false
    }
    if scalars[start] == "\"" || scalars[start] == "'" { start += 1 }
    guard scalars[start...].starts(with: wanted),
      let first = Unicode.Scalar(0xe000 + UInt32(renamedKeys.count)),
      let other = Unicode.Scalar(0xf8ff as UInt32)
    else { return false }
    let replacement = [first] + Array(repeating: other, count: wanted.count - 1)
    scalars.replaceSubrange(start..<start + wanted.count, with: replacement)
    var renamed = String.UnicodeScalarView()
    renamed.append(contentsOf: replacement)
    renamedKeys[String(renamed)] = name
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    text = String(view)
    return true
  }

  private func location(_ mark: Mark?) -> SourceLocation {
    SourceLocation(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
  }

  private func problem(_ error: any Error) -> YAMLProblem {
    switch error {
    case YamlError.scanner(let context, let problem, let mark, _),
      YamlError.parser(let context, let problem, let mark, _),
      YamlError.composer(let context, let problem, let mark, _):
      let context = context.map { " (\($0.text), begun in line \($0.mark.line))" } ?? ""
      return YAMLProblem(at: location(mark), "not YAML: \(problem)\(context)")
    case YamlError.reader(let problem, let offset, _, _):
      let position = TextPosition(afterCharacters: offset ?? 0, of: text)
      return YAMLProblem(at: position.location(in: file), "not YAML: \(problem)")
    default:
      return YAMLProblem(at: location(nil), "not YAML: \(error)")
    }
  }
}

/// A line and a column, both from 1; columns count Unicode scalars.
struct TextPosition: Hashable {
  var line: Int
  var column: Int

  init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }

  init(afterCharacters count: Int, of text: String) {
    self.init(line: 1, column: 1)
    for character in text.prefix(count) {
      self = character.isNewline ? Self(line: line + 1, column: 1) : Self(line: line, column: column + 1)
    }
  }

  /// Where the first byte stands that no UTF-8 has there.
  init(ofInvalidUTF8In bytes: [UInt8]) {
    self.init(line: 1, column: 1)
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
      self = scalar == "\n" ? Self(line: line + 1, column: 1) : Self(line: line, column: column + 1)
    }
  }

  func location(in file: String) -> SourceLocation { SourceLocation(file: file, line: line, column: column) }

  /// The index in a text; nil if it has no such line.
  func offset(in scalars: [Unicode.Scalar]) -> Int? {
    var (index, current) = (0, 1)
    while current < line {
      guard index < scalars.count else { return nil }
      let scalar = scalars[index]
      index += 1
      switch scalar {
      case "\r":
        if index < scalars.count && scalars[index] == "\n" { index += 1 }
        current += 1
      case "\n", "\u{85}", "\u{2028}", "\u{2029}": current += 1
      default: break
      }
    }
    let offset = index + column - 1
    return offset <= scalars.count ? offset : nil
  }
}
