import NetworkTypes
import RuleMatching

/// A network ACL: two ordered, stateless lists at the border of the subnets that it is associated with
/// (semantics section 3).
public struct NetworkACL: Sendable, Hashable {
  public var id: ResourceID
  public var vpc: ResourceID
  public var isDefault: Bool
  /// Subnets that are associated explicitly; the default ACL serves the others (semantics NACL-1).
  public var subnets: [ResourceID]
  /// What the subnets are associated by, `aclassoc-…`, as far as the input tells; calls name them so.
  public var associations: [ResourceID: ResourceID] = [:]
  /// Entries in ascending order of number, however the input lists them. The final deny may be among them
  /// (numbers 32767 and 32768) or absent; nothing matching means deny either way (semantics NACL-4).
  public var inbound: [NetworkACLEntry]
  public var outbound: [NetworkACLEntry]
  public var attributes: ResourceAttributes

  public init(
    id: ResourceID, vpc: ResourceID, isDefault: Bool = false, subnets: [ResourceID] = [],
    inbound: [NetworkACLEntry] = [], outbound: [NetworkACLEntry] = [],
    attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.vpc = vpc
    self.isDefault = isDefault
    self.subnets = subnets
    self.inbound = inbound.sorted { $0.number < $1.number }
    self.outbound = outbound.sorted { $0.number < $1.number }
    self.attributes = attributes
  }

  public func entries(_ direction: Direction) -> [NetworkACLEntry] {
    direction == .ingress ? inbound : outbound
  }
}

/// One numbered entry of a network ACL; its peer is always a prefix (semantics NACL-11).
public struct NetworkACLEntry: Sendable, Hashable {
  public var number: Int
  public var action: Action
  public var traffic: TrafficMatch
  public var prefix: IPPrefix
  public var location: SourceLocation

  public enum Action: String, Sendable, Hashable {
    case allow, deny
  }

  public init(
    number: Int, action: Action, traffic: TrafficMatch, prefix: IPPrefix,
    location: SourceLocation = SourceLocation()
  ) {
    self.number = number
    self.action = action
    self.traffic = traffic
    self.prefix = prefix
    self.location = location
  }

  /// Whether this is the entry that AWS shows as `*`.
  public var isFinalDeny: Bool { number >= 32767 }
}
