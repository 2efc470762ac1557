import NetworkTypes
import PrefixTables
import RuleMatching
import VirtualNetworks

/// A transit gateway's attachment, with positions in the network's arrays.
struct CompiledAttachment: Sendable {
  var resource: ResourceIndex
  var isAvailable: Bool
  var vpc: Int?
  /// The table that routes what comes in by it.
  var table: Int?
  /// For a VPC: the attachment's subnet in each zone.
  var subnetsByZone: [String: Int]
  /// For a peering between transit gateways: the same attachment at the other gateway.
  var opposite: Int?
}

/// A transit gateway's route table as a longest-prefix lookup.
struct CompiledTransitTable: Sendable {
  struct TransitRoute: Sendable {
    var attachments: [Int]
    var isBlackhole: Bool
    var rule: RuleIndex
  }

  var resource: ResourceIndex
  var routes: [TransitRoute]
  var table: IPPrefixTable<Int32>
  /// What ``table`` was made from.
  var prefixes: [IPPrefix]
  /// Whether routes may be missing: the input does not list them, or a VPN's come by BGP.
  var isIncomplete: Bool

  /// The borders that ``route(to:)`` notices.
  ///
  /// - Parameter tellsRoutesApart: Whether every route is a set of its own.
  func addCuts(to cuts: inout AddressCuts, tellsRoutesApart: Bool = false) {
    for family in [IPFamily.v4, .v6] {
      if tellsRoutesApart {
        for set in LongestPrefixCut(family, prefixes).sets(by: { table.lookup($0) }) { cuts.add(family, set) }
        continue
      }
      for set in LongestPrefixCut(family, prefixes).sets(by: { address in
        route(to: address).map { RouteEffect(attachments: $0.attachments, isBlackhole: $0.isBlackhole) }
      }) {
        cuts.add(family, set)
      }
    }
  }

  private struct RouteEffect: Hashable {
    var attachments: [Int]
    var isBlackhole: Bool
  }

  func route(to address: IPAddress) -> TransitRoute? { table.lookup(address).map { routes[Int($0)] } }
}

extension CompiledNetwork {
  mutating func compileTransitGateways() {
    let tables = Dictionary(
      model.transitGatewayRouteTables.enumerated().map { ($1.id, $0) },
      uniquingKeysWith: { first, _ in first })
    for attachment in model.transitGatewayAttachments {
      var byZone: [String: Int] = [:]
      for subnet in attachment.subnets.compactMap({ index.subnets[$0] }) {
        byZone[model.subnets[subnet].zoneKey ?? ""] = subnet
      }
      attachments.append(
        CompiledAttachment(
          resource: resources.index(of: attachment.id), isAvailable: attachment.state == "available",
          vpc: attachment.kind == .vpc ? index.vpcs[attachment.resource] : nil,
          table: attachment.associatedTable.flatMap { tables[$0] }, subnetsByZone: byZone,
          opposite: oppositeAttachment(attachment)))
    }
    for table in model.transitGatewayRouteTables { compileTransitTable(table) }
  }

  /// The other gateway's attachment of a peering: it leads back to the gateway of this one.
  private func oppositeAttachment(_ attachment: TransitGatewayAttachment) -> Int? {
    guard attachment.kind == .peering else { return nil }
    return model.transitGatewayAttachments.firstIndex {
      $0.kind == .peering && $0.transitGateway == attachment.resource
        && $0.resource == attachment.transitGateway

    }
  }

  private mutating func compileTransitTable(_ table: TransitGatewayRouteTable) {
    var routes: [CompiledTransitTable.TransitRoute] = []
    var best: [IPPrefix: (rank: Int, position: Int32)] = [:]
    var isIncomplete = !table.routesAreKnown
    func attachmentPositions(_ ids: [ResourceID]) -> [Int] {
      model.transitGatewayAttachments.indices.filter { position in
        let attachment = model.transitGatewayAttachments[position]
        return ids.contains(attachment.id) && attachment.transitGateway == table.transitGateway
      }
    }
    func add(_ prefixes: [IPPrefix], _ text: String, attachments: [Int], isBlackhole: Bool, rank: Int) {
      let rule = catalogue.add(
        RuleCatalogue.Entry(
          kind: .route, owner: table.id, id: text, direction: .egress,
          text: "\(text) -> "
            + (isBlackhole
              ? "blackhole"
              : attachments.map { model.transitGatewayAttachments[$0].id.rawValue }.joined(separator: ", "))))
      routes.append(.init(attachments: attachments, isBlackhole: isBlackhole, rule: rule))
      for prefix in prefixes where rank < best[prefix]?.rank ?? .max {
        best[prefix] = (rank, Int32(routes.count - 1))
      }
    }
    for route in table.routes {
      let prefixes: [IPPrefix] =
        switch route.destination {
        case .prefix(let prefix): [prefix]
        case .prefixList(let id): index.prefixLists[id].map { model.prefixLists[$0].entries } ?? []
        }
      // A static route beats a propagated one of the same prefix (semantics RT-24).
      add(
        prefixes, route.destination.text, attachments: attachmentPositions(route.attachments),
        isBlackhole: route.isBlackhole, rank: route.isStatic ? 0 : 1)
    }
    for position in attachmentPositions(table.propagations) {
      let attachment = model.transitGatewayAttachments[position]
      guard attachment.state == "available" else { continue }
      switch attachment.kind {
      case .vpc:
        guard let vpc = index.vpcs[attachment.resource].map({ model.vpcs[$0] }) else {
          isIncomplete = true
          continue
        }
        for prefix in vpc.ipv4Blocks.map(IPPrefix.v4) + vpc.ipv6Blocks.map(IPPrefix.v6) {
          add([prefix], prefix.description, attachments: [position], isBlackhole: false, rank: 1)
        }
      default:
        let prefixes = model.vpnConnections.first { $0.id == attachment.resource }?.staticRoutes ?? []
        if prefixes.isEmpty { isIncomplete = true }
        for prefix in prefixes {
          add([prefix], prefix.description, attachments: [position], isBlackhole: false, rank: 1)
        }
      }
    }
    transitTables.append(
      CompiledTransitTable(
        resource: resources.index(of: table.id), routes: routes,
        table: IPPrefixTable(best.map { ($0.key, $0.value.position) }), prefixes: Array(best.keys),
        isIncomplete: isIncomplete))
  }
}

extension Subnet {
  /// What tells zones apart: their id, which is the same in every account, where the input has it (semantics RT-24).
  var zoneKey: String? { zoneID ?? zone }
}
