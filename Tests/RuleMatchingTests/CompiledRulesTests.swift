import NetworkTypes
import RuleMatching
import TestSupport
import Testing

@Suite("Compiled rules answer what a plain scan answers")
struct CompiledRulesTests {
  /// Compares compiled and linear answers, those of one product and of several, on the given packets.
  private func expectAgreement(
    _ rules: [ResolvedRule], _ addresses: some Collection<IPAddress>, _ services: some Collection<ServiceKey>,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let linear = LinearRules(rules)
    let compiled = CompiledRules(rules)
    // With room for nothing every rule is a segment of its own; with some room most segments hold several.
    let single = CompiledRules(rules, cellLimit: 0)
    let cut = CompiledRules(rules, cellLimit: 60)
    #expect(compiled.segmentCount == 1, sourceLocation: sourceLocation)
    #expect(single.segmentCount == max(1, rules.count), sourceLocation: sourceLocation)
    for remote in addresses {
      for service in services {
        let expected = linear.firstMatch(remote: remote, service: service)
        for matcher in [compiled, single, cut]
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

  @Test("above the cap the list is cut in two; below, the same rules make one table")
  func cap() {
    let rules = (0..<40).map { index in
      ResolvedRule(
        .tcp(PortRange(UInt16(index))),
        prefixes: [.v4(Prefix(IPv4Address(10, UInt8(index), 0, 0), length: 16))])
    }
    // 41 address rows (one of none) and 41 service columns; one row of IPv6.
    let whole = CompiledRules(rules)
    #expect(whole.cellCount == 41 * 41 + 41)
    #expect(whole.segmentCount == 1)
    #expect(CompiledRules(rules, cellLimit: 41 * 41).segmentCount == 1)
    let cut = CompiledRules(rules, cellLimit: 41 * 41 - 1)
    #expect(cut.segmentCount == 2)
    #expect(cut.cellCount == 2 * (21 * 21 + 21))
    expectAgreement(rules, edgeAddresses(of: rules), edgeServices(of: rules))
  }

  @Test("on lists of every length around the sizes at which a search tree grows")
  func treeSizes() {
    for count in [1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 63, 64, 65, 127, 128, 129, 135, 136, 137, 255, 256, 2_200]
    {
      // Every second address of a line, so that each prefix makes two intervals; the last ends with the line.
      let v4 = (0..<count).map { Self.v4Block(UInt32($0)) }
      let v6 = (0..<count).map { Self.v6Block(UInt64($0)) }
      let rules = [ResolvedRule(.tcp(PortRange(443)), prefixes: v4), ResolvedRule(.all, prefixes: v6)]
      let linear = LinearRules(rules)
      let compiled = CompiledRules(rules)
      for remote in edgeAddresses(of: rules) {
        for service in [ServiceKey.first, ServiceKey(.tcp, port: 443), .last] {
          #expect(
            compiled.firstMatch(remote: remote, service: service)
              == linear.firstMatch(remote: remote, service: service),
            "\(remote) among \(count)")
        }
      }
      // As many services as prefixes.
      let ports = (0..<UInt16(count)).map { index in
        let port = UInt16.max - 2 * index
        return ResolvedRule(.udp(PortRange(port)), prefixes: [IPPrefix.v4(.everything)])
      }
      let services = CompiledRules(ports)
      for index in 0..<UInt16(count) {
        let port = UInt16.max - 2 * index
        #expect(
          services.firstMatch(remote: IPv4Address.allOnes, service: ServiceKey(.udp, port: port))
            == Int32(index))
        #expect(
          services.firstMatch(remote: IPv4Address.zero, service: ServiceKey(.udp, port: port - 1)) == -1)
      }
    }
  }

  private static func v4Block(_ index: UInt32) -> IPPrefix {
    .v4(Prefix(IPv4Address(rawValue: ~(2 * index)), length: 32))
  }

  private static func v6Block(_ index: UInt64) -> IPPrefix {
    let high: UInt64 = index.isMultiple(of: 3) ? .max : ~index
    return .v6(Prefix(IPv6Address(high: high, low: ~(2 * index)), length: 128))
  }

  @Test("on lists whose numbers pass one byte: rules, rows and columns")
  func wide() {
    var maker = RandomRules(SeededRandom.fresh("wide"))
    for count in [254, 255, 256, 700] {
      let rules = (0..<count).map { index in
        let address = IPv4Address(10, UInt8(index / 200), UInt8(index % 200), 0)
        let ports = PortRange(UInt16(100 + index % 300))
        return ResolvedRule(.tcp(ports), prefixes: [IPPrefix.v4(Prefix(address, length: 24))])
      }
      let linear = LinearRules(rules)
      let compiled = CompiledRules(rules)
      for _ in 0..<3_000 {
        let remote = IPv4Address(
          10, UInt8(maker.number(0...4)), UInt8(maker.number(0...255)), UInt8(maker.number(0...255)))
        let service = ServiceKey(.tcp, port: UInt16(maker.number(90...420)))
        #expect(
          compiled.firstMatch(remote: remote, service: service)
            == Int32(linear.firstMatch(remote: .v4(remote), service: service) ?? -1))
      }
    }
  }

  @Test("many at once as one by one, in one segment and in several")
  func batches() {
    var maker = RandomRules(SeededRandom.fresh("batches"))
    for count in [0, 1, 7, 80] {
      let rules = maker.rules(count)
      for compiled in [CompiledRules(rules), CompiledRules(rules, cellLimit: 100)] {
        let v4 = (0..<300).map { _ in maker.v4() }
        let v6 = (0..<300).map { _ in maker.v6() }
        let services = (0..<300).map { _ in maker.service() }
        var results = Array(repeating: Int32(-2), count: 300)
        var span = results.mutableSpan
        compiled.firstMatches(remotes: v4.span, services: services.span, into: &span)
        #expect(results == zip(v4, services).map { compiled.firstMatch(remote: $0, service: $1) })
        var again = results.mutableSpan
        compiled.firstMatches(remotes: v6.span, services: services.span, into: &again)
        #expect(results == zip(v6, services).map { compiled.firstMatch(remote: $0, service: $1) })
      }
    }
  }

  @Test("lists packed end to end answer as each by itself, also after some were replaced many times")
  func packed() {
    var maker = RandomRules(SeededRandom.fresh("packed"))
    var lists = (0..<20).map { CompiledRules(maker.rules($0 * 3), cellLimit: $0 == 7 ? 50 : 1 << 20) }
    var packed = PackedRules()
    for (index, list) in lists.enumerated() { #expect(packed.append(list) == index) }
    let size = packed.byteCount
    for round in 0..<40 {
      let asked = (0..<100).map { _ in UInt32(maker.number(0...19)) }
      let remotes = (0..<100).map { _ in maker.v4() }
      let services = (0..<100).map { _ in maker.service() }
      var results = Array(repeating: Int32(-2), count: 100)
      var span = results.mutableSpan
      packed.firstMatches(in: asked.span, remotes: remotes.span, services: services.span, into: &span)
      for index in asked.indices {
        let list = lists[Int(asked[index])]
        #expect(results[index] == list.firstMatch(remote: remotes[index], service: services[index]))
        let (v6, service) = (maker.v6(), services[index])
        #expect(
          packed.firstMatch(in: Int(asked[index]), remote: v6, service: service)
            == list.firstMatch(remote: v6, service: service))
      }
      let changed = maker.number(0...19)
      lists[changed] = CompiledRules(maker.rules(round))
      packed.replace(changed, with: lists[changed])
    }
    #expect(packed.byteCount < 4 * size, "what was replaced does not stay for ever")
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
