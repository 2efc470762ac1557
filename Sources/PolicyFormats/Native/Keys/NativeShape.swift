import VirtualNetworks

/// What the value of a key looks like; the JSON Schema for editors is made of it.
indirect enum NativeShape {
  case text
  case flag
  case integer(ClosedRange<Int>)
  case address
  case block
  /// A rule's line; `isNumbered` for entries of network ACLs.
  case rule(isNumbered: Bool)
  case word([String])
  /// The key or id of another resource.
  case reference(NativeKind)
  case list(NativeShape)
  /// A value, or a list of them.
  case oneOrMany(NativeShape)
  /// A mapping with free keys.
  case map(NativeShape)
  /// One of the definitions, by name.
  case object(String)
  case either([NativeShape])
  /// Nothing may stand here, too: `~`.
  case nullable(NativeShape)
}

/// The kinds of resources of a network, as the YAML form names them.
enum NativeKind: String, CaseIterable {
  case vpc = "vpcs"
  case subnet = "subnets"
  case routeTable = "route_tables"
  case networkACL = "network_acls"
  case securityGroup = "security_groups"
  case prefixList = "prefix_lists"
  case instance = "instances"
  case networkInterface = "network_interfaces"
  case elasticAddress = "elastic_addresses"
  case internetGateway = "internet_gateways"
  case egressOnlyGateway = "egress_only_gateways"
  case natGateway = "nat_gateways"
  case peering = "peering_connections"
  case endpoint = "endpoints"
  case virtualPrivateGateway = "virtual_private_gateways"
  case vpnConnection = "vpn_connections"
  case transitGateway = "transit_gateways"
  case transitAttachment = "transit_gateway_attachments"
  case transitTable = "transit_gateway_route_tables"
  case loadBalancer = "load_balancers"
  case targetGroup = "target_groups"

  /// The key of the section that lists them.
  var section: String { rawValue }

  /// What ids begin with.
  var prefix: String {
    switch self {
    case .vpc: "vpc-"
    case .subnet: "subnet-"
    case .routeTable: "rtb-"
    case .networkACL: "acl-"
    case .securityGroup: "sg-"
    case .prefixList: "pl-"
    case .instance: "i-"
    case .networkInterface: "eni-"
    case .elasticAddress: "eipalloc-"
    case .internetGateway: "igw-"
    case .egressOnlyGateway: "eigw-"
    case .natGateway: "nat-"
    case .peering: "pcx-"
    case .endpoint: "vpce-"
    case .virtualPrivateGateway: "vgw-"
    case .vpnConnection: "vpn-"
    case .transitGateway: "tgw-"
    case .transitAttachment: "tgw-attach-"
    case .transitTable: "tgw-rtb-"
    case .loadBalancer: "lb-"
    case .targetGroup: "tg-"
    }
  }

  var noun: String {
    switch self {
    case .vpc: "VPC"
    case .subnet: "subnet"
    case .routeTable: "route table"
    case .networkACL: "network ACL"
    case .securityGroup: "security group"
    case .prefixList: "prefix list"
    case .instance: "instance"
    case .networkInterface: "network interface"
    case .elasticAddress: "Elastic address"
    case .internetGateway: "internet gateway"
    case .egressOnlyGateway: "egress-only gateway"
    case .natGateway: "NAT gateway"
    case .peering: "peering connection"
    case .endpoint: "VPC endpoint"
    case .virtualPrivateGateway: "virtual private gateway"
    case .vpnConnection: "VPN connection"
    case .transitGateway: "transit gateway"
    case .transitAttachment: "transit gateway attachment"
    case .transitTable: "transit gateway route table"
    case .loadBalancer: "load balancer"
    case .targetGroup: "target group"
    }
  }

  /// Whether a key or reference is an id as it stands, and no name.
  func isID(_ text: String) -> Bool {
    switch self {
    case .loadBalancer, .targetGroup: text.hasPrefix("arn:") || text.hasPrefix(prefix)
    case .transitGateway:
      text.hasPrefix(prefix) && !text.hasPrefix("tgw-attach-") && !text.hasPrefix("tgw-rtb-")
    default: text.hasPrefix(prefix) && text.utf8.count > prefix.utf8.count
    }
  }

  /// The id of what is called `name`: within a VPC the VPC's name comes first.
  func id(of name: String, in vpc: String? = nil) -> ResourceID {
    if isID(name) { return ResourceID(rawValue: name) }
    return ResourceID(rawValue: prefix + (vpc.map { $0 + "-" } ?? "") + name)
  }
}
