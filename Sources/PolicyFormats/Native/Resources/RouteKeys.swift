import NetworkTypes
import VirtualNetworks

/// A route in its long form.
struct RouteDraft {
  var target = Route.Target.none
  var origin = Route.Origin.createdByUser
  var isBlackhole = false

  static func object() -> NativeObject<RouteDraft> {
    NativeObject(
      "route", "A route in its long form.",
      [
        NativeKey("to", .text, "Where it leads; without it nowhere that is known.") {
          node, draft, reading throws(YAMLProblem) in
          draft.target = try reading.target(node)
        } write: { draft, writing in
          draft.target == .none ? nil : .text(writing.target(draft.target))
        },
        .word(
          "origin", \.origin,
          [("user", .createdByUser), ("table", .createdWithTable), ("propagated", .propagated)],
          default: .createdByUser,
          "Who made it: user, table (made with the table) or propagated (by a virtual private gateway)."),
        .flag("blackhole", \.isBlackhole, "Whether its target is gone: it drops."),
      ])
  }

  /// A route table: keys of its own, and its destinations.
  static func table() -> NativeObject<RouteTable> {
    NativeObject(
      "route_table", "A route table: destinations with targets, and keys of its own.",
      [
        .id(), .vpc(\.vpc), .flag("main", \.isMain, "Whether subnets without a table of their own use it."),
        .references(
          "subnets", .subnet, \.subnets, "Subnets that use it, besides those that say so themselves."),
        .associations(\.associations),
        NativeKey(
          "gateways", .oneOrMany(.text),
          "Internet or virtual private gateways whose traffic it routes inwards."
        ) { node, table, reading in
          table.gateways = node.listOrOne.compactMap { element in
            reading.log.attempt { () throws(YAMLProblem) in
              if case .scalar("internet", _) = element.content {
                return reading.internetGateway(at: element.location) ?? "igw"
              }
              let text = try element.text("a gateway")
              let kind: NativeKind =
                reading.names.isDeclared(.internetGateway, text) || NativeKind.internetGateway.isID(text)
                ? .internetGateway : .virtualPrivateGateway
              return try reading.id(kind, element)
            }
          }
        } write: { table, writing in
          .oneOrMany(
            table.gateways.map { id in
              let isInternet = writing.network.internetGateways.contains { $0.id == id }
              return .text(writing.reference(isInternet ? .internetGateway : .virtualPrivateGateway, id))
            })
        },
      ] + NativeKey.attributes(\.attributes))
  }

  /// Words before a slash, with the kind of target that they mean.
  static let words: [(String, NativeKind)] = [
    ("igw", .internetGateway), ("eigw", .egressOnlyGateway), ("nat", .natGateway), ("peering", .peering),
    ("pcx", .peering), ("tgw", .transitGateway), ("vgw", .virtualPrivateGateway), ("eni", .networkInterface),
    ("instance", .instance), ("endpoint", .endpoint), ("vpce", .endpoint),
  ]

  static func target(_ kind: NativeKind, _ id: ResourceID) -> Route.Target {
    switch kind {
    case .internetGateway: .internetGateway(id)
    case .egressOnlyGateway: .egressOnlyGateway(id)
    case .natGateway: .natGateway(id)
    case .peering: .peering(id)
    case .transitGateway: .transitGateway(id)
    case .virtualPrivateGateway: .virtualPrivateGateway(id)
    case .networkInterface: .networkInterface(id)
    case .instance: .instance(id)
    case .endpoint: .endpoint(id)
    default: .other(id)
    }
  }
}

