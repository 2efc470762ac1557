import NetworkTypes

/// A transit gateway with its route tables and attachments (semantics RT-24).
public struct TransitGateway: Sendable, Hashable {
  public var id: ResourceID
  public var state: String
  /// Whether groups may be referred to across it (semantics SG-27).
  public var supportsGroupReferences: Bool
  public var attributes: ResourceAttributes

  public init(
    id: ResourceID, state: String = "available", supportsGroupReferences: Bool = false,
    attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.state = state
    self.supportsGroupReferences = supportsGroupReferences
    self.attributes = attributes
  }
}

/// The attachment of a VPC, a VPN, a peer gateway or something else to a transit gateway.
public struct TransitGatewayAttachment: Sendable, Hashable {
  public var id: ResourceID
  public var transitGateway: ResourceID
  public var kind: Kind
  /// The VPC, VPN connection or peer transit gateway.
  public var resource: ResourceID
  public var state: String
  /// The table that routes what comes in by this attachment; nil when there is none.
  public var associatedTable: ResourceID?
  /// For a VPC: the subnets, at most one a zone, that it serves.
  public var subnets: [ResourceID]
  public var supportsGroupReferences: Bool
  public var attributes: ResourceAttributes

  public enum Kind: Hashable, Sendable {
    case vpc
    case vpn
    case peering
    case directConnect
    case other(String)
  }

  public init(
    id: ResourceID, transitGateway: ResourceID, kind: Kind, resource: ResourceID,
    state: String = "available", associatedTable: ResourceID? = nil, subnets: [ResourceID] = [],
    supportsGroupReferences: Bool = false, attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.transitGateway = transitGateway
    self.kind = kind
    self.resource = resource
    self.state = state
    self.associatedTable = associatedTable
    self.subnets = subnets
    self.supportsGroupReferences = supportsGroupReferences
    self.attributes = attributes
  }
}

/// A route table of a transit gateway.
public struct TransitGatewayRouteTable: Sendable, Hashable {
  public var id: ResourceID
  public var transitGateway: ResourceID
  public var isDefaultAssociation: Bool
  public var isDefaultPropagation: Bool
  /// Routes that were listed: static ones, and propagated ones where the input has them.
  public var routes: [TransitGatewayRoute]
  /// Attachments whose prefixes are propagated into the table.
  public var propagations: [ResourceID]
  /// Whether the input tells the table's routes at all.
  public var routesAreKnown: Bool
  public var attributes: ResourceAttributes

  public init(
    id: ResourceID, transitGateway: ResourceID, isDefaultAssociation: Bool = false,
    isDefaultPropagation: Bool = false, routes: [TransitGatewayRoute] = [], propagations: [ResourceID] = [],
    routesAreKnown: Bool = true, attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.transitGateway = transitGateway
    self.isDefaultAssociation = isDefaultAssociation
    self.isDefaultPropagation = isDefaultPropagation
    self.routes = routes
    self.propagations = propagations
    self.routesAreKnown = routesAreKnown
    self.attributes = attributes
  }
}

/// One route of a transit gateway's table.
public struct TransitGatewayRoute: Sendable, Hashable {
  public var destination: Route.Destination
  /// Attachments that it leads to; empty for a blackhole.
  public var attachments: [ResourceID]
  public var isStatic: Bool
  public var isBlackhole: Bool
  public var location: SourceLocation

  public init(
    destination: Route.Destination, attachments: [ResourceID], isStatic: Bool = true,
    isBlackhole: Bool = false, location: SourceLocation = SourceLocation()
  ) {
    self.destination = destination
    self.attachments = attachments
    self.isStatic = isStatic
    self.isBlackhole = isBlackhole
    self.location = location
  }
}
