import NetworkTypes

/// An EC2 instance: what of it touches a packet, and what people recognise it by.
public struct Instance: Sendable, Hashable {
  public var id: ResourceID
  public var state: InstanceState
  public var vpc: ResourceID?
  public var subnet: ResourceID?
  public var networkInterfaces: [ResourceID]
  public var instanceType: String
  public var image: ResourceID?
  public var keyName: String?
  public var zone: String?
  public var attributes: ResourceAttributes

  public init(
    id: ResourceID, state: InstanceState = .running, vpc: ResourceID? = nil, subnet: ResourceID? = nil,
    networkInterfaces: [ResourceID] = [], instanceType: String = "", image: ResourceID? = nil,
    keyName: String? = nil, zone: String? = nil, attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.state = state
    self.vpc = vpc
    self.subnet = subnet
    self.networkInterfaces = networkInterfaces
    self.instanceType = instanceType
    self.image = image
    self.keyName = keyName
    self.zone = zone
    self.attributes = attributes
  }
}

/// The state of an instance; raw values are the low byte of the API's code (semantics LC-1).
public enum InstanceState: UInt8, Sendable, Hashable, CaseIterable {
  case pending = 0
  case running = 16
  case shuttingDown = 32
  case terminated = 48
  case stopping = 64
  case stopped = 80
}

extension InstanceState: CustomStringConvertible {
  /// The API's name: `pending`, `running`, `shutting-down`, `terminated`, `stopping`, `stopped`.
  public var description: String {
    switch self {
    case .pending: "pending"
    case .running: "running"
    case .shuttingDown: "shutting-down"
    case .terminated: "terminated"
    case .stopping: "stopping"
    case .stopped: "stopped"
    }
  }
}

/// An Elastic address of an account.
public struct ElasticAddress: Sendable, Hashable {
  /// The allocation, `eipalloc-…`.
  public var id: ResourceID
  public var publicAddress: IPv4Address
  public var networkInterface: ResourceID?
  public var instance: ResourceID?
  public var privateAddress: IPv4Address?
  public var attributes: ResourceAttributes

  public init(
    id: ResourceID, publicAddress: IPv4Address, networkInterface: ResourceID? = nil,
    instance: ResourceID? = nil,
    privateAddress: IPv4Address? = nil, attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.publicAddress = publicAddress
    self.networkInterface = networkInterface
    self.instance = instance
    self.privateAddress = privateAddress
    self.attributes = attributes
  }
}
