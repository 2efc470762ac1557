import NetworkTypes
import RuleMatching
import VirtualNetworks

extension CloudTrailReader {
  typealias Reading = @Sendable (CloudTrailCall) throws -> [NetworkChange]

  /// The calls that are modelled.
  static let readings: [String: Reading] = [
    "AuthorizeSecurityGroupIngress": { try $0.authorized(.ingress) },
    "AuthorizeSecurityGroupEgress": { try $0.authorized(.egress) },
    "RevokeSecurityGroupIngress": { try $0.revoked(.ingress) },
    "RevokeSecurityGroupEgress": { try $0.revoked(.egress) },
    "ModifyNetworkInterfaceAttribute": { try $0.interfaceAttribute() },
    "ModifyInstanceAttribute": { try $0.instanceAttribute() },
    "CreateNetworkAclEntry": { call in
      [.createEntry(acl: try call.id("NetworkAclId"), call.direction, try call.entry())]
    },
    "ReplaceNetworkAclEntry": { call in
      [.replaceEntry(acl: try call.id("NetworkAclId"), call.direction, try call.entry())]
    },
    "DeleteNetworkAclEntry": { call in
      guard let number = call.request.integer("RuleNumber") else { throw call.lacks("ruleNumber") }
      return [.deleteEntry(acl: try call.id("NetworkAclId"), call.direction, number: number)]
    },
    "CreateRoute": { [.createRoute(table: try $0.id("RouteTableId"), try $0.route())] },
    "ReplaceRoute": { [.replaceRoute(table: try $0.id("RouteTableId"), try $0.route())] },
    "DeleteRoute": { [.deleteRoute(table: try $0.id("RouteTableId"), try $0.destination())] },
    "StartInstances": { try $0.instances(.start) },
    "StopInstances": { try $0.instances($0.request.flag("Hibernate") ?? false ? .hibernate : .stop) },
    "RebootInstances": { try $0.instances(.reboot) },
    "TerminateInstances": { try $0.instances(.terminate) },
    "RunInstances": { try $0.launched() },
    "AllocateAddress": { try $0.allocated() },
    "ReleaseAddress": { [.releaseAddress(try $0.publicAddress())] },
    "AssociateAddress": { try $0.associated() },
    "DisassociateAddress": { try $0.disassociated() },
  ]
}

extension CloudTrailCall {
  func lacks(_ member: String) -> EventError {
    EventError(message: "requestParameters has no \(member)")
  }

  func id(_ name: String) throws -> ResourceID {
    if let id = request.id(name) { return id }
    throw lacks(name.prefix(1).lowercased() + name.dropFirst())
  }

  fileprivate var direction: Direction { request.flag("Egress") ?? false ? .egress : .ingress }

  // MARK: Security groups

  private func group() throws -> SecurityGroup {
    guard let text = request.text("GroupId") ?? request.text("GroupName") else { throw lacks("groupId") }
    let id = try network.resource(.securityGroup, named: text)
    return network.securityGroups.first { $0.id == id } ?? SecurityGroup(id: id)
  }

  /// Rules of the request; ids from the answer, which lists them in the same order.
  private func rules(of group: SecurityGroup) throws -> [SecurityGroupRule] {
    let permissions = request.records("IpPermissions")
    // The old form has one permission beside the group.
    let listed =
      !permissions.isEmpty
      ? permissions
      : request.has("CidrIp")
        ? [
          request.with(
            "IpRanges",
            [JSONObject(members: [.init(name: "CidrIp", value: request.value("CidrIp") ?? .null)])])
        ]
        : [request]
    let importer = AWSImporter(log: request.log)
    let rules = importer.rules(listed, "inbound", of: group)
    guard !rules.isEmpty else {
      throw EventError(message: "requestParameters has no ipPermissions with a peer")
    }
    return rules
  }

  fileprivate func authorized(_ direction: Direction) throws -> [NetworkChange] {
    let group = try group()
    let rules = try rules(of: group)
    let ids = response.records("SecurityGroupRules").map { $0.text("SecurityGroupRuleId") }
    return rules.enumerated().map { index, rule in
      var rule = rule
      rule.id = ids.count == rules.count ? ids[index] ?? "" : ""
      return .addRule(group: group.id, direction, rule)
    }
  }

  fileprivate func revoked(_ direction: Direction) throws -> [NetworkChange] {
    let group = try group()
    let ids =
      request.value("SecurityGroupRuleIds").map { value -> [String] in
        guard case .array(let elements) = value else { return [] }
        return elements.compactMap { element in
          switch element {
          case .string(let text): text
          case .object(let object):
            if case .string(let text)? = object["SecurityGroupRuleId"] { text } else { nil }
          default: nil
          }
        }
      } ?? []
    if !ids.isEmpty { return ids.map { .removeRule(group: group.id, direction, .id($0)) } }
    return try rules(of: group).map { .removeRule(group: group.id, direction, .match($0.match)) }
  }

  private func groups() -> [ResourceID]? {
    let groups = request.records("Groups").compactMap { $0.id("GroupId") }
    return groups.isEmpty ? nil : groups
  }

  /// `{"value": false}`
  private var check: Bool? { request.record("SourceDestCheck")?.flag("Value") }

