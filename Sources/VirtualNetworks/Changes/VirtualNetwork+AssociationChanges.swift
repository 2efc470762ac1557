import NetworkTypes

/// Which ACL and which route table serve a subnet.
extension VirtualNetwork {
  /// A subnet has one ACL (semantics NACL-1).
  mutating func associateACL(
    _ id: ResourceID, with subnet: ResourceID, as association: ResourceID?, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    let acl = try position(of: id, "network ACL", in: networkACLs.lazy.map(\.id))
    try check(subnet, isIn: networkACLs[acl].vpc, of: id)
    for index in networkACLs.indices {
      networkACLs[index].subnets.removeAll { $0 == subnet }
      networkACLs[index].associations[subnet] = nil
    }
    networkACLs[acl].subnets.append(subnet)
    networkACLs[acl].associations[subnet] = association
    applied.scope.subnets.insert(subnet)
  }

  /// A subnet has one route table: that which it is associated with, or else the main one (semantics RT-1).
  mutating func associateTable(
    _ id: ResourceID, with subnet: ResourceID, as association: ResourceID?, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    let table = try position(of: id, "route table", in: routeTables.lazy.map(\.id))
    try check(subnet, isIn: routeTables[table].vpc, of: id)
    removeTable(of: subnet)
    routeTables[table].subnets.append(subnet)
    routeTables[table].associations[subnet] = association
    applied.scope.subnets.insert(subnet)
  }

  mutating func disassociateTable(
    of subnet: ResourceID, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    _ = try position(of: subnet, "subnet", in: subnets.lazy.map(\.id))
    guard routeTables.contains(where: { $0.subnets.contains(subnet) }) else {
      throw .refused(subnet, "is associated with no route table: it has the main one of its VPC")
    }
    removeTable(of: subnet)
    applied.scope.subnets.insert(subnet)
  }

  private mutating func removeTable(of subnet: ResourceID) {
    for index in routeTables.indices {
      routeTables[index].subnets.removeAll { $0 == subnet }
      routeTables[index].associations[subnet] = nil
    }
  }

  private func check(
    _ subnet: ResourceID, isIn vpc: ResourceID, of resource: ResourceID
  ) throws(NetworkChangeError) {
    let place = try position(of: subnet, "subnet", in: subnets.lazy.map(\.id))
    if subnets[place].vpc != vpc {
      throw .refused(resource, "is of \(vpc), and \(subnet) is of \(subnets[place].vpc)")
    }
  }
}
