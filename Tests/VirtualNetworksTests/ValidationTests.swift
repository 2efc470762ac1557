import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

/// Each way in which a network may fail to fit together, from a small network that does fit.
@Suite struct ValidationTests {
  private static func sound() -> VirtualNetwork {
    var network = VirtualNetwork()
    network.vpcs = [
      VPC(
        id: "vpc-1", ipv4Blocks: [Prefix(IPv4Address(10, 0, 0, 0), length: 16)],
        ipv6Blocks: [Prefix(IPv6Address(high: 0x2001_0db8_0000_0000, low: 0), length: 56)])
    ]
    network.subnets = [
      Subnet(id: "subnet-1", vpc: "vpc-1", ipv4Block: Prefix(IPv4Address(10, 0, 1, 0), length: 24)),
      Subnet(id: "subnet-2", vpc: "vpc-1", ipv4Block: Prefix(IPv4Address(10, 0, 2, 0), length: 24)),
    ]
    network.networkInterfaces = [
      NetworkInterface(
        id: "eni-1", vpc: "vpc-1", subnet: "subnet-1", ipv4Addresses: [.init(IPv4Address(10, 0, 1, 4))],
        groups: ["sg-1"])
    ]
    network.securityGroups = [
      SecurityGroup(
        id: "sg-1", vpc: "vpc-1",
        inbound: [SecurityGroupRule(id: "sgr-1", match: Match(.all, peer: .group("sg-1")))])
    ]
    network.networkACLs = [NetworkACL(id: "acl-1", vpc: "vpc-1", isDefault: true, subnets: ["subnet-1"])]
    network.routeTables = [
      RouteTable(
        id: "rtb-1", vpc: "vpc-1", isMain: true, subnets: ["subnet-1"],
        routes: [Route(destination: .prefix(.v4(.everything)), target: .internetGateway("igw-1"))])
    ]
    network.internetGateways = [InternetGateway(id: "igw-1", vpc: "vpc-1")]
    return network
  }

  private func found(_ change: (inout VirtualNetwork) -> Void) -> [String] {
    var network = Self.sound()
    change(&network)
    return network.inconsistencies().map {
      "\($0.severity.rawValue) \($0.code) \($0.resource?.rawValue ?? "")"
    }
  }

  @Test func aSoundNetworkAndAnEmptyOneHaveNone() {
    #expect(found { _ in } == [])
    #expect(VirtualNetwork().inconsistencies().isEmpty)
  }

