import NetworkTypes
import RuleMatching

/// Groups that come and go.
extension VirtualNetwork {
  mutating func createGroup(
    _ group: SecurityGroup, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    guard !securityGroups.contains(where: { $0.id == group.id }) else {
      throw .refused(group.id, "is there already")
    }
    if let vpc = group.vpc { _ = try position(of: vpc, "VPC", in: vpcs.lazy.map(\.id)) }
    let namesake = securityGroups.first {
      $0.vpc == group.vpc && $0.groupName == group.groupName && !$0.groupName.isEmpty && !$0.isDeleted
    }
    if let namesake {
      throw .refused(group.id, "\(namesake.id) of the same VPC is called \(group.groupName) already")
    }
    securityGroups.append(group)
    applied.scope.groups.insert(group.id)
    // Rules may have named it before it was there.
    applied.scope.members.insert(group.id)
    for interface in networkInterfaces where interface.groups.contains(group.id) {
      applied.scope.interfaces.insert(interface.id)
    }
  }

  /// A group that an interface carries or a rule of another group names cannot be deleted, nor a default one
  /// (semantics SG-6).
  mutating func deleteGroup(_ id: ResourceID, _ applied: inout AppliedChange) throws(NetworkChangeError) {
    let position = try livingGroup(id)
    if securityGroups[position].groupName == "default" {
      throw .refused(id, "is the default group of its VPC, which cannot be deleted")
    }
    if let holder = networkInterfaces.first(where: { !$0.isDeleted && $0.groups.contains(id) }) {
      throw .refused(id, "cannot be deleted while \(holder.id) carries it")
    }
    let referrer = securityGroups.first { other in
      other.id != id && other.vpc == securityGroups[position].vpc
        && (other.inbound + other.outbound).contains { $0.match.peer == .group(id.rawValue) }
    }
    if let referrer { throw .refused(id, "cannot be deleted while a rule of \(referrer.id) names it") }
    securityGroups[position].isDeleted = true
    securityGroups[position].inbound = []
    securityGroups[position].outbound = []
    applied.scope.groups.insert(id)
    applied.scope.members.insert(id)
  }

  /// The position of a group that is not deleted.
  func livingGroup(_ id: ResourceID) throws(NetworkChangeError) -> Int {
    let index = try position(of: id, "security group", in: securityGroups.lazy.map(\.id))
    if securityGroups[index].isDeleted { throw .refused(id, "was deleted") }
    return index
  }
}
