import NetworkTypes

/// A virtual private cloud: the address blocks that its `local` routes cover.
public struct VPC: Sendable, Hashable {
  public var id: ResourceID
  /// Associated IPv4 blocks; the first is the primary one (semantics AD-1 to AD-4).
  public var ipv4Blocks: [Prefix<IPv4Address>]
  public var ipv6Blocks: [Prefix<IPv6Address>]
  public var isDefault: Bool
  public var attributes: ResourceAttributes

  public init(
    id: ResourceID, ipv4Blocks: [Prefix<IPv4Address>] = [], ipv6Blocks: [Prefix<IPv6Address>] = [],
    isDefault: Bool = false, attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.ipv4Blocks = ipv4Blocks
    self.ipv6Blocks = ipv6Blocks
    self.isDefault = isDefault
    self.attributes = attributes
  }

  /// Whether the address is inside the VPC, which is what AWS calls private (semantics AD-9).
  public func contains(_ address: IPAddress) -> Bool {
    switch address {
    case .v4(let address): ipv4Blocks.contains { $0.contains(address) }
    case .v6(let address): ipv6Blocks.contains { $0.contains(address) }
    }
  }
}

/// A subnet: a block of its VPC in one availability zone.
public struct Subnet: Sendable, Hashable {
  public var id: ResourceID
  public var vpc: ResourceID
  public var ipv4Block: Prefix<IPv4Address>?
  public var ipv6Blocks: [Prefix<IPv6Address>]
  /// `us-east-1a`
  public var zone: String?
  /// `use1-az4`, the same in every account.
  public var zoneID: String?
  public var mapsPublicAddressOnLaunch: Bool
  public var attributes: ResourceAttributes

  public init(
    id: ResourceID, vpc: ResourceID, ipv4Block: Prefix<IPv4Address>? = nil,
    ipv6Blocks: [Prefix<IPv6Address>] = [], zone: String? = nil, zoneID: String? = nil,
    mapsPublicAddressOnLaunch: Bool = false, attributes: ResourceAttributes = ResourceAttributes()
  ) {
    self.id = id
    self.vpc = vpc
    self.ipv4Block = ipv4Block
    self.ipv6Blocks = ipv6Blocks
    self.zone = zone
    self.zoneID = zoneID
    self.mapsPublicAddressOnLaunch = mapsPublicAddressOnLaunch
    self.attributes = attributes
  }

  public func contains(_ address: IPAddress) -> Bool {
    switch address {
    case .v4(let address): ipv4Block?.contains(address) ?? false
    case .v6(let address): ipv6Blocks.contains { $0.contains(address) }
    }
  }

  /// Whether AWS keeps an address of the subnet for itself: the first four and the last of each block (semantics AD-6,
  /// AD-8).
  public func reserves(_ address: IPAddress) -> Bool {
    let blocks = (ipv4Block.map { [IPPrefix.v4($0)] } ?? []) + ipv6Blocks.map(IPPrefix.v6)
    return blocks.contains { block in
      let keys = block.keys
      let (key, first, last) = (address.key, keys.lowerBound, keys.upperBound)
      return block.family == address.family && key >= first && key <= last && (key - first < 4 || key == last)
    }
  }

  /// The subnet as sentences name it: `subnet-0123 (10.0.0.0/24)`.
  var title: String {
    let blocks = (ipv4Block.map { ["\($0)"] } ?? []) + ipv6Blocks.map { "\($0)" }
    return blocks.isEmpty ? "\(id)" : "\(id) (\(blocks.joined(separator: ", ")))"
  }
}