  @Test func missingKindsAreOneProblem() {
    #expect(found { $0.vpcs = [] } == ["warning incomplete_network "])
    #expect(
      found { ($0.securityGroups, $0.subnets, $0.routeTables) = ([], [], []) } == [
        "warning incomplete_network "
      ])
  }

  @Test func referencesThatLeadNowhere() {
    #expect(found { $0.subnets[1].vpc = "vpc-9" } == ["error unknown_reference subnet-2"])
    #expect(found { $0.securityGroups[0].vpc = "vpc-9" } == ["error unknown_reference sg-1"])
    #expect(found { $0.networkInterfaces[0].subnet = "subnet-9" } == ["error unknown_reference eni-1"])
    #expect(found { $0.networkInterfaces[0].groups = ["sg-1", "sg-9"] } == ["error unknown_reference eni-1"])
    #expect(found { $0.networkACLs[0].subnets = ["subnet-9"] } == ["error unknown_reference acl-1"])
    #expect(found { $0.routeTables[0].subnets = ["subnet-9"] } == ["error unknown_reference rtb-1"])
    #expect(
      found {
        $0.natGateways = [
          NATGateway(id: "nat-1", vpc: "vpc-9", subnet: "subnet-1"),
          NATGateway(id: "nat-2", vpc: "vpc-9", subnet: "subnet-1", state: "deleted"),
        ]
      } == ["error unknown_reference nat-1"])
  }

  @Test func anInterfaceOfAnotherVPCThanItsSubnet() {
    #expect(
      found {
        $0.vpcs.append(VPC(id: "vpc-2"))
        $0.networkInterfaces[0].vpc = "vpc-2"
      } == ["error wrong_vpc eni-1"])
  }

  /// SG-25 to SG-28, SG-33.
  @Test func peersOfRules() {
    #expect(
      found { $0.securityGroups[0].inbound[0].match.peer = .group("sg-9") } == [
        "warning unknown_peer_group sg-1"
      ])
    #expect(
      found {
        $0.securityGroups[0].inbound[0].match.peer = .group("sg-9")
        $0.securityGroups[0].inbound[0].reference = .init(account: "222")
      } == ["note unknown_peer_group sg-1"])
    let list = SecurityGroupRule(id: "sgr-2", match: Match(.all, peer: .prefixList("pl-1")))
    let other = SecurityGroupRule(id: "sgr-3", match: Match(.all, peer: .prefixList("pl-1")))
    #expect(found { $0.securityGroups[0].inbound = [list, other] } == ["warning unknown_prefix_list sg-1"])
    #expect(
      found {
        $0.securityGroups[0].inbound = [list]
        $0.prefixLists = [PrefixList(id: "pl-1", entriesAreKnown: false)]
      } == ["warning unknown_prefix_list sg-1"])
    #expect(
      found {
        $0.securityGroups[0].inbound = [list]
        $0.prefixLists = [PrefixList(id: "pl-1")]
      } == [])
    #expect(
      found { $0.securityGroups[0].outbound = $0.securityGroups[0].inbound } == [
        "error duplicate_rule_id sg-1"
      ])
  }

  /// RT-11
  @Test func routes() {
    let elsewhere = Route(destination: .prefix(.v4(.everything)), target: .internetGateway("igw-9"))
    #expect(found { $0.routeTables[0].routes = [elsewhere] } == ["warning unknown_target rtb-1"])
    #expect(
      found {
        $0.routeTables[0].routes = [elsewhere]
        $0.routeTables[0].routes[0].isBlackhole = true
      } == [])
    // Of peerings nothing at all is known: the command was not run.
    #expect(found { $0.routeTables[0].routes[0].target = .peering("pcx-1") } == [])
    #expect(found { $0.routeTables[0].routes[0].target = .other("lgw-1") } == ["warning not_modelled rtb-1"])
    #expect(
      found { $0.routeTables[0].routes[0].destination = .prefixList("pl-1") } == [
        "warning unknown_prefix_list rtb-1"
      ])
  }

  @Test func transitTables() {
    let table = TransitGatewayRouteTable(id: "tgw-rtb-1", transitGateway: "tgw-1", routesAreKnown: false)
    #expect(found { $0.transitGatewayRouteTables = [table] } == ["warning transit_routes_unknown tgw-rtb-1"])
    #expect(
      found {
        $0.transitGatewayRouteTables = [table]
        $0.transitGatewayRouteTables[0].routesAreKnown = true
        $0.transitGateways = [TransitGateway(id: "tgw-2")]
      } == ["warning unknown_reference tgw-rtb-1"])
  }

  /// RT-1, NACL-1
  @Test func associations() {
    #expect(
      found { $0.networkACLs.append(NetworkACL(id: "acl-2", vpc: "vpc-1", subnets: ["subnet-1"])) }
        == ["error several_acls subnet-1"])
    #expect(
      found { $0.routeTables.append(RouteTable(id: "rtb-2", vpc: "vpc-1", subnets: ["subnet-1"])) }
        == ["error several_route_tables subnet-1"])
    #expect(
      found { $0.routeTables.append(RouteTable(id: "rtb-2", vpc: "vpc-1", isMain: true)) }
        == ["error several_main_route_tables vpc-1"])
    #expect(found { $0.routeTables[0].isMain = false } == ["warning no_main_route_table vpc-1"])
    #expect(found { $0.networkACLs[0].isDefault = false } == ["warning no_default_acl vpc-1"])
  }

  /// AD-5, AD-26, AD-27
  @Test func addresses() {
    #expect(
      found { $0.networkInterfaces[0].ipv4Addresses = [.init(IPv4Address(10, 0, 2, 4))] }
        == ["error address_outside_subnet eni-1"])
    #expect(
      found { $0.networkInterfaces[0].ipv6Addresses = [IPv6Address(high: 0x2001_0db8_0000_0000, low: 4)] }
        == ["error address_outside_subnet eni-1"])
    #expect(
      found {
        $0.networkInterfaces[0].delegatedPrefixes = [.v4(Prefix(IPv4Address(10, 0, 2, 16), length: 28))]
      }
        == ["error address_outside_subnet eni-1"])
    #expect(
      found { network in
        var second = network.networkInterfaces[0]
        second.id = "eni-2"
        network.networkInterfaces.append(second)
      } == ["error duplicate_address eni-2"])
    #expect(
      found { $0.subnets[1].ipv4Block = Prefix(IPv4Address(10, 1, 2, 0), length: 24) }
        == ["error subnet_outside_vpc subnet-2"])
    #expect(
      found {
        $0.subnets[1].ipv6Blocks = [Prefix(IPv6Address(high: 0x2001_0db9_0000_0000, low: 0), length: 64)]
      }
        == ["error subnet_outside_vpc subnet-2"])
  }

  @Test func overlapsAreThoseThatComparingEveryPairFinds() {
    var random = SeededRandom.fresh("overlapping subnets")
    for _ in 0..<50 {
      var network = VirtualNetwork()
      network.vpcs = [VPC(id: "vpc-1", ipv4Blocks: [.everything])]
      network.subnets = (0..<8).map { index in
        Subnet(
          id: ResourceID("subnet-\(index)"), vpc: "vpc-1",
          ipv4Block: Prefix(
            IPv4Address(rawValue: UInt32.random(in: 0..<64, using: &random) << 26),
            length: Int.random(in: 2...6, using: &random)))
      }
      let overlapped = network.inconsistencies().filter { $0.code == "overlapping_subnets" }
      let blocks = network.subnets.compactMap(\.ipv4Block)
      let pairs = blocks.indices.contains { first in
        blocks.indices.contains { $0 != first && blocks[$0].overlaps(blocks[first]) }
      }
      #expect(!overlapped.isEmpty == pairs)
      // What is left when the reported ones are taken away is apart.
      let reported = Set(overlapped.compactMap(\.resource))
      network.subnets.removeAll { reported.contains($0.id) }
      #expect(network.inconsistencies().allSatisfy { $0.code != "overlapping_subnets" })
    }
  }

  @Test func placesNameFileAndMember() {
    var network = Self.sound()
    network.subnets[1].vpc = "vpc-9"
    network.subnets[1].attributes.location = SourceLocation(file: "subnets.json", path: "$.Subnets[1]")
    let problem = network.inconsistencies().first
    #expect(problem?.location.description == "subnets.json: $.Subnets[1].VpcId")
    #expect(problem?.message == "the subnet is in vpc-9, which is not in the input")
  }
}
