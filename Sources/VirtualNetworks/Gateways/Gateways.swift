import NetworkTypes

/// An internet gateway: one-to-one translation between private and public addresses (semantics AD-12).
public struct InternetGateway: Sendable, Hashable {
  public var id: ResourceID
  /// The VPC that it is attached to, or nil when detached.
  public var vpc: ResourceID?
  public var attributes: ResourceAttributes

  public init(id: ResourceID, vpc: ResourceID?, attributes: ResourceAttributes = ResourceAttributes()) {
    self.id = id
    self.vpc = vpc
    self.attributes = attributes
  }
}

/// An egress-only internet gateway: IPv6, stateful, nothing begun from outside (semantics AD-24).
public struct EgressOnlyGateway: Sendable, Hashable {
  public var id: ResourceID
  public var vpc: ResourceID?
  public var attributes: ResourceAttributes

  public init(id: ResourceID, vpc: ResourceID?, attributes: ResourceAttributes = ResourceAttributes()) {
    self.id = id
    self.vpc = vpc
    self.attributes = attributes
  }
}

/// A NAT gateway (semantics AD-15 to AD-23).
public struct NATGateway: Sendable, Hashable {
  public var id: ResourceID
  public var vpc: ResourceID
  public var subnet: ResourceID
  /// Public gateways leave through an internet gateway; private ones only translate.
  public var isPublic: Bool
  /// `available`, `pending`, `failed`, `deleting`, `deleted`.
  public var state: String
  public var addresses: [Address]
  public var attributes: ResourceAttributes

  public struct Address: Sendable, Hashable {
    public var networkInterface: ResourceID?
    public var privateAddress: IPv4Address?
    public var publicAddress: IPv4Address?

    public init(networkInterface: ResourceID?, privateAddress: IPv4Address?, publicAddress: IPv4Address?) {
      self.networkInterface = networkInterface
      self.privateAddress = privateAddress
      self.publicAddress = publicAddress
    }
  }

  public init(
    id: ResourceID, vpc: ResourceID, subnet: ResourceID, isPublic: Bool = true, state: String = "available",
    addresses: [Address] = [], attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.vpc = vpc
    self.subnet = subnet
    self.isPublic = isPublic
    self.state = state
    self.addresses = addresses
    self.attributes = attributes
  }
}

/// A VPC peering connection (semantics RT-20).
public struct PeeringConnection: Sendable, Hashable {
  public var id: ResourceID
  public var requester: Side
  public var accepter: Side
  /// `active`, `pending-acceptance`, `deleted`, …
  public var state: String
  public var attributes: ResourceAttributes

  public struct Side: Sendable, Hashable {
    public var vpc: ResourceID
    public var account: String?
    public var region: String?
    /// Blocks of the VPC as the peering tells them; useful when the VPC itself is not in the input.
    public var blocks: [IPPrefix]

    public init(vpc: ResourceID, account: String? = nil, region: String? = nil, blocks: [IPPrefix] = []) {
      self.vpc = vpc
      self.account = account
      self.region = region
      self.blocks = blocks
    }
  }

  public init(
    id: ResourceID, requester: Side, accepter: Side, state: String = "active",
    attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.requester = requester
    self.accepter = accepter
    self.state = state
    self.attributes = attributes
  }

  /// The other side, seen from `vpc`.
  public func side(oppositeTo vpc: ResourceID) -> Side? {
    if requester.vpc == vpc { return accepter }
    return accepter.vpc == vpc ? requester : nil
  }
}

/// A VPC endpoint.
public struct VPCEndpoint: Sendable, Hashable {
  public var id: ResourceID
  public var vpc: ResourceID
  public var kind: Kind
  /// `com.amazonaws.us-east-1.s3`
  public var serviceName: String
  public var state: String
  public var routeTables: [ResourceID]
  public var subnets: [ResourceID]
  public var networkInterfaces: [ResourceID]
  public var groups: [ResourceID]
  public var attributes: ResourceAttributes

  public enum Kind: Hashable, Sendable {
    case gateway
    case interface
    case gatewayLoadBalancer
    case other(String)
  }

  public init(
    id: ResourceID, vpc: ResourceID, kind: Kind, serviceName: String = "", state: String = "available",
    routeTables: [ResourceID] = [], subnets: [ResourceID] = [], networkInterfaces: [ResourceID] = [],
    groups: [ResourceID] = [], attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.vpc = vpc
    self.kind = kind
    self.serviceName = serviceName
    self.state = state
    self.routeTables = routeTables
    self.subnets = subnets
    self.networkInterfaces = networkInterfaces
    self.groups = groups
    self.attributes = attributes
  }
}

/// A virtual private gateway: the VPC's end of a VPN or of Direct Connect.
public struct VirtualPrivateGateway: Sendable, Hashable {
  public var id: ResourceID
  public var vpc: ResourceID?
  public var attributes: ResourceAttributes

  public init(id: ResourceID, vpc: ResourceID?, attributes: ResourceAttributes = ResourceAttributes()) {
    self.id = id
    self.vpc = vpc
    self.attributes = attributes
  }
}

/// A site-to-site VPN connection, as far as the JSON tells.
public struct VPNConnection: Sendable, Hashable {
  public var id: ResourceID
  public var virtualPrivateGateway: ResourceID?
  public var transitGateway: ResourceID?
  public var customerGateway: ResourceID?
  public var state: String
  /// Static routes towards the other end; empty when routes come by BGP.
  public var staticRoutes: [IPPrefix]
  public var attributes: ResourceAttributes

  public init(
    id: ResourceID, virtualPrivateGateway: ResourceID? = nil, transitGateway: ResourceID? = nil,
    customerGateway: ResourceID? = nil, state: String = "available", staticRoutes: [IPPrefix] = [],
    attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.virtualPrivateGateway = virtualPrivateGateway
    self.transitGateway = transitGateway
    self.customerGateway = customerGateway
    self.state = state
    self.staticRoutes = staticRoutes
    self.attributes = attributes
  }
}
