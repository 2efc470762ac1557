import Filtering
import NetworkTypes
import PolicyAnalysis
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

@testable import PolicyTesting

@Suite("Coverage")
struct CoverageTests {
  // MARK: What a mutant changes

  @Test("A mutant that is said to change nothing changes no packet, and a witness is one")
  func randomMutants() throws {
    var random = SeededRandom.fresh("Mutants")
    var counts: [String: Int] = [:]
    for _ in 0..<16 {
      let seed = random.next()
      var choices = Choices(random: SeededRandom(seed: seed))
      let world = RandomNetwork(Choices(random: SeededRandom(seed: seed ^ 1)))
      let tested = TestedNetwork(world.network)
      let trial = MutantTrial(tested, [])
      let mutations = world.network.ruleMutations
      if mutations.isEmpty { continue }
      for _ in 0..<6 {
        let mutation = choices.one(of: mutations)
        guard let fate = trial.fate(of: mutation) else { continue }
        // Made anew, not followed: nothing is shared with what was judged.
        var network = world.network
        for change in mutation.changes { try network.apply(change) }
        let mutant = TestedNetwork(network)
        switch fate {
        case .survived(let witness):
          counts["survived", default: 0] += 1
          #expect(try tested.failure(of: witness.claim) == nil, "seed \(seed): \(mutation.summary)")
          #expect(try mutant.failure(of: witness.claim) != nil, "seed \(seed): \(mutation.summary)")
        case .equivalent:
          counts["equivalent", default: 0] += 1
          let packet = Self.difference(tested, mutant, world, mutation, &choices)
          #expect(packet == nil, "seed \(seed): \(mutation.owner) \(mutation.summary)")
        case .undecided: counts["undecided", default: 0] += 1
        case .killed, .untried: Issue.record("seed \(seed): \(fate) without a test")
        }
      }
    }
    print("mutants: \(counts)")
    #expect(counts["survived", default: 0] > 3 && counts["equivalent", default: 0] > 3)
  }

  /// A packet near the edges of the rule that meets different fates, found by trying.
  private static func difference(
    _ original: TestedNetwork, _ mutant: TestedNetwork, _ world: RandomNetwork, _ mutation: RuleMutation,
    _ choices: inout Choices
  ) -> TraceQuestion? {
    var addresses = world.owned + RandomNetwork.outsiders
    let rules = world.network.securityGroups.flatMap { $0.inbound + $0.outbound }.map(\.match.peer)
    for case .prefix(let prefix) in rules { addresses += [prefix.first, prefix.last] }
    for acl in world.network.networkACLs {
      for entry in acl.inbound + acl.outbound { addresses += [entry.prefix.first, entry.prefix.last] }
    }
    let edges = mutation.services.runs.flatMap { [$0.lowerBound, $0.upperBound] }
    let ports = edges.map { UInt16(truncatingIfNeeded: $0) } + [1024, 49152]
    for _ in 0..<150 {
      let (source, destination) = (choices.one(of: addresses), choices.one(of: addresses))
      guard source.family == destination.family else { continue }
      var service = ServiceKey(rawValue: UInt32(choices.one(of: edges)))
      // No claim is about the ICMP of one family between addresses of the other.
      if service.ipProtocol == (source.family == .v4 ? .icmpv6 : .icmp) { continue }
      if choices.chance(30) { service = ServiceKey(choices.chance(50) ? .tcp : .udp, port: choices.port()) }
      let question = TraceQuestion(
        from: .address(source), to: .address(destination), service: service,
        sourcePort: choices.one(of: ports))
      if original.filter.trace(question).verdict != mutant.filter.trace(question).verdict { return question }
    }
    return nil
  }

  // MARK: What tests notice

  static let shop = """
    vpcs:
      shop:
        cidr: [10.0.0.0/16]
        subnets:
          a: {cidr: 10.0.0.0/24, routes: out, acl: edge}
          b: {cidr: 10.0.1.0/24}
        route_tables:
          out: {0.0.0.0/0: internet}
        network_acls:
          edge:
            inbound: ["90 deny tcp 443 from 192.0.2.0/24", "100 allow all from 0.0.0.0/0"]
            outbound: ["100 allow all to 0.0.0.0/0"]
    security_groups:
      web:
        inbound: [tcp 443 from 0.0.0.0/0]
        outbound: [tcp 5432 to sg/db]
      db:
        inbound: [tcp 5432 from sg/web]
      idle:
        inbound: [tcp 1 from 0.0.0.0/0]
    instances:
      web-1: {subnet: a, private_ip: 10.0.0.10, public_ip: 198.51.100.10, groups: [web]}
      db-1: {subnet: b, private_ip: 10.0.1.10, groups: [db]}
    """

