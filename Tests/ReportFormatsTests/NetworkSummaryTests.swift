import Foundation
import NetworkTypes
import ReportFormats
import RuleMatching
import Testing
import VirtualNetworks

@Suite struct NetworkSummaryTests {
  private static func shop() -> VirtualNetwork {
    let named = { (name: String) in
      ResourceAttributes(account: "111", region: "us-east-1", tags: [Tag("Name", name)])
    }
    var network = VirtualNetwork()
    network.vpcs = [
      VPC(id: "vpc-1", ipv4Blocks: [Prefix(IPv4Address(10, 0, 0, 0), length: 16)], attributes: named("shop"))
    ]
    network.subnets = [
      Subnet(
        id: "subnet-1", vpc: "vpc-1", ipv4Block: Prefix(IPv4Address(10, 0, 1, 0), length: 24),
        zone: "us-east-1a",
        attributes: named("web")),
      Subnet(id: "subnet-2", vpc: "vpc-1", ipv4Block: Prefix(IPv4Address(10, 0, 2, 0), length: 24)),
    ]
    network.networkInterfaces = [
      NetworkInterface(
        id: "eni-1", vpc: "vpc-1", subnet: "subnet-1",
        ipv4Addresses: [.init(IPv4Address(10, 0, 1, 4), publicAddress: IPv4Address(198, 51, 100, 4))],
        groups: ["sg-1"], sourceDestinationCheck: false, instance: "i-1")
    ]
    network.instances = [Instance(id: "i-1", state: .stopped, attributes: named("web-1"))]
    network.securityGroups = [
      SecurityGroup(
        id: "sg-1", groupName: "web", vpc: "vpc-1",
        inbound: [
          SecurityGroupRule(
            id: "inbound-1", match: Match(.tcp(PortRange(443)), peer: .prefix(.v4(.everything)))),
          SecurityGroupRule(id: "sgr-2", match: Match(.icmp(.type(8)), peer: .group("sg-1"))),
        ])
    ]
    network.networkACLs = [
      NetworkACL(
        id: "acl-1", vpc: "vpc-1", isDefault: true, subnets: ["subnet-1"],
        inbound: [NetworkACLEntry(number: 100, action: .allow, traffic: .all, prefix: .v4(.everything))],
        outbound: [NetworkACLEntry(number: 32767, action: .deny, traffic: .all, prefix: .v4(.everything))])
    ]
    network.routeTables = [
      RouteTable(
        id: "rtb-1", vpc: "vpc-1", isMain: true,
        routes: [
          Route(destination: .prefix(.v4(.everything)), target: .natGateway("nat-1"), isBlackhole: true)
        ]),
      RouteTable(
        id: "rtb-2", vpc: "vpc-1", subnets: ["subnet-1"],
        routes: [
          Route(destination: .prefix(.v4(Prefix(IPv4Address(10, 0, 0, 0), length: 16))), target: .local),
          Route(destination: .prefix(.v4(.everything)), target: .internetGateway("igw-1")),
        ]),
    ]
    network.internetGateways = [InternetGateway(id: "igw-1", vpc: "vpc-1")]
    network.problems = [
      ModelProblem(.note, code: "host_bits", location: SourceLocation(), message: "a note"),
      ModelProblem(
        .warning, code: "unknown_target", resource: "rtb-1",
        location: SourceLocation(file: "a.json", path: "$.x"),
        message: "a warning"),
    ]
    return network
  }

