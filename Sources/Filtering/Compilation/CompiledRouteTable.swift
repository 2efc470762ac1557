import NetworkTypes
import PrefixTables
import RuleMatching
import VirtualNetworks

/// A route table as longest-prefix lookups, one a family (semantics RT-2, RT-4).
///
/// A class, so that a walk that looks at one copies a single reference.
final class CompiledRouteTable: Sendable {
  struct CompiledRoute: Sendable {
    var target: Target
    var isBlackhole: Bool
    var rule: RuleIndex
    /// The target's id, for reports.
    var resource: ResourceIndex?
  }

  /// Where a route leads, with positions in the network's arrays; nil where the input lacks the target.
  enum Target: Sendable, Hashable {
    case local
    case internetGateway(Int?)
    case egressOnlyGateway(Int?)
    case natGateway(Int?)
    case peering(Int?)
    case transitGateway(ResourceID)
    case virtualPrivateGateway(ResourceID)
    case networkInterface(InterfaceIndex?)
    case endpoint(Int?)
    case unmodelled
  }

  let resource: ResourceIndex
  let vpc: Int?
  let routes: [CompiledRoute]
  private let table: IPPrefixTable<Int32>
  /// What ``table`` was made from.
  private let prefixes: [IPPrefix]
  /// Routes to prefix lists whose entries the input does not hold, and whether the list is one of Amazon's own.
  private let openRoutes: [(rule: RuleIndex, isAmazons: Bool)]

  init(
    resource: ResourceIndex, vpc: Int?, routes: [CompiledRoute], positions: [IPPrefix: Int32],
    openRoutes: [(rule: RuleIndex, isAmazons: Bool)]
  ) {
    self.resource = resource
    self.vpc = vpc
    self.routes = routes
    table = IPPrefixTable(positions.map { ($0.key, $0.value) })
    prefixes = Array(positions.keys)
    self.openRoutes = openRoutes
  }

  /// A route to an unknown prefix list that might be more specific than what the table says of an address: outside the
  /// VPC, and for Amazon's lists in Amazon's blocks.
  func unknownRoute(besides address: IPAddress) -> RuleIndex? {
    guard !openRoutes.isEmpty, route(to: address)?.target != .local else { return nil }
    return openRoutes.first { !$0.isAmazons || AmazonBlocks.contains(address) }?.rule
  }

  /// The borders that ``route(to:)`` notices: routes that lead to the same target the same way are one set.
  ///
  /// - Parameter tellsRoutesApart: Whether every route is a set of its own.
  func addCuts(to cuts: inout AddressCuts, tellsRoutesApart: Bool = false) {
    for family in [IPFamily.v4, .v6] {
      if tellsRoutesApart {
        for set in LongestPrefixCut(family, prefixes).sets(by: { table.lookup($0) }) { cuts.add(family, set) }
        continue
      }
      for set in LongestPrefixCut(family, prefixes).sets(by: { address in
        route(to: address).map {
          RouteEffect(target: $0.target, resource: $0.resource, isBlackhole: $0.isBlackhole)
        }
      }) {
        cuts.add(family, set)
      }
    }
  }

  private struct RouteEffect: Hashable {
    var target: Target
    var resource: ResourceIndex?
    var isBlackhole: Bool
  }

  /// The route of the longest prefix that holds the address.
  func route(to address: IPAddress) -> CompiledRoute? {
    table.lookup(address).map { routes[Int($0)] }
  }
}

extension CompiledNetwork {
  mutating func compileRouteTables() {
    for table in model.routeTables {
      let listed = routes(of: table)
      let indices = listed.map { catalogue.add(RuleCatalogue.Entry($0, of: table.id)) }
      routeTables.append(compile(table, listed, indices))
    }
  }

  /// The table's routes, with the local ones that the input does not list.
  func routes(of table: RouteTable) -> [Route] { implicitLocalRoutes(table) + table.routes }

