import NetworkTypes
import VirtualNetworks

extension AWSImporter {
  /// The ids of associations by the subnets that they are of.
  ///
  /// An id that was given to another subnet before names that one alone: calls of AWS name associations by their ids.
  ///
  /// - Parameter member: What holds the id, such as `RouteTableAssociationId`.
  func associations(
    _ records: [AWSRecord], _ member: String, of owner: ResourceID
  ) -> [ResourceID: ResourceID] {
    var associations: [ResourceID: ResourceID] = [:]
    var subnets: [ResourceID: ResourceID] = [:]
    for record in records {
      guard let subnet = record.id("SubnetId"), let id = record.id(member) else { continue }
      let known = subnets[id, default: subnet]
      guard known == subnet, associations[subnet] == nil else {
        log.add(
          .warning, "duplicate_association", owner, at: record.location,
          known == subnet
            ? "\(subnet) has an association already; \(id) is left out"
            : "\(id) is an association of \(known) already; this one of \(subnet) has no id then")
        continue
      }
      subnets[id] = subnet
      associations[subnet] = id
    }
    return associations
  }
}