  @Test func textIsWhatAPersonHoldsAgainstTheConsole() {
    let expected = """
      1 VPC, 2 subnets, 1 interface, 1 instance, 1 security group, 1 network ACL,
      2 route tables

      VPC vpc-1 "shop"  us-east-1  account 111
        10.0.0.0/16
        internet gateway igw-1

        subnet subnet-1 "web"  us-east-1a
          10.0.1.0/24
          public: rtb-2 sends 0.0.0.0/0 to igw-1
          network ACL acl-1
          interface eni-1
            instance i-1 "web-1", stopped, not billed
            addresses 10.0.1.4 (public 198.51.100.4)
            groups sg-1 "web"
            source/destination check off

        subnet subnet-2
          10.0.2.0/24
          private: rtb-1 (main) sends 0.0.0.0/0 to nat-1 (blackhole)
          network ACL acl-1

        security group sg-1 "web"
          in  inbound-1  tcp 443 from 0.0.0.0/0
          in  sgr-2  icmp 8 from sg-1  (web)
          out nothing

        network ACL acl-1  (default)
          subnets subnet-1 "web"
          in    100 allow all from 0.0.0.0/0
          in      * deny all the rest
          out     * deny all to 0.0.0.0/0

        route table rtb-1  (main)
          0.0.0.0/0 to nat-1  (blackhole)

        route table rtb-2
          subnets subnet-1 "web"
          10.0.0.0/16 to local
          0.0.0.0/0 to igw-1

      Problems: 0 errors, 1 warning, 1 note (shown with -v)
        warning unknown_target rtb-1: a warning
          at a.json: $.x

      """
    #expect(NetworkSummary(Self.shop()).text() == expected)
    #expect(NetworkSummary(Self.shop(), showsNotes: true).text().hasSuffix("  note host_bits: a note\n"))
  }

  /// RT-15: any route to an internet gateway makes a subnet public, however narrow; a blackhole does not.
  @Test func aSubnetIsPublicByItsRoutes() {
    var network = Self.shop()
    network.routeTables[1].routes[1].destination = .prefix(.v4(Prefix(IPv4Address(192, 0, 2, 0), length: 24)))
    #expect(NetworkSummary(network).text().contains("public: rtb-2 sends 192.0.2.0/24 to igw-1"))
    network.routeTables[1].routes[1].isBlackhole = true
    #expect(NetworkSummary(network).text().contains("private: rtb-2 has no route to an internet gateway"))
    network.routeTables = []
    #expect(NetworkSummary(network).text().contains("unknown: the input has no route table for it"))
  }

  @Test func resourcesWithoutAVPCAreShownToo() {
    var network = Self.shop()
    network.vpcs = []
    let text = NetworkSummary(network).text()
    #expect(text.contains("In no VPC of the input"))
    #expect(text.contains("tcp 443 from 0.0.0.0/0"))
    #expect(text.contains("igw-1 of vpc-1"))
  }

  @Test func namesFromOutsideCannotMoveTheCursor() {
    var network = Self.shop()
    network.vpcs[0].attributes.tags = [Tag("Name", "a\n\u{1b}[2Jb\u{202e}")]
    #expect(NetworkSummary(network).text().contains("VPC vpc-1 \"a??[2Jb?\""))
  }

  @Test func jsonIsReadByFoundation() throws {
    let json = NetworkSummary(Self.shop()).json()
    let root = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    #expect(root["schema"] as? String == "sallyport.network/1")
    let subnets = try #require(root["subnets"] as? [[String: Any]])
    #expect(subnets.map { $0["exposure"] as? String } == ["public", "private"])
    #expect(subnets[0]["because"] as? String == "rtb-2 sends 0.0.0.0/0 to igw-1")
    let groups = try #require(root["security_groups"] as? [[String: Any]])
    let rules = try #require(groups[0]["rules"] as? [[String: Any]])
    #expect(rules.map { $0["text"] as? String } == ["tcp 443 from 0.0.0.0/0", "icmp 8 from sg-1"])
    let problems = try #require(root["problems"] as? [[String: Any]])
    #expect(problems.map { $0["code"] as? String } == ["unknown_target"])
    #expect(NetworkSummary(Self.shop()).json() == json)
  }

  @Test func jsonTextEscapesWhatMustBe() {
    #expect(JSONText.string("a\"\\\n\u{1}é𝄞").compact() == "\"a\\\"\\\\\\n\\u0001é𝄞\"")
    #expect(
      JSONText.object([("b", .array([.integer(1), .null])), ("a", .bool(true))]).compact()
        == #"{"b": [1, null], "a": true}"#)
  }
}