  /// Makes the lookup of a table whose routes have these places in the catalogue.
  mutating func compile(_ table: RouteTable, _ listed: [Route], _ indices: [RuleIndex]) -> CompiledRouteTable
  {
    var routes: [CompiledRouteTable.CompiledRoute] = []
    var entries: [RouteEntry] = []
    var open: [(rule: RuleIndex, isAmazons: Bool)] = []
    for (route, rule) in zip(listed, indices) {
      let resource = route.target.resource.map { resources.index(of: $0) }
      routes.append(
        CompiledRouteTable.CompiledRoute(
          target: target(route.target), isBlackhole: route.isBlackhole, rule: rule, resource: resource))
      if case .prefixList(let id) = route.destination, !isKnown(id) {
        // A gateway endpoint's route names one of Amazon's lists.
        open.append((rule, route.target.resource?.rawValue.hasPrefix("vpce-") ?? false))
      }
      for prefix in prefixes(route.destination) {
        entries.append(RouteEntry(prefix: prefix, rank: route.rank, position: Int32(routes.count - 1)))
      }
    }
    // Of equal prefixes the lowest rank wins, and of equal ranks the first (semantics RT-5).
    var best: [IPPrefix: RouteEntry] = [:]
    for entry in entries where entry.rank < best[entry.prefix]?.rank ?? .max { best[entry.prefix] = entry }
    return CompiledRouteTable(
      resource: resources.index(of: table.id), vpc: index.vpcs[table.vpc], routes: routes,
      positions: best.mapValues(\.position), openRoutes: open)
  }

  private struct RouteEntry {
    var prefix: IPPrefix
    var rank: Int
    var position: Int32
  }

  /// The VPC's own blocks, for inputs that do not list `local` (semantics RT-3).
  private func implicitLocalRoutes(_ table: RouteTable) -> [Route] {
    guard let vpc = index.vpcs[table.vpc].map({ model.vpcs[$0] }) else { return [] }
    let blocks = vpc.ipv4Blocks.map(IPPrefix.v4) + vpc.ipv6Blocks.map(IPPrefix.v6)
    let listed = Set(
      table.routes.compactMap { route -> IPPrefix? in
        // Only a static route replaces the target of `local` (semantics RT-3, RT-6).
        guard case .prefix(let prefix) = route.destination, route.origin != .propagated else { return nil }
        return prefix
      })
    return blocks.filter { !listed.contains($0) }.map {
      Route(destination: .prefix($0), target: .local, origin: .createdWithTable)
    }
  }

  private func isKnown(_ list: ResourceID) -> Bool {
    index.prefixLists[list].map { model.prefixLists[$0].entriesAreKnown } ?? false
  }

  private func prefixes(_ destination: Route.Destination) -> [IPPrefix] {
    switch destination {
    case .prefix(let prefix): [prefix]
    case .prefixList(let id): index.prefixLists[id].map { model.prefixLists[$0].entries } ?? []
    }
  }

  private func target(_ target: Route.Target) -> CompiledRouteTable.Target {
    switch target {
    case .local: .local
    case .internetGateway(let id): .internetGateway(index.internetGateways[id])
    case .egressOnlyGateway(let id): .egressOnlyGateway(index.egressOnlyGateways[id])
    case .natGateway(let id): .natGateway(index.natGateways[id])
    case .peering(let id): .peering(index.peerings[id])
    case .transitGateway(let id): .transitGateway(id)
    case .virtualPrivateGateway(let id): .virtualPrivateGateway(id)
    case .networkInterface(let id): .networkInterface(index.interfaces[id].map(InterfaceIndex.init))
    case .instance(let id):
      .networkInterface(model.networkInterfaces.firstIndex { $0.instance == id }.map(InterfaceIndex.init))
    case .endpoint(let id): .endpoint(index.endpoints[id])
    case .other, .none: .unmodelled
    }
  }
}

extension Route {
  /// Static routes beat those of prefix lists, and these beat propagated ones, for one and the same prefix.
  fileprivate var rank: Int {
    if origin == .propagated { return 2 }
    if case .prefixList = destination { return 1 }
    return 0
  }
}

extension Route.Destination {
  var text: String {
    switch self {
    case .prefix(let prefix): prefix.description
    case .prefixList(let id): id.rawValue
    }
  }
}

extension Route.Target {
  var text: String { resource?.rawValue ?? (self == .local ? "local" : "nothing") }
}
