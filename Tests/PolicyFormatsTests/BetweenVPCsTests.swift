import NetworkTypes
import Testing
import VirtualNetworks

@testable import PolicyFormats

@Suite struct BetweenVPCsTests {
  @Test func aPeeringSeenFromBothAccountsIsOne() throws {
    func peering(requester: String, accepter: String, cidr: String = "10.1.0.0/16") -> String {
      """
      {"VpcPeeringConnections": [{"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"},
        "RequesterVpcInfo": {"VpcId": "vpc-1", "OwnerId": "111", \(requester) "Region": "us-east-1"},
        "AccepterVpcInfo": {"VpcId": "vpc-2", "OwnerId": "222", \(accepter) "Region": "us-east-1"}}]}
      """
    }
    let first = peering(requester: #""CidrBlock": "10.0.0.0/16","#, accepter: "")
    let second = peering(requester: "", accepter: #""CidrBlockSet": [{"CidrBlock": "10.1.0.0/16"}],"#)
    let both = try network(first, second, first)
    #expect(both.peeringConnections.count == 1)
    #expect(both.peeringConnections[0].requester.blocks.map(\.description) == ["10.0.0.0/16"])
    #expect(both.peeringConnections[0].accepter.blocks.map(\.description) == ["10.1.0.0/16"])
    #expect(both.problems.isEmpty)
  }

  @Test func contradictoryDescriptionsAreAProblem() throws {
    let network = try network(
      #"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}"#,
      #"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.1.0.0/16"}]}"#)
    #expect(network.vpcs.map(\.ipv4Blocks[0].description) == ["10.0.0.0/16"])
    #expect(network.found == ["error contradictory_duplicate $.Vpcs[0]"])
    #expect(network.problems[0].message.contains("file1.json: $.Vpcs[0] (ipv4Blocks)"))
  }

  @Test func prefixListEntriesBelongToTheListOfTheFilesName() throws {
    let folder = try TemporaryFolder([
      "lists.json":
        #"{"PrefixLists": [{"PrefixListId": "pl-0a1", "PrefixListName": "offices", "MaxEntries": 5}]}"#,
      "get-managed-prefix-list-entries.pl-0a1.json":
        #"{"Entries": [{"Cidr": "192.0.2.0/24", "Description": "x"}]}"#,
      "nameless.json": #"{"Entries": [{"Cidr": "192.0.2.0/24"}]}"#,
      "wrapped.json": #"{"PrefixListId": "pl-0b2", "Entries": [{"Cidr": "2001:db8::/32"}]}"#,
    ])
    let network = try VirtualNetwork(contentsOf: folder.path)
    #expect(network.prefixLists.map(\.id) == ["pl-0a1", "pl-0b2"])
    #expect(network.prefixLists.map(\.entriesAreKnown) == [true, true])
    #expect(network.prefixLists[0].entries.map(\.description) == ["192.0.2.0/24"])
    #expect(network.prefixLists[0].maximumEntries == 5)
    #expect(network.problems.filter { $0.severity != .note }.map(\.code) == ["entries_of_unknown_list"])
  }

  private static let gateway = """
    {"TransitGateways": [{"TransitGatewayId": "tgw-1", "State": "available",
       "TransitGatewayArn": "arn:aws:ec2:us-east-1:111:transit-gateway/tgw-1",
       "Options": {"DefaultRouteTableAssociation": "enable", "AssociationDefaultRouteTableId": "tgw-rtb-1"}}],
     "TransitGatewayRouteTables": [{"TransitGatewayRouteTableId": "tgw-rtb-1", "TransitGatewayId": "tgw-1",
       "DefaultAssociationRouteTable": true}],
     "TransitGatewayVpcAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1",
       "VpcId": "vpc-1", "SubnetIds": ["subnet-1"], "State": "available"}]}
    """

  @Test func attachmentsAreAssociatedByDefaultWhereNothingElseIsTold() throws {
    let alone = try network(Self.gateway)
    #expect(alone.transitGatewayAttachments[0].associatedTable == "tgw-rtb-1")
    #expect(alone.transitGatewayAttachments[0].subnets == ["subnet-1"])
    #expect(alone.transitGatewayRouteTables[0].routesAreKnown == false)
    #expect(alone.transitGateways[0].attributes.region == "us-east-1")
    let told = try network(
      Self.gateway,
      """
      {"TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1",
        "ResourceType": "vpc", "ResourceId": "vpc-1", "State": "available"}]}
      """)
    #expect(told.transitGatewayAttachments.count == 1)
    #expect(told.transitGatewayAttachments[0].associatedTable == nil)
    #expect(told.transitGatewayAttachments[0].subnets == ["subnet-1"])
    #expect(told.problems.isEmpty)
  }

  @Test func routesAndPropagationsOfTransitGateways() throws {
    let routes = """
      "Routes": [
        {"DestinationCidrBlock": "10.1.0.0/16", "Type": "static", "State": "active",
         "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1"}]},
        {"DestinationCidrBlock": "10.2.0.0/16", "Type": "static", "State": "blackhole"},
        {"DestinationCidrBlock": "10.3.0.0/16", "Type": "propagated", "State": "active",
         "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1"}]}],
      "AdditionalRoutesAvailable": true
      """
    let collected = """
      {"TransitGatewayStaticRoutes": [{"TransitGatewayRouteTableId": "tgw-rtb-1", \(routes)}],
       "TransitGatewayPropagations": [{"TransitGatewayRouteTableId": "tgw-rtb-1",
         "TransitGatewayRouteTablePropagations": [
           {"TransitGatewayAttachmentId": "tgw-attach-1", "State": "enabled"},
           {"TransitGatewayAttachmentId": "tgw-attach-2", "State": "disabled"}]}]}
      """
    let folder = try TemporaryFolder([
      "gateway.json": Self.gateway, "search.tgw-rtb-1.json": "{\(routes)}",
      "propagations.tgw-rtb-1.json":
        #"{"TransitGatewayRouteTablePropagations": [{"TransitGatewayAttachmentId": "tgw-attach-1", "State": "enabled"}]}"#,
    ])
    let files = try NetworkReader().read(paths: [folder.path])
    for network in [try network(Self.gateway, collected), files] {
      let table = network.transitGatewayRouteTables[0]
      // The answer says that it is not the whole.
      #expect(!table.routesAreKnown)
      #expect(table.routes.map(\.isStatic) == [true, true, false])
      #expect(table.routes.map(\.isBlackhole) == [false, true, false])
      #expect(table.routes[0].attachments == ["tgw-attach-1"])
      #expect(table.propagations == ["tgw-attach-1"])
      #expect(network.problems.contains { $0.code == "incomplete_answer" })
    }
    let whole = collected.replacingOccurrences(of: "\"AdditionalRoutesAvailable\": true", with: "\"x\": 0")
    #expect(try network(Self.gateway, whole).transitGatewayRouteTables[0].routesAreKnown)
    // Propagations alone do not tell static routes.
    let propagations = """
      {"TransitGatewayPropagations": [{"TransitGatewayRouteTableId": "tgw-rtb-1",
         "TransitGatewayRouteTablePropagations": [{"TransitGatewayAttachmentId": "tgw-attach-1"}]}]}
      """
    #expect(try !network(Self.gateway, propagations).transitGatewayRouteTables[0].routesAreKnown)
  }

  @Test func aTransitPeeringIsAnAttachmentOfEachSide() throws {
    let network = try network(
      """
      {"TransitGatewayPeeringAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "State": "available",
        "RequesterTgwInfo": {"TransitGatewayId": "tgw-1", "OwnerId": "111", "Region": "us-east-1"},
        "AccepterTgwInfo": {"TransitGatewayId": "tgw-2", "OwnerId": "222", "Region": "us-west-2"}}]}
      """)
    #expect(network.transitGatewayAttachments.map(\.transitGateway) == ["tgw-1", "tgw-2"])
    #expect(network.transitGatewayAttachments.map(\.resource) == ["tgw-2", "tgw-1"])
    #expect(network.transitGatewayAttachments.map(\.attributes.region) == ["us-east-1", "us-west-2"])
  }

  @Test func loadBalancers() throws {
    let network = try network(
      """
      {"LoadBalancers": [{"LoadBalancerArn": "arn:aws:elasticloadbalancing:us-east-1:111:loadbalancer/net/a/1",
         "LoadBalancerName": "a", "Type": "network", "Scheme": "internal", "VpcId": "vpc-1",
         "State": {"Code": "active"}, "AvailabilityZones": [{"ZoneName": "us-east-1a", "SubnetId": "subnet-1",
         "LoadBalancerAddresses": [{"PrivateIPv4Address": "10.0.0.9"}]}]}],
       "Listeners": [{"ListenerArn": "l1", "Port": 80, "Protocol": "TCP", "DefaultActions": [{"TargetGroupArn": "tg1",
         "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "tg1"}, {"TargetGroupArn": "tg2"}]}}],
         "LoadBalancerArn": "arn:aws:elasticloadbalancing:us-east-1:111:loadbalancer/net/a/1"},
         {"ListenerArn": "l2", "Port": 99999,
         "LoadBalancerArn": "arn:aws:elasticloadbalancing:us-east-1:111:loadbalancer/net/a/1"}],
       "LoadBalancerAttributes": [{"LoadBalancerArn": "arn:aws:elasticloadbalancing:us-east-1:111:loadbalancer/net/a/1",
         "Attributes": [{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}]}],
       "TargetGroups": [{"TargetGroupArn": "tg1", "TargetGroupName": "t", "Port": 80, "Protocol": "TCP",
         "TargetType": "ip"}],
       "TargetGroupAttributes": [{"TargetGroupArn": "tg1",
         "Attributes": [{"Key": "preserve_client_ip.enabled", "Value": "false"}]}],
       "LoadBalancerTargetHealth": [{"TargetGroupArn": "tg1", "TargetHealthDescriptions": [
         {"Target": {"Id": "10.0.0.7", "Port": 8080}, "TargetHealth": {"State": "healthy"}}]}],
       "LoadBalancerDescriptions": [{"LoadBalancerName": "old"}]}
      """)
    let balancer = network.loadBalancers[0]
    #expect(balancer.kind == .network && balancer.isCrossZone == true && !balancer.isInternetFacing)
    #expect(balancer.listeners.map(\.targetGroups) == [["tg1", "tg2"]])
    #expect(balancer.zones[0].addresses.map(\.description) == ["10.0.0.9"])
    #expect(balancer.attributes.account == "111" && balancer.attributes.region == "us-east-1")
    #expect(network.targetGroups[0].targets == [.init(id: "10.0.0.7", port: 8080, health: "healthy")])
    #expect(network.targetGroups[0].preservesClientAddress == false)
    #expect(
      network.found == [
        "error invalid_ports $.Listeners[1].Port", "warning not_modelled $.LoadBalancerDescriptions[0]",
      ])
  }
}
