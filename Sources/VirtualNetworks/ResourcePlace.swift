/// Where a resource stands: its Region and availability zone, as far as the input tells.
public struct ResourcePlace: Sendable, Hashable {
  /// `us-east-1`
  public var region: String?
  /// `us-east-1a`: what the owner's account calls the zone.
  public var zone: String?
  /// `use1-az4`, the same in every account.
  public var zoneID: String?
  /// The owner's account, within which names of zones mean something.
  public var account: String?

  public init(
    region: String? = nil, zone: String? = nil, zoneID: String? = nil, account: String? = nil
  ) {
    self.region = region
    self.zone = zone
    self.zoneID = zoneID
    self.account = account
  }

  /// Whether both are in one Region; nil where the input does not tell.
  public func sharesRegion(with other: ResourcePlace) -> Bool? {
    if let region, let theirs = other.region { return region == theirs }
    return nil
  }

  /// Whether both are in one zone; nil where the input does not tell: names of zones differ between accounts.
  public func sharesZone(with other: ResourcePlace) -> Bool? {
    if sharesRegion(with: other) == false { return false }
    if let zoneID, let theirs = other.zoneID { return zoneID == theirs }
    guard let zone, let theirs = other.zone, account == other.account else { return nil }
    return zone == theirs
  }
}

extension ResourcePlace: CustomStringConvertible {
  /// The narrowest that is known: `us-east-1a`, `use1-az4`, `us-east-1`; empty where nothing is.
  public var description: String { zone ?? zoneID ?? region ?? "" }

  /// Zone and Region in full: `us-east-1a (use1-az4)`, `use1-az4 of us-east-1`; empty where nothing is known.
  public var fullDescription: String {
    guard let name = zone ?? zoneID else { return region ?? "" }
    // The name of a zone begins with its Region's.
    let home = region.map { name.hasPrefix($0) ? "" : " of \($0)" } ?? ""
    return name + (zone == nil ? "" : zoneID.map { " (\($0))" } ?? "") + home
  }
}

extension VirtualNetwork {
  /// Where a subnet is; its VPC's Region where it does not say itself.
  public func place(of subnet: Subnet) -> ResourcePlace {
    let home = vpcs.first { $0.id == subnet.vpc }?.attributes
    return ResourcePlace(
      region: subnet.attributes.region ?? home?.region, zone: subnet.zone, zoneID: subnet.zoneID,
      account: subnet.attributes.account ?? home?.account)
  }
}
