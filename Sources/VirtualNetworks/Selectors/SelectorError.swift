/// Why a selector stands for nothing, or for too much.
public enum SelectorError: Error, Hashable, Sendable {
  case malformed(String, expected: String)
  /// Nothing has the id or name; `nearest` is what resembles it, or else some of what there is.
  case unknown(String, nearest: [String], resembles: Bool)
  /// Several things may be meant.
  case ambiguous(String, candidates: [String])
  /// The resource is there, but no packet comes from it or goes to it.
  case coversNothing(String, reason: String)
  /// The selector cannot stand where it stands.
  case misplaced(String, expected: String)
}

extension SelectorError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .malformed(let text, let expected): "found \"\(text)\", expected \(expected)"
    case .unknown(let text, let nearest, let resembles):
      "nothing is called \"\(text)\""
        + (nearest.isEmpty ? "" : (resembles ? "; nearest: " : "; there is ") + Self.list(nearest))
    case .ambiguous(let text, let candidates):
      "\"\(text)\" is ambiguous: found \(Self.list(candidates)); expected one of them"
    case .coversNothing(let text, let reason): "\"\(text)\" covers nothing: \(reason)"
    case .misplaced(let text, let expected): "found \"\(text)\", expected \(expected)"
    }
  }

  private static let shown = 10

  private static func list(_ names: [String]) -> String {
    names.prefix(shown).joined(separator: ", ")
      + (names.count > shown ? " and \(names.count - shown) more" : "")
  }
}
