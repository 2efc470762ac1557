import NetworkTypes

/// An entry of an ordered list as one line of text: `100 allow tcp 5432 from 10.0.1.0/24`.
public struct NumberedMatch: Hashable, Sendable {
  public var number: Int
  /// Whether the entry allows; otherwise it denies.
  public var allows: Bool
  public var match: Match
  public var direction: Direction

  public init(number: Int, allows: Bool, match: Match, direction: Direction) {
    self.number = number
    self.allows = allows
    self.match = match
    self.direction = direction
  }

  /// The entry as one line; ``parse(_:)`` reads it back.
  public var text: String { "\(number) \(allows ? "allow" : "deny") \(match.text(direction))" }

  /// Reads one line of text: a number from 0 to 65535, `allow` or `deny`, then a rule as ``Match/parse(_:)`` reads it.
  public static func parse(_ text: some StringProtocol) throws(MatchTextError) -> NumberedMatch {
    var reader = MatchTextReader(text)
    let number = try reader.entryNumber()
    let allows = try reader.action()
    let (match, direction) = try reader.match()
    return NumberedMatch(number: number, allows: allows, match: match, direction: direction)
  }
}
