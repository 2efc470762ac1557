import NetworkTypes

/// A route table of a VPC.
public struct RouteTable: Sendable, Hashable {
  public var id: ResourceID
  public var vpc: ResourceID
  /// Whether subnets without a table of their own use it (semantics RT-1).
  public var isMain: Bool
  /// Subnets that are associated explicitly.
  public var subnets: [ResourceID]
  /// What the subnets and gateways are associated by, `rtbassoc-…`, as far as the input tells; calls name them so.
  public var associations: [ResourceID: ResourceID] = [:]
  /// Internet or virtual private gateways whose incoming traffic it routes (semantics RT-16).
  public var gateways: [ResourceID]
  public var routes: [Route]
  public var attributes: ResourceAttributes

  public init(
    id: ResourceID, vpc: ResourceID, isMain: Bool = false, subnets: [ResourceID] = [],
    gateways: [ResourceID] = [], routes: [Route] = [], attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.vpc = vpc
    self.isMain = isMain
    self.subnets = subnets
    self.gateways = gateways
    self.routes = routes
    self.attributes = attributes
  }
}

/// One route: where packets to a destination go.
public struct Route: Sendable, Hashable {
  public var destination: Destination
  public var target: Target
  public var origin: Origin
  /// Whether the target is gone: such a route drops, and nothing shorter is tried (semantics RT-11, RT-12).
  public var isBlackhole: Bool
  public var location: SourceLocation

  public enum Destination: Sendable, Hashable {
    case prefix(IPPrefix)
    case prefixList(ResourceID)
  }

  public enum Target: Sendable, Hashable {
    case local
    case internetGateway(ResourceID)
    case egressOnlyGateway(ResourceID)
    case natGateway(ResourceID)
    case peering(ResourceID)
    case transitGateway(ResourceID)
    case virtualPrivateGateway(ResourceID)
    case networkInterface(ResourceID)
    case instance(ResourceID)
    /// A gateway endpoint (S3, DynamoDB) or a Gateway Load Balancer endpoint.
    case endpoint(ResourceID)
    /// Carrier, local, core network and whatever else the input names.
    case other(ResourceID)
    /// The input names no target.
    case none
  }

  public enum Origin: Sendable, Hashable {
    case createdWithTable
    case createdByUser
    case propagated
  }

  public init(
    destination: Destination, target: Target, origin: Origin = .createdByUser, isBlackhole: Bool = false,
    location: SourceLocation = SourceLocation()
  ) {
    self.destination = destination
    self.target = target
    self.origin = origin
    self.isBlackhole = isBlackhole
    self.location = location
  }
}

extension Route.Target {
  /// The id of the target, or nil for `local` and for a route without a target.
  public var resource: ResourceID? {
    switch self {
    case .local, .none: nil
    case .internetGateway(let id), .egressOnlyGateway(let id), .natGateway(let id), .peering(let id),
      .transitGateway(let id), .virtualPrivateGateway(let id), .networkInterface(let id), .instance(let id),
      .endpoint(let id), .other(let id):
      id
    }
  }
}

/// A managed prefix list.
public struct PrefixList: Sendable, Hashable {
  public var id: ResourceID
  public var listName: String
  public var entries: [IPPrefix]
  /// Whether the input holds the entries at all: `describe-managed-prefix-lists` alone does not tell them.
  public var entriesAreKnown: Bool
  /// What the list counts as in quotas (semantics SG-37).
  public var maximumEntries: Int?
  /// What a list's size may be.
  public static var sizes: ClosedRange<Int> { 1...1_000_000 }
  public var attributes: ResourceAttributes

  public init(
    id: ResourceID, listName: String = "", entries: [IPPrefix] = [], entriesAreKnown: Bool = true,
    maximumEntries: Int? = nil, attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.listName = listName
    self.entries = entries
    self.entriesAreKnown = entriesAreKnown
    self.maximumEntries = maximumEntries
    self.attributes = attributes
  }
}
