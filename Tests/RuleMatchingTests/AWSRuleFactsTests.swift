import NetworkTypes
import RuleMatching
import Testing

/// What AWS documents of single rules (semantics SG-10 to SG-17 and SG-21, NACL-7, NACL-9 and NACL-10; S6, S7 and S8),
/// put to the scanned and to the compiled matcher.
@Suite("What AWS says of protocols, ports and families")
struct AWSRuleFactsTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var rule: String
    var packet: String
    var remote: String
    var service: ServiceKey
    var matches: Bool

    init(_ rule: String, _ packet: String, _ remote: String, _ service: ServiceKey, _ matches: Bool) {
      self.rule = rule
      self.packet = packet
      self.remote = remote
      self.service = service
      self.matches = matches
    }
    var testDescription: String {
      "\(rule): \(packet) of \(remote) \(matches ? "matches" : "does not match")"
    }
  }

  private static func icmp(_ type: UInt8, _ code: UInt8) -> ServiceKey {
    ServiceKey(.icmp, port: UInt16(type) << 8 | UInt16(code))
  }
  private static func icmpv6(_ type: UInt8, _ code: UInt8) -> ServiceKey {
    ServiceKey(.icmpv6, port: UInt16(type) << 8 | UInt16(code))
  }
  private static func other(_ number: UInt8, port: UInt16 = 0) -> ServiceKey {
    ServiceKey(IPProtocol(rawValue: number), port: port)
  }

  @Test(
    "a rule matches what AWS says it matches",
    arguments: [
      // S6, SG-13: the numbers of an ICMP rule are type and code, not a range.
      Row("icmp 3/4 from 0.0.0.0/0", "fragmentation needed", "192.0.2.1", icmp(3, 4), true),
      Row("icmp 3/4 from 0.0.0.0/0", "host unreachable", "192.0.2.1", icmp(3, 1), false),
      Row("icmp 3/4 from 0.0.0.0/0", "source quench", "192.0.2.1", icmp(4, 0), false),
      Row("icmp 8 from 0.0.0.0/0", "echo request of any code", "192.0.2.1", icmp(8, 7), true),
      Row("icmp 8 from 0.0.0.0/0", "echo reply", "192.0.2.1", icmp(0, 0), false),
      Row("icmp any from 0.0.0.0/0", "time exceeded", "192.0.2.1", icmp(11, 0), true),
      Row("icmp any from 0.0.0.0/0", "type 255 code 255", "192.0.2.1", icmp(255, 255), true),
      Row("icmpv6 any from ::/0", "packet too big", "2001:db8::1", icmpv6(2, 0), true),
      Row("icmpv6 128 from ::/0", "echo request", "2001:db8::1", icmpv6(128, 0), true),
      Row("icmpv6 128 from ::/0", "echo reply", "2001:db8::1", icmpv6(129, 0), false),
      // SG-12: a port range has both its ends.
      Row("tcp 1024-2048 from 0.0.0.0/0", "port 1023", "192.0.2.1", ServiceKey(.tcp, port: 1023), false),
      Row("tcp 1024-2048 from 0.0.0.0/0", "port 1024", "192.0.2.1", ServiceKey(.tcp, port: 1024), true),
      Row("tcp 1024-2048 from 0.0.0.0/0", "port 2048", "192.0.2.1", ServiceKey(.tcp, port: 2048), true),
      Row("tcp 1024-2048 from 0.0.0.0/0", "port 2049", "192.0.2.1", ServiceKey(.tcp, port: 2049), false),
      Row("tcp 443 from 0.0.0.0/0", "udp 443", "192.0.2.1", ServiceKey(.udp, port: 443), false),
      // S7, SG-11, NACL-9: other protocols have no ports.
      Row("proto 132 from 0.0.0.0/0", "SCTP to 9999", "192.0.2.1", other(132, port: 9999), true),
      Row("proto 132 from 0.0.0.0/0", "UDP-Lite", "192.0.2.1", other(136), false),
      Row("proto 50 from 0.0.0.0/0", "ESP", "192.0.2.1", other(50), true),
      // S7, SG-16: all of TCP is not all traffic.
      Row("tcp any from 0.0.0.0/0", "tcp 0", "192.0.2.1", ServiceKey(.tcp, port: 0), true),
      Row("tcp any from 0.0.0.0/0", "tcp 65535", "192.0.2.1", ServiceKey(.tcp, port: 65535), true),
      Row("tcp any from 0.0.0.0/0", "udp 53", "192.0.2.1", ServiceKey(.udp, port: 53), false),
      Row("tcp any from 0.0.0.0/0", "echo request", "192.0.2.1", icmp(8, 0), false),
      Row("tcp any from 0.0.0.0/0", "GRE", "192.0.2.1", other(47), false),
      // SG-10: -1 is everything.
      Row("all from 0.0.0.0/0", "GRE", "192.0.2.1", other(47), true),
      Row("all from 0.0.0.0/0", "protocol 255", "255.255.255.255", other(255), true),
      Row("all from 0.0.0.0/0", "protocol 0", "0.0.0.0", other(0), true),
      Row("all from 0.0.0.0/0", "udp 53", "192.0.2.1", ServiceKey(.udp, port: 53), true),
      // S8, SG-15, SG-21, NACL-7: families are separate.
      Row("tcp 443 from 0.0.0.0/0", "tcp 443", "2001:db8:ffff::7", ServiceKey(.tcp, port: 443), false),
      Row("tcp 443 from ::/0", "tcp 443", "192.0.2.1", ServiceKey(.tcp, port: 443), false),
      Row("tcp 443 from ::/0", "tcp 443", "::ffff:192.0.2.1", ServiceKey(.tcp, port: 443), true),
      Row("icmp any from ::/0", "ICMPv6 echo request", "2001:db8::1", icmpv6(128, 0), false),
      Row("icmp any from 0.0.0.0/0", "ICMPv6 echo request", "2001:db8::1", icmpv6(128, 0), false),
      Row("all from ::/0", "ICMPv6 echo request", "2001:db8::1", icmpv6(128, 0), true),
      Row("all from 0.0.0.0/0", "ICMPv6 echo request", "2001:db8::1", icmpv6(128, 0), false),
      // NACL-10: a rule of protocol 58 with an IPv4 block.
      Row("icmpv6 any from 0.0.0.0/0", "protocol 58", "192.0.2.1", icmpv6(135, 0), true),
    ])
  func fact(row: Row) throws {
    let (match, _) = try Match.parse(row.rule)
    guard case .prefix(let prefix) = match.peer else {
      Issue.record("the rule names no block")
      return
    }
    let rules = [ResolvedRule(match.traffic, prefixes: [prefix])]
    let expected = row.matches ? 0 : nil
    let remote = try #require(IPAddress(row.remote))
    #expect(LinearRules(rules).firstMatch(remote: remote, service: row.service) == expected)
    #expect(CompiledRules(rules).firstMatch(remote: remote, service: row.service) == expected)
    #expect(CompiledRules(rules, cellLimit: 0).firstMatch(remote: remote, service: row.service) == expected)
  }

  @Test(
    "of an ordered list and of an allow set alike, the first rule in the order of the input is the one named")
  func order() throws {
    // S10: 100 allow tcp 443, 110 deny all from one host; then with the numbers swapped.
    let everyone = ResolvedRule(.tcp(PortRange(443)), prefixes: [IPPrefix("0.0.0.0/0")!])
    let one = ResolvedRule(.all, prefixes: [IPPrefix("203.0.113.7/32")!])
    let (client, https) = (IPAddress("203.0.113.7")!, ServiceKey(.tcp, port: 443))
    for rules in [[everyone, one], [one, everyone]] {
      #expect(CompiledRules(rules).firstMatch(remote: client, service: https) == 0)
    }
    #expect(
      CompiledRules([everyone, one]).firstMatch(remote: client, service: ServiceKey(.tcp, port: 22)) == 1)
    #expect(
      CompiledRules([one, everyone]).firstMatch(remote: IPAddress("203.0.113.8")!, service: https) == 1)
  }
}
