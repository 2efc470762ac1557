import NetworkTypes
import VirtualNetworks

extension AWSImporter {
  /// `describe-network-interfaces`
  mutating func networkInterface(_ record: AWSRecord) {
    if let interface = interface(record, of: nil) { networkInterfaces.add(interface, log) }
  }

  /// An interface of either command; `instance` is the one in whose description it stands.
  func interface(_ record: AWSRecord, of instance: ResourceID?) -> NetworkInterface? {
    guard let id = record.required("NetworkInterfaceId", of: "network interface"),
      let vpc = record.required("VpcId", of: "network interface", id),
      let subnet = record.required("SubnetId", of: "network interface", id)
    else { return nil }
    let attachment = record.record("Attachment")
    let status = attachment?.text("Status") ?? (record.text("Status") == "in-use" ? "attached" : nil)
    let summary = record.text("Description") ?? ""
    let isManaged = record.flag("RequesterManaged") ?? false
    return NetworkInterface(
      id: id, vpc: vpc, subnet: subnet,
      kind: Self.kind(record.text("InterfaceType"), summary: summary, isManaged: isManaged),
      ipv4Addresses: ipv4Addresses(record, of: id, inInstance: instance != nil),
      ipv6Addresses: record.records("Ipv6Addresses").compactMap { $0.address6("Ipv6Address", of: id) },
      delegatedPrefixes: record.records("Ipv4Prefixes").compactMap { $0.prefix("Ipv4Prefix", of: id) }
        + record.records("Ipv6Prefixes").compactMap { $0.prefix("Ipv6Prefix", of: id) },
      groups: record.records("Groups").compactMap { $0.id("GroupId") },
      sourceDestinationCheck: record.flag("SourceDestCheck") ?? true,
      instance: attachment?.id("InstanceId") ?? instance,
      deviceIndex: attachment?.integer("DeviceIndex", in: NetworkInterface.deviceIndexes),
      isAttached: status.map { $0 == "attached" || $0 == "attaching" } ?? (instance != nil),
      deletesOnTermination: attachment?.flag("DeleteOnTermination"), summary: summary,
      isRequesterManaged: isManaged,
      attributes: record.attributes(tags: record.has("TagSet") ? "TagSet" : "Tags"))
  }

  /// The primary address first, each with the public address that is associated with it.
  private func ipv4Addresses(
    _ record: AWSRecord, of id: ResourceID, inInstance: Bool
  ) -> [NetworkInterface.PrivateAddress] {
    var addresses: [NetworkInterface.PrivateAddress] = []
    for entry in record.records("PrivateIpAddresses") {
      guard let address = entry.address4("PrivateIpAddress", of: id) else { continue }
      let association = entry.record("Association")
      let found = NetworkInterface.PrivateAddress(
        address, publicAddress: association?.address4("PublicIp", of: id),
        isElastic: association.map { Self.isElastic($0, inInstance: inInstance) } ?? false)
      if entry.flag("Primary") ?? false {
        addresses.insert(found, at: 0)
      } else {
        addresses.append(found)
      }
    }
    if addresses.isEmpty, let address = record.address4("PrivateIpAddress", of: id) {
      addresses.append(NetworkInterface.PrivateAddress(address))
    }
    // The interface's own association repeats that of one of its addresses; old answers have only this one.
    if let own = record.record("Association")?.address4("PublicIp", of: id), !addresses.isEmpty,
      !addresses.contains(where: { $0.publicAddress == own }), addresses[0].publicAddress == nil
    {
      addresses[0].publicAddress = own
      addresses[0].isElastic =
        record.record("Association").map { Self.isElastic($0, inInstance: inInstance) } ?? false
    }
    return addresses
  }

  /// Whether an association's address is the account's own: it has an allocation; `describe-instances` leaves that out
  /// and names the owner, which is `amazon` for an address that Amazon gave by itself.
  private static func isElastic(_ association: AWSRecord, inInstance: Bool) -> Bool {
    if association.has("AllocationId") { return true }
    guard inInstance, let owner = association.text("IpOwnerId") else { return false }
    return !owner.hasPrefix("amazon")
  }

  private static func kind(_ type: String?, summary: String, isManaged: Bool) -> NetworkInterface.Kind {
    switch type {
    case "nat_gateway", "natGateway": return .natGateway
    case "network_load_balancer": return .networkLoadBalancer
    case "gateway_load_balancer": return .gatewayLoadBalancer
    case "gateway_load_balancer_endpoint": return .gatewayLoadBalancerEndpoint
    case "transit_gateway": return .transitGateway
    case "vpc_endpoint": return .interfaceEndpoint
    case "lambda": return .lambda
    // A kind of card or of owner; addresses, groups and routes work as for any other interface.
    case "efa", "efa-only", "branch", "trunk", "efs": return .standard
    case nil, "interface": break
    case let other?: return .other(other)
    }
    // Before InterfaceType told them apart, only the text did; people may write such a text too.
    guard isManaged else { return .standard }
    if summary.hasPrefix("Interface for NAT Gateway") { return .natGateway }
    if summary.hasPrefix("ELB net/") { return .networkLoadBalancer }
    if summary.hasPrefix("VPC Endpoint Interface") { return .interfaceEndpoint }
    if summary.hasPrefix("Network Interface for Transit Gateway") { return .transitGateway }
    return .standard
  }
}