  fileprivate func interfaceAttribute() throws -> [NetworkChange] {
    let interface = try id("NetworkInterfaceId")
    return (groups().map { [.setGroups(interface: interface, $0)] } ?? [])
      + (check.map { [.setSourceDestinationCheck(interface: interface, $0)] } ?? [])
  }

  /// Groups of an instance are those of its primary interface (semantics SG-5).
  fileprivate func instanceAttribute() throws -> [NetworkChange] {
    guard groups() != nil || check != nil else { return [] }
    let interface = try network.primaryInterface(of: try id("InstanceId"))
    return (groups().map { [.setGroups(interface: interface, $0)] } ?? [])
      + (check.map { [.setSourceDestinationCheck(interface: interface, $0)] } ?? [])
  }

  // MARK: ACLs and routes

  fileprivate func entry() throws -> NetworkACLEntry {
    let importer = AWSImporter(log: request.log)
    guard let entry = importer.aclEntry(request, of: try id("NetworkAclId")) else {
      throw EventError(
        message: request.log.problems.last?.message ?? "requestParameters is no entry of an ACL")
    }
    return entry
  }

  fileprivate func route() throws -> Route {
    let importer = AWSImporter(log: request.log)
    var record = request
    if request.flag("LocalTarget") ?? false { record = request.with("GatewayId", text: "local") }
    if let endpoint = request.text("VpcEndpointId") { record = request.with("GatewayId", text: endpoint) }
    guard let route = importer.route(record, of: try id("RouteTableId")) else {
      throw lacks("destinationCidrBlock")
    }
    return route
  }

  fileprivate func destination() throws -> Route.Destination {
    let importer = AWSImporter(log: request.log)
    guard let destination = importer.destination(request, of: try id("RouteTableId")) else {
      throw lacks("destinationCidrBlock")
    }
    return destination
  }

  // MARK: Instances

  fileprivate func instances(_ action: InstanceAction) throws -> [NetworkChange] {
    let ids = request.records("Instances").compactMap { $0.id("InstanceId") }
    guard !ids.isEmpty else { throw lacks("instancesSet") }
    return ids.map { .instance($0, action) }
  }

  /// The answer holds the instances and their interfaces.
  fileprivate func launched() throws -> [NetworkChange] {
    var importer = AWSImporter(log: request.log)
    for record in response.records("Instances") { importer.instance(record) }
    let interfaces = importer.interfacesOfInstances
    return importer.instances.items.map { instance in
      var instance = instance
      // It is told of when it is pending; when it runs, nothing tells.
      if instance.state == .pending { instance.state = .running }
      let subnet = instance.subnet.flatMap { id in network.subnets.first { $0.id == id } }
      instance.hadPublicAddress = subnet?.mapsPublicAddressOnLaunch
      return .run(instance, interfaces.filter { $0.instance == instance.id })
    }
  }

  // MARK: Addresses

  fileprivate func publicAddress() throws -> IPv4Address {
    if let allocation = request.id("AllocationId") {
      if let known = network.elasticAddresses.first(where: { $0.id == allocation }) {
        return known.publicAddress
      }
      throw EventError(
        message:
          "the network does not tell the address of \(allocation); add the output of aws ec2 describe-addresses"
      )
    }
    guard let address = request.address4("PublicIp", of: nil) else { throw lacks("allocationId or publicIp") }
    return address
  }

  fileprivate func allocated() throws -> [NetworkChange] {
    guard let address = response.address4("PublicIp", of: nil) else { return [] }
    let id = response.id("AllocationId") ?? ResourceID(address.description)
    return [.allocateAddress(ElasticAddress(id: id, publicAddress: address))]
  }

  fileprivate func associated() throws -> [NetworkChange] {
    let target: NetworkChange.AddressAssociation.Target
    if let interface = request.id("NetworkInterfaceId") {
      target = .interface(interface)
    } else {
      target = .instance(try id("InstanceId"))
    }
    return [
      .associateAddress(
        .init(
          try publicAddress(), with: target, privateAddress: request.address4("PrivateIpAddress", of: nil),
          allocation: request.id("AllocationId"),
          refusesReassociation: request.flag("AllowReassociation") == false,
          id: response.id("AssociationId")))
    ]
  }

  fileprivate func disassociated() throws -> [NetworkChange] {
    guard let association = request.id("AssociationId") else {
      return [.disassociateAddress(try publicAddress())]
    }
    guard let address = network.elasticAddresses.first(where: { $0.association == association }) else {
      throw EventError(
        message:
          "the network does not tell the address of \(association); add the output of aws ec2 describe-addresses"
      )
    }
    return [.disassociateAddress(address.publicAddress)]
  }
}

extension AWSRecord {
  /// The record with another member.
  fileprivate func with(_ name: String, text: String) -> AWSRecord { with(name, value: .string(text)) }
  fileprivate func with(_ name: String, _ objects: [JSONObject]) -> AWSRecord {
    with(name, value: .array(objects.map(JSONValue.object)))
  }

  private func with(_ name: String, value: JSONValue) -> AWSRecord {
    var members = object.members.filter { $0.name != name }
    members.append(JSONObject.Member(name: name, value: value))
    return AWSRecord(object: JSONObject(members: members), location: location, log: log)
  }
}
