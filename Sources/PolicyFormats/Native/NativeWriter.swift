import NetworkTypes
import VirtualNetworks

extension VirtualNetwork {
  /// The network as Sallyport YAML: reading it back gives the same resources, and so the same verdicts.
  ///
  /// Where a resource has a usable name, that is its key, and its id stands beside it; places in the input and
  /// problems are left behind. Linear in the network.
  public func yaml() -> String {
    var writer = YAMLWriter()
    let sections = NativeWriting(self).sections()
    for (index, section) in sections.enumerated() {
      if index > 0 { writer.blankLine() }
      writer.member(section.0, .map(section.1))
    }
    return writer.text
  }
}

extension NativeWriting {
  fileprivate typealias Members = [(String, YAMLValue)]

  fileprivate func sections() -> [(String, [(String, YAMLValue)])] {
    let known = Set(network.vpcs.map(\.id))
    var sections: [(NativeKind, Members)] = [
      (.vpc, network.vpcs.map(vpcEntry)),
      (.subnet, network.subnets.filter { !known.contains($0.vpc) }.map(subnetEntry)),
      (.routeTable, network.routeTables.filter { !known.contains($0.vpc) }.map(tableEntry)),
      (.networkACL, network.networkACLs.filter { !known.contains($0.vpc) }.map(aclEntry)),
    ]
    sections += [
      (.securityGroup, network.securityGroups.map(groupEntry)),
      (.prefixList, network.prefixLists.map(listEntry)),
      (.instance, network.instances.map(instanceEntry)),
      (.networkInterface, network.networkInterfaces.filter { !isNested($0) }.map { entry($0) }),
      (
        .elasticAddress,
        network.elasticAddresses.map { entry(.elasticAddress, $0.id, keys.elasticAddress, $0) }
      ),
    ]
    sections += gatewaySections()
    return sections.filter { !$0.1.isEmpty }.map { ($0.0.section, $0.1) }
  }

  private func gatewaySections() -> [(NativeKind, Members)] {
    [
      (
        .internetGateway,
        network.internetGateways.map {
          entry(.internetGateway, $0.id, keys.internetGateway, $0, home: $0.vpc)
        }
      ),
      (
        .egressOnlyGateway,
        network.egressOnlyGateways.map {
          entry(.egressOnlyGateway, $0.id, keys.egressOnlyGateway, $0, home: $0.vpc)
        }
      ),
      (.natGateway, network.natGateways.map(natEntry)),
      (.peering, network.peeringConnections.map { entry(.peering, $0.id, keys.peering, $0) }),
      (.endpoint, network.endpoints.map { entry(.endpoint, $0.id, keys.endpoint, $0, home: $0.vpc) }),
      (
        .virtualPrivateGateway,
        network.virtualPrivateGateways.map {
          entry(.virtualPrivateGateway, $0.id, keys.virtualPrivateGateway, $0, home: $0.vpc)
        }
      ),
      (.vpnConnection, network.vpnConnections.map { entry(.vpnConnection, $0.id, keys.vpnConnection, $0) }),
      (
        .transitGateway,
        network.transitGateways.map { entry(.transitGateway, $0.id, keys.transitGateway, $0) }
      ),
      (.transitAttachment, attachmentEntries()),
      (
        .transitTable,
        network.transitGatewayRouteTables.map { table in
          entry(.transitTable, table.id, keys.transitTable, table)
        }
      ),
      (
        .loadBalancer,
        network.loadBalancers.map {
          entry(.loadBalancer, $0.id, keys.loadBalancer, $0, named: false, home: $0.vpc)
        }
      ),
      (
        .targetGroup,
        network.targetGroups.map {
          entry(.targetGroup, $0.id, keys.targetGroup, $0, named: false, home: $0.vpc)
        }
      ),
    ]
  }

  // MARK: Entries

  /// An entry of a section: its key, `id` where the key does not make it, and its members.
  func entry(
    _ kind: NativeKind, _ id: ResourceID, named: Bool = true, home vpc: ResourceID? = nil,
    vpcKey: String? = nil,
    _ members: (NativeWriting) -> [(String, YAMLValue)]
  ) -> (String, YAMLValue) {
    let key = key(kind, id)
    let outer = entryName
    entryName = named && key != id.rawValue ? key : nil
    setHome(vpc)
    var found = members(self)
    if key != id.rawValue {
      found.removeAll { name, value in
        if case .text(let text) = value { name == "name" && text == key } else { false }
      }
    }
    entryName = outer
    return (key, .map(idMember(kind, id, vpcKey: vpcKey) + found))
  }

