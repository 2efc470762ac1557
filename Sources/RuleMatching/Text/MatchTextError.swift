/// The place in a rule's text that cannot be read, what stands there, and what may stand there.
public struct MatchTextError: Error, Hashable, Sendable {
  /// What was to be read.
  public enum Part: Hashable, Sendable {
    case entryNumber
    case action
    case ipProtocol
    case protocolNumber
    case ports
    case icmpKind
    case direction
    case peer
    case peerName
    case closingQuote
    case end
  }

  public var part: Part
  /// The word that stands there; empty at the end of the text.
  public var found: String
  /// Where it begins, in characters (Unicode scalars) from 1.
  public var column: Int

  public init(_ part: Part, found: String, column: Int) {
    self.part = part
    self.found = found
    self.column = column
  }

  /// What may stand there.
  public var expected: String {
    switch part {
    case .entryNumber: "an entry number from 0 to 65535"
    case .action: "allow or deny"
    case .ipProtocol: "all, tcp, udp, icmp, icmpv6 or a protocol number"
    case .protocolNumber: "a protocol number from 0 to 255"
    case .ports: "any, a port, or a range of ports with the lower one first (1024-65535)"
    case .icmpKind: "any, an ICMP type (8), or a type and code (3/4)"
    case .direction: "from or to"
    case .peer:
      "an address, a block (10.0.0.0/8), a group (sg/NAME or sg-…) or a prefix list (pl/NAME or pl-…)"
    case .peerName: "a name after the slash, in double quotes if it has spaces"
    case .closingQuote: "a closing double quote"
    case .end: "the end of the rule"
    }
  }
}

extension MatchTextError: CustomStringConvertible {
  /// `column 5: found "44x", expected any, a port, …`
  public var description: String {
    "column \(column): found \(found.isEmpty ? "nothing" : "\"\(found)\""), expected \(expected)"
  }
}
