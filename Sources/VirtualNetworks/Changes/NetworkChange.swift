import NetworkTypes
import RuleMatching

/// One change of a network: what an API call does to it.
///
/// ``VirtualNetwork/apply(_:)`` checks and makes it; `PacketFilter.applying(_:)` does so for a filter and compiles again
/// only what the change touches.
public enum NetworkChange: Sendable, Hashable {
  // Security groups.
  /// A new group with the rules that it begins with.
  case createGroup(SecurityGroup)
  case deleteGroup(ResourceID)
  case addRule(group: ResourceID, Direction, SecurityGroupRule)
  case removeRule(group: ResourceID, Direction, RuleReference)
  /// Replaces the groups of an interface.
  case setGroups(interface: ResourceID, [ResourceID])
  case setSourceDestinationCheck(interface: ResourceID, Bool)
  // Network ACLs.
  case createEntry(acl: ResourceID, Direction, NetworkACLEntry)
  case replaceEntry(acl: ResourceID, Direction, NetworkACLEntry)
  case deleteEntry(acl: ResourceID, Direction, number: Int)
  /// Gives a subnet another ACL; what calls will name the association by, where that is known.
  case associateACL(ResourceID, subnet: ResourceID, id: ResourceID?)
  // Route tables.
  case createRoute(table: ResourceID, Route)
  case replaceRoute(table: ResourceID, Route)
  case deleteRoute(table: ResourceID, Route.Destination)
  /// Gives a subnet another route table; what calls will name the association by, where that is known.
  case associateTable(ResourceID, subnet: ResourceID, id: ResourceID?)
  /// Gives a subnet back to the main route table of its VPC.
  case disassociateTable(subnet: ResourceID)
  // Instances.
  case instance(ResourceID, InstanceAction)
  /// The instance has come to a state by itself, or is seen on its way to one.
  case setState(instance: ResourceID, InstanceState)
  /// A new instance with its interfaces, which are all attached to it.
  case run(Instance, [NetworkInterface])
  // Public addresses.
  case allocateAddress(ElasticAddress)
  case releaseAddress(IPv4Address)
  case associateAddress(AddressAssociation)
  case disassociateAddress(IPv4Address)

  /// How a rule that is to be removed is named.
  public enum RuleReference: Sendable, Hashable {
    /// `sgr-…`
    case id(String)
    /// By all that it says, as `RevokeSecurityGroupIngress` does.
    case match(Match)
  }

  /// What an Elastic address is to be associated with.
  public struct AddressAssociation: Sendable, Hashable {
    public var publicAddress: IPv4Address
    /// The allocation, where it is not one that the network has.
    public var allocation: ResourceID?
    public var target: Target
    /// Which of the interface's private addresses; nil for the primary one.
    public var privateAddress: IPv4Address?
    /// Whether it is an error that the address belongs to something else.
    public var refusesReassociation: Bool
    /// What AWS calls the association, `eipassoc-…`.
    public var id: ResourceID?

    public enum Target: Sendable, Hashable {
      /// The instance's primary interface.
      case instance(ResourceID)
      case interface(ResourceID)
    }

    public init(
      _ publicAddress: IPv4Address, with target: Target, privateAddress: IPv4Address? = nil,
      allocation: ResourceID? = nil, refusesReassociation: Bool = false, id: ResourceID? = nil
    ) {
      self.publicAddress = publicAddress
      self.allocation = allocation
      self.target = target
      self.privateAddress = privateAddress
      self.refusesReassociation = refusesReassociation
      self.id = id
    }
  }
}

/// What a change has done.
public struct AppliedChange: Sendable, Hashable {
  /// What must be compiled again.
  public var scope = ChangeScope()
  /// What happened besides what was asked for, a sentence each: `198.51.100.7 is released`.
  public var effects: [String] = []

  public init() {}
}

/// The parts of a network that a change touched.
public struct ChangeScope: Sendable, Hashable {
  /// Groups whose own rules changed.
  public var groups: Set<ResourceID> = []
  /// Groups whose members changed, or addresses of members: what is named by references.
  public var members: Set<ResourceID> = []
  public var acls: Set<ResourceID> = []
  public var routeTables: Set<ResourceID> = []
  /// Subnets that have another ACL or route table.
  public var subnets: Set<ResourceID> = []
  /// Interfaces whose groups, state or attachment changed, or that are new.
  public var interfaces: Set<ResourceID> = []
  /// Whether who has which address changed.
  public var addresses = false

  public init() {}

  public mutating func formUnion(_ other: ChangeScope) {
    groups.formUnion(other.groups)
    members.formUnion(other.members)
    acls.formUnion(other.acls)
    routeTables.formUnion(other.routeTables)
    subnets.formUnion(other.subnets)
    interfaces.formUnion(other.interfaces)
    addresses = addresses || other.addresses
  }
}
