import NetworkTypes

/// A load balancer; packets are followed through network load balancers only.
public struct LoadBalancer: Sendable, Hashable {
  /// The ARN.
  public var id: ResourceID
  public var balancerName: String
  public var kind: Kind
  public var isInternetFacing: Bool
  public var vpc: ResourceID?
  public var state: String
  public var zones: [Zone]
  public var groups: [ResourceID]
  /// nil when the input does not tell.
  public var isCrossZone: Bool?
  public var listeners: [Listener]
  public var attributes: ResourceAttributes

  public enum Kind: Hashable, Sendable {
    case network
    case application
    case gateway
    case other(String)
  }

  public struct Zone: Sendable, Hashable {
    public var name: String
    public var subnet: ResourceID
    public var addresses: [IPAddress]

    public init(name: String, subnet: ResourceID, addresses: [IPAddress] = []) {
      self.name = name
      self.subnet = subnet
      self.addresses = addresses
    }
  }

  public struct Listener: Sendable, Hashable {
    public var id: ResourceID
    public var port: UInt16
    /// `TCP`, `UDP`, `TCP_UDP`, `TLS`, `HTTP`, `HTTPS`.
    public var listenerProtocol: String
    public var targetGroups: [ResourceID]

    public init(id: ResourceID, port: UInt16, listenerProtocol: String, targetGroups: [ResourceID]) {
      self.id = id
      self.port = port
      self.listenerProtocol = listenerProtocol
      self.targetGroups = targetGroups
    }
  }

  public init(
    id: ResourceID, balancerName: String, kind: Kind, isInternetFacing: Bool, vpc: ResourceID?,
    state: String = "active", zones: [Zone] = [], groups: [ResourceID] = [], isCrossZone: Bool? = nil,
    listeners: [Listener] = [], attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.balancerName = balancerName
    self.kind = kind
    self.isInternetFacing = isInternetFacing
    self.vpc = vpc
    self.state = state
    self.zones = zones
    self.groups = groups
    self.isCrossZone = isCrossZone
    self.listeners = listeners
    self.attributes = attributes
  }
}

/// A target group of a load balancer.
public struct TargetGroup: Sendable, Hashable {
  /// The ARN.
  public var id: ResourceID
  public var groupName: String
  public var port: UInt16?
  public var groupProtocol: String
  public var kind: Kind
  public var vpc: ResourceID?
  public var targets: [Target]
  /// `preserve_client_ip.enabled`, or nil when the input does not tell: instances then see the client, addresses do
  /// not unless the protocol is UDP.
  public var preservesClientAddress: Bool?
  public var attributes: ResourceAttributes

  public enum Kind: Hashable, Sendable {
    case instance
    case address
    case lambda
    case loadBalancer
    case other(String)
  }

  public struct Target: Sendable, Hashable {
    /// An instance id or an address.
    public var id: String
    public var port: UInt16?
    public var zone: String?
    /// `healthy`, `unhealthy`, `initial`, `unused`, `draining`, `unavailable`; nil when the input does not tell.
    public var health: String?

    public init(id: String, port: UInt16?, zone: String? = nil, health: String? = nil) {
      self.id = id
      self.port = port
      self.zone = zone
      self.health = health
    }
  }

  public init(
    id: ResourceID, groupName: String, port: UInt16?, groupProtocol: String, kind: Kind, vpc: ResourceID?,
    targets: [Target] = [], preservesClientAddress: Bool? = nil,
    attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.groupName = groupName
    self.port = port
    self.groupProtocol = groupProtocol
    self.kind = kind
    self.vpc = vpc
    self.targets = targets
    self.preservesClientAddress = preservesClientAddress
    self.attributes = attributes
  }
}
