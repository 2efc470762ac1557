import NetworkTypes
import RuleMatching
import Testing
import VirtualNetworks

@testable import PolicyFormats

@Suite struct SecurityGroupTests {
  struct Row: Sendable {
    var permission: String
    /// The rule's text, or nil if it is left out.
    var text: String?
    var problems: [String] = []
  }

  /// SG-10 to SG-21: spellings, ranges, types, blocks.
  @Test(arguments: [
    Row(permission: #""IpProtocol": "tcp", "FromPort": 443, "ToPort": 443"#, text: "tcp 443"),
    Row(permission: #""IpProtocol": "6", "FromPort": 0, "ToPort": 65535"#, text: "tcp any"),
    Row(permission: #""IpProtocol": "17", "FromPort": "53", "ToPort": "54""#, text: "udp 53-54"),
    Row(permission: #""IpProtocol": "-1""#, text: "all"),
    Row(permission: #""IpProtocol": "-1", "FromPort": -1, "ToPort": -1"#, text: "all"),
    Row(permission: #""IpProtocol": "50", "FromPort": 1, "ToPort": 2"#, text: "proto 50"),
    Row(permission: #""IpProtocol": "1", "FromPort": 8, "ToPort": -1"#, text: "icmp 8"),
    Row(permission: #""IpProtocol": "icmp", "FromPort": 3, "ToPort": 4"#, text: "icmp 3/4"),
    Row(permission: #""IpProtocol": "icmp", "FromPort": -1, "ToPort": -1"#, text: "icmp any"),
    Row(permission: #""IpProtocol": "58""#, text: "icmpv6 any"),
    Row(permission: #""IpProtocol": "icmpv6", "FromPort": 128, "ToPort": 0"#, text: "icmpv6 128/0"),
    Row(
      permission: #""IpProtocol": "tcp""#, text: "tcp any",
      problems: ["note ports_not_given $.SecurityGroups[0].IpPermissions[0]"]),
    Row(
      permission: #""IpProtocol": "icmp", "FromPort": -1, "ToPort": 4"#, text: nil,
      problems: ["error invalid_icmp $.SecurityGroups[0].IpPermissions[0]"]),
    Row(
      permission: #""IpProtocol": "icmp", "FromPort": 256, "ToPort": 0"#, text: nil,
      problems: ["error invalid_icmp $.SecurityGroups[0].IpPermissions[0]"]),
    Row(
      permission: #""IpProtocol": "tcp", "FromPort": 443, "ToPort": 80"#, text: nil,
      problems: ["error reversed_ports $.SecurityGroups[0].IpPermissions[0]"]),
    Row(
      permission: #""IpProtocol": "tcp", "FromPort": 1, "ToPort": 65536"#, text: nil,
      problems: ["error invalid_ports $.SecurityGroups[0].IpPermissions[0]"]),
    Row(
      permission: #""IpProtocol": "tcp", "FromPort": 1"#, text: nil,
      problems: ["error invalid_ports $.SecurityGroups[0].IpPermissions[0]"]),
    Row(
      permission: #""IpProtocol": "quic", "FromPort": 1, "ToPort": 1"#, text: nil,
      problems: ["error invalid_protocol $.SecurityGroups[0].IpPermissions[0].IpProtocol"]),
    Row(
      permission: #""FromPort": 1, "ToPort": 1"#, text: nil,
      problems: ["error missing_member $.SecurityGroups[0].IpPermissions[0]"]),
  ])
  func protocolsAndPorts(row: Row) throws {
    let json = """
      {"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "web", "VpcId": "vpc-1", "IpPermissions": [
        {\(row.permission), "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]}]}
      """
    let network = try network(json)
    #expect(
      network.securityGroups[0].inbound.map { $0.match.text(.ingress) }
        == (row.text.map { ["\($0) from 10.0.0.0/8"] } ?? []))
    #expect(network.found == row.problems)
  }

  /// SG-18: one rule for each peer, in the order of the input; SG-20: canonical blocks; SG-26: accounts.
  @Test func peers() throws {
    let network = try network(
      """
      {"SecurityGroups": [{"GroupId": "sg-1", "OwnerId": "111", "VpcId": "vpc-1", "IpPermissions": [
        {"IpProtocol": "-1",
         "UserIdGroupPairs": [
           {"GroupId": "sg-1", "UserId": "111"},
           {"GroupId": "sg-2", "UserId": "222", "VpcId": "vpc-2", "VpcPeeringConnectionId": "pcx-1",
            "PeeringStatus": "deleted"}, {"GroupId": "222/sg-3"}, {"GroupName": "db"}],
         "IpRanges": [{"CidrIp": "100.68.0.18/18", "Description": "why"}, {"CidrIp": "10.0.0.1"},
                      {"CidrIp": "::/0"}],
         "Ipv6Ranges": [{"CidrIpv6": "2001:DB8::/32"}], "PrefixListIds": [{"PrefixListId": "pl-1"}]},
        {"IpProtocol": "-1"}]},
       {"GroupId": "sg-4", "GroupName": "db", "VpcId": "vpc-1"},
       {"GroupId": "sg-5", "GroupName": "db", "VpcId": "vpc-2"}]}
      """)
    let rules = network.securityGroups[0].inbound
    #expect(
      rules.map { "\($0.id) \($0.match.text(.ingress))" } == [
        "inbound-1 all from 100.68.0.0/18", "inbound-4 all from 2001:db8::/32", "inbound-5 all from pl-1",
        "inbound-6 all from sg-1", "inbound-7 all from sg-2", "inbound-8 all from sg-3",
        "inbound-9 all from sg-4",
      ])
    #expect(rules[0].summary == "why")
    #expect(rules[3].reference == nil)
    #expect(
      rules[4].reference
        == .init(account: "222", vpc: "vpc-2", peering: "pcx-1", peeringStatus: "deleted"))
    #expect(rules[5].reference == .init(account: "222"))
    let place = "$.SecurityGroups[0].IpPermissions"
    #expect(
      network.found == [
        "note host_bits \(place)[0].IpRanges[0].CidrIp", "error invalid_cidr \(place)[0].IpRanges[1].CidrIp",
        "error invalid_cidr \(place)[0].IpRanges[2].CidrIp", "warning rule_without_peer \(place)[1]",
      ])
  }

  private static let groups = """
    {"SecurityGroups": [{"GroupId": "sg-1", "OwnerId": "111", "VpcId": "vpc-1",
      "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
        "IpRanges": [{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "192.0.2.0/24"}]}],
      "IpPermissionsEgress": [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "111"}]}]}]}
    """
  private static func rules(_ thirdPort: Int = 22) -> String {
    """
    {"SecurityGroupRules": [
      {"SecurityGroupRuleId": "sgr-3", "GroupId": "sg-1", "GroupOwnerId": "111", "IsEgress": false,
       "IpProtocol": "tcp", "FromPort": \(thirdPort), "ToPort": \(thirdPort), "CidrIpv4": "192.0.2.0/24"},
      {"SecurityGroupRuleId": "sgr-2", "GroupId": "sg-1", "GroupOwnerId": "111", "IsEgress": false,
       "IpProtocol": "6", "FromPort": 22, "ToPort": 22, "CidrIpv4": "10.0.0.0/8", "Description": "offices"},
      {"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-1", "GroupOwnerId": "111", "IsEgress": true,
       "IpProtocol": "-1", "FromPort": -1, "ToPort": -1,
       "ReferencedGroupInfo": {"GroupId": "sg-1", "UserId": "111"}}]}
    """
  }

  @Test func ruleIDsComeFromTheOtherCommand() throws {
    let both = try network(Self.groups, Self.rules())
    #expect(both.securityGroups[0].inbound.map(\.id) == ["sgr-2", "sgr-3"])
    #expect(both.securityGroups[0].inbound[0].summary == "offices")
    #expect(both.securityGroups[0].outbound.map(\.id) == ["sgr-1"])
    #expect(both.problems.isEmpty)
    #expect(try network(Self.rules(), Self.groups).securityGroups[0].inbound.map(\.id) == ["sgr-2", "sgr-3"])
  }

  @Test func eitherCommandIsEnough() throws {
    let classic = try network(Self.groups).securityGroups[0]
    let listed = try network(Self.rules()).securityGroups[0]
    #expect(Set(classic.inbound.map(\.match)) == Set(listed.inbound.map(\.match)))
    #expect(classic.outbound.map(\.match) == listed.outbound.map(\.match))
    #expect(listed.outbound[0].reference == nil)
    #expect(classic.outbound[0].reference == nil)
  }

  @Test func disagreementIsAProblemOnBothSides() throws {
    let network = try network(Self.groups, Self.rules(23))
    #expect(network.securityGroups[0].inbound.map(\.id) == ["sgr-2", "inbound-2"])
    #expect(
      network.found == [
        "error rules_disagree $.SecurityGroups[0].IpPermissions[0].IpRanges[1]",
        "error rules_disagree $.SecurityGroupRules[0]",
      ])
  }
}
