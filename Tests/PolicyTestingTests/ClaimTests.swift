import Filtering
import NetworkTypes
import PolicyAnalysis
import PolicyFormats
import PolicyTesting
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

@Suite("Claims")
struct ClaimTests {
  static let network = try! TestedNetwork(paths: [Environment.fixture("networks/three-tier")])

  struct Row: Sendable, CustomTestStringConvertible {
    var expectation: PolicyClaim.Expectation
    var traffic: String
    var from: [String]
    var to: [String]
    var because: [ReachabilityCode] = []
    var ports: ClosedRange<UInt128> = 0...65535
    var isRoundTrip: Bool?
    /// A part of the finding; nil: the claim holds.
    var finding: String?

    var testDescription: String { "\(expectation) \(traffic) from \(from) to \(to)" }
  }

  @Test(
    "What holds in the bundled network, and what does not",
    arguments: [
      Row(expectation: .allow, traffic: "tcp/443", from: ["203.0.113.7"], to: ["web-1"], ports: 1024...65535),
      // Replies to ports below 1024 do not leave: every source port means every one.
      Row(
        expectation: .allow, traffic: "tcp/5432", from: ["app-1"], to: ["db-1"],
        finding: "its reply is stopped"),
      Row(expectation: .allow, traffic: "tcp/5432", from: ["app-1"], to: ["db-1"], isRoundTrip: false),
      Row(expectation: .allow, traffic: "tcp/443", from: ["203.0.113.7"], to: ["web-1"], isRoundTrip: false),
      Row(
        expectation: .allow, traffic: "tcp/443", from: ["internet"], to: ["web-*"], ports: 1024...65535,
        finding: "stopped"),
      Row(expectation: .deny, traffic: "tcp/443", from: ["internet"], to: ["web-1"], finding: "gets through"),
      Row(
        expectation: .deny, traffic: "tcp/any", from: ["web-*"], to: ["db-1"], because: [.groupRulesMismatch]),
      Row(
        expectation: .deny, traffic: "tcp/any", from: ["web-*"], to: ["db-1"], because: [.noRoute],
        finding: "another reason"),
      Row(expectation: .deny, traffic: "tcp/5000-5431", from: ["sg/app"], to: ["db-1"]),
      Row(
        expectation: .deny, traffic: "tcp/5000-5432", from: ["sg/app"], to: ["db-1"], finding: "gets through"),
      Row(expectation: .allow, traffic: "icmp", from: ["app-1"], to: ["bastion"], finding: "stopped"),
      Row(
        expectation: .deny, traffic: "icmp/any", from: ["internet"], to: ["web-1"], finding: "gets through"),
      Row(expectation: .deny, traffic: "47", from: ["internet"], to: ["web-1", "db-1"]),
      Row(expectation: .deny, traffic: "any", from: ["internet"], to: ["subnet/data-a"]),
      // Addresses that no interface of the input has: nobody knows what they may do.
      Row(
        expectation: .allow, traffic: "tcp/5432", from: ["10.30.5.16/28"], to: ["db-1"],
        isRoundTrip: false, finding: "not known"),
      // IPv4 alone cannot write to an IPv6 host, and nothing is allowed by that.
      Row(expectation: .allow, traffic: "icmpv6", from: ["report-1"], to: ["app-1"], finding: "no address"),
      Row(expectation: .deny, traffic: "icmpv6", from: ["report-1"], to: ["app-1"]),
    ]) func holds(row: Row) throws
  {
    let claim = PolicyClaim(
      row.expectation, try #require(ClaimTraffic(row.traffic)), from: try row.from.map { try Selector($0) },
      to: try row.to.map { try Selector($0) }, because: row.because, sourcePorts: IntervalSet(row.ports),
      isRoundTrip: row.isRoundTrip)
    let failure = try Self.network.failure(of: claim)
    guard let finding = row.finding else {
      #expect(failure == nil)
      return
    }
    let found = try #require(failure)
    #expect(found.finding.contains(finding), "\(found)")
    if found.packet != nil {
      #expect(found.stage != nil && found.explanation != nil && !found.command.isEmpty)
    }
    #expect(found.finding.contains("not known") == !found.missing.isEmpty)
  }

  @Test("A claim that fails for odd source ports only says so")
  func hint() throws {
    let claim = PolicyClaim(
      .allow, ClaimTraffic("tcp/5432")!, from: [try Selector("app-1")], to: [try Selector("db-1")])
    let failure = try #require(try Self.network.failure(of: claim))
    #expect(failure.hint?.contains("from_port: 1024-65535") == true)
    #expect(failure.isReply)
    #expect(failure.code == "SUBNET_ACL_RESTRICTION")
  }

  @Test("An example is one that people meet, and every address is not the internet")
  func example() throws {
    let claim = PolicyClaim(
      .deny, ClaimTraffic("tcp/5432")!, from: [try Selector("0.0.0.0/0")], to: [try Selector("db-1")])
    let failure = try #require(try Self.network.failure(of: claim))
    #expect(failure.packet?.hasPrefix("tcp 10.") == true && failure.ends?.contains("nobody") == false)
    #expect(failure.hint?.contains("write internet") == true)
    // Unassigned addresses of a subnet: whoever gets them may be let in.
    let unassigned = PolicyClaim(
      .deny, ClaimTraffic("tcp/80")!, from: [try Selector("10.20.0.128/26")], to: [try Selector("web-1")])
    #expect(try #require(try Self.network.failure(of: unassigned)).finding.contains("not known"))
  }

  @Test(
    "A claim about no packet is an error, never a pass",
    arguments: [
      ("web-1", "web-1"), ("internet", "192.0.2.1"), ("198.18.0.0/16", "internet"), ("nobody", "web-1"),
      ("web-*x", "db-1"),
    ]) func nothingIsMeant(ends: (String, String)) throws
  {
    for expectation in [PolicyClaim.Expectation.allow, .deny] {
      let claim = PolicyClaim(
        expectation, ClaimTraffic("tcp/any")!, from: [try Selector(ends.0)], to: [try Selector(ends.1)])
      #expect(throws: ClaimError.self) { try Self.network.failure(of: claim) }
    }
  }

  @Test(
    "Traffic is read as trace reads it, with ranges and any",
    arguments: [
      ("tcp/443", 1.0), ("tcp/8000-8100", 101), ("tcp/any", 65536), ("udp/53", 1), ("icmp", 1),
      ("icmp/8", 256),
      ("icmp/3/4", 1), ("icmp/3/0-3", 4), ("icmp/any", 65536), ("icmpv6/any", 65536), ("47", 1),
      ("any", 4 * 65536 + 252),
    ] as [(String, Double)]) func traffic(row: (String, Double))
  {
    #expect(ClaimTraffic(row.0)?.services.approximateCount == row.1)
  }

  @Test(
    "What is no traffic is refused",
    arguments: [
      "", "tcp", "tcp/", "tcp/65536", "tcp/9-8", "tcp/-1", "tcp/1-2-3", "icmp/256", "icmp/1-2/3", "300",
      "47/1", "tpc/80",
      "tcp/80/81", "icmp/8/0/0", "tcp/+80",
    ]) func noTraffic(text: String)
  {
    #expect(ClaimTraffic(text) == nil)
  }
}
