import NetworkTypes
import RuleMatching
import VirtualNetworks

extension PacketFilter {
  /// Every rule, ACL entry and route, in the order in which reports list them.
  public var rules: RuleCatalogue { compiled.network.catalogue }

  public func id(of interface: InterfaceIndex) -> ResourceID {
    compiled.network.model.networkInterfaces[interface.int].id
  }

  public func id(of resource: ResourceIndex) -> ResourceID { compiled.network.resources[resource] }

  /// What people call a resource: its Name tag, a group's own name, or for an interface its instance's name.
  public func name(of resource: ResourceID) -> String? { compiled.network.names[resource] }

  /// What decided a step, for grouping: the rule, or else the resource.
  public func decider(of step: PathStep) -> String? {
    if let rule = step.rule {
      let entry = rules[rule]
      return "\(entry.owner)/\(entry.id)"
    }
    return step.resource.map { id(of: $0).rawValue }
  }

  /// The rule that settled an outcome, as records name it: `sg-…/sgr-…`, `acl-…/100`.
  public func ruleText(of outcome: PathOutcome) -> String? {
    guard let rule = outcome.decisiveStep?.rule else { return nil }
    let entry = rules[rule]
    return entry.kind == .route ? nil : "\(entry.owner)/\(entry.id)"
  }

  /// `instance i-0123 (web-1) is stopped`; nil if the interface belongs to no instance that the input has.
  func idleInstance(_ interface: InterfaceIndex) -> String? {
    let network = compiled.network
    guard let id = network.model.networkInterfaces[interface.int].instance,
      let position = network.index.instances[id]
    else { return nil }
    return "instance \(label(id)) is \(network.model.instances[position].state)"
  }

  /// Why a route to an instance or its interface leads nowhere.
  func idleTarget(_ rule: RuleIndex) -> String? { idleInterface(of: rule).flatMap(idleInstance) }

  /// The stopped instance that a route leads to.
  func startableTarget(_ rule: RuleIndex) -> ResourceID? {
    guard let interface = idleInterface(of: rule),
      compiled.network.interfaces[interface.int].instanceState == .stopped
    else { return nil }
    return compiled.network.model.networkInterfaces[interface.int].instance
  }

  /// The interface that a route leads to, if its instance carries no traffic.
  private func idleInterface(of rule: RuleIndex) -> InterfaceIndex? {
    let network = compiled.network
    for table in network.routeTables {
      guard let route = table.routes.first(where: { $0.rule == rule }) else { continue }
      guard case .networkInterface(let interface?) = route.target,
        network.interfaces[interface.int].instanceState.map({ !$0.carriesTraffic }) ?? false
      else { return nil }
      return interface
    }
    return nil
  }

  /// A resource as sentences name it: `sg-0123 (web)`.
  func label(_ id: ResourceID) -> String {
    guard let name = name(of: id) else { return id.rawValue }
    return "\(id) (\(name))"
  }
}

extension VirtualNetwork {
  /// Names of resources by id; an interface without a name is called by its instance's.
  func resourceNames() -> [ResourceID: String] {
    var names: [ResourceID: String] = [:]
    func add(_ id: ResourceID, _ attributes: ResourceAttributes) { names[id] = attributes.name }
    for resource in vpcs { add(resource.id, resource.attributes) }
    for resource in subnets { add(resource.id, resource.attributes) }
    for resource in networkACLs { add(resource.id, resource.attributes) }
    for resource in routeTables { add(resource.id, resource.attributes) }
    for resource in internetGateways { add(resource.id, resource.attributes) }
    for resource in egressOnlyGateways { add(resource.id, resource.attributes) }
    for resource in natGateways { add(resource.id, resource.attributes) }
    for resource in peeringConnections { add(resource.id, resource.attributes) }
    for resource in endpoints { add(resource.id, resource.attributes) }
    for resource in transitGateways { add(resource.id, resource.attributes) }
    for resource in instances { add(resource.id, resource.attributes) }
    for list in prefixLists where !list.listName.isEmpty { names[list.id] = list.listName }
    for group in securityGroups {
      names[group.id] = group.groupName.isEmpty ? group.attributes.name : group.groupName
    }
    for interface in networkInterfaces {
      names[interface.id] =
        interface.attributes.name ?? interface.instance.flatMap { names[$0] }
        ?? (interface.summary.isEmpty ? nil : interface.summary)
    }
    return names
  }
}
