import NetworkTypes
import VirtualNetworks

/// The sections of a document, and what stands in a VPC.
extension NativeReading {
  /// The order in which sections are read, after gateways.
  static let order: [NativeKind] = NativeKind.allCases.filter {
    $0 != .internetGateway && $0 != .egressOnlyGateway
  }
  static let withinVPC: [NativeKind] = [.subnet, .routeTable, .networkACL]

  // MARK: Names

  /// Declares every key of a document.
  func declare(_ root: YAMLMapping) {
    for kind in NativeKind.allCases {
      for member in members(root, kind) {
        let id = Self.id(kind, member)
        names.declare(
          kind, member.key, id: id, vpc: Self.withinVPC.contains(kind) ? vpcNamed(in: member) : nil)
        guard case .mapping(let mapping) = member.value.content else { continue }
        if kind == .vpc { declareWithin(mapping, id, member.key) }
        if kind == .instance { declareInterfaces(mapping, member.key) }
        if kind == .natGateway, let interface = implied(mapping, member.key, .natGateway) {
          names.declare(.networkInterface, member.key, id: interface)
        }
      }
    }
  }

  private func declareWithin(_ mapping: YAMLMapping, _ vpc: ResourceID, _ key: String) {
    for kind in Self.withinVPC {
      for member in members(mapping, kind) {
        let id = Self.id(kind, member, vpcKey: key)
        names.declare(kind, member.key, id: id, vpc: vpc, vpcKey: key)
      }
    }
  }

  private func declareInterfaces(_ mapping: YAMLMapping, _ key: String) {
    if case .mapping(let interfaces)? = mapping["interfaces"]?.content {
      for member in interfaces.members where !member.value.isNull {
        names.declare(.networkInterface, member.key, id: Self.id(.networkInterface, member))
      }
    } else if let interface = implied(mapping, key, .instance) {
      names.declare(.networkInterface, key, id: interface)
    }
  }

  /// The interface that an instance's or a NAT gateway's own addresses imply.
  func implied(_ mapping: YAMLMapping, _ key: String, _ kind: NativeKind) -> ResourceID? {
    guard ["private_ip", "ipv6", "prefixes"].contains(where: { !(mapping[$0]?.isNull ?? true) }) else {
      return nil
    }
    if case .scalar(let text, _)? = mapping["interface"]?.content { return ResourceID(rawValue: text) }
    let name = kind.isID(key) ? String(key.dropFirst(kind.prefix.count)) : key
    return ResourceID(rawValue: "eni-" + (kind == .natGateway ? "nat-" : "") + name)
  }

  /// The VPC that an entry of a top-level section names, if it is an id or was declared before.
  private func vpcNamed(in member: YAMLMapping.Member) -> ResourceID? {
    guard case .mapping(let mapping) = member.value.content,
      case .scalar(let text, _)? = mapping["vpc"]?.content,
      case .id(let id) = names.find(.vpc, text)
    else { return nil }
    return id
  }

  /// Names and ids of what other inputs have.
  func declareOthers() {
    for vpc in importer.vpcs.items { names.add(.vpc, vpc.id, name: vpc.attributes.name) }
    for subnet in importer.subnets.items {
      names.add(.subnet, subnet.id, name: subnet.attributes.name, vpc: subnet.vpc)
      vpcOf[subnet.id] = subnet.vpc
    }
    for table in importer.routeTables.items {
      names.add(.routeTable, table.id, name: table.attributes.name, vpc: table.vpc)
    }
    for acl in importer.networkACLs.items {
      names.add(.networkACL, acl.id, name: acl.attributes.name, vpc: acl.vpc)
    }
    for group in importer.securityGroups.items {
      names.add(.securityGroup, group.id, name: group.groupName, vpc: group.vpc)
    }
    for list in importer.prefixLists.items { names.add(.prefixList, list.id, name: list.listName) }
    for instance in importer.instances.items {
      names.add(.instance, instance.id, name: instance.attributes.name)
    }
    for interface in importer.networkInterfaces.items {
      names.add(.networkInterface, interface.id, name: interface.attributes.name)
    }
    for gateway in importer.natGateways.items {
      names.add(.natGateway, gateway.id, name: gateway.attributes.name)
    }
    for peering in importer.peeringConnections.items {
      names.add(.peering, peering.id, name: peering.attributes.name)
    }
    for gateway in importer.internetGateways.items {
      names.add(.internetGateway, gateway.id, name: gateway.attributes.name)
    }
    for gateway in importer.transitGateways.items {
      names.add(.transitGateway, gateway.id, name: gateway.attributes.name)
    }
  }

  // MARK: Sections

  func members(_ mapping: YAMLMapping, _ kind: NativeKind) -> [YAMLMapping.Member] {
    guard case .mapping(let section)? = mapping[kind.section]?.content else { return [] }
    return section.members
  }

  /// Remembers the VPC of every subnet, for what stands in it.
  func placeSubnets(_ root: YAMLMapping) {
    for member in members(root, .vpc) {
      guard case .mapping(let mapping) = member.value.content else { continue }
      for subnet in members(mapping, .subnet) {
        vpcOf[Self.id(.subnet, subnet, vpcKey: member.key)] = Self.id(.vpc, member)
      }
    }
    for subnet in members(root, .subnet) { vpcOf[Self.id(.subnet, subnet)] = vpcNamed(in: subnet) }
  }

  func sections(_ root: YAMLMapping, _ kinds: [NativeKind]) {
    for kind in kinds { section(root, kind) }
  }

  private func section(_ mapping: YAMLMapping, _ kind: NativeKind) {
    guard let node = mapping[kind.section],
      let section = log.attempt({ () throws(YAMLProblem) in
        try node.mapping("a mapping of names to \(kind.noun)s")
      })
    else { return }
    for member in section.members {
      let id = Self.id(kind, member, vpcKey: Self.withinVPC.contains(kind) ? vpc?.key : nil)
      if kind != .transitAttachment { count(kind, id, at: member.keyLocation) }
      _ = log.attempt { () throws(YAMLProblem) in try read(kind, member, id) }
    }
  }

  /// The VPC with what stands in it.
  func readVPC(_ member: YAMLMapping.Member, _ id: ResourceID) throws(YAMLProblem) {
    let mapping = try member.value.mapping()
    var draft = VPCDraft(vpc: VPC(id: id, attributes: attributes(.vpc, member)))
    keys.vpc.read(mapping, into: &draft, self, others: Self.withinVPC.map(\.section))
    importer.vpcs.add(draft.vpc, importer.log)
    readVPCs.append(
      ReadVPC(id: id, key: member.key, location: member.keyLocation, hasDefaults: draft.hasDefaults))
    vpc = (id, member.key)
    for kind in Self.withinVPC { section(mapping, kind) }
    vpc = nil
  }
}
