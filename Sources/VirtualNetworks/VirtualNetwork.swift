/// Everything of one or more accounts and Regions that decides what happens to a packet.
///
/// A plain description: resources tied together by ids. Readers sort them by id; rules keep the order of the input.
/// `PacketFilter` compiles it.
public struct VirtualNetwork: Sendable, Hashable {
  public var vpcs: [VPC] = []
  public var subnets: [Subnet] = []
  public var networkInterfaces: [NetworkInterface] = []
  public var instances: [Instance] = []
  public var elasticAddresses: [ElasticAddress] = []
  public var securityGroups: [SecurityGroup] = []
  public var networkACLs: [NetworkACL] = []
  public var routeTables: [RouteTable] = []
  public var prefixLists: [PrefixList] = []
  public var internetGateways: [InternetGateway] = []
  public var egressOnlyGateways: [EgressOnlyGateway] = []
  public var natGateways: [NATGateway] = []
  public var peeringConnections: [PeeringConnection] = []
  public var endpoints: [VPCEndpoint] = []
  public var virtualPrivateGateways: [VirtualPrivateGateway] = []
  public var vpnConnections: [VPNConnection] = []
  public var transitGateways: [TransitGateway] = []
  public var transitGatewayAttachments: [TransitGatewayAttachment] = []
  public var transitGatewayRouteTables: [TransitGatewayRouteTable] = []
  public var loadBalancers: [LoadBalancer] = []
  public var targetGroups: [TargetGroup] = []
  /// What was found wrong, missing or not supported while the network was read.
  public var problems: [ModelProblem] = []

  public init() {}
}
