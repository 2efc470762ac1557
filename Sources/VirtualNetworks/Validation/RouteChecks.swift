extension ConsistencyCheck {
  /// Routes that lead to something the network does not have, although it has others of that kind.
  mutating func routes() {
    let known: [(Set<ResourceID>)] = [
      Set(network.internetGateways.map(\.id)), Set(network.egressOnlyGateways.map(\.id)),
      Set(network.natGateways.map(\.id)), Set(network.peeringConnections.map(\.id)),
      Set(network.transitGateways.map(\.id)), Set(network.virtualPrivateGateways.map(\.id)),
      Set(network.endpoints.map(\.id)),
    ]
    for table in network.routeTables {
      for route in table.routes {
        if case .prefixList(let list) = route.destination {
          checkList(list, of: table.id, at: route.location)
        }
        let kind: Set<ResourceID>
        switch route.target {
        case .local, .none: continue
        case .internetGateway: kind = known[0]
        case .egressOnlyGateway: kind = known[1]
        case .natGateway: kind = known[2]
        case .peering: kind = known[3]
        case .transitGateway: kind = known[4]
        case .virtualPrivateGateway: kind = known[5]
        case .endpoint: kind = known[6]
        case .networkInterface: kind = interfaces
        case .instance: kind = instances
        case .other(let id):
          report(
            .warning, "not_modelled", table.id, at: route.location,
            "a route to \(id) is not modelled; packets that take it get the verdict unknown")
          continue
        }
        guard let id = route.target.resource, !route.isBlackhole, !kind.isEmpty, !kind.contains(id) else {
          continue
        }
        report(
          .warning, "unknown_target", table.id, at: route.location,
          "the route leads to \(id), which is not in the input, and its state is not blackhole")
      }
    }
  }

  /// Subnets with several tables or ACLs; VPCs without the ones that serve every other subnet.
  mutating func associations() {
    var acls: [ResourceID: ResourceID] = [:]
    for acl in network.networkACLs {
      for subnet in acl.subnets {
        if let other = acls.updateValue(acl.id, forKey: subnet), other != acl.id {
          report(
            .error, "several_acls", subnet, at: acl.attributes.location, member: "Associations",
            "\(subnet) is associated with \(other) and \(acl.id); a subnet has one network ACL")
        }
      }
    }
    var tables: [ResourceID: ResourceID] = [:]
    for table in network.routeTables {
      for subnet in table.subnets {
        if let other = tables.updateValue(table.id, forKey: subnet), other != table.id {
          report(
            .error, "several_route_tables", subnet, at: table.attributes.location, member: "Associations",
            "\(subnet) is associated with \(other) and \(table.id); a subnet has one route table")
        }
      }
    }
    defaults()
  }

  private mutating func defaults() {
    var mains: [ResourceID: ResourceID] = [:]
    for table in network.routeTables where table.isMain {
      if let other = mains.updateValue(table.id, forKey: table.vpc) {
        report(
          .error, "several_main_route_tables", table.vpc, at: table.attributes.location,
          member: "Associations",
          "\(other) and \(table.id) are both main route table of \(table.vpc); expected one")
      }
    }
    var defaultACLs: [ResourceID: ResourceID] = [:]
    for acl in network.networkACLs where acl.isDefault {
      if let other = defaultACLs.updateValue(acl.id, forKey: acl.vpc) {
        report(
          .error, "several_default_acls", acl.vpc, at: acl.attributes.location, member: "IsDefault",
          "\(other) and \(acl.id) are both default network ACL of \(acl.vpc); expected one")
      }
    }
    // An empty VPC of a peer, described alone, needs neither.
    let inhabited = Set(network.subnets.map(\.vpc))
    for vpc in network.vpcs where inhabited.contains(vpc.id) {
      if !network.routeTables.isEmpty && mains[vpc.id] == nil {
        report(
          .warning, "no_main_route_table", vpc.id, at: vpc.attributes.location,
          "no route table of \(vpc.id) is the main one; routes of subnets without a table of their own are unknown"
        )
      }
      if !network.networkACLs.isEmpty && defaultACLs[vpc.id] == nil {
        report(
          .warning, "no_default_acl", vpc.id, at: vpc.attributes.location,
          "no network ACL of \(vpc.id) is the default one; what filters subnets without an ACL of their own is unknown"
        )
      }
    }
  }
}
