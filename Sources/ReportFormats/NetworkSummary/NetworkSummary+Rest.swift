import NetworkTypes
import VirtualNetworks

extension NetworkSummary {
  /// Resources whose VPC is not in the input.
  func writeStrays(to page: inout TextPage) {
    let known = Set(network.vpcs.map(\.id))
    func isStray(_ vpc: ResourceID?) -> Bool { vpc.map { !known.contains($0) } ?? true }
    let subnets = network.subnets.filter { isStray($0.vpc) }
    let described = Set(network.subnets.map(\.id))
    let interfaces = network.networkInterfaces.filter { isStray($0.vpc) && !described.contains($0.subnet) }
    let groups = network.securityGroups.filter { isStray($0.vpc) }
    let acls = network.networkACLs.filter { isStray($0.vpc) }
    let tables = network.routeTables.filter { isStray($0.vpc) }
    let gateways = network.internetGateways.filter { isStray($0.vpc) }
    let count = subnets.count + interfaces.count + groups.count + acls.count + tables.count + gateways.count
    guard count > 0 else { return }
    page.blank()
    page.line(0, "In no VPC of the input")
    for gateway in gateways {
      let state = gateway.vpc.map { " of \($0)" } ?? ", detached"
      page.line(2, "internet gateway \(named(gateway.id))\(state)")
    }
    for subnet in subnets { write(subnet, to: &page) }
    if !interfaces.isEmpty { page.blank() }
    for interface in interfaces { write(interface, to: &page) }
    for group in groups { write(group, to: &page) }
    for acl in acls { write(acl, to: &page) }
    for table in tables { write(table, to: &page) }
  }

  /// What ties VPCs together or belongs to none: prefix lists, peerings, transit gateways, VPNs.
  func writeBetweenVPCs(to page: inout TextPage) {
    section("Prefix lists", network.prefixLists, to: &page) { list, page in
      page.line(2, named(list.id))
      if list.entriesAreKnown {
        page.list(4, "", list.entries.map(\.description))
      } else {
        page.line(4, "blocks not in the input")
      }
    }
    section("Peering connections", network.peeringConnections, to: &page) { peering, page in
      page.line(2, "\(named(peering.id)), \(peering.state)")
      page.line(4, side(peering.requester))
      page.line(4, side(peering.accepter))
    }
    section("Transit gateways", network.transitGateways, to: &page) { gateway, page in
      page.line(2, "\(named(gateway.id)), \(gateway.state)")
      for attachment in network.transitGatewayAttachments where attachment.transitGateway == gateway.id {
        page.line(4, "\(named(attachment.id)) of \(attachment.resource), \(attachment.state)")
        if let table = attachment.associatedTable { page.line(6, "routed by \(table)") }
      }
      for table in network.transitGatewayRouteTables where table.transitGateway == gateway.id {
        page.line(
          4, "route table \(named(table.id))" + (table.routesAreKnown ? "" : ", routes not in the input"))
        for route in table.routes {
          let target =
            route.isBlackhole ? "blackhole" : route.attachments.map(\.rawValue).joined(separator: ", ")
          page.line(6, "\(route.destination.text) to \(target)" + (route.isStatic ? "" : "  (propagated)"))
        }
        for attachment in table.propagations { page.line(6, "propagated from \(attachment)") }
      }
    }
    section("VPN connections", network.vpnConnections, to: &page) { connection, page in
      let ends = [connection.virtualPrivateGateway, connection.transitGateway, connection.customerGateway]
      page.line(2, "\(named(connection.id)), \(connection.state)")
      page.list(4, "", ends.compactMap { $0?.rawValue } + connection.staticRoutes.map(\.description))
    }
  }

  private func section<Resource>(
    _ title: String, _ resources: [Resource], to page: inout TextPage,
    _ write: (Resource, inout TextPage) -> Void
  ) {
    guard !resources.isEmpty else { return }
    page.blank()
    page.line(0, title)
    for resource in resources { write(resource, &page) }
  }

  private func side(_ side: PeeringConnection.Side) -> String {
    named(side.vpc)
      + (side.blocks.isEmpty ? "" : " " + side.blocks.map(\.description).joined(separator: ", "))
  }

  func write(_ balancer: LoadBalancer, to page: inout TextPage) {
    let kind =
      switch balancer.kind {
      case .network: "network"
      case .application: "application"
      case .gateway: "gateway"
      case .other(let name): name
      }
    let name = Self.plain(balancer.balancerName)
    page.line(
      2,
      "\(kind) load balancer \"\(name)\", \(balancer.isInternetFacing ? "internet-facing" : "internal")"
        + ", \(balancer.state)")
    for listener in balancer.listeners {
      let groups = listener.targetGroups.map { names[$0].map(Self.plain) ?? $0.rawValue }
      page.line(4, "\(listener.listenerProtocol) \(listener.port) to \(groups.joined(separator: ", "))")
    }
  }

  func writeProblems(to page: inout TextPage) {
    page.blank()
    let (errors, warnings, notes) = (count(.error), count(.warning), count(.note))
    let plural = { (count: Int, word: String) in "\(count) \(word)\(count == 1 ? "" : "s")" }
    let hidden = notes == 0 || showsNotes ? "" : " (shown with -v)"
    page.line(
      0,
      "Problems: \(plural(errors, "error")), \(plural(warnings, "warning")), \(plural(notes, "note"))\(hidden)"
    )
    for problem in problems {
      let place = problem.location.description
      page.paragraph(
        2,
        "\(problem.severity.rawValue) \(problem.code)" + (problem.resource.map { " \($0)" } ?? "") + ": "
          + Self.plain(problem.message))
      if !place.isEmpty { page.line(4, "at \(Self.plain(place))") }
    }
  }
}
