import NetworkTypes
import VirtualNetworks

/// Makes resources of entries.
extension NativeReading {
  func read(_ kind: NativeKind, _ member: YAMLMapping.Member, _ id: ResourceID) throws(YAMLProblem) {
    if kind == .vpc { return try readVPC(member, id) }
    if kind == .prefixList { return try readPrefixList(member, id) }
    if kind == .networkInterface {
      _ = try member.value.mapping()
      if let interface = interface(member, 0, of: nil).interface {
        importer.networkInterfaces.add(interface, importer.log)
      }
      return
    }
    let mapping = try member.value.mapping()
    let attributes = attributes(kind, member)
    let home = vpc?.id ?? onlyVPC
    switch kind {
    case .subnet: subnet(mapping, id, attributes, home)
    case .routeTable:
      var table = RouteTable(id: id, vpc: home ?? "", attributes: attributes)
      keys.routeTable.read(known: mapping, into: &table, self)
      expectVPC(table.vpc, mapping)
      within(table.vpc) { table.routes = $0.routes(mapping, of: id) }
      importer.routeTables.add(table, importer.log)
      if member.key == "main" && mapping["main"] == nil {
        tablesCalledMain[table.vpc, default: []].append((id, member.keyLocation))
      }
    case .networkACL:
      var acl = NetworkACL(id: id, vpc: home ?? "", attributes: attributes)
      keys.networkACL.read(mapping, into: &acl, self)
      expectVPC(acl.vpc, mapping)
      importer.networkACLs.add(acl, importer.log)
      if member.key == "default" && mapping["default"] == nil {
        aclsCalledDefault[acl.vpc, default: []].append((id, member.keyLocation))
      }
    case .securityGroup: securityGroup(member, mapping, id)
    case .instance: instance(member, mapping, id)
    case .natGateway: natGateway(member, mapping, id)
    case .elasticAddress:
      var address = ElasticAddress(id: id, publicAddress: .zero, attributes: attributes)
      keys.elasticAddress.read(mapping, into: &address, self)
      importer.elasticAddresses.add(address, importer.log)
    case .internetGateway:
      var gateway = InternetGateway(id: id, vpc: home, attributes: attributes)
      keys.internetGateway.read(mapping, into: &gateway, self)
      importer.internetGateways.add(gateway, importer.log)
    case .egressOnlyGateway:
      var gateway = EgressOnlyGateway(id: id, vpc: home, attributes: attributes)
      keys.egressOnlyGateway.read(mapping, into: &gateway, self)
      importer.egressOnlyGateways.add(gateway, importer.log)
    case .virtualPrivateGateway:
      var gateway = VirtualPrivateGateway(id: id, vpc: home, attributes: attributes)
      keys.virtualPrivateGateway.read(mapping, into: &gateway, self)
      importer.virtualPrivateGateways.add(gateway, importer.log)
    default: readFar(kind, member, mapping, id, attributes, home)
    }
  }

