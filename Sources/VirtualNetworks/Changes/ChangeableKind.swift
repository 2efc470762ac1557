import RuleMatching

/// The kinds of resources that changes name.
public enum ChangeableKind: String, Sendable, Hashable, CaseIterable {
  case securityGroup = "security group"
  case networkACL = "network ACL"
  case routeTable = "route table"
  case instance
  case networkInterface = "network interface"
  case subnet
  case prefixList = "prefix list"
}

extension VirtualNetwork {
  /// The resource of a kind that has an id or a name; a name that several have is an error that lists them.
  ///
  /// Names are Name tags, groups' and lists' own names; `sg/web` and the like may be written, too. An instance's name
  /// also means its primary interface. Takes time linear in the resources of the kind.
  public func resource(
    _ kind: ChangeableKind, named text: String
  ) throws(NetworkChangeError) -> ResourceID {
    let named = candidates(kind)
    if let exact = named.first(where: { $0.id.rawValue == text }) { return exact.id }
    let slash = text.firstIndex(of: "/")
    let bare = slash.map { String(text[text.index(after: $0)...]) } ?? text
    let found = named.filter { $0.names.contains(text) || slash != nil && $0.names.contains(bare) }
    if found.count == 1 { return found[0].id }
    if kind == .networkInterface, found.isEmpty || found.count > 1,
      let instance = try? resource(.instance, named: text),
      let position = instances.firstIndex(where: { $0.id == instance }),
      let primary = interfaces(of: instances[position]).first
    {
      return networkInterfaces[primary].id
    }
    if found.isEmpty {
      throw .unknown(
        kind: kind.rawValue, text,
        nearest: NearestNames.find(bare, among: named.flatMap { [$0.id.rawValue] + $0.names }))
    }
    throw .ambiguous(kind: kind.rawValue, text, candidates: found.map(\.id.rawValue))
  }

  /// The interface that an instance was launched with.
  public func primaryInterface(of instance: ResourceID) throws(NetworkChangeError) -> ResourceID {
    let index = try position(of: instance, "instance", in: instances.lazy.map(\.id))
    guard let primary = interfaces(of: instances[index]).first else {
      throw .refused(instance, "no network interface of the input belongs to it")
    }
    return networkInterfaces[primary].id
  }

  /// What a route may lead to, by id or name; nil if nothing has it.
  public func routeTarget(named text: String) -> Route.Target? {
    func found<Resource>(
      _ resources: [Resource], _ id: (Resource) -> ResourceID, _ attributes: (Resource) -> ResourceAttributes
    ) -> ResourceID? {
      resources.first { id($0).rawValue == text }.map(id)
        ?? resources.first { attributes($0).name == text }.map(id)
    }
    if let id = found(internetGateways, \.id, \.attributes) { return .internetGateway(id) }
    if let id = found(natGateways, \.id, \.attributes) { return .natGateway(id) }
    if let id = found(egressOnlyGateways, \.id, \.attributes) { return .egressOnlyGateway(id) }
    if let id = found(peeringConnections, \.id, \.attributes) { return .peering(id) }
    if let id = found(transitGateways, \.id, \.attributes) { return .transitGateway(id) }
    if let id = found(virtualPrivateGateways, \.id, \.attributes) { return .virtualPrivateGateway(id) }
    if let id = found(endpoints, \.id, \.attributes) { return .endpoint(id) }
    // An instance that took the name of a terminated one comes first.
    let living = instances.filter { $0.state != .terminated }
    if let id = found(living, \.id, \.attributes) ?? found(instances, \.id, \.attributes) {
      return .instance(id)
    }
    if let id = found(networkInterfaces, \.id, \.attributes) { return .networkInterface(id) }
    return nil
  }

  /// A rule's match with the names of its peer replaced by ids, which is what rules hold.
  public func resolving(_ match: Match) throws(NetworkChangeError) -> Match {
    switch match.peer {
    case .prefix: return match
    case .group(let name):
      // A group of another account or VPC need not be in the input.
      if name.hasPrefix("sg-") && !securityGroups.contains(where: { $0.groupName == name }) { return match }
      return Match(match.traffic, peer: .group(try resource(.securityGroup, named: name).rawValue))
    case .prefixList(let name):
      if name.hasPrefix("pl-") && !prefixLists.contains(where: { $0.listName == name }) { return match }
      return Match(match.traffic, peer: .prefixList(try resource(.prefixList, named: name).rawValue))
    }
  }

  private var livingInstances: [(id: ResourceID, names: [String])] {
    instances.filter { $0.state != .terminated }.map { ($0.id, [$0.attributes.name].compactMap { $0 }) }
  }

  /// A terminated instance gives up its name to the one that takes its place; until then errors may name its state.
  private var terminatedInstances: [(id: ResourceID, names: [String])] {
    var taken = Set(livingInstances.flatMap(\.names))
    return instances.reversed().filter { $0.state == .terminated }.map { instance in
      (instance.id, [instance.attributes.name].compactMap { $0 }.filter { taken.insert($0).inserted })
    }
  }

  private func candidates(_ kind: ChangeableKind) -> [(id: ResourceID, names: [String])] {
    func named(
      _ id: ResourceID, _ attributes: ResourceAttributes, _ own: String = ""
    ) -> (ResourceID, [String]) {
      (id, (own.isEmpty ? [] : [own]) + [attributes.name].compactMap { $0 })
    }
    return switch kind {
    case .securityGroup:
      securityGroups.map { $0.isDeleted ? ($0.id, []) : named($0.id, $0.attributes, $0.groupName) }
    case .networkACL: networkACLs.map { named($0.id, $0.attributes) }
    case .routeTable: routeTables.map { named($0.id, $0.attributes) }
    case .instance: livingInstances + terminatedInstances
    case .networkInterface: networkInterfaces.map { $0.isDeleted ? ($0.id, []) : named($0.id, $0.attributes) }
    case .subnet: subnets.map { named($0.id, $0.attributes) }
    case .prefixList: prefixLists.map { named($0.id, $0.attributes, $0.listName) }
    }
  }
}
