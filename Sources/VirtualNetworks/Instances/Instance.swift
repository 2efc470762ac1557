import NetworkTypes

/// An EC2 instance: what of it touches a packet, what its life hangs on, and what people recognise it by.
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
  /// What the root volume lies on; an instance whose root is its host's own disk cannot stop (semantics LC-2).
  public var rootDevice: RootDevice
  /// EBS volumes that are attached, in the order of the input.
  public var volumes: [Volume]
  /// Whether it was launched so that it can hibernate.
  public var canHibernate: Bool
  /// Whether the API refuses to terminate it (semantics LC-7); `describe-instances` does not tell.
  public var isProtectedFromTermination: Bool
  /// Whether it had an automatic public address when it was stopped, and so gets another at its next start (semantics
  /// AD-10); nil where that is not known.
  public var hadPublicAddress: Bool?
  public var attributes: ResourceAttributes

  /// What an instance boots from.
  public enum RootDevice: String, Sendable, Hashable, CaseIterable {
    case ebs
    case instanceStore = "instance-store"
  }

  /// An EBS volume as it is attached to an instance.
  public struct Volume: Sendable, Hashable {
    public var id: ResourceID
    /// `/dev/xvda`
    public var device: String
    public var isRoot: Bool
    /// Whether the volume goes when its instance is terminated (semantics LC-5).
    public var deletesOnTermination: Bool

    public init(id: ResourceID, device: String = "", isRoot: Bool = false, deletesOnTermination: Bool = false)
    {
      self.id = id
      self.device = device
      self.isRoot = isRoot
      self.deletesOnTermination = deletesOnTermination
    }
  }

  /// Why it can neither stop nor hibernate, whatever its state; nil where it can.
  package var objectionToStopping: String? {
    rootDevice == .instanceStore
      ? "its root volume is instance store: it can be rebooted or terminated, not stopped" : nil
  }

  public init(
    id: ResourceID, state: InstanceState = .running, vpc: ResourceID? = nil, subnet: ResourceID? = nil,
    networkInterfaces: [ResourceID] = [], instanceType: String = "", image: ResourceID? = nil,
    keyName: String? = nil, zone: String? = nil, rootDevice: RootDevice = .ebs, volumes: [Volume] = [],
    canHibernate: Bool = false, isProtectedFromTermination: Bool = false,
    attributes: ResourceAttributes = ResourceAttributes()
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
    self.rootDevice = rootDevice
    self.volumes = volumes
    self.canHibernate = canHibernate
    self.isProtectedFromTermination = isProtectedFromTermination
    self.attributes = attributes
  }
}