  /// What ties VPCs together or stands before them.
  private func readFar(
    _ kind: NativeKind, _ member: YAMLMapping.Member, _ mapping: YAMLMapping, _ id: ResourceID,
    _ attributes: ResourceAttributes, _ home: ResourceID?
  ) {
    switch kind {
    case .peering:
      var peering = PeeringConnection(
        id: id, requester: .init(vpc: ""), accepter: .init(vpc: ""), attributes: attributes)
      keys.peering.read(mapping, into: &peering, self)
      importer.peeringConnections.add(peering, importer.log)
    case .endpoint:
      var endpoint = VPCEndpoint(id: id, vpc: home ?? "", kind: .gateway, attributes: attributes)
      keys.endpoint.read(mapping, into: &endpoint, self)
      expectVPC(endpoint.vpc, mapping)
      importer.endpoints.add(endpoint, importer.log)
    case .vpnConnection:
      var connection = VPNConnection(id: id, attributes: attributes)
      keys.vpnConnection.read(mapping, into: &connection, self)
      importer.vpnConnections.add(connection, importer.log)
    case .transitGateway:
      var gateway = TransitGateway(id: id, attributes: attributes)
      keys.transitGateway.read(mapping, into: &gateway, self)
      importer.transitGateways.add(gateway, importer.log)
    case .transitAttachment:
      var attachment = TransitGatewayAttachment(
        id: id, transitGateway: "", kind: .vpc, resource: "", attributes: attributes)
      keys.transitAttachment.read(mapping, into: &attachment, self)
      count(.transitAttachment, id, at: member.keyLocation, of: attachment.transitGateway)
      importer.transitGatewayAttachments.add(
        attachment, key: AWSImporter.key(attachment.id, attachment.transitGateway), importer.log)
      // What says nothing is attached without a table, not by default.
      importer.attachmentsWithAssociation.insert(AWSImporter.key(attachment.id, attachment.transitGateway))
    case .transitTable:
      var table = TransitGatewayRouteTable(id: id, transitGateway: "", attributes: attributes)
      keys.transitTable.read(mapping, into: &table, self)
      importer.transitGatewayRouteTables.add(table, importer.log)
    case .loadBalancer:
      var balancer = LoadBalancer(
        id: id, balancerName: kind.isID(member.key) ? "" : member.key, kind: .network,
        isInternetFacing: false,
        vpc: home, attributes: self.attributes(kind, member, named: false))
      keys.loadBalancer.read(mapping, into: &balancer, self)
      importer.loadBalancers.add(balancer, importer.log)
    default:
      var group = TargetGroup(
        id: id, groupName: kind.isID(member.key) ? "" : member.key, port: nil, groupProtocol: "",
        kind: .instance,
        vpc: home, attributes: self.attributes(kind, member, named: false))
      keys.targetGroup.read(mapping, into: &group, self)
      importer.targetGroups.add(group, importer.log)
    }
  }

  /// The VPC of what names none: the only one that all inputs have.
  var onlyVPC: ResourceID? { names.only(.vpc) }

  private func expectVPC(_ vpc: ResourceID, _ mapping: YAMLMapping) {
    if vpc.rawValue.isEmpty && mapping["vpc"] == nil {
      log.add(
        at: mapping.location, "found no key \"vpc\", expected vpc: NAME, since there are several VPCs or none"
      )
    }
  }

  private func within(_ id: ResourceID, _ body: (NativeReading) -> Void) {
    let outer = vpc
    if vpc == nil && !id.rawValue.isEmpty { vpc = (id, id.rawValue) }
    body(self)
    vpc = outer
  }

  private func subnet(
    _ mapping: YAMLMapping, _ id: ResourceID, _ attributes: ResourceAttributes, _ home: ResourceID?
  ) {
    var draft = SubnetDraft(subnet: Subnet(id: id, vpc: home ?? "", attributes: attributes))
    keys.subnet.read(mapping, into: &draft, self)
    expectVPC(draft.subnet.vpc, mapping)
    if draft.subnet.attributes.region == nil && mapping["region"] == nil {
      draft.subnet.attributes.region = draft.subnet.zone.flatMap(AWSRegion.ofZone)
    }
    if let table = draft.table { tablesOfSubnets.append((table, id)) }
    if let acl = draft.acl { aclsOfSubnets.append((acl, id)) }
    importer.subnets.add(draft.subnet, importer.log)
  }

  private func securityGroup(_ member: YAMLMapping.Member, _ mapping: YAMLMapping, _ id: ResourceID) {
    var group = SecurityGroup(
      id: id, groupName: NativeKind.securityGroup.isID(member.key) ? "" : member.key, vpc: onlyVPC,
      attributes: attributes(.securityGroup, member, named: false))
    keys.securityGroup.read(mapping, into: &group, self)
    if mapping["outbound"] == nil { group.outbound = Self.openRules(.egress, at: member.keyLocation) }
    importer.securityGroups.add(group, importer.log)
  }

