import NetworkTypes

/// An Elastic address of an account.
public struct ElasticAddress: Sendable, Hashable {
  /// The allocation, `eipalloc-…`.
  public var id: ResourceID
  public var publicAddress: IPv4Address
  public var networkInterface: ResourceID?
  public var instance: ResourceID?
  public var privateAddress: IPv4Address?
  /// What it is associated by, `eipassoc-…`.
  public var association: ResourceID?
  public var attributes: ResourceAttributes

  public init(
    id: ResourceID, publicAddress: IPv4Address, networkInterface: ResourceID? = nil,
    instance: ResourceID? = nil,
    privateAddress: IPv4Address? = nil, association: ResourceID? = nil,
    attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.publicAddress = publicAddress
    self.networkInterface = networkInterface
    self.instance = instance
    self.privateAddress = privateAddress
    self.association = association
    self.attributes = attributes
  }
}
