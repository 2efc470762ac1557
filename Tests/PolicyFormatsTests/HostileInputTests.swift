import Foundation
import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

@testable import PolicyFormats

/// Nothing that JSON can say stops the importer: it reads, or names a problem, or throws; it never traps.
@Suite struct HostileInputTests {
  private static let document = """
    {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "CidrBlockAssociationSet": [{"CidrBlock": "10.0.0.0/16"}]}],
     "Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-east-1a"}],
     "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1",
       "Attachment": {"InstanceId": "i-1", "Status": "attached"}, "Groups": [{"GroupId": "sg-1"}],
       "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.4", "Primary": true}],
       "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.16/28"}]}],
     "SecurityGroups": [{"GroupId": "sg-1", "VpcId": "vpc-1", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 1,
       "ToPort": 9, "IpRanges": [{"CidrIp": "10.0.0.0/8"}], "UserIdGroupPairs": [{"GroupId": "sg-1"}]}]}],
     "SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-1", "IsEgress": false, "IpProtocol": "tcp",
       "FromPort": 1, "ToPort": 9, "CidrIpv4": "10.0.0.0/8"}],
     "NetworkAcls": [{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "Entries": [{"RuleNumber": 100, "Egress": false,
       "RuleAction": "allow", "Protocol": "1", "CidrBlock": "0.0.0.0/0", "IcmpTypeCode": {"Type": 8, "Code": -1}}]}],
     "RouteTables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"Main": true}],
       "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}]}],
     "Reservations": [{"OwnerId": "1", "Instances": [{"InstanceId": "i-1", "State": {"Code": 16, "Name": "running"}}]}],
     "TransitGatewayStaticRoutes": [{"TransitGatewayRouteTableId": "tgw-rtb-1", "Routes": [{"PrefixListId": "pl-1"}]}],
     "Listeners": [{"LoadBalancerArn": "arn:a", "ListenerArn": "l", "Port": 80}]}
    """

  @Test func everyValueMayBeOfAnotherKind() throws {
    var random = SeededRandom.fresh("hostile values")
    var parser = JSONParser(Array(Self.document.utf8))
    let sound = try parser.value()
    for _ in 0..<500 {
      let text = text(of: mutated(sound, &random))
      let network = try network(text, text, check: true)
      #expect(network.vpcs.count <= 4)
    }
  }

  @Test func everyByteMayBeAnother() throws {
    var random = SeededRandom.fresh("hostile bytes")
    let sound = Array(Self.document.utf8)
    for _ in 0..<500 {
      var bytes = sound
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      var importer = AWSImporter()
      if (try? importer.read(bytes, file: "a.json")) == nil { continue }
      _ = importer.network().inconsistencies()
    }
  }

  private func mutated(_ value: JSONValue, _ random: inout SeededRandom) -> JSONValue {
    if Int.random(in: 0..<40, using: &random) == 0 {
      let others: [JSONValue] = [
        .null, .bool(true), .integer(.max), .integer(.min), .integer(-1), .integer(65536), .number(.infinity),
        .string(""), .string("-"), .string("/"), .string("0.0.0.0/0"), .string("::/0"), .string("pl-"),
        .string("us-east-1a"), .array([]), .array([.null]), .object(JSONObject()),
      ]
      return others.randomElement(using: &random) ?? .null
    }
    switch value {
    case .array(let elements): return .array(elements.map { mutated($0, &random) })
    case .object(let object):
      return .object(
        JSONObject(
          members: object.members.map { .init(name: $0.name, value: mutated($0.value, &random)) }))
    default: return value
    }
  }

