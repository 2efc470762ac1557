import NetworkTypes
import VirtualNetworks

/// Calls about which ACL and which route table serve a subnet.
extension CloudTrailCall {
  /// Gives the subnet of an association another ACL, by an association with an id of its own.
  func aclAssociation() throws -> [NetworkChange] {
    let acl = try id("NetworkAclId")
    let association = try id("AssociationId")
    let subnet = network.networkACLs.lazy.compactMap { Self.subnet(of: association, $0.associations) }.first
    guard let subnet else { throw unknown(association, "describe-network-acls") }
    return [.associateACL(acl, subnet: subnet, id: response.id("NewAssociationId"))]
  }

  func tableAssociation() throws -> [NetworkChange] {
    let table = try id("RouteTableId")
    if request.has("GatewayId") {
      throw EventError(
        message: "route tables of gateways are not followed; what it changed is not in the audit")
    }
    let subnet = try request.id("SubnetId") ?? associatedSubnet()
    return [
      .associateTable(
        table, subnet: subnet, id: response.id("NewAssociationId") ?? response.id("AssociationId"))
    ]
  }

  /// The subnet that `associationId` ties to its route table.
  func associatedSubnet() throws -> ResourceID {
    let association = try id("AssociationId")
    let subnet = network.routeTables.lazy.compactMap { Self.subnet(of: association, $0.associations) }.first
    guard let subnet else { throw unknown(association, "describe-route-tables") }
    return subnet
  }

  private static func subnet(
    of association: ResourceID, _ associations: [ResourceID: ResourceID]
  ) -> ResourceID? {
    associations.first { $0.value == association }?.key
  }

  private func unknown(_ association: ResourceID, _ command: String) -> EventError {
    EventError(
      message:
        "the network does not tell the subnet of \(association); it is in the output of aws ec2 \(command)")
  }
}

extension AWSRecord {
  /// The objects of a list, or the one object that stands in its place.
  func listed(_ name: String) -> [AWSRecord] {
    if case .object? = value(name) { return [record(name)].compactMap { $0 } }
    return records(name)
  }

  /// The record with another member.
  func with(_ name: String, text: String) -> AWSRecord { with(name, value: .string(text)) }

  func with(_ name: String, _ objects: [JSONObject]) -> AWSRecord {
    with(name, value: .array(objects.map(JSONValue.object)))
  }

  func with(_ name: String, value: JSONValue) -> AWSRecord {
    var members = object.members.filter { $0.name != name }
    members.append(JSONObject.Member(name: name, value: value))
    return AWSRecord(object: JSONObject(members: members), location: location, log: log)
  }
}