  private func readPrefixList(_ member: YAMLMapping.Member, _ id: ResourceID) throws(YAMLProblem) {
    var list = PrefixList(
      id: id, listName: NativeKind.prefixList.isID(member.key) ? "" : member.key,
      attributes: attributes(.prefixList, member, named: false))
    if case .mapping(let mapping) = member.value.content {
      keys.prefixList.read(mapping, into: &list, self)
    } else {
      list.entries = try member.value.list("a list of blocks").compactMap { block in
        log.attempt { () throws(YAMLProblem) in try block.prefix() }
      }
    }
    importer.prefixLists.add(list, importer.log)
  }

  private func natGateway(_ member: YAMLMapping.Member, _ mapping: YAMLMapping, _ id: ResourceID) {
    var draft = NATDraft(
      gateway: NATGateway(id: id, vpc: "", subnet: "", attributes: attributes(.natGateway, member)))
    keys.natGateway.read(mapping, into: &draft, self)
    if mapping["vpc"] == nil { draft.gateway.vpc = vpcOf[draft.gateway.subnet] ?? "" }
    if draft.address.privateAddress != nil {
      draft.address.networkInterface = implied(mapping, member.key, .natGateway)
      draft.gateway.addresses.insert(draft.address, at: 0)
      if let interface = NATDraft.interface(of: draft.gateway, location: member.keyLocation) {
        impliedInterfaces.append(interface)
      }
    }
    importer.natGateways.add(draft.gateway, importer.log)
  }

  private func instance(_ member: YAMLMapping.Member, _ mapping: YAMLMapping, _ id: ResourceID) {
    let attributes = attributes(.instance, member)
    let interface = NetworkInterface(
      id: "", vpc: "", subnet: "", instance: id, deviceIndex: 0,
      attributes: ResourceAttributes(location: member.keyLocation))
    var draft = InstanceDraft(
      instance: Instance(id: id, attributes: attributes), primary: InterfaceDraft(interface: interface))
    keys.instance.read(mapping, into: &draft, self)
    let primary = draft.primary.interface
    if let interfaces = draft.interfaces {
      draft.instance.networkInterfaces = interfaces.map(\.id)
      for interface in interfaces.compactMap(\.interface) {
        importer.networkInterfaces.add(interface, importer.log)
      }
      for name in ["private_ip", "public_ip", "ipv6", "prefixes", "groups", "source_dest_check", "interface"]
      {
        if let node = mapping[name] {
          log.add(at: node.location, "found \(name) beside interfaces, expected it in one of them")
        }
      }
    } else if let interface = implied(mapping, member.key, .instance) {
      addPrimary(interface, &draft, mapping, member)
    } else if mapping["subnet"] != nil && draft.instance.state != .terminated {
      log.add(
        at: mapping.location,
        "found no address of the instance, expected private_ip, ipv6 or interfaces (interfaces: {} for none)")
    }
    draft.instance.subnet =
      primary.subnet.rawValue.isEmpty
      ? draft.interfaces?.first?.interface?.subnet : primary.subnet
    let subnet = draft.instance.subnet
    if mapping["vpc"] == nil { draft.instance.vpc = subnet.flatMap { vpcOf[$0] } }
    if !draft.hasZone, let subnet { instancesWithoutZone.append((id, subnet)) }
    importer.instances.add(draft.instance, importer.log)
  }

  private func addPrimary(
    _ id: ResourceID, _ draft: inout InstanceDraft, _ mapping: YAMLMapping, _ member: YAMLMapping.Member
  ) {
    if mapping["subnet"] == nil {
      log.add(at: mapping.location, "found no key \"subnet\", expected subnet: NAME")
    }
    draft.primary.interface.id = id
    draft.primary.interface.vpc = vpcOf[draft.primary.interface.subnet] ?? ""
    draft.primary.interface.attributes.account = draft.instance.attributes.account
    draft.primary.interface.attributes.region = draft.instance.attributes.region
    draft.instance.networkInterfaces = [id]
    count(.networkInterface, id, at: member.keyLocation)
    if !draft.primary.hasGroups { interfacesWithoutGroups.insert(id) }
    importer.networkInterfaces.add(draft.primary.interface, importer.log)
  }
}
