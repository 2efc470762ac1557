import NetworkTypes
import RuleMatching
import TestSupport
import Testing

@Suite("Rules as text")
struct MatchTextTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var text: String
    var match: Match
    var direction: Direction

    init(_ text: String, _ traffic: TrafficMatch, _ direction: Direction, _ peer: Peer) {
      self.text = text
      match = Match(traffic, peer: peer)
      self.direction = direction
    }
    var testDescription: String { text }
  }

  private static func block(_ text: String) -> Peer { .prefix(IPPrefix(text)!) }

  @Test(
    "each kind of rule reads as it prints",
    arguments: [
      Row("tcp 443 from 0.0.0.0/0", .tcp(PortRange(443)), .ingress, block("0.0.0.0/0")),
      Row("tcp 1024-65535 to 10.0.0.0/8", .tcp(PortRange(1024, 65535)!), .egress, block("10.0.0.0/8")),
      Row("tcp any from ::/0", .tcp(.all), .ingress, block("::/0")),
      Row("tcp 0 from ::1/128", .tcp(PortRange(0)), .ingress, block("::1/128")),
      Row("udp any from sg/app", .udp(.all), .ingress, .group("app")),
      Row("udp 53 to sg-0123abcd", .udp(PortRange(53)), .egress, .group("sg-0123abcd")),
      Row("all to ::/0", .all, .egress, block("::/0")),
      Row("all from sg/123456789012/sg-0abc", .all, .ingress, .group("123456789012/sg-0abc")),
      Row("icmp 8 from pl/office", .icmp(.type(8)), .ingress, .prefixList("office")),
      Row("icmp 3/4 from pl-0123abcd", .icmp(.type(3, code: 4)), .ingress, .prefixList("pl-0123abcd")),
      Row("icmp any from 192.0.2.1/32", .icmp(.any), .ingress, block("192.0.2.1/32")),
      Row("icmpv6 128 from ::/0", .icmpv6(.type(128)), .ingress, block("::/0")),
      Row("icmpv6 0/0 to ::/0", .icmpv6(.type(0, code: 0)), .egress, block("::/0")),
      Row("proto 47 from 192.0.2.0/24", .other(IPProtocol(rawValue: 47)), .ingress, block("192.0.2.0/24")),
      Row("proto 0 to 0.0.0.0/0", .other(IPProtocol(rawValue: 0)), .egress, block("0.0.0.0/0")),
      Row("all from sg/\"my group (old)\"", .all, .ingress, .group("my group (old)")),
      Row("all from sg/\"sg-a b\"", .all, .ingress, .group("sg-a b")),
      Row("all from sg/pl-1", .all, .ingress, .group("pl-1")),
      Row("all from pl/\"\"", .all, .ingress, .prefixList("")),
      Row(#"all from sg/"say \"hi\" \\ \u{a}""#, .all, .ingress, .group("say \"hi\" \\ \n")),
    ])
  func reads(row: Row) throws {
    #expect(row.match.text(row.direction) == row.text)
    let (match, direction) = try Match.parse(row.text)
    #expect(match == row.match)
    #expect(direction == row.direction)
  }

  struct Spelling: Sendable, CustomTestStringConvertible {
    var text: String
    var canonical: String
    var testDescription: String { text }
  }

  @Test(
    "other spellings are accepted and printed in the one way",
    arguments: [
      Spelling(text: "  TCP  443\tFROM 0.0.0.0/0 ", canonical: "tcp 443 from 0.0.0.0/0"),
      Spelling(text: "tcp 443-443 from 10.0.0.5", canonical: "tcp 443 from 10.0.0.5/32"),
      Spelling(text: "tcp 0-65535 from 2001:DB8::1", canonical: "tcp any from 2001:db8::1/128"),
      Spelling(text: "tcp 22 from 100.68.0.18/18", canonical: "tcp 22 from 100.68.0.0/18"),
      Spelling(text: "6 443 from 10.0.0.0/8", canonical: "tcp 443 from 10.0.0.0/8"),
      Spelling(text: "17 any from 10.0.0.0/8", canonical: "udp any from 10.0.0.0/8"),
      Spelling(text: "1 8 from 10.0.0.0/8", canonical: "icmp 8 from 10.0.0.0/8"),
      Spelling(text: "58 any from ::/0", canonical: "icmpv6 any from ::/0"),
      Spelling(text: "proto 6 from 10.0.0.0/8", canonical: "tcp any from 10.0.0.0/8"),
      Spelling(text: "47 from 10.0.0.0/8", canonical: "proto 47 from 10.0.0.0/8"),
      Spelling(text: "-1 to 0.0.0.0/0", canonical: "all to 0.0.0.0/0"),
      Spelling(text: "all from sg/\"plain\"", canonical: "all from sg/plain"),
      Spelling(text: "all from sg/sg-1", canonical: "all from sg-1"),
      Spelling(text: "all from sg/a(b)", canonical: "all from sg/\"a(b)\""),
    ])
  func spellings(spelling: Spelling) throws {
    let (match, direction) = try Match.parse(spelling.text)
    #expect(match.text(direction) == spelling.canonical)
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    var text: String
    var part: MatchTextError.Part
    var found: String
    var column: Int

    init(_ text: String, _ part: MatchTextError.Part, _ found: String, at column: Int) {
      self.text = text
      self.part = part
      self.found = found
      self.column = column
    }
    var testDescription: String { text }
  }

  @Test(
    "what cannot be read is refused, with the place and what was expected there",
    arguments: [
      Refusal("", .ipProtocol, "", at: 1),
      Refusal("tpc 443 from ::/0", .ipProtocol, "tpc", at: 1),
      Refusal("256 from ::/0", .ipProtocol, "256", at: 1),
      Refusal("proto tcp from ::/0", .protocolNumber, "tcp", at: 7),
      Refusal("tcp from ::/0", .ports, "from", at: 5),
      Refusal("tcp 44x from ::/0", .ports, "44x", at: 5),
      Refusal("tcp 65536 from ::/0", .ports, "65536", at: 5),
      Refusal("tcp 20-10 from ::/0", .ports, "20-10", at: 5),
      Refusal("tcp 10- from ::/0", .ports, "10-", at: 5),
      Refusal("tcp +80 from ::/0", .ports, "+80", at: 5),
      Refusal("icmp any/4 from ::/0", .icmpKind, "any/4", at: 6),
      Refusal("icmp 3/ from ::/0", .icmpKind, "3/", at: 6),
      Refusal("icmp 256 from ::/0", .icmpKind, "256", at: 6),
      Refusal("proto 132 80 from ::/0", .direction, "80", at: 11),
      Refusal("tcp 443", .direction, "", at: 8),
      Refusal("tcp 443 for ::/0", .direction, "for", at: 9),
      Refusal("tcp 443 from", .peer, "", at: 13),
      Refusal("tcp 443 from 10.0.0.0/33", .peer, "10.0.0.0/33", at: 14),
      Refusal("tcp 443 from any", .peer, "any", at: 14),
      Refusal("tcp 443 from sg/", .peerName, "", at: 17),
      Refusal("tcp 443 from sg/\"open", .closingQuote, "", at: 22),
      Refusal("tcp 443 from sg/\"a\\n\"", .peerName, "\\", at: 19),
      Refusal("tcp 443 from ::/0 now", .end, "now", at: 19),
      Refusal("tcp 443 from sg/my group", .end, "group", at: 20),
    ])
  func refusals(refusal: Refusal) {
    #expect(throws: MatchTextError(refusal.part, found: refusal.found, column: refusal.column)) {
      try Match.parse(refusal.text)
    }
  }

  @Test("the message says what was found, where, and what was expected")
  func message() {
    #expect(throws: MatchTextError.self) { try Match.parse("tcp 44x from ::/0") }
    #expect(
      MatchTextError(.ports, found: "44x", column: 5).description
        == #"column 5: found "44x", expected any, a port, or a range of ports with the lower one first (1024-65535)"#
    )
    #expect(
      MatchTextError(.direction, found: "", column: 8).description
        == "column 8: found nothing, expected from or to")
  }

  @Test("an ACL entry is a number, an action and a rule")
  func numbered() throws {
    let entry = try NumberedMatch.parse("100 allow tcp 5432 from 10.0.1.0/24")
    #expect(entry.number == 100 && entry.allows && entry.direction == .ingress)
    #expect(entry.match == Match(.tcp(PortRange(5432)), peer: Self.block("10.0.1.0/24")))
    #expect(entry.text == "100 allow tcp 5432 from 10.0.1.0/24")
    #expect(try NumberedMatch.parse("32767 DENY 47 to ::/0").text == "32767 deny proto 47 to ::/0")
    #expect(throws: MatchTextError(.entryNumber, found: "allow", column: 1)) {
      try NumberedMatch.parse("allow all from ::/0")
    }
    #expect(throws: MatchTextError(.entryNumber, found: "65536", column: 1)) {
      try NumberedMatch.parse("65536 allow all from ::/0")
    }
    #expect(throws: MatchTextError(.action, found: "tcp", column: 5)) {
      try NumberedMatch.parse("100 tcp 1 from ::/0")
    }
    #expect(throws: MatchTextError(.peer, found: "x", column: 21)) {
      try NumberedMatch.parse("100 deny  all  from x")
    }
  }

  @Test("random rules survive printing and reading, whatever their names hold")
  func roundTrip() throws {
    var maker = RandomRules(SeededRandom.fresh("roundTrip"))
    let pieces = [
      "a", "sg-", "pl-", "/", " ", "\"", "\\", "\n", "\r\n", "\t", "\u{301}", "é", "한", "}", "\u{2028}",
      "\u{0}", ",",
    ]
    for _ in 0..<5_000 {
      let name = (0..<maker.number(0...5)).map { _ in pieces[maker.number(0...(pieces.count - 1))] }.joined()
      let peers: [Peer] = [.prefix(maker.prefix()), .group(name), .prefixList(name)]
      let match = Match(maker.traffic(), peer: peers[maker.number(0...2)])
      let direction: Direction = maker.number(0...1) == 0 ? .ingress : .egress
      let text = match.text(direction)
      let isOneLine = !text.contains { $0.isNewline }
      #expect(isOneLine)
      let parsed = try Match.parse(text)
      #expect(parsed.match == match && parsed.direction == direction)
      #expect(parsed.match.text(direction) == text)
    }
  }
}
