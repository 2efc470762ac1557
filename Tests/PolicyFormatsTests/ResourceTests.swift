import NetworkTypes
import RuleMatching
import Testing
import VirtualNetworks

@testable import PolicyFormats

@Suite struct ResourceTests {
  @Test func vpcsAndSubnets() throws {
    let network = try network(
      """
      {"Vpcs": [{"VpcId": "vpc-1", "OwnerId": "111", "CidrBlock": "10.0.0.0/16", "IsDefault": true,
        "Tags": [{"Key": "Name", "Value": "shop"}],
        "CidrBlockAssociationSet": [
          {"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}},
          {"CidrBlock": "100.64.0.0/20", "CidrBlockState": {"State": "associated"}},
          {"CidrBlock": "10.9.0.0/16", "CidrBlockState": {"State": "disassociated"}}],
        "Ipv6CidrBlockAssociationSet": [
          {"Ipv6CidrBlock": "2001:0db8::/56", "Ipv6CidrBlockState": {"State": "associated"}}]}]}
      """,
      """
      {"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24",
        "AvailabilityZone": "us-gov-west-1b", "MapPublicIpOnLaunch": true,
        "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8:0:1::/64",
          "Ipv6CidrBlockState": {"State": "{'State': 'associated'}"}}]}],
       "AvailabilityZones": [{"ZoneName": "us-gov-west-1b", "ZoneId": "usgw1-az2"}],
       "Vpcs": [{"VpcId": "vpc-1", "ClassicLinkEnabled": false}]}
      """)
    let vpc = network.vpcs[0]
    #expect(vpc.ipv4Blocks.map(\.description) == ["10.0.0.0/16", "100.64.0.0/20"])
    #expect(vpc.ipv6Blocks.map(\.description) == ["2001:db8::/56"])
    #expect(vpc.isDefault && vpc.attributes.name == "shop")
    // The Region is the subnets', the subnets' account is the VPC's.
    #expect(vpc.attributes.region == "us-gov-west-1")
    let subnet = network.subnets[0]
    #expect(subnet.attributes.account == "111" && subnet.zoneID == "usgw1-az2")
    #expect(subnet.ipv6Blocks.map(\.description) == ["2001:db8:0:1::/64"])
    #expect(subnet.mapsPublicAddressOnLaunch)
    #expect(network.problems.isEmpty)
  }

  private static let interface = """
    {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1",
      "Attachment": {"InstanceId": "i-1", "Status": "attached"}, "Status": "in-use", "SourceDestCheck": false,
      "Groups": [{"GroupId": "sg-1"}], "InterfaceType": "interface", "TagSet": [{"Key": "Name", "Value": "a"}],
      "PrivateIpAddresses": [
        {"PrivateIpAddress": "10.0.1.5", "Primary": false},
        {"PrivateIpAddress": "10.0.1.4", "Primary": true, "Association": {"PublicIp": "198.51.100.4"}}],
      "Ipv6Addresses": [{"Ipv6Address": "2001:db8::4"}],
      "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.16/28"}], "Ipv6Prefixes": [{"Ipv6Prefix": "2001:db8:1::/80"}]}]}
    """