  fileprivate func entry<Resource>(
    _ kind: NativeKind, _ id: ResourceID, _ object: NativeObject<Resource>, _ resource: Resource,
    named: Bool = true, home: ResourceID? = nil
  ) -> (String, YAMLValue) {
    entry(kind, id, named: named, home: home) { object.write(resource, $0) }
  }

  private func vpcEntry(_ vpc: VPC) -> (String, YAMLValue) {
    let (id, key) = (vpc.id, key(.vpc, vpc.id))
    var draft = VPCDraft(vpc: vpc)
    draft.hasDefaults =
      network.routeTables.contains { $0.vpc == id && $0.isMain }
      && network.networkACLs.contains { $0.vpc == id && $0.isDefault }
    // The VPC's own account and Region stand with it.
    let (name, value) = entry(.vpc, id) { keys.vpc.write(draft, $0) }
    guard case .map(var members) = value else { return (name, value) }
    self.vpc = id
    vpcKey = key
    let parts: [(NativeKind, Members)] = [
      (.subnet, network.subnets.filter { $0.vpc == id }.map(subnetEntry)),
      (.routeTable, network.routeTables.filter { $0.vpc == id }.map(tableEntry)),
      (.networkACL, network.networkACLs.filter { $0.vpc == id }.map(aclEntry)),
    ]
    for (kind, entries) in parts where !entries.isEmpty { members.append((kind.section, .map(entries))) }
    self.vpc = nil
    vpcKey = nil
    return (name, .map(members))
  }

  private func subnetEntry(_ subnet: Subnet) -> (String, YAMLValue) {
    var draft = SubnetDraft(subnet: subnet)
    draft.table = tableOf[subnet.id]
    draft.acl = aclOf[subnet.id]
    // The zone tells the Region.
    if subnet.attributes.region == subnet.zone.flatMap(AWSRegion.ofZone) {
      draft.subnet.attributes.region = nil
    }
    return entry(.subnet, subnet.id, home: subnet.vpc, vpcKey: vpcKey) { keys.subnet.write(draft, $0) }
  }

  private func tableEntry(_ table: RouteTable) -> (String, YAMLValue) {
    var draft = table
    draft.subnets.removeAll { tableOf[$0] == table.id }
    return entry(.routeTable, table.id, home: table.vpc, vpcKey: vpcKey) {
      keys.routeTable.write(draft, $0) + saysNot("main", key(.routeTable, table.id), table.isMain)
        + $0.routes(table.routes)
    }
  }

  /// `main: false` of a table that is called main and is not.
  private func saysNot(_ name: String, _ key: String, _ isSo: Bool) -> [(String, YAMLValue)] {
    key == name && !isSo ? [(name, .flag(false))] : []
  }

  private func aclEntry(_ acl: NetworkACL) -> (String, YAMLValue) {
    var draft = acl
    draft.subnets.removeAll { aclOf[$0] == acl.id }
    return entry(.networkACL, acl.id, home: acl.vpc, vpcKey: vpcKey) {
      keys.networkACL.write(draft, $0) + saysNot("default", key(.networkACL, acl.id), acl.isDefault)
    }
  }

  private func groupEntry(_ group: SecurityGroup) -> (String, YAMLValue) {
    entry(.securityGroup, group.id, named: false, home: group.vpc) { keys.securityGroup.write(group, $0) }
  }

  private func listEntry(_ list: PrefixList) -> (String, YAMLValue) {
    let (key, value) = entry(.prefixList, list.id, keys.prefixList, list, named: false)
    // Blocks alone need no keys.
    guard case .map(let members) = value, members.count == 1, members[0].0 == "entries" else {
      return (key, value)
    }
    if case .list = members[0].1 { return (key, members[0].1) }
    return (key, .list([members[0].1]))
  }