  private func text(of value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .integer(let number): "\(number)"
    case .number: "1e999"
    case .string(let text): "\"\(text)\""
    case .array(let elements): "[\(elements.map(text).joined(separator: ","))]"
    case .object(let object):
      "{\(object.members.map { "\"\($0.name)\":\(text(of: $0.value))" }.joined(separator: ","))}"
    }
  }

  @Test func answersThatDoNotSayWhoseTheyAreAreProblems() throws {
    let network = try network(
      #"{"Routes": [{"DestinationCidrBlock": "10.0.0.0/8"}]}"#,
      #"{"TargetHealthDescriptions": [{"Target": {"Id": "i-1"}}]}"#,
      #"{"Addresses": [{"AllocationId": "eipalloc-1", "CarrierIp": "192.0.2.1"}]}"#)
    #expect(
      network.found == [
        "warning routes_of_unknown_table $.Routes",
        "warning targets_of_unknown_group $.TargetHealthDescriptions",
        "note not_modelled $.Addresses[0]",
      ])
  }

  /// Found by fuzzing: such numbers were written as YAML that the reader of YAML refuses.
  @Test func numbersThatCannotBeArePassedOver() throws {
    let network = try network(
      #"{"PrefixLists": [{"PrefixListId": "pl-1", "MaxEntries": 0, "Cidrs": ["10.0.0.0/8"]}]}"#,
      #"""
      {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1",
        "Attachment": {"DeviceIndex": -1}, "PrivateIpAddress": "10.0.0.4"}]}
      """#)
    #expect(
      network.found == [
        "warning out_of_range $.PrefixLists[0].MaxEntries",
        "warning out_of_range $.NetworkInterfaces[0].Attachment.DeviceIndex",
      ])
    #expect(network.prefixLists.map(\.maximumEntries) == [nil])
    #expect(network.networkInterfaces.map(\.deviceIndex) == [nil])
    let again = try VirtualNetwork(yaml: network.yaml())
    #expect(again.prefixLists.count == 1 && again.networkInterfaces.count == 1)
  }

  /// Found by fuzzing: both were written under one key.
  @Test func namesOfResourcesWhoseVPCsAreNotThere() throws {
    func subnet(_ id: Int, vpc: Int) -> String {
      #"{"SubnetId": "subnet-\#(id)", "VpcId": "vpc-\#(vpc)", "CidrBlock": "10.\#(vpc).\#(id).0/24", "Tags": [{"Key": "Name", "Value": "a"}]}"#
    }
    let network = try network(
      #"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.1.0.0/16"}]}"#,
      "{\"Subnets\": [\(subnet(1, vpc: 1)), \(subnet(2, vpc: 2)), \(subnet(3, vpc: 3))]}")
    let again = try VirtualNetwork(yaml: network.yaml())
    #expect(again.subnets.map(\.id.rawValue).sorted() == ["subnet-1", "subnet-2", "subnet-3"])
    #expect(Set(again.subnets.compactMap(\.ipv4Block)).count == 3)
    #expect(again.subnets.allSatisfy { $0.attributes.name == "a" })
  }

  /// Found by fuzzing: both were written under one key.
  @Test func associationsOfOneID() throws {
    let associations = [("a", 1), ("b", 1), ("b", 2)].map { id, subnet in
      #"{"NetworkAclAssociationId": "\#(id)", "SubnetId": "subnet-\#(subnet)"}"#
    }.joined(separator: ", ")
    let network = try network(
      #"{"NetworkAcls": [{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "Associations": [\#(associations)]}]}"#)
    #expect(network.networkACLs[0].associations == ["subnet-1": "a", "subnet-2": "b"])
    #expect(
      network.problems.contains { $0.text.contains("subnet-1 has an association already; b is left out") })
    #expect(try VirtualNetwork(yaml: network.yaml()).networkACLs.count == 1)
  }

  @Test func anAssociationIsOfOneSubnet() throws {
    let associations = (1...2).map { #"{"RouteTableAssociationId": "a", "SubnetId": "subnet-\#($0)"}"# }
      .joined(separator: ", ")
    let network = try network(
      #"{"RouteTables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [\#(associations)]}]}"#)
    #expect(network.routeTables[0].associations == ["subnet-1": "a"])
    #expect(network.routeTables[0].subnets == ["subnet-1", "subnet-2"])
    #expect(network.problems.contains { $0.text.contains("a is an association of subnet-1 already") })
    #expect(try VirtualNetwork(yaml: network.yaml()).routeTables.count == 1)
  }
}
