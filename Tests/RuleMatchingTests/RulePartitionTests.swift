import NetworkTypes
import PrefixTables
import RuleMatching
import TestSupport
import Testing

@Suite("The partition of what rules look at")
struct RulePartitionTests {
  private func expectClasses<Key: SearchKey>(
    _ classes: FieldClasses<Key>, first: Key, asked: [Key], ruleCount: Int,
    sourceLocation: SourceLocation = #_sourceLocation, holds: (Int, Key) -> Bool
  ) {
    #expect(classes.starts.first == first, sourceLocation: sourceLocation)
    #expect(zip(classes.starts, classes.starts.dropFirst()).allSatisfy(<), sourceLocation: sourceLocation)
    #expect(zip(classes.classes, classes.classes.dropFirst()).allSatisfy(!=), sourceLocation: sourceLocation)
    #expect(Set(classes.classes) == Set(0..<Int32(classes.count)), sourceLocation: sourceLocation)
    var memberships: Set<[Int]> = []
    for (index, witness) in classes.witnesses.enumerated() {
      #expect(classes.index(of: witness) == index, sourceLocation: sourceLocation)
      memberships.insert(classes.rules(ofClass: index).map(Int.init))
    }
    #expect(
      memberships.count == classes.count, "classes differ in their rules", sourceLocation: sourceLocation)
    for key in asked + classes.starts {
      let rules = (0..<ruleCount).filter { holds($0, key) }
      let members = classes.rules(ofClass: classes.index(of: key)).map(Int.init)
      #expect(members == rules, "at \(key)", sourceLocation: sourceLocation)
    }
  }

  @Test("every key is in the class that says exactly which rules it satisfies; every witness is in its class")
  func classes() {
    var maker = RandomRules(SeededRandom.fresh("classes"))
    for round in 0..<60 {
      let rules = maker.rules(round % 10)
      let partition = RulePartition(rules)
      #expect(partition.ruleCount == rules.count)
      var v4 = (0..<20).map { _ in maker.v4() }
      var v6 = (0..<20).map { _ in maker.v6() }
      for address in edgeAddresses(of: rules) {
        switch address {
        case .v4(let address): v4.append(address)
        case .v6(let address): v6.append(address)
        }
      }
      let services = (0..<20).map { _ in maker.service() } + edgeServices(of: rules)
      expectClasses(partition.v4, first: .zero, asked: v4, ruleCount: rules.count) { index, address in
        rules[index].prefixes.contains { $0.contains(.v4(address)) }
      }
      expectClasses(partition.v6, first: .zero, asked: v6, ruleCount: rules.count) { index, address in
        rules[index].prefixes.contains { $0.contains(.v6(address)) }
      }
      expectClasses(partition.services, first: .first, asked: services, ruleCount: rules.count) {
        index, service in
        rules[index].traffic.matches(service)
      }
    }
  }

  @Test("equal classes that lie apart are one")
  func apart() {
    let rules = ["10.0.0.0/24", "10.0.2.0/24", "10.0.4.0/24"].map { IPPrefix($0)! }
    let partition = RulePartition([ResolvedRule(.tcp(PortRange(443)), prefixes: rules)])
    #expect(partition.v4.count == 2)
    #expect(partition.v4.starts.count == 7)
    #expect(partition.v6.count == 1)
    #expect(partition.services.count == 2)
    #expect(partition.services.witnesses.contains(ServiceKey(.tcp, port: 443)))
  }

  @Test("a rule that names one block twice, or a block within another, is cut once")
  func overlaps() {
    let blocks = ["10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/8", "10.255.255.255/32"].map { IPPrefix($0)! }
    let partition = RulePartition([ResolvedRule(.all, prefixes: blocks)])
    #expect(partition.v4.starts == [.zero, IPv4Address(10, 0, 0, 0), IPv4Address(11, 0, 0, 0)])
  }

  @Test("the services of a match are the keys that it matches, neither more nor fewer")
  func services() {
    var maker = RandomRules(SeededRandom.fresh("services"))
    for _ in 0..<300 {
      let traffic = maker.traffic()
      let asked =
        (0..<20).map { _ in maker.service() } + edgeServices(of: [ResolvedRule(traffic, prefixes: [])])
      for service in asked {
        #expect(traffic.services.contains(service) == traffic.matches(service), "\(traffic) at \(service)")
      }
    }
  }

  @Test("a protocol without ports has one key, the others have every port or type and code")
  func keys() {
    let sctp = ServiceKey.all(of: IPProtocol(rawValue: 132))
    #expect(sctp.lowerBound == sctp.upperBound)
    for ipProtocol in [IPProtocol.tcp, .udp, .icmp, .icmpv6] {
      let keys = ServiceKey.all(of: ipProtocol)
      #expect(keys.lowerBound.port == 0 && keys.upperBound.port == 65535)
      #expect(keys.lowerBound.ipProtocol == ipProtocol && keys.upperBound.ipProtocol == ipProtocol)
    }
  }
}
