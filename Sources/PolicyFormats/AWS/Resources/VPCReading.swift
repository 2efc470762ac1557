import NetworkTypes
import VirtualNetworks

extension AWSImporter {
  /// `describe-vpcs`; blocks that are not (or no longer) associated do not count.
  mutating func vpc(_ record: AWSRecord) {
    // describe-vpc-classic-link answers under the same key, with nothing in it that decides about packets.
    if record.has("ClassicLinkEnabled") && !record.has("CidrBlock") { return }
    guard let id = record.required("VpcId", of: "VPC") else { return }
    // The primary block may or may not be repeated among the associated ones.
    var ipv4 = record.prefix4("CidrBlock", of: id).map { [$0] } ?? []
    for block in record.records("CidrBlockAssociationSet") where Self.isAssociated(block, "CidrBlockState") {
      if let prefix = block.prefix4("CidrBlock", of: id), !ipv4.contains(prefix) { ipv4.append(prefix) }
    }
    vpcs.add(
      VPC(
        id: id, ipv4Blocks: ipv4, ipv6Blocks: ipv6Blocks(record, of: id),
        isDefault: record.flag("IsDefault") ?? false, attributes: record.attributes()), log)
  }

  /// `describe-subnets`
  mutating func subnet(_ record: AWSRecord) {
    guard let id = record.required("SubnetId", of: "subnet"),
      let vpc = record.required("VpcId", of: "subnet", id)
    else { return }
    subnets.add(
      Subnet(
        id: id, vpc: vpc, ipv4Block: record.prefix4("CidrBlock", of: id),
        ipv6Blocks: ipv6Blocks(record, of: id),
        zone: record.text("AvailabilityZone"), zoneID: record.text("AvailabilityZoneId"),
        mapsPublicAddressOnLaunch: record.flag("MapPublicIpOnLaunch") ?? false,
        attributes: record.attributes(region: AWSRegion.ofARN(record.text("SubnetArn")))), log)
  }

  private func ipv6Blocks(_ record: AWSRecord, of id: ResourceID) -> [Prefix<IPv6Address>] {
    var blocks: [Prefix<IPv6Address>] = []
    for block in record.records("Ipv6CidrBlockAssociationSet")
    where Self.isAssociated(block, "Ipv6CidrBlockState") {
      if let prefix = block.prefix6("Ipv6CidrBlock", of: id), !blocks.contains(prefix) {
        blocks.append(prefix)
      }
    }
    return blocks
  }

  /// An absent state counts as associated, and so does one that only says so inside other text (a moto answer).
  private static func isAssociated(_ block: AWSRecord, _ member: String) -> Bool {
    guard let state = block.record(member)?.text("State") else { return true }
    return state == "associated" || state.contains("'associated'")
  }

  /// `describe-availability-zones`: names of zones differ between accounts, their ids do not.
  mutating func availabilityZone(_ record: AWSRecord) {
    guard let name = record.text("ZoneName"), let id = record.text("ZoneId") else { return }
    let folder = Self.folder(of: record.location.file)
    zoneIDs["\(folder)\n\(name)"] = id
    zoneIDsByName[name, default: []].insert(id)
    if let region = record.text("RegionName") { regionsByZone[name] = region }
  }

  static func folder(of file: String) -> String {
    file.lastIndex(of: "/").map { String(file[..<$0]) } ?? ""
  }

  /// `describe-tags`
  mutating func tag(_ record: AWSRecord) {
    guard let resource = record.id("ResourceId"), let key = record.text("Key") else { return }
    tags[resource, default: []].append(Tag(key, record.text("Value") ?? ""))
  }
}