  private func coverage(_ tests: String, in folder: TemporaryFolder) throws -> PolicyCoverage {
    _ = try folder.write(Self.shop, "net.yaml")
    let path = try folder.write("network: net.yaml\ntests:\n" + tests, "a.test.yaml")
    var plan = PolicyTestPlan(paths: [path])
    plan.readNetworks()
    #expect(plan.problems == [])
    let results = PolicyTestRunner().run(plan)
    return try #require(PolicyCoverageRun(timeLimit: .seconds(3600)).coverage(of: plan, results).first)
  }

  private static let first =
    "- {name: one, from: web-1, to: db-1, allow: tcp/5432}\n- {name: two, from: 192.0.2.9, to: web-1, deny: any}\n"

  @Test("Rules that decide of a test's packets are covered, others are not")
  func decidedRules() throws {
    let coverage = try coverage(Self.first, in: TemporaryFolder())
    let decided = coverage.rules.filter(\.isDecided).map { "\($0.owner) \($0.id) \($0.text)" }
    #expect(
      decided == [
        "sg-db inbound-1 tcp 5432 from sg-web", "sg-web outbound-1 tcp 5432 to sg-db",
        "acl-shop-default 100 allow all from 0.0.0.0/0", "acl-shop-default 100 allow all to 0.0.0.0/0",
        "acl-shop-edge 90 deny tcp 443 from 192.0.2.0/24", "acl-shop-edge 100 allow all from 0.0.0.0/0",
        "acl-shop-edge 100 allow all to 0.0.0.0/0",
      ])
    #expect(coverage.rules.contains { $0.owner == "sg-web" && !$0.isDecided })
  }

  @Test("Every kind of mutant is made, and a group that nobody has is of no consequence")
  func kinds() throws {
    let coverage = try coverage(Self.first, in: TemporaryFolder())
    #expect(Set(coverage.mutants.map(\.mutation.kind)) == Set(RuleMutation.Kind.allCases))
    let idle = coverage.mutants.filter { $0.mutation.owner == "sg-idle" }
    #expect(idle.count > 6 && idle.allSatisfy { $0.fate == .equivalent })
    let dropped = coverage.mutants.first { $0.mutation.owner == "sg-db" && $0.mutation.kind == .dropped }
    #expect(dropped?.fate == .killed(by: "one"))
    let swapped = coverage.mutants.first { $0.mutation.kind == .swapped }
    #expect(swapped?.fate == .killed(by: "two"))
  }

  @Test("The witnesses, pasted as claims, pass, and kill every mutant that survived")
  func witnessesKill() throws {
    let before = try coverage(Self.first, in: TemporaryFolder())
    var tests = Self.first
    for mutant in before.mutants {
      guard case .survived(let witness) = mutant.fate else { continue }
      tests += witness.yaml(name: "\(mutant.mutation.owner) \(mutant.mutation.summary)")
    }
    #expect(before.survived > 5 && before.killed > 5 && before.undecided == 0)
    let after = try coverage(tests, in: TemporaryFolder())
    #expect(after.tests == 2 + before.survived)
    #expect(after.survived == 0 && after.score == 1)
    #expect(after.killed == before.killed + before.survived)
  }

  @Test("A test that cannot be run any more does not kill, and one that fails anyway is no test")
  func killedMeansFailed() throws {
    let cannot = try coverage(
      """
      - name: without the rule
        steps:
          - remove_rule: {group: web, rule: tcp 443 from 0.0.0.0/0}
          - send: {from: "203.0.113.7:51000", to: "web-1:443", tcp: S}
            expect: deny

      """, in: TemporaryFolder())
    #expect(cannot.tests == 1 && cannot.killed == 0)
    let fails = try coverage("- {name: wrong, from: internet, to: web-1, deny: any}\n", in: TemporaryFolder())
    #expect(fails.tests == 0 && fails.killed == 0 && fails.score == 0)
  }

  @Test("A scenario kills, too, and the rules that it meets are covered")
  func scenarios() throws {
    let coverage = try coverage(
      """
      - name: the world gets in
        steps:
          - send: {from: "203.0.113.7:51000", to: "web-1:443", tcp: S}
            expect: allow

      """, in: TemporaryFolder())
    let dropped = coverage.mutants.first { $0.mutation.owner == "sg-web" && $0.mutation.kind == .dropped }
    #expect(dropped?.fate == .killed(by: "the world gets in"))
    let decided = coverage.rules.filter { $0.owner == "sg-web" && $0.isDecided }.map(\.text)
    #expect(decided == ["tcp 443 from 0.0.0.0/0"])
  }
}
