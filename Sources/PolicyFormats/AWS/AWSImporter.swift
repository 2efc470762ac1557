import NetworkTypes
import VirtualNetworks

/// Collects what `aws … describe-*` answers say, file by file, and makes a network of it.
///
/// An answer is known by its top-level members; several may stand in one file. The resources of a file are read one at
/// a time, so memory grows with the network and not with its JSON.
struct AWSImporter {
  let log: ImportLog

  var vpcs = Collected<VPC>()
  var subnets = Collected<Subnet>()
  var networkInterfaces = Collected<NetworkInterface>()
  var instances = Collected<Instance>()
  var elasticAddresses = Collected<ElasticAddress>()
  var securityGroups = Collected<SecurityGroup>()
  var networkACLs = Collected<NetworkACL>()
  var routeTables = Collected<RouteTable>()
  var prefixLists = Collected<PrefixList>()
  var internetGateways = Collected<InternetGateway>()
  var egressOnlyGateways = Collected<EgressOnlyGateway>()
  var natGateways = Collected<NATGateway>()
  var peeringConnections = Collected<PeeringConnection>()
  var endpoints = Collected<VPCEndpoint>()
  var virtualPrivateGateways = Collected<VirtualPrivateGateway>()
  var vpnConnections = Collected<VPNConnection>()
  var transitGateways = Collected<TransitGateway>()
  var transitGatewayAttachments = Collected<TransitGatewayAttachment>()
  var transitGatewayRouteTables = Collected<TransitGatewayRouteTable>()
  var loadBalancers = Collected<LoadBalancer>()
  var targetGroups = Collected<TargetGroup>()

  // What completes resources that may be in a file that is read later.

  /// Groups whose rules `describe-security-groups` told.
  var groupsWithPermissions: Set<ResourceID> = []
  var rulesByGroup: [ResourceID: RulesByGroup] = [:]
  var ruleIDs: Set<String> = []
  var interfacesOfInstances: [NetworkInterface] = []
  var tags: [ResourceID: [Tag]] = [:]
  /// Zone ids by folder and zone name, and by zone name alone.
  var zoneIDs: [String: String] = [:]
  var zoneIDsByName: [String: Set<String>] = [:]
  var regionsByZone: [String: String] = [:]
  var defaultAssociations: [ResourceID: ResourceID] = [:]
  var attachmentsWithAssociation: Set<ResourceID> = []
  var associations: [ResourceID: [ResourceID]] = [:]
  var tableContents: [ResourceID: TransitGatewayTableContents] = [:]
  var listeners: [ResourceID: [LoadBalancer.Listener]] = [:]
  var listenerIDs: Set<ResourceID> = []
  var targets: [ResourceID: [TargetGroup.Target]] = [:]
  var crossZone: [ResourceID: Bool] = [:]
  var preservesClient: [ResourceID: Bool] = [:]

  init(log: ImportLog = ImportLog()) { self.log = log }
}

extension AWSImporter {
  typealias Reading = @Sendable (inout AWSImporter, AWSRecord) -> Void

  /// The top-level members whose elements are resources, and what reads one.
  static let resources: [String: Reading] = [
    "Vpcs": { $0.vpc($1) },
    "Subnets": { $0.subnet($1) },
    "SecurityGroups": { $0.securityGroup($1) },
    "SecurityGroupRules": { $0.securityGroupRule($1) },
    "NetworkAcls": { $0.networkACL($1) },
    "RouteTables": { $0.routeTable($1) },
    "InternetGateways": { $0.internetGateway($1) },
    "EgressOnlyInternetGateways": { $0.egressOnlyGateway($1) },
    "NatGateways": { $0.natGateway($1) },
    "NetworkInterfaces": { $0.networkInterface($1) },
    "Reservations": { $0.reservation($1) },
    "Instances": { $0.instance($1) },
    "Addresses": { $0.elasticAddress($1) },
    "VpcPeeringConnections": { $0.peeringConnection($1) },
    "PrefixLists": { $0.prefixList($1) },
    "ManagedPrefixLists": { $0.prefixList($1) },
    "VpcEndpoints": { $0.endpoint($1) },
    "TransitGateways": { $0.transitGateway($1) },
    "TransitGatewayAttachments": { $0.transitGatewayAttachment($1) },
    "TransitGatewayVpcAttachments": { $0.transitGatewayVPCAttachment($1) },
    "TransitGatewayPeeringAttachments": { $0.transitGatewayPeering($1) },
    "TransitGatewayRouteTables": { $0.transitGatewayRouteTable($1) },
    "TransitGatewayStaticRoutes": { $0.transitGatewayRoutes($1, table: nil) },
    "TransitGatewayRoutes": { $0.transitGatewayRoutes($1, table: nil) },
    "TransitGatewayPropagations": { $0.transitGatewayPropagations($1, table: nil) },
    "LoadBalancers": { $0.loadBalancer($1) },
    "LoadBalancerDescriptions": { $0.classicLoadBalancer($1) },
    "TargetGroups": { $0.targetGroup($1) },
    "Listeners": { $0.listener($1) },
    "LoadBalancerListeners": { importer, record in
      for listener in record.records("Listeners") { importer.listener(listener) }
    },
    "LoadBalancerTargetHealth": { $0.targetHealth($1) },
    "LoadBalancerAttributes": { $0.balancerAttributes($1) },
    "TargetGroupAttributes": { $0.balancerAttributes($1) },
    "VpnConnections": { $0.vpnConnection($1) },
    "VpnGateways": { $0.virtualPrivateGateway($1) },
    "AvailabilityZones": { $0.availabilityZone($1) },
    "Tags": { $0.tag($1) },
  ]

  /// Answers that can be understood only together with what stands beside them or in the file's name.
  static let wholes: [String: @Sendable (inout AWSImporter, AWSRecord, String) -> Void] = [
    "Entries": { $0.prefixListEntries($1, file: $2) },
    "Routes": { $0.transitGatewayRoutes($1, table: AWSImporter.id(startingWith: "tgw-rtb-", inName: $2)) },
    "TransitGatewayRouteTablePropagations": {
      $0.transitGatewayPropagations($1, table: AWSImporter.id(startingWith: "tgw-rtb-", inName: $2))
    },
    "Associations": {
      $0.transitGatewayAssociations($1, table: AWSImporter.id(startingWith: "tgw-rtb-", inName: $2))
    },
    "TargetHealthDescriptions": { importer, record, _ in importer.targetHealth(record) },
    "Attributes": { importer, record, _ in importer.balancerAttributes(record) },
  ]

  /// Members that stand beside such an answer.
  static let companions: Set<String> = [
    "PrefixListId", "TransitGatewayRouteTableId", "TargetGroupArn", "LoadBalancerArn",
    "AdditionalRoutesAvailable",
  ]

  /// Answers of AWS that decide nothing about packets here; passed over without a word.
  static let irrelevant: Set<String> = [
    "CustomerGateways", "DBInstances", "DBSubnetGroups", "DomainStatusList", "ServiceDetails", "ServiceNames",
    "FlowLogs", "DhcpOptions", "CarrierGateways", "Functions", "Images", "FileSystems", "MountTargets",
    "StaleSecurityGroupSet", "Volumes", "Snapshots", "KeyPairs", "Regions", "Owner", "OwnerId", "NextToken",
    "NextMarker", "nextToken", "ResponseMetadata", "status_code", "Clusters", "CacheClusters", "Hosts",
    "LaunchTemplates", "PlacementGroups", "Account", "Arn", "UserId",
  ]
}
