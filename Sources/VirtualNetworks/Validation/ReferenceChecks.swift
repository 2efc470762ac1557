import NetworkTypes
import RuleMatching

extension ConsistencyCheck {
  /// References from one resource to another that the network does not have.
  mutating func references() {
    for subnet in network.subnets { expectVPC(subnet.vpc, of: subnet.id, "subnet", subnet.attributes) }
    for group in network.securityGroups {
      if let vpc = group.vpc { expectVPC(vpc, of: group.id, "security group", group.attributes) }
    }
    for acl in network.networkACLs { expectVPC(acl.vpc, of: acl.id, "network ACL", acl.attributes) }
    for table in network.routeTables { expectVPC(table.vpc, of: table.id, "route table", table.attributes) }
    for gateway in network.natGateways where gateway.state == "available" || gateway.state == "pending" {
      expectVPC(gateway.vpc, of: gateway.id, "NAT gateway", gateway.attributes)
      expectSubnet(gateway.subnet, of: gateway.id, "NAT gateway", gateway.attributes)
    }
    for endpoint in network.endpoints {
      expectVPC(endpoint.vpc, of: endpoint.id, "VPC endpoint", endpoint.attributes)
    }
    for interface in network.networkInterfaces { check(interface) }
    for acl in network.networkACLs {
      for subnet in acl.subnets { expectSubnet(subnet, of: acl.id, "network ACL", acl.attributes) }
    }
    for table in network.routeTables {
      for subnet in table.subnets { expectSubnet(subnet, of: table.id, "route table", table.attributes) }
    }
    let gateways = Set(network.transitGateways.map(\.id))
    for table in network.transitGatewayRouteTables {
      if !gateways.isEmpty && !gateways.contains(table.transitGateway) {
        report(
          .warning, "unknown_reference", table.id, at: table.attributes.location, member: "TransitGatewayId",
          "the route table belongs to \(table.transitGateway), which is not in the input")
      }
      if !table.routesAreKnown {
        report(
          .warning, "transit_routes_unknown", table.id, at: table.attributes.location,
          "the input does not tell the table's routes; add the output of aws ec2 search-transit-gateway-routes "
            + "and get-transit-gateway-route-table-propagations")
      }
    }
  }

  private mutating func check(_ interface: NetworkInterface) {
    let (id, attributes) = (interface.id, interface.attributes)
    expectVPC(interface.vpc, of: id, "network interface", attributes)
    expectSubnet(interface.subnet, of: id, "network interface", attributes)
    if let subnet = subnets[interface.subnet], subnet.vpc != interface.vpc {
      report(
        .error, "wrong_vpc", id, at: attributes.location, member: "VpcId",
        "the interface is in \(interface.vpc), but its subnet \(subnet.id) is in \(subnet.vpc)")
    }
    guard !groups.isEmpty else { return }
    for (index, group) in interface.groups.enumerated() where !groups.contains(group) {
      report(
        .error, "unknown_reference", id, at: attributes.location, member: "Groups[\(index)]",
        "the interface carries \(group), which is not in the input; expected every group of an interface")
    }
  }

  private mutating func expectVPC(
    _ vpc: ResourceID, of resource: ResourceID, _ kind: String, _ attributes: ResourceAttributes
  ) {
    guard !vpcs.isEmpty && !vpcs.contains(vpc) else { return }
    report(
      .error, "unknown_reference", resource, at: attributes.location, member: "VpcId",
      "the \(kind) is in \(vpc), which is not in the input")
  }

  private mutating func expectSubnet(
    _ subnet: ResourceID, of resource: ResourceID, _ kind: String, _ attributes: ResourceAttributes
  ) {
    guard !subnets.isEmpty && subnets[subnet] == nil else { return }
    report(
      .error, "unknown_reference", resource, at: attributes.location, member: "SubnetId",
      "the \(kind) names \(subnet), which is not in the input")
  }

  /// Peers of rules, and ids that occur twice.
  mutating func rules() {
    var seen: [String: ResourceID] = [:]
    for group in network.securityGroups {
      for rule in group.inbound + group.outbound {
        checkPeer(of: rule, in: group)
        guard rule.id.hasPrefix("sgr-") else { continue }
        if let other = seen.updateValue(group.id, forKey: rule.id) {
          report(
            .error, "duplicate_rule_id", group.id, at: rule.location,
            "rule \(rule.id) occurs twice, in \(other) and here; ids of rules are unique")
        }
      }
    }
  }

  private mutating func checkPeer(of rule: SecurityGroupRule, in group: SecurityGroup) {
    switch rule.match.peer {
    case .prefix: return
    case .prefixList(let name): checkList(ResourceID(rawValue: name), of: group.id, at: rule.location)
    case .group(let name):
      guard !groups.contains(ResourceID(rawValue: name)) else { return }
      // Groups of other accounts and over peerings need not be in the input (semantics SG-25 to SG-28).
      let isElsewhere = rule.reference != nil
      report(
        isElsewhere ? .note : .warning, "unknown_peer_group", group.id, at: rule.location,
        "the rule names \(name), "
          + (isElsewhere
            ? "a group of another account or VPC that is not in the input; its members are unknown"
            : "which is not in the input; a group that was deleted matches nothing (a stale rule)"))
    }
  }

  /// Complains of a prefix list without known blocks once, where it is first used.
  mutating func checkList(_ list: ResourceID, of resource: ResourceID, at location: SourceLocation) {
    if prefixLists[list]?.entriesAreKnown ?? false { return }
    guard unknownLists.insert(list).inserted else { return }
    guard prefixLists[list] != nil else {
      report(
        .warning, "unknown_prefix_list", resource, at: location,
        "\(list) is not in the input, so its blocks are unknown; add the output of aws ec2 describe-prefix-lists "
          + "or get-managed-prefix-list-entries (as \(list).json)")
      return
    }
    report(
      .warning, "unknown_prefix_list", resource, at: location,
      "the input does not tell the blocks of \(list); add the output of aws ec2 get-managed-prefix-list-entries "
        + "as \(list).json")
  }
}
