import NetworkTypes
import RuleMatching

extension VirtualNetwork {
  // MARK: Network ACLs

  mutating func createEntry(
    _ entry: NetworkACLEntry, of id: ResourceID, _ direction: Direction, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    let acl = try position(of: id, "network ACL", in: networkACLs.lazy.map(\.id))
    guard (1...32766).contains(entry.number) else {
      throw .refused(id, "entry number \(entry.number); expected 1 to 32766")
    }
    let entries = networkACLs[acl].entries(direction)
    if entries.contains(where: { $0.number == entry.number }) {
      throw .duplicate(id, Self.entryName(entry.number, direction))
    }
    networkACLs[acl].update(direction) { list in
      list.insert(entry, at: list.firstIndex { $0.number > entry.number } ?? list.count)
    }
    applied.scope.acls.insert(id)
  }

  mutating func replaceEntry(
    _ entry: NetworkACLEntry, of id: ResourceID, _ direction: Direction, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    let (acl, index) = try find(entry.number, of: id, direction)
    networkACLs[acl].update(direction) { $0[index] = entry }
    applied.scope.acls.insert(id)
  }

  mutating func deleteEntry(
    _ number: Int, of id: ResourceID, _ direction: Direction, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    let (acl, index) = try find(number, of: id, direction)
    networkACLs[acl].update(direction) { $0.remove(at: index) }
    applied.scope.acls.insert(id)
  }

  private func find(
    _ number: Int, of id: ResourceID, _ direction: Direction
  ) throws(NetworkChangeError) -> (acl: Int, entry: Int) {
    let acl = try position(of: id, "network ACL", in: networkACLs.lazy.map(\.id))
    let entries = networkACLs[acl].entries(direction)
    guard let index = entries.firstIndex(where: { $0.number == number }) else {
      throw .missing(id, Self.entryName(number, direction), has: entries.map { String($0.number) })
    }
    guard !entries[index].isFinalDeny else {
      throw .refused(id, "the final deny cannot be changed or deleted")
    }
    return (acl, index)
  }

  private static func entryName(_ number: Int, _ direction: Direction) -> String {
    "\(direction == .ingress ? "inbound" : "outbound") entry \(number)"
  }

  // MARK: Route tables

  mutating func createRoute(
    _ route: Route, in id: ResourceID, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    let table = try position(of: id, "route table", in: routeTables.lazy.map(\.id))
    try check(route, of: routeTables[table])
    // A route that propagation made does not stand in the way of a static one (semantics RT-5).
    let isTaken = routeTables[table].routes.contains {
      $0.destination == route.destination && $0.origin != .propagated
    }
    if isTaken { throw .duplicate(id, "a route to \(Self.text(route.destination))") }
    routeTables[table].routes.append(route)
    applied.scope.routeTables.insert(id)
  }

  mutating func replaceRoute(
    _ route: Route, in id: ResourceID, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    let table = try position(of: id, "route table", in: routeTables.lazy.map(\.id))
    try check(route, of: routeTables[table])
    let found = routeTables[table].routes.firstIndex {
      $0.destination == route.destination && $0.origin != .propagated
    }
    if let found {
      routeTables[table].routes[found] = route
    } else if isImplicitLocal(route.destination, routeTables[table]) {
      // The local route of an input that does not list it: its target may be replaced (semantics RT-3).
      routeTables[table].routes.append(route)
    } else {
      throw missing(route.destination, in: routeTables[table])
    }
    applied.scope.routeTables.insert(id)
  }

  mutating func deleteRoute(
    _ destination: Route.Destination, from id: ResourceID, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    let table = try position(of: id, "route table", in: routeTables.lazy.map(\.id))
    let found = routeTables[table].routes.firstIndex {
      $0.destination == destination && $0.origin != .propagated
    }
    guard let found else {
      if isImplicitLocal(destination, routeTables[table]) { throw .refused(id, Self.localStays) }
      throw missing(destination, in: routeTables[table])
    }
    guard routeTables[table].routes[found].origin != .createdWithTable,
      routeTables[table].routes[found].target != .local
    else { throw .refused(id, Self.localStays) }
    routeTables[table].routes.remove(at: found)
    applied.scope.routeTables.insert(id)
  }

  private static let localStays = "the local route cannot be deleted, only its target replaced"

  /// What AWS refuses of a route (semantics RT-8, RT-9, RT-10).
  private func check(_ route: Route, of table: RouteTable) throws(NetworkChangeError) {
    guard case .prefix(let prefix) = route.destination else { return }
    let reserved = [IPPrefix("169.254.168.0/22"), IPPrefix("fd00:ec2::/32")].compactMap { $0 }
    if reserved.contains(where: {
      $0.family == prefix.family && $0.contains(prefix.first) && $0.contains(prefix.last)
    }) {
      throw .refused(table.id, "a route to \(prefix) lies within addresses that Amazon keeps for itself")
    }
    if case .egressOnlyGateway(let gateway) = route.target, prefix.family == .v4 {
      throw .refused(table.id, "\(gateway) is an egress-only gateway and carries IPv6 only; found \(prefix)")
    }
    let blocks = vpcs.first { $0.id == table.vpc }.map {
      $0.ipv4Blocks.map(IPPrefix.v4) + $0.ipv6Blocks.map(IPPrefix.v6)
    }
    let holder = (blocks ?? []).first {
      $0.family == prefix.family && $0 != prefix && $0.contains(prefix.first) && $0.contains(prefix.last)
    }
    guard let holder else { return }
    let isSubnet = subnets.contains { subnet in
      subnet.vpc == table.vpc
        && (subnet.ipv4Block.map { .v4($0) == prefix } ?? false
          || subnet.ipv6Blocks.contains { .v6($0) == prefix })
    }
    if !isSubnet {
      throw .refused(
        table.id, "a route to \(prefix), within \(holder) of the VPC, must be to the whole block of a subnet")
    }
  }

  private func isImplicitLocal(_ destination: Route.Destination, _ table: RouteTable) -> Bool {
    guard case .prefix(let prefix) = destination, let vpc = vpcs.first(where: { $0.id == table.vpc }) else {
      return false
    }
    return (vpc.ipv4Blocks.map(IPPrefix.v4) + vpc.ipv6Blocks.map(IPPrefix.v6)).contains(prefix)
  }

  private func missing(_ destination: Route.Destination, in table: RouteTable) -> NetworkChangeError {
    .missing(
      table.id, "route to \(Self.text(destination))",
      has: table.routes.filter { $0.origin != .propagated }.map { "one to " + Self.text($0.destination) })
  }

  static func text(_ destination: Route.Destination) -> String {
    switch destination {
    case .prefix(let prefix): prefix.description
    case .prefixList(let list): list.rawValue
    }
  }
}