  @Test func interfaces() throws {
    let network = try network(
      Self.interface,
      """
      {"Addresses": [{"PublicIp": "198.51.100.5", "AllocationId": "eipalloc-1", "NetworkInterfaceId": "eni-1",
        "PrivateIpAddress": "10.0.1.5", "NetworkBorderGroup": "us-east-1"}],
       "Tags": [{"ResourceId": "eni-1", "Key": "Name", "Value": "b"}, {"ResourceId": "eni-1", "Key": "k", "Value": "v"}]}
      """)
    let interface = network.networkInterfaces[0]
    #expect(interface.ipv4Addresses.map(\.address.description) == ["10.0.1.4", "10.0.1.5"])
    #expect(
      interface.ipv4Addresses.map { $0.publicAddress?.description } == ["198.51.100.4", "198.51.100.5"])
    #expect(interface.ipv6Addresses.map(\.description) == ["2001:db8::4"])
    #expect(interface.delegatedPrefixes.map(\.description) == ["10.0.1.16/28", "2001:db8:1::/80"])
    #expect(interface.instance == "i-1" && interface.isAttached && !interface.sourceDestinationCheck)
    #expect(interface.attributes.tags == [Tag("Name", "a"), Tag("k", "v")])
    #expect(network.elasticAddresses[0].attributes.region == "us-east-1")
  }

  @Test func interfacesOfInstancesAreTakenWhereNothingElseTells() throws {
    let reservations = """
      {"Reservations": [{"OwnerId": "111", "Instances": [{"InstanceId": "i-1", "State": {"Code": 272, "Name": "x"},
        "VpcId": "vpc-1", "Placement": {"AvailabilityZone": "us-west-2-lax-1a"}, "NetworkInterfaces": [
          {"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "PrivateIpAddress": "10.0.1.9",
           "Association": {"PublicIp": "198.51.100.9"}, "Attachment": {"Status": "attached"}}]}]}]}
      """
    let alone = try network(reservations)
    #expect(alone.networkInterfaces.map(\.instance) == ["i-1"])
    #expect(alone.networkInterfaces[0].ipv4Addresses[0].publicAddress?.description == "198.51.100.9")
    #expect(alone.networkInterfaces[0].isAttached)
    // The low byte of the code is the state: 272 is 256 + 16 (LC-1).
    #expect(alone.instances[0].state == .running && alone.instances[0].attributes.region == "us-west-2")
    #expect(alone.instances[0].attributes.account == "111")
    let both = try network(reservations, Self.interface)
    #expect(both.networkInterfaces[0].ipv4Addresses[0].address.description == "10.0.1.4")
  }

  @Test func aNATGatewaysInterfaceIsKnownByTheGateway() throws {
    let network = try network(
      """
      {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1",
        "InterfaceType": "interface", "Status": "available", "PrivateIpAddress": "10.0.1.4"}],
       "NatGateways": [{"NatGatewayId": "nat-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "State": "available",
         "NatGatewayAddresses": [{"NetworkInterfaceId": "eni-1", "PrivateIp": "10.0.1.4", "PublicIp": "198.51.100.7"}]},
        {"NatGatewayId": "nat-2", "VpcId": "vpc-1", "SubnetId": "subnet-1", "ConnectivityType": "private"},
        {"NatGatewayId": "nat-3", "VpcId": "vpc-1"}]}
      """)
    #expect(network.networkInterfaces[0].kind == .natGateway && network.networkInterfaces[0].isAttached)
    #expect(network.networkInterfaces[0].ipv4Addresses[0].publicAddress?.description == "198.51.100.7")
    #expect(network.natGateways.map(\.isPublic) == [true, false])
    #expect(network.found == ["warning not_modelled $.NatGateways[2]"])
  }

  struct KindRow: Sendable {
    var type: String
    var kind: NetworkInterface.Kind
  }

  @Test(arguments: [
    KindRow(type: "nat_gateway", kind: .natGateway), KindRow(type: "natGateway", kind: .natGateway),
    KindRow(type: "network_load_balancer", kind: .networkLoadBalancer),
    KindRow(type: "transit_gateway", kind: .transitGateway),
    KindRow(type: "vpc_endpoint", kind: .interfaceEndpoint),
    KindRow(type: "lambda", kind: .lambda), KindRow(type: "efa", kind: .standard),
    KindRow(type: "branch", kind: .standard), KindRow(type: "quicksight", kind: .other("quicksight")),
  ])
  func kindsOfInterfaces(row: KindRow) throws {
    let network = try network(
      """
      {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1",
        "InterfaceType": "\(row.type)"}]}
      """)
    #expect(network.networkInterfaces[0].kind == row.kind)
  }

  @Test func routeTables() throws {
    let network = try network(
      """
      {"RouteTables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-1",
        "Associations": [{"Main": true}, {"SubnetId": "subnet-1"}, {"GatewayId": "igw-1"},
          {"SubnetId": "subnet-9", "AssociationState": {"State": "disassociated"}}],
        "Routes": [
          {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable"},
          {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"},
          {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"},
          {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"},
          {"DestinationCidrBlock": "10.1.0.0/16", "VpcPeeringConnectionId": "pcx-1", "State": "blackhole"},
          {"DestinationCidrBlock": "10.2.0.0/16", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"},
          {"DestinationCidrBlock": "10.3.0.0/16", "InstanceId": "i-1", "NetworkInterfaceId": "eni-1"},
          {"DestinationCidrBlock": "10.4.0.0/16", "NatGatewayId": "nat-1"},
          {"DestinationCidrBlock": "10.5.0.0/16", "TransitGatewayId": "tgw-1"},
          {"DestinationCidrBlock": "10.6.0.0/16", "CoreNetworkArn": "arn:x"},
          {"DestinationCidrBlock": "10.7.0.0/16"}, {"GatewayId": "igw-1"}]}]}
      """)
    let table = network.routeTables[0]
    #expect(table.isMain && table.subnets == ["subnet-1"] && table.gateways == ["igw-1"])
    #expect(
      table.routes.map(\.target) == [
        .local, .internetGateway("igw-1"), .egressOnlyGateway("eigw-1"), .endpoint("vpce-1"),
        .peering("pcx-1"),
        .virtualPrivateGateway("vgw-1"), .networkInterface("eni-1"), .natGateway("nat-1"),
        .transitGateway("tgw-1"), .other("arn:x"), .none,
      ])
    #expect(table.routes.map(\.isBlackhole).filter { $0 }.count == 1)
    #expect(table.routes[0].origin == .createdWithTable && table.routes[5].origin == .propagated)
    #expect(table.routes[3].destination == .prefixList("pl-1"))
    #expect(
      network.found == [
        "warning route_without_target $.RouteTables[0].Routes[10]",
        "error missing_member $.RouteTables[0].Routes[11]",
      ])
  }

  @Test func gatewaysAndEndpoints() throws {
    let network = try network(
      """
      {"InternetGateways": [{"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1", "State": "available"}]},
         {"InternetGatewayId": "igw-2", "Attachments": []}],
       "EgressOnlyInternetGateways": [{"EgressOnlyInternetGatewayId": "eigw-1",
         "Attachments": [{"VpcId": "vpc-1", "State": "attached"}]}],
       "VpnGateways": [{"VpnGatewayId": "vgw-1", "VpcAttachments": [{"VpcId": "vpc-0", "State": "detached"},
         {"VpcId": "vpc-1", "State": "attached"}]}],
       "VpnConnections": [{"VpnConnectionId": "vpn-1", "VpnGatewayId": "vgw-1", "State": "available",
         "Routes": [{"DestinationCidrBlock": "192.168.0.0/16", "State": "available"}]}],
       "VpcEndpoints": [{"VpcEndpointId": "vpce-1", "VpcId": "vpc-1", "VpcEndpointType": "Gateway",
         "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": ["rtb-1"]}],
       "PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "com.amazonaws.us-east-1.s3",
         "Cidrs": ["3.5.0.0/20"]}], "CustomerGateways": [{}], "DBInstances": [{}]}
      """)
    #expect(network.internetGateways.map(\.vpc) == ["vpc-1", nil])
    #expect(network.egressOnlyGateways.map(\.vpc) == ["vpc-1"])
    #expect(network.virtualPrivateGateways.map(\.vpc) == ["vpc-1"])
    #expect(network.vpnConnections[0].staticRoutes.map(\.description) == ["192.168.0.0/16"])
    #expect(network.endpoints[0].kind == .gateway && network.endpoints[0].routeTables == ["rtb-1"])
    #expect(network.prefixLists[0].entries.map(\.description) == ["3.5.0.0/20"])
    #expect(network.prefixLists[0].attributes.region == "us-east-1")
    #expect(network.problems.isEmpty)
  }
}
