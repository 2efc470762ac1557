import NetworkTypes
import RuleMatching

/// A security group: allow rules for each direction, in no order that matters (semantics SG-1).
public struct SecurityGroup: Sendable, Hashable {
  public var id: ResourceID
  /// The group's own name, unique in its VPC, as distinct from a Name tag.
  public var groupName: String
  public var vpc: ResourceID?
  public var inbound: [SecurityGroupRule]
  public var outbound: [SecurityGroupRule]
  /// Whether a change deleted it: it has no rules any more and keeps its place.
  public var isDeleted = false
  public var attributes: ResourceAttributes

  public init(
    id: ResourceID, groupName: String = "", vpc: ResourceID? = nil, inbound: [SecurityGroupRule] = [],
    outbound: [SecurityGroupRule] = [], attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.groupName = groupName
    self.vpc = vpc
    self.inbound = inbound
    self.outbound = outbound
    self.attributes = attributes
  }

  public func rules(_ direction: Direction) -> [SecurityGroupRule] {
    direction == .ingress ? inbound : outbound
  }
}

/// One rule of a security group: one peer (semantics SG-18).
public struct SecurityGroupRule: Sendable, Hashable {
  /// `sgr-…`, or where the input has no rule ids the direction and place in it: `inbound-1`.
  public var id: String
  public var match: Match
  public var summary: String
  /// For a reference to a group of another account or over a peering: what the input says of it.
  public var reference: GroupReference?
  public var location: SourceLocation

  /// What the input tells of a referenced group besides its id.
  public struct GroupReference: Sendable, Hashable {
    public var account: String?
    public var vpc: ResourceID?
    public var peering: ResourceID?
    /// `active`, `deleted`, …: a reference over a peering that is gone matches nothing (semantics SG-28).
    public var peeringStatus: String?

    public init(
      account: String? = nil, vpc: ResourceID? = nil, peering: ResourceID? = nil, peeringStatus: String? = nil
    ) {
      self.account = account
      self.vpc = vpc
      self.peering = peering
      self.peeringStatus = peeringStatus
    }
  }

  public init(
    id: String, match: Match, summary: String = "", reference: GroupReference? = nil,
    location: SourceLocation = SourceLocation()
  ) {
    self.id = id
    self.match = match
    self.summary = summary
    self.reference = reference
    self.location = location
  }
}
