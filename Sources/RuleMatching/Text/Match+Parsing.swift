import NetworkTypes

extension Match {
  /// Reads one line of text as ``text(_:)`` prints it; `from` says ingress, `to` says egress.
  ///
  /// Protocols may also be given by number (`6 443`, `47`, `-1`), hosts without a length, and words in capitals.
  public static func parse(
    _ text: some StringProtocol
  ) throws(MatchTextError) -> (match: Match, direction: Direction) {
    var reader = MatchTextReader(text)
    return try reader.match()
  }
}

/// Reads a rule's text word by word.
///
/// It goes by Unicode scalars, not characters: a name may begin with a combining mark, which would swallow the quote
/// before it.
struct MatchTextReader {
  private struct Word {
    var text: String
    var column: Int
  }

  private let scalars: [Unicode.Scalar]
  private var position = 0

  init(_ text: some StringProtocol) { scalars = Array(text.unicodeScalars) }

  /// Reads traffic, direction and peer up to the end of the text.
  mutating func match() throws(MatchTextError) -> (match: Match, direction: Direction) {
    let traffic = try traffic()
    let direction = try direction()
    let peer = try peer()
    let rest = nextWord()
    if !rest.text.isEmpty { throw error(.end, rest) }
    return (Match(traffic, peer: peer), direction)
  }

  mutating func entryNumber() throws(MatchTextError) -> Int {
    let word = nextWord()
    guard let number: UInt16 = decimal(word.text) else { throw error(.entryNumber, word) }
    return Int(number)
  }

  /// Reads `allow` (true) or `deny`.
  mutating func action() throws(MatchTextError) -> Bool {
    let word = nextWord()
    switch word.text.lowercased() {
    case "allow": return true
    case "deny": return false
    default: throw error(.action, word)
    }
  }

  private mutating func traffic() throws(MatchTextError) -> TrafficMatch {
    let word = nextWord()
    switch word.text.lowercased() {
    case "all", "-1": return .all
    case "proto":
      let number = nextWord()
      guard let value: UInt8 = decimal(number.text) else { throw error(.protocolNumber, number) }
      return try traffic(of: IPProtocol(rawValue: value), isNumber: true)
    case "": throw error(.ipProtocol, word)
    default:
      guard let ipProtocol = IPProtocol(word.text) else { throw error(.ipProtocol, word) }
      return try traffic(of: ipProtocol, isNumber: false)
    }
  }

  /// Reads what narrows the protocol; after `proto N` nothing does.
  private mutating func traffic(
    of ipProtocol: IPProtocol, isNumber: Bool
  ) throws(MatchTextError) -> TrafficMatch {
    switch ipProtocol {
    case .tcp: .tcp(isNumber ? .all : try ports())
    case .udp: .udp(isNumber ? .all : try ports())
    case .icmp: .icmp(isNumber ? .any : try icmpMatch())
    case .icmpv6: .icmpv6(isNumber ? .any : try icmpMatch())
    default: .other(ipProtocol)
    }
  }

  private mutating func ports() throws(MatchTextError) -> PortRange {
    let word = nextWord()
    if word.text.lowercased() == "any" { return .all }
    let ends = word.text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first: UInt16 = decimal(ends.first ?? ""), let last: UInt16 = decimal(ends.last ?? ""),
      let range = PortRange(first, last)
    else { throw error(.ports, word) }
    return range
  }

  private mutating func icmpMatch() throws(MatchTextError) -> ICMPMatch {
    let word = nextWord()
    if word.text.lowercased() == "any" { return .any }
    let parts = word.text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let type: UInt8 = decimal(parts.first ?? "") else { throw error(.icmpKind, word) }
    if parts.count == 1 { return .type(type) }
    guard let code: UInt8 = decimal(parts[1]) else { throw error(.icmpKind, word) }
    return .type(type, code: code)
  }

  private mutating func direction() throws(MatchTextError) -> Direction {
    let word = nextWord()
    switch word.text.lowercased() {
    case "from": return .ingress
    case "to": return .egress
    default: throw error(.direction, word)
    }
  }

  private mutating func peer() throws(MatchTextError) -> Peer {
    skipSpaces()
    if skip("sg/") { return .group(try name()) }
    if skip("pl/") { return .prefixList(try name()) }
    let word = nextWord()
    if word.text.hasPrefix("sg-") { return .group(word.text) }
    if word.text.hasPrefix("pl-") { return .prefixList(word.text) }
    if let prefix = IPPrefix(word.text) { return .prefix(prefix) }
    if let address = IPAddress(word.text) { return .prefix(IPPrefix(host: address)) }
    throw error(.peer, word)
  }

  private mutating func name() throws(MatchTextError) -> String {
    let column = position + 1
    guard position < scalars.count, scalars[position] == "\"" else {
      if position == scalars.count || scalars[position].properties.isWhitespace {
        throw MatchTextError(.peerName, found: "", column: column)
      }
      return nextWord().text
    }
    position += 1
    var name = String.UnicodeScalarView()
    while position < scalars.count {
      let scalar = scalars[position]
      position += 1
      switch scalar {
      case "\"": return String(name)
      case "\\": name.append(try escaped())
      default: name.append(scalar)
      }
    }
    throw MatchTextError(.closingQuote, found: "", column: position + 1)
  }

  /// Reads what follows a backslash: a quote, a backslash, or `u{1f}`.
  private mutating func escaped() throws(MatchTextError) -> Unicode.Scalar {
    let column = position
    if position < scalars.count, scalars[position] == "\"" || scalars[position] == "\\" {
      position += 1
      return scalars[position - 1]
    }
    if skip("u{"), let end = scalars[position...].firstIndex(of: "}") {
      var digits = String.UnicodeScalarView()
      digits.append(contentsOf: scalars[position..<end])
      if let value = UInt32(String(digits), radix: 16), let scalar = Unicode.Scalar(value) {
        position = end + 1
        return scalar
      }
    }
    throw MatchTextError(.peerName, found: "\\", column: column)
  }

  private mutating func skipSpaces() {
    while position < scalars.count, scalars[position].properties.isWhitespace { position += 1 }
  }

  private mutating func skip(_ text: String) -> Bool {
    let wanted = text.unicodeScalars
    guard scalars[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  private mutating func nextWord() -> Word {
    skipSpaces()
    let start = position
    var text = String.UnicodeScalarView()
    while position < scalars.count, !scalars[position].properties.isWhitespace {
      text.append(scalars[position])
      position += 1
    }
    return Word(text: String(text), column: start + 1)
  }

  private func error(_ part: MatchTextError.Part, _ word: Word) -> MatchTextError {
    MatchTextError(part, found: word.text, column: word.column)
  }

  /// Digits only: the standard parser also takes a sign.
  private func decimal<Number: FixedWidthInteger>(_ text: some StringProtocol) -> Number? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Number(text) : nil
  }
}
