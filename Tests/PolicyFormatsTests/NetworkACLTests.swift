import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

@testable import PolicyFormats

@Suite struct NetworkACLTests {
  private static let entries = [
    #"{"RuleNumber": 200, "Egress": false, "RuleAction": "deny", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}"#,
    #"{"RuleNumber": 100, "Egress": false, "RuleAction": "allow", "Protocol": "6", "CidrBlock": "10.0.0.0/8", "PortRange": {"From": 443, "To": 443}}"#,
    #"{"RuleNumber": 101, "Egress": false, "RuleAction": "allow", "Protocol": "17", "Ipv6CidrBlock": "2001:db8::/32"}"#,
    #"{"RuleNumber": 102, "Egress": false, "RuleAction": "allow", "Protocol": "1", "CidrBlock": "0.0.0.0/0", "IcmpTypeCode": {"Type": 8, "Code": -1}}"#,
    #"{"RuleNumber": 103, "Egress": false, "RuleAction": "allow", "Protocol": "58", "CidrBlock": "0.0.0.0/0", "IcmpTypeCode": {"Type": 128, "Code": 0}}"#,
    #"{"RuleNumber": 104, "Egress": false, "RuleAction": "allow", "Protocol": "58", "Ipv6CidrBlock": "::/0", "IcmpTypeCode": {"Type": 128, "Code": 0}}"#,
    #"{"RuleNumber": 105, "Egress": false, "RuleAction": "deny", "Protocol": "47", "CidrBlock": "0.0.0.0/0"}"#,
    #"{"RuleNumber": 100, "Egress": true, "RuleAction": "allow", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}"#,
    #"{"RuleNumber": 32767, "Egress": true, "RuleAction": "deny", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}"#,
  ]

  private func acl(_ entries: [String]) throws -> VirtualNetwork {
    try network(
      """
      {"NetworkAcls": [{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": true,
        "Associations": [{"SubnetId": "subnet-1"}], "Entries": [\(entries.joined(separator: ","))]}]}
      """)
  }

  private func texts(_ network: VirtualNetwork) -> [String] {
    Direction.allCases.flatMap { direction in
      network.networkACLs[0].entries(direction).map {
        "\($0.number) \($0.action) \(Match($0.traffic, peer: .prefix($0.prefix)).text(direction))"
      }
    }
  }

  /// NACL-2, NACL-7, NACL-9, NACL-10.
  @Test func entriesAreReadInOrderOfNumber() throws {
    let network = try acl(Self.entries)
    #expect(
      texts(network) == [
        "100 allow tcp 443 from 10.0.0.0/8", "101 allow udp any from 2001:db8::/32",
        "102 allow icmp 8 from 0.0.0.0/0", "103 allow icmpv6 any from 0.0.0.0/0",
        "104 allow icmpv6 128/0 from ::/0", "105 deny proto 47 from 0.0.0.0/0", "200 deny all from 0.0.0.0/0",
        "100 allow all to 0.0.0.0/0", "32767 deny all to 0.0.0.0/0",
      ])
    #expect(network.networkACLs[0].subnets == ["subnet-1"])
    #expect(network.problems.isEmpty)
  }

  @Test func theOrderOfTheInputMeansNothing() throws {
    var random = SeededRandom.fresh("ACL order")
    let twice = #"{"RuleNumber": 200, "RuleAction": "allow", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}"#
    let expected = texts(try acl(Self.entries + [twice]))
    for _ in 0..<20 {
      #expect(texts(try acl((Self.entries + [twice]).shuffled(using: &random))) == expected)
    }
  }

  struct Row: Sendable {
    var entry: String
    var problem: String
    var isKept = false
  }

  @Test(arguments: [
    Row(
      entry: #""RuleAction": "allow", "Protocol": "-1", "CidrBlock": "0.0.0.0/0""#,
      problem: "error missing_member"),
    Row(
      entry: #""RuleNumber": 40000, "RuleAction": "allow", "Protocol": "-1", "CidrBlock": "0.0.0.0/0""#,
      problem: "error invalid_rule_number"),
    Row(
      entry: #""RuleNumber": 1, "RuleAction": "drop", "Protocol": "-1", "CidrBlock": "0.0.0.0/0""#,
      problem: "error invalid_action"),
    Row(entry: #""RuleNumber": 1, "RuleAction": "allow", "Protocol": "-1""#, problem: "error missing_member"),
    Row(
      entry: #""RuleNumber": 1, "RuleAction": "allow", "Protocol": "-1", "CidrBlock": "10/8""#,
      problem: "error invalid_cidr"),
    Row(
      entry: #""RuleNumber": 1, "RuleAction": "allow", "Protocol": "1", "CidrBlock": "0.0.0.0/0""#,
      problem: "warning icmp_type_not_given", isKept: true),
    Row(
      entry:
        #""RuleNumber": 1, "RuleAction": "allow", "Protocol": "6", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 9, "To": 2}"#,
      problem: "error reversed_ports"),
  ])
  func oddEntriesAreProblems(row: Row) throws {
    let network = try acl(["{\(row.entry)}"])
    #expect(network.problems.map { "\($0.severity.rawValue) \($0.code)" } == [row.problem])
    #expect(network.problems[0].resource == "acl-1")
    #expect(network.problems[0].location.path.hasPrefix("$.NetworkAcls[0].Entries[0]"))
    #expect(network.networkACLs[0].inbound.count == (row.isKept ? 1 : 0))
  }

  /// NACL-3
  @Test func duplicateNumbersAreAProblem() throws {
    let network = try acl([Self.entries[0], Self.entries[0]])
    #expect(network.problems.map(\.code) == ["duplicate_rule_number"])
  }
}
