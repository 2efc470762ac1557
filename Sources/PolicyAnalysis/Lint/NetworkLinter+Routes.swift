import NetworkTypes
import VirtualNetworks

/// Routes, blocks, and what nothing uses.
extension NetworkLinter {
  func routes() -> [LintFinding] {
    network.routeTables.flatMap { table in
      table.routes.compactMap { route -> LintFinding? in
        let destination: String
        switch route.destination {
        case .prefix(let prefix): destination = prefix.description
        case .prefixList(let id): destination = id.rawValue
        }
        if route.isBlackhole {
          let target = route.target.resource.map { "\(title($0)), which is gone" } ?? "something that is gone"
          return LintFinding(
            .warning, .blackholeRoute, table.id, rule: destination, at: route.location,
            "the route to \(destination) leads to \(target): packets that match it are dropped, and no shorter "
              + "route is tried", fix: "remove the route, or give it a target that exists")
        }
        if let idle = idleTarget(of: route) {
          return LintFinding(
            .warning, .blackholeRoute, table.id, rule: destination, at: route.location,
            "the route to \(destination) leads to \(idle.text): packets that match it are dropped, and no shorter "
              + "route is tried", fix: idle.fix)
        }
        guard case .prefixList(let id) = route.destination, let list = lists[id], list.entriesAreKnown,
          list.entries.isEmpty
        else { return nil }
        return LintFinding(
          .warning, .emptyPrefixList, table.id, rule: destination, at: route.location,
          "the route's destination \(title(id)) has no entries: it routes nothing",
          fix: "add entries to the list, or remove the route")
      }
    }
      + network.transitGatewayRouteTables.flatMap { table in
        table.routes.filter { $0.isBlackhole && !$0.attachments.isEmpty }.map { route in
          let destination =
            if case .prefix(let prefix) = route.destination { prefix.description } else { "a list" }
          return LintFinding(
            .warning, .blackholeRoute, table.id, rule: destination, at: route.location,
            "the route to \(destination) leads to an attachment that is gone: packets that match it are dropped",
            fix: "remove the route, or give it an attachment that exists")
        }
      }
  }

  /// What is said of a route through an instance that carries no traffic (semantics LC-9).
  private func idleTarget(of route: Route) -> (text: String, fix: String)? {
    var named = ""
    let id: ResourceID?
    switch route.target {
    case .instance(let instance): id = instance
    case .networkInterface(let interface):
      id = network.networkInterfaces.first { $0.id == interface }?.instance
      named = id == nil ? "" : "\(interface) of "
    default: id = nil
    }
    guard let id, let instance = network.instances.first(where: { $0.id == id }),
      !instance.state.carriesTraffic
    else { return nil }
    let fix =
      switch instance.state {
      case .terminated: "give the route another target, or remove it"
      case .pending: "wait until the instance runs, or give the route another target"
      default: "start \(title(id)), or give the route another target"
      }
    return ("\(named)\(title(id)), which is \(instance.state)", fix)
  }

  /// Blocks of VPCs that can reach each other, by a peering or a common transit gateway (semantics RT-20).
  func overlappingBlocks() -> [LintFinding] {
    let blocks = Dictionary(
      network.vpcs.map { vpc in (vpc.id, vpc.ipv4Blocks.map(IPPrefix.v4) + vpc.ipv6Blocks.map(IPPrefix.v6)) },
      uniquingKeysWith: { first, _ in first })
    func overlap(_ left: [IPPrefix], _ right: [IPPrefix]) -> (IPPrefix, IPPrefix)? {
      for one in left {
        for two in right where one.overlaps(two) { return (one, two) }
      }
      return nil
    }
    var findings: [LintFinding] = network.peeringConnections.filter { $0.state == "active" }.compactMap {
      peering in
      let (left, right) = (peering.requester, peering.accepter)
      guard let (one, two) = overlap(blocks[left.vpc] ?? left.blocks, blocks[right.vpc] ?? right.blocks)
      else {
        return nil
      }
      return LintFinding(
        .error, .overlappingBlocks, peering.id, at: peering.attributes.location,
        "\(one) of \(title(left.vpc)) overlaps \(two) of \(title(right.vpc)): packets for it never cross the peering",
        fix: "move one of the VPCs to another block, or connect them by PrivateLink")
    }
    let attachments = Dictionary(grouping: network.transitGatewayAttachments.filter { $0.kind == .vpc }) {
      $0.transitGateway
    }
    for gateway in attachments.keys.sorted() {
      let vpcs = Set((attachments[gateway] ?? []).map(\.resource)).sorted()
      for (place, left) in vpcs.enumerated() {
        for right in vpcs[(place + 1)...] {
          guard let (one, two) = overlap(blocks[left] ?? [], blocks[right] ?? []) else { continue }
          findings.append(
            LintFinding(
              .warning, .overlappingBlocks, gateway,
              "\(one) of \(title(left)) overlaps \(two) of \(title(right)), and both are attached to the gateway",
              fix: "move one of the VPCs to another block, or keep them in separate route tables"))
        }
      }
    }
    return findings
  }

  /// Groups, ACLs and tables that nothing uses.
  func unattached() -> [LintFinding] {
    var used = Set(network.networkInterfaces.flatMap(\.groups))
    used.formUnion(network.endpoints.flatMap(\.groups))
    used.formUnion(network.loadBalancers.flatMap(\.groups))
    var referrers: [ResourceID: [ResourceID]] = [:]
    for group in network.securityGroups {
      for rule in group.inbound + group.outbound {
        if case .group(let name) = rule.match.peer {
          referrers[ResourceID(rawValue: name), default: []].append(group.id)
        }
      }
    }
    // Without interfaces in the input nothing can be said of groups; without subnets nothing of ACLs and tables.
    let groups = network.networkInterfaces.isEmpty ? [] : network.securityGroups
    let hasSubnets = !network.subnets.isEmpty
    return groups.filter { !used.contains($0.id) && $0.groupName != "default" }.map { group in
      let others = Set(referrers[group.id] ?? []).subtracting([group.id]).sorted()
      return LintFinding(
        .warning, .unattachedGroup, group.id, at: group.attributes.location,
        "\(title(group.id)) is attached to nothing"
          + (others.isEmpty
            ? "" : ", though rules of \(others.map(title).joined(separator: ", ")) refer to it"),
        fix: others.isEmpty ? "remove the group" : "attach it where it is meant, or remove it and those rules"
      )
    }
      + network.networkACLs.filter { hasSubnets && !$0.isDefault && $0.subnets.isEmpty }.map { acl in
        LintFinding(
          .info, .unusedACL, acl.id, at: acl.attributes.location, "\(title(acl.id)) serves no subnet",
          fix: "associate it with a subnet, or remove it")
      }
      + network.routeTables.filter { hasSubnets && !$0.isMain && $0.subnets.isEmpty && $0.gateways.isEmpty }
      .map {
        LintFinding(
          .info, .unusedRouteTable, $0.id, at: $0.attributes.location,
          "\(title($0.id)) serves no subnet and no gateway",
          fix: "associate it with a subnet, or remove it")
      }
  }
}