extension NativeReading {
  /// Reads the routes of a table: every key that is none of its own is a destination.
  func routes(_ mapping: YAMLMapping, of table: ResourceID) -> [Route] {
    self.table = table
    defer { self.table = nil }
    let own = Set(keys.routeTable.keys.map(\.name))
    var routes: [Route] = []
    for member in mapping.members where !own.contains(member.key) {
      _ = log.attempt { () throws(YAMLProblem) in
        let destination = try destination(member, of: table)
        for element in member.value.listOrOne {
          var draft = RouteDraft()
          if case .mapping(let mapping) = element.content {
            keys.route.read(mapping, into: &draft, self)
          } else {
            draft.target = try target(element)
            // AWS makes the local route with the table.
            if draft.target == .local { draft.origin = .createdWithTable }
          }
          routes.append(
            Route(
              destination: destination, target: draft.target, origin: draft.origin,
              isBlackhole: draft.isBlackhole, location: member.keyLocation))
        }
      }
    }
    return routes
  }

  /// A destination: a block, `pl/NAME` or a prefix list's id.
  func destination(
    _ member: YAMLMapping.Member, of owner: ResourceID
  ) throws(YAMLProblem) -> Route.Destination {
    if let prefix = IPPrefix(member.key) { return .prefix(prefix) }
    let isNamed = member.key.hasPrefix("pl/")
    let name = isNamed ? String(member.key.dropFirst(3)) : member.key
    guard isNamed || NativeKind.prefixList.isID(name) || name.hasPrefix("id/") else {
      let nearest = NearestNames.find(member.key, among: keys.routeTable.keys.map(\.name), limit: 1).first
      throw YAMLProblem(
        at: member.keyLocation,
        "found \"\(member.key)\", expected a destination (10.0.0.0/16, pl/NAME)"
          + (nearest.map { "; did you mean \"\($0)\"?" } ?? ""))
    }
    return .prefixList(
      try looseID(.prefixList, name, at: member.keyLocation, of: owner, code: "unknown_prefix_list"))
  }

  /// What a route leads to: `local`, `internet`, `egress-only`, `peering/NAME`, a NAT gateway's name, an id.
  func target(_ node: YAMLNode) throws(YAMLProblem) -> Route.Target {
    let text = try node.text("a target (internet, NAME, peering/NAME, igw-…)")
    switch text {
    case "local": return .local
    case "none": return .none
    case "internet":
      if let id = internetGateway(at: node.location) { return .internetGateway(id) }
      throw YAMLProblem(
        at: node.location, "found \"internet\" in a route table without a VPC, expected igw/NAME")
    case "egress-only":
      if let id = egressOnlyGateway(at: node.location) { return .egressOnlyGateway(id) }
      throw YAMLProblem(
        at: node.location, "found \"egress-only\" in a route table without a VPC, expected eigw/NAME")
    default: break
    }
    let owner = table ?? vpc?.id ?? ""
    if text.hasPrefix("other/") { return .other(ResourceID(rawValue: String(text.dropFirst(6)))) }
    if let slash = text.firstIndex(of: "/"),
      let kind = RouteDraft.words.first(where: { $0.0 == text[..<slash] })?.1
    {
      let name = String(text[text.index(after: slash)...])
      let id = try looseID(kind, name, at: node.location, of: owner, code: "unknown_target")
      return RouteDraft.target(kind, id)
    }
    return try bareTarget(text, node)
  }

  /// A name of one of several kinds, or an id.
  private func bareTarget(_ text: String, _ node: YAMLNode) throws(YAMLProblem) -> Route.Target {
    let kinds: [NativeKind] = [
      .natGateway, .internetGateway, .egressOnlyGateway, .peering, .transitGateway, .virtualPrivateGateway,
      .endpoint, .instance, .networkInterface,
    ]
    let named = kinds.filter { names.isDeclared($0, text) }
    // An interface that bears its instance's name is that instance's.
    let meant = named.count > 1 ? named.filter { $0 != .networkInterface } : named
    if meant.count > 1 {
      let choices = meant.compactMap { kind in
        RouteDraft.words.first { $0.1 == kind }.map { "\($0.0)/\(text)" }
      }
      throw YAMLProblem(
        at: node.location, "\"\(text)\" is ambiguous: expected one of \(choices.joined(separator: ", "))")
    }
    if let kind = meant.first ?? kinds.first(where: { $0.isID(text) }) {
      return RouteDraft.target(kind, try id(kind, node))
    }
    let nearest = kinds.compactMap { kind -> String? in
      if case .unknown(let nearest?) = names.find(kind, text) { return nearest }
      return nil
    }.first
    throw YAMLProblem(
      at: node.location,
      "nothing that a route can lead to is called \"\(text)\""
        + (nearest.map { "; did you mean \"\($0)\"?" }
          ?? "; expected internet, local, egress-only, a gateway's name or id, peering/NAME, instance/NAME, eni/NAME")
    )
  }

