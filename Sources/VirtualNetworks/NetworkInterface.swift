import NetworkTypes

/// An elastic network interface: the thing that has addresses and security groups.
public struct NetworkInterface: Sendable, Hashable {
  public var id: ResourceID
  public var vpc: ResourceID
  public var subnet: ResourceID
  public var kind: Kind
  /// Private IPv4 addresses, the primary one first, each with its public address if it has one.
  public var ipv4Addresses: [PrivateAddress]
  public var ipv6Addresses: [IPv6Address]
  /// Delegated prefixes (/28, /80): every address of them belongs to the interface (semantics AD-25, AD-27).
  public var delegatedPrefixes: [IPPrefix]
  public var groups: [ResourceID]
  /// Whether packets that are not to or from one of its addresses are dropped (semantics AD-25).
  public var sourceDestinationCheck: Bool
  /// The instance that the interface is attached to.
  public var instance: ResourceID?
  /// Its place among the interfaces of its instance, 0 for the primary one; nil where the input does not tell.
  public var deviceIndex: Int?
  /// What a device index may be.
  public static var deviceIndexes: ClosedRange<Int> { 0...1000 }
  /// Whether the interface is attached to anything: an instance, or a service's machinery.
  public var isAttached: Bool
  /// Whether the interface goes when its instance is terminated; nil where the input does not tell: then the primary
  /// one goes (semantics LC-10).
  public var deletesOnTermination: Bool?
  /// Whether it went with its instance: it holds no address any more and is here so that its packets can be told.
  public var isDeleted = false
  /// Free text that services write about what the interface is for.
  public var summary: String
  /// Whether an AWS service made the interface for the account.
  public var isRequesterManaged: Bool
  public var attributes: ResourceAttributes

  /// What the interface belongs to, as far as packets are concerned.
  public enum Kind: Hashable, Sendable {
    /// An instance's, container's, file system's or other ordinary interface.
    case standard
    case natGateway
    case networkLoadBalancer
    case gatewayLoadBalancer
    case transitGateway
    case interfaceEndpoint
    case gatewayLoadBalancerEndpoint
    case lambda
    /// Another value of `InterfaceType`, kept as it was.
    case other(String)
  }

  /// A private IPv4 address of an interface.
  public struct PrivateAddress: Sendable, Hashable {
    public var address: IPv4Address
    /// The public or Elastic address that the internet gateway translates to and from it (semantics AD-12).
    public var publicAddress: IPv4Address?
    /// Whether the public address is the account's own, and not one that Amazon gave by itself and takes back at the
    /// next stop (semantics AD-10, AD-11).
    public var isElastic: Bool
    /// Whether it has a public address that is not known: a start gives a new one (semantics LC-3).
    public var hasUnknownPublicAddress = false

    public init(_ address: IPv4Address, publicAddress: IPv4Address? = nil, isElastic: Bool = false) {
      self.address = address
      self.publicAddress = publicAddress
      self.isElastic = isElastic
    }
  }

  public init(
    id: ResourceID, vpc: ResourceID, subnet: ResourceID, kind: Kind = .standard,
    ipv4Addresses: [PrivateAddress] = [], ipv6Addresses: [IPv6Address] = [],
    delegatedPrefixes: [IPPrefix] = [], groups: [ResourceID] = [], sourceDestinationCheck: Bool = true,
    instance: ResourceID? = nil, deviceIndex: Int? = nil, isAttached: Bool = true,
    deletesOnTermination: Bool? = nil, summary: String = "", isRequesterManaged: Bool = false,
    attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.vpc = vpc
    self.subnet = subnet
    self.kind = kind
    self.ipv4Addresses = ipv4Addresses
    self.ipv6Addresses = ipv6Addresses
    self.delegatedPrefixes = delegatedPrefixes
    self.groups = groups
    self.sourceDestinationCheck = sourceDestinationCheck
    self.instance = instance
    self.deviceIndex = deviceIndex
    self.isAttached = isAttached
    self.deletesOnTermination = deletesOnTermination
    self.summary = summary
    self.isRequesterManaged = isRequesterManaged
    self.attributes = attributes
  }

  /// Every block of addresses that belongs to the interface and is not public: what group references stand for
  /// (semantics SG-22, SG-24).
  public var privatePrefixes: [IPPrefix] {
    isDeleted
      ? []
      : ipv4Addresses.map { .v4(Prefix(host: $0.address)) } + ipv6Addresses.map { .v6(Prefix(host: $0)) }
        + delegatedPrefixes
  }
}
