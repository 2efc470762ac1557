import NetworkTypes
import RuleMatching
import TestSupport
import Testing

@Suite("The rule nearest to a denied packet")
struct NearestRuleTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var rules: [String]
    var remote: String
    var service: ServiceKey
    var nearest: String
    var fields: [RuleMiss.Field]
    var testDescription: String { "\(remote) \(service.ipProtocol) \(service.port): \(nearest)" }
  }

  private static func rules(_ texts: [String]) throws -> [ResolvedRule] {
    try texts.map { text in
      let (match, _) = try Match.parse(text)
      guard case .prefix(let prefix) = match.peer else { return ResolvedRule(match.traffic, prefixes: []) }
      return ResolvedRule(match.traffic, prefixes: [prefix])
    }
  }

  @Test(
    "is the one that misses in the fewest fields, and by the least",
    arguments: [
      Row(
        rules: ["tcp 22 from 0.0.0.0/0", "udp 53 from 0.0.0.0/0"], remote: "192.0.2.1",
        service: ServiceKey(.tcp, port: 23), nearest: "tcp 22 from 0.0.0.0/0", fields: [.port]),
      Row(
        rules: ["tcp 80 from 0.0.0.0/0", "tcp 440-450 from 0.0.0.0/0"], remote: "192.0.2.1",
        service: ServiceKey(.tcp, port: 451), nearest: "tcp 440-450 from 0.0.0.0/0", fields: [.port]),
      Row(
        rules: ["tcp 5432 from 10.0.9.0/24", "tcp 5432 from 10.0.1.0/24", "tcp 22 from 10.0.9.0/24"],
        remote: "10.0.0.9", service: ServiceKey(.tcp, port: 5432), nearest: "tcp 5432 from 10.0.1.0/24",
        fields: [.remoteAddress]),
      // One missed field is nearer than two, however far.
      Row(
        rules: ["tcp 5433 from 10.0.1.0/24", "tcp 5432 from 192.0.2.0/24"], remote: "10.0.0.9",
        service: ServiceKey(.tcp, port: 5432), nearest: "tcp 5432 from 192.0.2.0/24", fields: [.remoteAddress]
      ),
      Row(
        rules: ["udp 53 from 0.0.0.0/0", "tcp 443 from 0.0.0.0/0"], remote: "192.0.2.1",
        service: ServiceKey(.tcp, port: 53), nearest: "udp 53 from 0.0.0.0/0", fields: [.ipProtocol]),
      Row(
        rules: ["tcp 443 from 0.0.0.0/0", "icmp 8 from 0.0.0.0/0"], remote: "192.0.2.1",
        service: ServiceKey(.icmp, port: 13 << 8), nearest: "icmp 8 from 0.0.0.0/0", fields: [.icmpKind]),
      // A block of the other family is further than any of the same.
      Row(
        rules: ["tcp 443 from 0.0.0.0/0", "tcp 443 from 2001:db8::/32"], remote: "fe80::1",
        service: ServiceKey(.tcp, port: 443), nearest: "tcp 443 from 2001:db8::/32", fields: [.remoteAddress]),
      // Equals: the first in order.
      Row(
        rules: ["tcp 444 from 0.0.0.0/0", "tcp 442 from 0.0.0.0/0"], remote: "192.0.2.1",
        service: ServiceKey(.tcp, port: 443), nearest: "tcp 444 from 0.0.0.0/0", fields: [.port]),
      Row(
        rules: ["tcp 443 from sg/gone", "proto 47 from 0.0.0.0/0"], remote: "192.0.2.1",
        service: ServiceKey(.tcp, port: 443), nearest: "tcp 443 from sg/gone", fields: [.remoteAddress]),
      Row(
        rules: ["tcp 444 from 10.0.0.0/24"], remote: "10.0.1.1", service: ServiceKey(.tcp, port: 443),
        nearest: "tcp 444 from 10.0.0.0/24", fields: [.port, .remoteAddress]),
      Row(
        rules: ["proto 47 from 10.0.0.0/24"], remote: "10.0.1.1", service: ServiceKey(.tcp, port: 443),
        nearest: "proto 47 from 10.0.0.0/24", fields: [.ipProtocol, .remoteAddress]),
    ])
  func nearest(row: Row) throws {
    let rules = try Self.rules(row.rules)
    let remote = try #require(IPAddress(row.remote))
    let miss = try #require(RuleMiss.nearest(to: remote, service: row.service, in: rules))
    #expect(row.rules[miss.rule] == row.nearest)
    #expect(miss.fields == row.fields)
  }

  @Test("names the block that lies nearest")
  func nearestBlock() {
    let blocks = ["192.0.2.0/24", "10.0.2.0/24", "10.0.3.0/24", "::/0"].map { IPPrefix($0)! }
    let rules = [ResolvedRule(.all, prefixes: blocks)]
    let miss = RuleMiss.nearest(to: IPAddress("10.0.1.1")!, service: .first, in: rules)
    #expect(miss?.nearestPrefix == IPPrefix("10.0.2.0/24"))
    let stale = RuleMiss.nearest(to: .v4(.zero), service: .first, in: [ResolvedRule(.all, prefixes: [])])
    #expect(stale?.nearestPrefix == nil && stale?.fields == [.remoteAddress])
  }

  @Test("there is none without rules, and rules that match or are left out are passed over")
  func passedOver() throws {
    #expect(RuleMiss.nearest(to: .v4(.zero), service: .first, in: []) == nil)
    let rules = try Self.rules(["all from 0.0.0.0/0", "tcp 1 from 0.0.0.0/0", "tcp 2 from 0.0.0.0/0"])
    let service = ServiceKey(.tcp, port: 3)
    #expect(RuleMiss.nearest(to: .v4(.zero), service: service, in: rules)?.rule == 2)
    #expect(RuleMiss.nearest(to: .v4(.zero), service: service, in: rules) { $0 == 1 }?.rule == 1)
    #expect(RuleMiss.nearest(to: .v4(.zero), service: service, in: rules) { $0 == 0 } == nil)
  }

  @Test("the fields it names are those in which the rule differs")
  func fieldsAreTrue() {
    var maker = RandomRules(SeededRandom.fresh("fieldsAreTrue"))
    for _ in 0..<400 {
      let rules = maker.rules(5)
      let (remote, service) = (maker.address(), maker.service())
      guard let miss = RuleMiss.nearest(to: remote, service: service, in: rules) else { continue }
      let rule = rules[miss.rule]
      let addressFits = rule.prefixes.contains { $0.contains(remote) }
      #expect(miss.fields.contains(.remoteAddress) == !addressFits)
      #expect(miss.fields.contains { $0 != .remoteAddress } == !rule.traffic.matches(service))
      #expect(
        miss.fields.contains(.ipProtocol)
          == (rule.traffic.ipProtocol.map { $0 != service.ipProtocol } ?? false))
    }
  }
}