  /// The internet gateway of the VPC whose table is being read; one is made and attached if there is none.
  func internetGateway(at location: SourceLocation) -> ResourceID? {
    guard let vpc else { return nil }
    if let known = importer.internetGateways.items.first(where: { $0.vpc == vpc.id }) { return known.id }
    let id = NativeKind.internetGateway.id(of: vpc.key)
    importer.internetGateways.add(
      InternetGateway(id: id, vpc: vpc.id, attributes: ResourceAttributes(location: location)), importer.log)
    return id
  }

  private func egressOnlyGateway(at location: SourceLocation) -> ResourceID? {
    guard let vpc else { return nil }
    if let known = importer.egressOnlyGateways.items.first(where: { $0.vpc == vpc.id }) { return known.id }
    let id = NativeKind.egressOnlyGateway.id(of: vpc.key)
    importer.egressOnlyGateways.add(
      EgressOnlyGateway(id: id, vpc: vpc.id, attributes: ResourceAttributes(location: location)), importer.log
    )
    return id
  }
}

extension NativeWriting {
  func routes(_ routes: [Route]) -> [(String, YAMLValue)] {
    grouped(routes, \.destination) { route in
      let usual: Route.Origin = route.target == .local ? .createdWithTable : .createdByUser
      if route.origin == usual && !route.isBlackhole && route.target != .none {
        return .text(target(route.target))
      }
      let draft = RouteDraft(target: route.target, origin: route.origin, isBlackhole: route.isBlackhole)
      return .map(keys.route.write(draft, self))
    }
  }

  /// Routes by destination: those with the same one are a list.
  func grouped<Found>(
    _ routes: [Found], _ destination: (Found) -> Route.Destination, _ value: (Found) -> YAMLValue
  ) -> [(String, YAMLValue)] {
    var order: [Route.Destination] = []
    var found: [Route.Destination: [Found]] = [:]
    for route in routes {
      if found[destination(route)] == nil { order.append(destination(route)) }
      found[destination(route), default: []].append(route)
    }
    return order.map { destination in
      let key: String
      switch destination {
      case .prefix(let prefix): key = prefix.description
      case .prefixList(let id):
        let name = reference(.prefixList, id)
        key = NativeKind.prefixList.isID(name) || name.hasPrefix("id/") ? name : "pl/" + name
      }
      return (key, YAMLValue.oneOrMany((found[destination] ?? []).map(value)) ?? .null)
    }
  }

  func target(_ target: Route.Target) -> String {
    func named(_ kind: NativeKind, _ id: ResourceID) -> String {
      let name = reference(kind, id)
      if kind.isID(name) { return name }
      let word = RouteDraft.words.first { $0.1 == kind }?.0 ?? ""
      return "\(word)/\(name)"
    }
    switch target {
    case .local: return "local"
    case .none: return "none"
    case .internetGateway(let id): return named(.internetGateway, id)
    case .egressOnlyGateway(let id): return named(.egressOnlyGateway, id)
    case .natGateway(let id): return named(.natGateway, id)
    case .peering(let id): return named(.peering, id)
    case .transitGateway(let id): return named(.transitGateway, id)
    case .virtualPrivateGateway(let id): return named(.virtualPrivateGateway, id)
    case .networkInterface(let id): return named(.networkInterface, id)
    case .instance(let id): return named(.instance, id)
    case .endpoint(let id): return named(.endpoint, id)
    case .other(let id): return "other/\(id)"
    }
  }
}
