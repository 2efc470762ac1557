import NetworkTypes
import RuleMatching
import VirtualNetworks

/// What is done once every section of every input is read.
extension NativeReading {
  func finish() {
    for (table, subnet) in tablesOfSubnets {
      importer.routeTables.update(table) { $0.subnets.append(subnet) }
    }
    for (acl, subnet) in aclsOfSubnets {
      importer.networkACLs.update(acl) { $0.subnets.append(subnet) }
    }
    for interface in impliedInterfaces where !importer.networkInterfaces.contains(interface.id) {
      importer.networkInterfaces.add(interface, importer.log)
    }
    let zones = Dictionary(
      importer.subnets.items.map { ($0.id, $0.zone) }, uniquingKeysWith: { first, _ in first })
    for (instance, subnet) in instancesWithoutZone {
      importer.instances.update(instance) { $0.zone = zones[subnet] ?? nil }
    }
    giveDefaultGroups()
    for vpc in readVPCs { makeDefaults(vpc) }
    openToIPv6()
  }

  /// What AWS makes with a VPC: a main route table with the local routes only, and a default network ACL that lets
  /// everything through (semantics RT-1, NACL-1). Those that the file calls so are they, unless it says otherwise.
  private func makeDefaults(_ vpc: ReadVPC) {
    let attributes = ResourceAttributes(location: vpc.location)
    if !importer.routeTables.items.contains(where: { $0.vpc == vpc.id && $0.isMain }) {
      if let named = only(tablesCalledMain[vpc.id], .routeTable, called: "main", in: vpc.id) {
        importer.routeTables.update(named) { $0.isMain = true }
      } else if vpc.hasDefaults {
        let id = NativeKind.routeTable.id(of: "main", in: vpc.key)
        importer.routeTables.add(
          RouteTable(
            id: Self.free(id, importer.routeTables.contains), vpc: vpc.id, isMain: true,
            attributes: attributes), importer.log)
      }
    }
    if !importer.networkACLs.items.contains(where: { $0.vpc == vpc.id && $0.isDefault }) {
      if let named = only(aclsCalledDefault[vpc.id], .networkACL, called: "default", in: vpc.id) {
        importer.networkACLs.update(named) { $0.isDefault = true }
      } else if vpc.hasDefaults {
        let id = NativeKind.networkACL.id(of: "default", in: vpc.key)
        let entries = Self.openEntries(at: vpc.location)
        importer.networkACLs.add(
          NetworkACL(
            id: Self.free(id, importer.networkACLs.contains), vpc: vpc.id, isDefault: true,
            inbound: entries, outbound: entries,
            attributes: attributes), importer.log)
      }
    }
  }

  /// What is called so in a VPC; a second one is a problem, since which of them is read last says nothing.
  private func only(
    _ called: [(id: ResourceID, location: SourceLocation)]?, _ kind: NativeKind, called name: String,
    in vpc: ResourceID
  ) -> ResourceID? {
    guard let called, let first = called.first else { return nil }
    for other in called where other.id != first.id {
      log.add(
        at: other.location,
        "the \(kind.noun) \(other.id) of \(vpc) is called \(name), as \(first.id) is (\(first.location)); expected one: "
          + "say \(name): true or \(name): false in one of them")
    }
    return first.id
  }

  /// The id, or one like it where that is taken by what is called main, or default, and says that it is not.
  private static func free(_ id: ResourceID, _ isTaken: (ResourceID) -> Bool) -> ResourceID {
    var free = id
    while isTaken(free) { free = ResourceID(rawValue: free.rawValue + "-2") }
    return free
  }

  private static func openEntries(at location: SourceLocation) -> [NetworkACLEntry] {
    [(100, IPPrefix.v4(.everything)), (101, .v6(.everything))].map { number, prefix in
      NetworkACLEntry(number: number, action: .allow, traffic: .all, prefix: prefix, location: location)
    }
  }

  /// What is launched without a group gets the default group of its VPC (semantics SG-6, SG-7).
  private func giveDefaultGroups() {
    for id in interfacesWithoutGroups.sorted() {
      guard let interface = importer.networkInterfaces[id], !interface.vpc.rawValue.isEmpty else { continue }
      let group = defaultGroup(of: interface.vpc, at: interface.attributes.location)
      importer.networkInterfaces.update(id) { $0.groups = [group] }
    }
  }

  private func defaultGroup(of vpc: ResourceID, at location: SourceLocation) -> ResourceID {
    if let known = importer.securityGroups.items.first(where: { $0.vpc == vpc && $0.groupName == "default" })
    {
      return known.id
    }
    let key = readVPCs.first { $0.id == vpc }?.key ?? vpc.rawValue
    let id = NativeKind.securityGroup.id(of: "default", in: key)
    importer.securityGroups.add(
      SecurityGroup(
        id: id, groupName: "default", vpc: vpc,
        inbound: [
          SecurityGroupRule(
            id: "inbound-1", match: Match(.all, peer: .group(id.rawValue)), location: location)
        ],
        outbound: Self.openRules(.egress, at: location), attributes: ResourceAttributes(location: location)),
      importer.log)
    return id
  }

  /// The rules of a group as AWS makes it: everything, of IPv6 only where the VPC has a block (semantics SG-4, SG-6).
  static func openRules(_ direction: Direction, at location: SourceLocation) -> [SecurityGroupRule] {
    [IPPrefix.v4(.everything), .v6(.everything)].enumerated().map { place, prefix in
      SecurityGroupRule(
        id: ruleID(direction, place), match: Match(.all, peer: .prefix(prefix)), location: location)
    }
  }

  /// Takes the rule for IPv6 from groups whose VPC has no block of that family.
  private func openToIPv6() {
    let withoutBlock = Set(importer.vpcs.items.filter(\.ipv6Blocks.isEmpty).map(\.id))
    importer.securityGroups.updateAll { group in
      guard let vpc = group.vpc, withoutBlock.contains(vpc) else { return }
      group.outbound.removeAll { rule in
        rule.location == group.attributes.location && rule.match.peer == .prefix(.v6(.everything))
      }
    }
  }
}
