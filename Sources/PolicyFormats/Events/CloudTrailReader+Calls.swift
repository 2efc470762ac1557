import NetworkTypes
import RuleMatching
import VirtualNetworks

extension CloudTrailReader {
  typealias Reading = @Sendable (CloudTrailCall) throws -> [NetworkChange]

  /// The calls that are modelled.
  static let readings: [String: Reading] = [
    "CreateSecurityGroup": { try $0.createdGroup() },
    "DeleteSecurityGroup": { [.deleteGroup(try $0.group().id)] },
    "ModifySecurityGroupRules": { try $0.modifiedRules() },
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
    "ReplaceNetworkAclAssociation": { try $0.aclAssociation() },
    "AssociateRouteTable": { try $0.tableAssociation() },
    "ReplaceRouteTableAssociation": { try $0.tableAssociation() },
    "DisassociateRouteTable": { [.disassociateTable(subnet: try $0.associatedSubnet())] },
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
    if route.target == .none { throw EventError(message: "requestParameters names no target of the route") }
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
    // The launch may say otherwise than the subnet (semantics AD-10).
    let asked = request.records("NetworkInterfaces").compactMap { $0.flag("AssociatePublicIpAddress") }.first
    return importer.instances.items.map { instance in
      var instance = instance
      // It is told of when it is pending; when it runs, nothing tells.
      if instance.state == .pending { instance.state = .running }
      let subnet = instance.subnet.flatMap { id in network.subnets.first { $0.id == id } }
      instance.hadPublicAddress = asked ?? subnet?.mapsPublicAddressOnLaunch
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
