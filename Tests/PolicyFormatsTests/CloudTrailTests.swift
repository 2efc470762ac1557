import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

@testable import PolicyFormats

/// Calls of AWS CloudTrail and the network that they leave.
@Suite("CloudTrail")
struct CloudTrailTests {
  private static var world: VirtualNetwork {
    var network = SemanticsNetwork().network
    for index in network.routeTables.indices {
      for subnet in network.routeTables[index].subnets {
        network.routeTables[index].associations[subnet] = ResourceID("rtbassoc-\(subnet)")
      }
    }
    network.networkACLs.append(NetworkACL(id: "acl-shut", vpc: "vpc-a", subnets: ["subnet-db"]))
    network.networkACLs[network.networkACLs.count - 1].associations = ["subnet-db": "aclassoc-1"]
    return network
  }

  /// A record; its time is so many seconds after the start.
  private static func record(
    _ name: String, _ second: Int, _ request: String, _ response: String = "null", id: String
  ) -> String {
    #"""
    {"eventTime": "2026-01-05T09:00:\#(second < 10 ? "0" : "")\#(second)Z", "eventSource": "ec2.amazonaws.com",
     "eventName": "\#(name)", "requestParameters": \#(request), "responseElements": \#(response), "eventID": "\#(id)"}
    """#
  }

  private struct Result {
    var network: VirtualNetwork
    var changes: [String]
    var warnings: [String]
  }

  private func run(_ text: String) throws -> Result {
    let timeline = try EventFile(parsing: Array(text.utf8), file: "trail.json").timeline(
      of: Self.world, start: CaptureTime("2026-01-05T09:00:00Z")!)
    var network = Self.world
    for event in timeline.events { for change in event.changes { try network.apply(change) } }
    return Result(
      network: network, changes: timeline.events.flatMap { $0.changes.map(\.description) },
      warnings: timeline.warnings)
  }

  private func run(_ records: [String]) throws -> Result {
    try run(#"{"Records": [\#(records.joined(separator: ","))]}"#)
  }

  private static func permission(_ ports: String, _ peers: String) -> String {
    #"{"items": [{"ipProtocol": "tcp", \#(ports), "groups": {}, "ipRanges": {}, "ipv6Ranges": {}, "prefixListIds": {}, \#(peers)}]}"#
  }

  private static let item =
    #""groupOwnerId": "123456789012", "groupId": "sg-web", "isEgress": false, "ipProtocol": "tcp", "fromPort": 9001, "toPort": 9001"#

  private static func group(_ network: VirtualNetwork, _ id: ResourceID) throws -> SecurityGroup {
    try #require(network.securityGroups.first { $0.id == id })
  }

  // MARK: Rules

  @Test("Ids go to the rules that the answer gives them to, in whatever order it lists them")
  func ruleIDs() throws {
    let request = #"""
      {"groupId": "sg-web", "ipPermissions": {"items": [
        {"ipProtocol": "tcp", "fromPort": 9001, "toPort": 9001, "groups": {"items": [{"groupId": "sg-app", "userId": "123456789012"}]},
         "ipRanges": {"items": [{"cidrIp": "10.0.0.0/24"}, {"cidrIp": "10.0.1.9/24"}]},
         "ipv6Ranges": {"items": [{"cidrIpv6": "2001:db8::/32"}]}, "prefixListIds": {"items": [{"prefixListId": "pl-1"}]}},
        {"ipProtocol": "icmp", "fromPort": 8, "toPort": -1, "groups": {}, "ipRanges": {"items": [{"cidrIp": "10.0.0.0/24"}]},
         "ipv6Ranges": {}, "prefixListIds": {}}]}}
      """#
    let items = [
      #"{"securityGroupRuleId": "sgr-list", \#(Self.item), "prefixListId": "pl-1"}"#,
      #"{"securityGroupRuleId": "sgr-b", \#(Self.item), "cidrIpv4": "10.0.1.0/24"}"#,
      #"{"securityGroupRuleId": "sgr-6", \#(Self.item), "cidrIpv6": "2001:db8::/32"}"#,
      #"""
      {"securityGroupRuleId": "sgr-ping", "groupId": "sg-web", "isEgress": false, "ipProtocol": "icmp", "fromPort": 8,
       "toPort": -1, "cidrIpv4": "10.0.0.0/24"}
      """#,
      #"{"securityGroupRuleId": "sgr-app", \#(Self.item), "referencedGroupInfo": {"groupId": "sg-app", "userId": "123456789012"}}"#,
      #"{"securityGroupRuleId": "sgr-a", \#(Self.item), "cidrIpv4": "10.0.0.0/24"}"#,
    ]
    let expected = [
      "tcp 9001 from 10.0.0.0/24": "sgr-a", "tcp 9001 from 10.0.1.0/24": "sgr-b",
      "tcp 9001 from 2001:db8::/32": "sgr-6", "tcp 9001 from pl-1": "sgr-list",
      "tcp 9001 from sg-app": "sgr-app", "icmp 8 from 10.0.0.0/24": "sgr-ping",
    ]
    for order in [items, items.reversed()] {
      let answer = #"{"securityGroupRuleSet": {"items": [\#(order.joined(separator: ","))]}}"#
      let result = try run([Self.record("AuthorizeSecurityGroupIngress", 1, request, answer, id: "e1")])
      #expect(result.warnings == [])
      let rules = try Self.group(result.network, "sg-web").inbound.filter { $0.id.hasPrefix("sgr-") }
      #expect(
        Dictionary(uniqueKeysWithValues: rules.map { ($0.match.text(.ingress), $0.id) }) == expected)
    }
  }

  @Test("What lookup-events lists from the newest on is made from the oldest on, within one second, too")
  func lookupEvents() throws {
    let request =
      #"{"groupId": "sg-web", "ipPermissions": \#(Self.permission(#""fromPort": 9, "toPort": 9"#, #""ipRanges": {"items": [{"cidrIp": "10.0.0.0/8"}]}"#))}"#
    func wrapped(_ name: String, _ id: String) -> String {
      let text = Self.record(name, 3, request, id: id).replacing("\n", with: " ")
      let quoted = text.replacing("\"", with: "\\\"")
      return #"{"EventId": "\#(id)", "CloudTrailEvent": "\#(quoted)"}"#
    }
    let revoke = wrapped("RevokeSecurityGroupIngress", "e2")
    let authorize = wrapped("AuthorizeSecurityGroupIngress", "e1")
    let whole = try run(#"{"Events": [\#(revoke), \#(authorize)]}"#)
    // Pages follow each other from the newest to the oldest.
    let pages = try run(#"{"Events": [\#(revoke)]} {"Events": [\#(authorize)]}"#)
    for result in [whole, pages] {
      #expect(result.warnings == [])
      #expect(result.changes.map { $0.prefix(3) } == ["add", "rem"])
      #expect(result.network == Self.world)
    }
  }

  @Test("Groups that are named instead of numbered are those of the VPC")
  func namedGroups() throws {
    let result = try run([
      Self.record(
        "AuthorizeSecurityGroupIngress", 1,
        #"{"groupId": "sg-db", "ipPermissions": \#(Self.permission(#""fromPort": 5, "toPort": 5"#, #""groups": {"items": [{"groupName": "app", "userId": "1"}]}"#))}"#,
        id: "e1"),
      Self.record(
        "AuthorizeSecurityGroupIngress", 2,
        #"{"groupId": "sg-db", "sourceSecurityGroupName": "web", "sourceSecurityGroupOwnerId": "1"}"#,
        id: "e2"),
      Self.record(
        "AuthorizeSecurityGroupIngress", 3, #"{"groupId": "sg-db", "sourceSecurityGroupName": "b"}"#, id: "e3"
      ),
    ])
    #expect(
      result.changes == [
        "add inbound rule tcp 5 from sg-app to sg-db", "add inbound rule tcp any from sg-web to sg-db",
        "add inbound rule udp any from sg-web to sg-db", "add inbound rule icmp any from sg-web to sg-db",
      ])
    #expect(result.warnings.count == 1)
    #expect(result.warnings[0].contains("no security group of vpc-a is called b; passed over"))
  }

  @Test("ModifySecurityGroupRules gives rules another content, and leaves them their ids")
  func modifiedRules() throws {
    func update(_ id: String, _ rule: String) -> String {
      #"{"SecurityGroupRuleId": "\#(id)", "SecurityGroupRule": \#(rule), "tag": 1}"#
    }
    let first = update(
      "inbound-1",
      #"{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIpv4": "203.0.113.0/24", "Description": "office"}"#
    )
    // It becomes what the first one was.
    let second = update("inbound-2", #"{"IpProtocol": "-1", "CidrIpv4": "0.0.0.0/0"}"#)
    let out = update(
      "outbound-2", #"{"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "ReferencedGroupId": "sg-app"}"#)
    let result = try run([
      Self.record(
        "ModifySecurityGroupRules", 1,
        #"{"ModifySecurityGroupRulesRequest": {"GroupId": "sg-web", "SecurityGroupRule": [\#(first), \#(second)]}}"#,
        id: "e1"),
      Self.record(
        "ModifySecurityGroupRules", 2,
        #"{"ModifySecurityGroupRulesRequest": {"GroupId": "sg-web", "SecurityGroupRule": \#(out)}}"#, id: "e2"
      ),
      Self.record(
        "ModifySecurityGroupRules", 3,
        #"{"ModifySecurityGroupRulesRequest": {"GroupId": "sg-web", "SecurityGroupRule": \#(update("sgr-none", #"{"IpProtocol": "-1"}"#))}}"#,
        id: "e3"),
    ])
    let web = try Self.group(result.network, "sg-web")
    #expect(
      web.inbound.map { "\($0.id) \($0.match.text(.ingress)) \($0.summary)" } == [
        "inbound-1 tcp 22 from 203.0.113.0/24 office", "inbound-2 all from 0.0.0.0/0 ",
      ])
    #expect(
      web.outbound.map { "\($0.id) \($0.match.text(.egress))" } == [
        "outbound-1 all to 0.0.0.0/0", "outbound-2 udp 53 to sg-app",
      ])
    #expect(result.warnings.count == 1)
    #expect(result.warnings[0].contains("sg-web has no rule sgr-none"))
  }

  // MARK: Groups

  @Test("A group that is created can be authorized and carried, and is deleted when nobody carries it (SG-4)")
  func groups() throws {
    let launch = #"""
      {"instancesSet": {"items": [{"instanceId": "i-new", "subnetId": "subnet-pub", "vpcId": "vpc-a",
       "networkInterfaceSet": {"items": [{"networkInterfaceId": "eni-new", "subnetId": "subnet-pub", "vpcId": "vpc-a",
        "groupSet": {"items": [{"groupId": "sg-new"}]}, "attachment": {"deviceIndex": 0},
        "privateIpAddressesSet": {"item": [{"privateIpAddress": "10.0.0.77", "primary": true}]}}]}}]}}
      """#
    func made(_ name: String, _ vpc: String, _ id: String, _ second: Int) -> String {
      Self.record(
        "CreateSecurityGroup", second,
        #"{"groupName": "\#(name)", "groupDescription": "x", "vpcId": "\#(vpc)"}"#,
        #"{"groupId": "\#(id)", "_return": true}"#, id: id)
    }
    let result = try run([
      made("new", "vpc-a", "sg-new", 1), made("other", "vpc-b", "sg-other", 2),
      made("foreign", "vpc-z", "sg-foreign", 3),
      Self.record(
        "AuthorizeSecurityGroupIngress", 4,
        #"{"groupId": "sg-new", "ipPermissions": \#(Self.permission(#""fromPort": 22, "toPort": 22"#, #""ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}"#))}"#,
        id: "e4"),
      Self.record("RunInstances", 5, "{}", launch, id: "e5"),
      Self.record("DeleteSecurityGroup", 6, #"{"groupId": "sg-new"}"#, id: "e6"),
      Self.record("DeleteSecurityGroup", 7, #"{"groupId": "sg-other"}"#, id: "e7"),
    ])
    let new = try Self.group(result.network, "sg-new")
    #expect(new.groupName == "new" && new.vpc == "vpc-a" && !new.isDeleted)
    #expect(new.inbound.map { $0.match.text(.ingress) } == ["tcp 22 from 0.0.0.0/0"])
    #expect(new.outbound.map { $0.match.text(.egress) } == ["all to 0.0.0.0/0", "all to ::/0"])
    #expect(result.network.networkInterfaces.last?.groups == ["sg-new"])
    // VPC-B has no IPv6.
    #expect(result.changes.contains("create group sg-other other in vpc-b"))
    #expect(try Self.group(result.network, "sg-other").isDeleted)
    #expect(result.warnings.count == 2)
    #expect(result.warnings[0].contains("the network has no VPC vpc-z"))
    #expect(result.warnings[1].contains("sg-new: cannot be deleted while eni-new carries it"))
  }

  // MARK: Associations and routes

  @Test("Associations are followed by their ids, the new ones as well (NACL-1, RT-1)")
  func associations() throws {
    let result = try run([
      Self.record(
        "ReplaceNetworkAclAssociation", 1, #"{"associationId": "aclassoc-1", "networkAclId": "acl-vpc-a"}"#,
        #"{"newAssociationId": "aclassoc-2"}"#, id: "e1"),
      Self.record(
        "ReplaceNetworkAclAssociation", 2, #"{"associationId": "aclassoc-2", "networkAclId": "acl-shut"}"#,
        #"{"newAssociationId": "aclassoc-3"}"#, id: "e2"),
      Self.record(
        "ReplaceRouteTableAssociation", 3,
        #"{"associationId": "rtbassoc-subnet-db", "routeTableId": "rtb-pub"}"#,
        #"{"newAssociationId": "rtbassoc-2"}"#, id: "e3"),
      Self.record("DisassociateRouteTable", 4, #"{"associationId": "rtbassoc-2"}"#, id: "e4"),
      Self.record(
        "AssociateRouteTable", 5, #"{"routeTableId": "rtb-priv", "subnetId": "subnet-db"}"#,
        #"{"associationId": "rtbassoc-3"}"#, id: "e5"),
      Self.record("DisassociateRouteTable", 6, #"{"associationId": "rtbassoc-none"}"#, id: "e6"),
      Self.record(
        "AssociateRouteTable", 7, #"{"routeTableId": "rtb-priv", "gatewayId": "igw-1"}"#, id: "e7"),
    ])
    #expect(
      result.changes == [
        "associate acl-vpc-a with subnet-db", "associate acl-shut with subnet-db",
        "associate rtb-pub with subnet-db", "disassociate the route table of subnet-db",
        "associate rtb-priv with subnet-db",
      ])
    #expect(result.network.networkACLs.last?.associations == ["subnet-db": "aclassoc-3"])
    #expect(
      result.network.routeTables.first { $0.id == "rtb-priv" }?.associations["subnet-db"] == "rtbassoc-3")
    #expect(result.warnings.count == 2)
    #expect(result.warnings[0].contains("does not tell the subnet of rtbassoc-none"))
    #expect(result.warnings[1].contains("route tables of gateways are not followed"))
  }

  @Test("A route without a target is passed over, and said so")
  func routeWithoutTarget() throws {
    let result = try run([
      Self.record(
        "CreateRoute", 1, #"{"routeTableId": "rtb-db", "destinationCidrBlock": "0.0.0.0/0"}"#, id: "e1")
    ])
    #expect(result.changes == [])
    #expect(result.network == Self.world)
    #expect(result.warnings.count == 1)
    #expect(result.warnings[0].contains("names no target of the route; passed over"))
  }

  @Test("A call that is not modelled and was delivered twice counts once, in several files, too")
  func unmodelledTwice() throws {
    let detach = Self.record("DetachInternetGateway", 1, "{}", id: "e1")
    let other = Self.record("DetachInternetGateway", 2, "{}", id: "e2")
    let files = try [[detach, detach], [other, detach]].map { records in
      try EventFile(
        parsing: Array(#"{"Records": [\#(records.joined(separator: ","))]}"#.utf8), file: "a.json")
    }
    #expect(files[0].warnings.count == 1)
    #expect(files[0].warnings[0].contains(": 1 DetachInternetGateway event is not modelled"))
    let folder = try EventFile(merging: files, folder: "logs")
    #expect(folder.warnings.count == 1)
    #expect(folder.warnings[0].contains(": 2 DetachInternetGateway events are not modelled"))
  }
}