  private func natEntry(_ gateway: NATGateway) -> (String, YAMLValue) {
    var draft = NATDraft(gateway: gateway)
    let key = key(.natGateway, gateway.id)
    if gateway.addresses.count == 1, let id = gateway.addresses[0].networkInterface,
      let interface = interfaces[id],
      let implied = NATDraft.interface(of: gateway, location: interface.attributes.location),
      implied == interface
    {
      draft.gateway.addresses = []
      draft.address = gateway.addresses[0]
      if id == Self.impliedInterface(key, .natGateway) { draft.address.networkInterface = nil }
    }
    return entry(.natGateway, gateway.id, home: gateway.vpc) { keys.natGateway.write(draft, $0) }
  }

  /// Ids of attachments that are peerings occur once for each of the two gateways: such keys need their id beside them.
  private func attachmentEntries() -> Members {
    var seen: [String: Int] = [:]
    return network.transitGatewayAttachments.map { attachment in
      let (key, value) = entry(.transitAttachment, attachment.id, keys.transitAttachment, attachment)
      let count = seen[key, default: 0]
      seen[key] = count + 1
      guard count > 0, case .map(let members) = value else { return (key, value) }
      return ("\(key)@\(attachment.transitGateway)", .map([("id", .text(attachment.id.rawValue))] + members))
    }
  }

  // MARK: Instances

  private func instanceEntry(_ instance: Instance) -> (String, YAMLValue) {
    let key = key(.instance, instance.id)
    let empty = NetworkInterface(id: "", vpc: "", subnet: instance.subnet ?? "")
    var draft = InstanceDraft(instance: instance, primary: InterfaceDraft(interface: empty))
    let listed = instance.networkInterfaces
    if listed.count == 1, let interface = interfaces[listed[0]], isPlain(interface, of: instance) {
      draft.primary.interface = interface
      draft.interfaceID = interface.id == Self.impliedInterface(key, .instance) ? nil : interface.id
    } else {
      draft.interfaces = listed.map { id in (id, interfaces[id].flatMap { isNested($0) ? $0 : nil }) }
      if listed.isEmpty && instance.subnet == nil { draft.interfaces = nil }
      if let first = draft.interfaces?.first?.interface, first.subnet == instance.subnet {
        draft.primary.interface.subnet = ""
      }
    }
    let hasPrimary = !draft.primary.interface.id.rawValue.isEmpty
    return entry(.instance, instance.id, home: instance.vpc ?? instance.subnet.flatMap { vpc(of: $0) }) {
      writing in
      keys.instance.write(draft, writing).filter { $0.0 != "groups" || hasPrimary }
    }
  }

  /// Whether an interface can be told by its instance's own keys.
  private func isPlain(_ interface: NetworkInterface, of instance: Instance) -> Bool {
    let plain = NetworkInterface(
      id: interface.id, vpc: interface.vpc, subnet: interface.subnet, ipv4Addresses: interface.ipv4Addresses,
      ipv6Addresses: interface.ipv6Addresses, delegatedPrefixes: interface.delegatedPrefixes,
      groups: interface.groups, sourceDestinationCheck: interface.sourceDestinationCheck,
      instance: instance.id,
      deviceIndex: 0, deletesOnTermination: interface.deletesOnTermination, summary: interface.summary,
      attributes: ResourceAttributes(
        account: instance.attributes.account, region: instance.attributes.region,
        location: interface.attributes.location))
    let hasAddress =
      !(interface.ipv4Addresses.isEmpty && interface.ipv6Addresses.isEmpty
      && interface.delegatedPrefixes.isEmpty)
    return plain == interface && hasAddress && interface.subnet == instance.subnet
      && interface.vpc == vpc(of: interface.subnet) && isNested(interface)
  }

  /// Whether an interface is written with its instance, or with its NAT gateway, and not in a section of its own.
  private func isNested(_ interface: NetworkInterface) -> Bool {
    if let instance = interface.instance { return listedBy[interface.id] == instance }
    return impliedByNAT.contains(interface.id)
  }

  static func impliedInterface(_ key: String, _ kind: NativeKind) -> ResourceID {
    let name = kind.isID(key) ? String(key.dropFirst(kind.prefix.count)) : key
    return ResourceID(rawValue: "eni-" + (kind == .natGateway ? "nat-" : "") + name)
  }
}
