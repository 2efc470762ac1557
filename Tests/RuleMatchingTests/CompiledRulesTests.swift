import NetworkTypes
import RuleMatching
import TestSupport
import Testing

@Suite("Compiled rules answer what a plain scan answers")
struct CompiledRulesTests {
  /// Compares compiled and scanned answers, the product and its fallback, on the given packets.
  private func expectAgreement(
    _ rules: [ResolvedRule], _ addresses: some Collection<IPAddress>, _ services: some Collection<ServiceKey>,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let linear = LinearRules(rules)
    let compiled = CompiledRules(rules)
    let scanned = CompiledRules(rules, cellLimit: 0)
    #expect(compiled.cellCount > 0 && scanned.cellCount == 0, sourceLocation: sourceLocation)
    for remote in addresses {
      for service in services {
        let expected = linear.firstMatch(remote: remote, service: service)
        for matcher in [compiled, scanned]
        where matcher.firstMatch(remote: remote, service: service) != expected {
          Issue.record(
            """
            \(remote) \(service): expected \(expected.map(String.init) ?? "none"), got \
            \(matcher.firstMatch(remote: remote, service: service).map(String.init) ?? "none") among \(rules)
            """, sourceLocation: sourceLocation)
          return
        }
      }
    }
  }

  @Test("on random rules, at random packets and at every edge of every rule")
  func randomRules() {
    var maker = RandomRules(SeededRandom.fresh("randomRules"))
    for round in 0..<150 {
      let rules = maker.rules(round % 12)
      let addresses = edgeAddresses(of: rules).union((0..<20).map { _ in maker.address() })
      let services = edgeServices(of: rules).union((0..<20).map { _ in maker.service() })
      expectAgreement(rules, addresses, services)
    }
  }

  @Test("on lists of a few hundred rules")
  func longLists() {
    var maker = RandomRules(SeededRandom.fresh("longLists"))
    for _ in 0..<3 {
      let rules = maker.rules(300)
      let addresses = edgeAddresses(of: rules).shuffled(using: &maker.random).prefix(60)
      let services = edgeServices(of: rules).shuffled(using: &maker.random).prefix(40)
      expectAgreement(rules, Array(addresses), Array(services))
    }
  }

  @Test("for both address types as for their wrapped forms, -1 standing for none")
  func overloads() {
    var maker = RandomRules(SeededRandom.fresh("overloads"))
    let rules = maker.rules(30)
    let compiled = CompiledRules(rules)
    for _ in 0..<2_000 {
      let (v4, v6, service) = (maker.v4(), maker.v6(), maker.service())
      #expect(
        compiled.firstMatch(remote: v4, service: service)
          == Int32(compiled.firstMatch(remote: .v4(v4), service: service) ?? -1))
      #expect(
        compiled.firstMatch(remote: v6, service: service)
          == Int32(compiled.firstMatch(remote: .v6(v6), service: service) ?? -1))
    }
  }

  @Test("with no rules, and with rules that have no blocks: nothing matches")
  func nothing() {
    expectAgreement([], [.v4(.zero), .v4(.allOnes), .v6(.zero), .v6(.allOnes)], [.first, .last])
    let stale = ResolvedRule(.all, prefixes: [])
    #expect(CompiledRules([stale]).firstMatch(remote: .v4(.zero), service: .first) == nil)
  }

  @Test("above the cap the family is scanned; below, the same rules make a table")
  func cap() {
    let rules = (0..<40).map { index in
      ResolvedRule(
        .tcp(PortRange(UInt16(index))),
        prefixes: [.v4(Prefix(IPv4Address(10, UInt8(index), 0, 0), length: 16))])
    }
    // 41 address rows (one of none) and 41 service columns.
    #expect(CompiledRules(rules).cellCount == 41 * 41 + 1)
    #expect(CompiledRules(rules, cellLimit: 41 * 41).cellCount == 41 * 41 + 1)
    // Only the one cell of IPv6 is left.
    #expect(CompiledRules(rules, cellLimit: 41 * 41 - 1).cellCount == 1)
    expectAgreement(rules, edgeAddresses(of: rules), edgeServices(of: rules))
  }

  @Test("without ports: the possible first matches are those found by asking every port")
  func possibleMatches() {
    var maker = RandomRules(SeededRandom.fresh("possibleMatches"))
    for round in 0..<60 {
      let rules = maker.rules(round % 9)
      let matchers: [any RuleMatcher] = [
        LinearRules(rules), CompiledRules(rules), CompiledRules(rules, cellLimit: 0),
      ]
      for _ in 0..<10 {
        let remote = maker.address()
        let ipProtocol = maker.service().ipProtocol
        let services = ServiceKey.all(of: ipProtocol)
        let edges = edgeServices(of: rules).filter { services.contains($0) }
        let asked = [services.lowerBound, services.upperBound] + edges
        let expected = Set(asked.map { matchers[0].firstMatch(remote: remote, service: $0) })
        for matcher in matchers {
          let answers = matcher.possibleMatches(remote: remote, services: services)
          #expect(Set(answers) == expected)
          #expect(answers == answers.sorted { ($0 ?? .max) < ($1 ?? .max) })
          #expect(answers.count == expected.count)
        }
      }
    }
  }

  @Test("without ports: never, always, or it depends")
  func portless() {
    let everyone = [IPPrefix("0.0.0.0/0")!]
    let rules = CompiledRules([
      ResolvedRule(.tcp(PortRange(443)), prefixes: everyone),
      ResolvedRule(.udp(.all), prefixes: everyone),
      ResolvedRule(.icmp(.type(8)), prefixes: everyone),
      ResolvedRule(.other(IPProtocol(rawValue: 47)), prefixes: everyone),
    ])
    let remote = IPAddress("192.0.2.1")!
    #expect(rules.portlessMatch(remote: remote, ipProtocol: .tcp) == .depends([0, nil]))
    #expect(rules.portlessMatch(remote: remote, ipProtocol: .udp) == .always(1))
    #expect(rules.portlessMatch(remote: remote, ipProtocol: .icmp) == .depends([2, nil]))
    #expect(rules.portlessMatch(remote: remote, ipProtocol: IPProtocol(rawValue: 47)) == .always(3))
    #expect(rules.portlessMatch(remote: remote, ipProtocol: .icmpv6) == .never)
    #expect(rules.portlessMatch(remote: .v6(.zero), ipProtocol: .udp) == .never)
  }
}
