import NetworkTypes
import RuleMatching
import VirtualNetworks

extension CompiledNetwork {
  /// Follows a change of the network: compiles again what the change touches and keeps the rest.
  ///
  /// Numbers of rules, interfaces and resources stay what they were, so that outcomes of earlier verdicts keep their
  /// meaning; what is new gets numbers at the end.
  mutating func follow(_ changed: VirtualNetwork, _ scope: ChangeScope) {
    let before = model
    model = changed
    for position in before.networkInterfaces.count..<changed.networkInterfaces.count {
      let id = changed.networkInterfaces[position].id
      index.interfaces[id] = position
      _ = resources.index(of: id)
    }
    for position in before.instances.count..<changed.instances.count {
      index.instances[changed.instances[position].id] = position
    }
    for position in before.securityGroups.count..<changed.securityGroups.count {
      let group = changed.securityGroups[position]
      index.groups[group.id] = position
      policyMemory.ingressRules.append([])
      policyMemory.egressRules.append([])
      names[group.id] = group.groupName.isEmpty ? group.attributes.name : group.groupName
    }
    for id in scope.acls { renewACL(id) }
    for id in scope.routeTables { renewRouteTable(id) }
    for id in scope.subnets { renewSubnet(id) }
    followInterfaces(before, scope)
  }

  // MARK: Interfaces and policies

  private mutating func followInterfaces(_ before: VirtualNetwork, _ scope: ChangeScope) {
    guard !scope.groups.isEmpty || !scope.members.isEmpty || !scope.interfaces.isEmpty || scope.addresses
    else { return }
    let positions = scope.interfaces.compactMap { index.interfaces[$0] }.sorted()
    for position in positions {
      let interface = model.networkInterfaces[position]
      let old = position < before.networkInterfaces.count ? before.networkInterfaces[position] : nil
      for group in old?.groups ?? [] where !interface.groups.contains(group) {
        policyMemory.members[group]?.removeAll { $0 == position }
      }
      for group in interface.groups where !(old?.groups.contains(group) ?? false) {
        let members = policyMemory.members[group, default: []]
        policyMemory.members[group, default: []].insert(
          position, at: members.firstIndex { $0 > position } ?? members.count)
      }
    }
    if scope.addresses {
      for position in model.networkInterfaces.indices {
        let old = position < before.networkInterfaces.count ? before.networkInterfaces[position] : nil
        followAddresses(of: position, old)
      }
    }
    var touched: [[Direction]] = []
    renewCatalogue(before, scope, &touched)
    var compiler = PolicyCompiler(model, index, memory: policyMemory, policies: policies)
    if touched.contains(where: { !$0.isEmpty }) {
      compiler.renew { key in key.groups.contains { touched[$0].contains(key.direction) } }
    }
    for position in positions {
      let interface = model.networkInterfaces[position]
      let natGateway = model.natGateways.firstIndex { gateway in
        gateway.state != "deleted" && gateway.addresses.contains { $0.networkInterface == interface.id }
      }
      let compiled = compile(interface, natGateway: natGateway, &compiler)
      if position < interfaces.count { interfaces[position] = compiled } else { interfaces.append(compiled) }
      names[interface.id] =
        interface.attributes.name
        ?? interface.instance.flatMap { index.instances[$0] }.flatMap { model.instances[$0].attributes.name }
        ?? (interface.summary.isEmpty ? nil : interface.summary)
      if let instance = interface.instance.flatMap({ index.instances[$0] }) {
        names[model.instances[instance].id] = model.instances[instance].attributes.name
      }
    }
    policies = compiler.policies
    policyMemory = compiler.memory
  }

  private mutating func followAddresses(of position: Int, _ old: NetworkInterface?) {
    let interface = model.networkInterfaces[position]
    if let old {
      if old.ipv4Addresses == interface.ipv4Addresses && old.ipv6Addresses == interface.ipv6Addresses {
        return
      }
      addresses.remove(old, InterfaceIndex(position))
    }
    addresses.add(interface, InterfaceIndex(position))
  }

  /// Numbers the rules of changed groups, and tells which directions of which groups must be compiled again: those
  /// whose own rules changed, and those that refer to a group whose members did.
  private mutating func renewCatalogue(
    _ before: VirtualNetwork, _ scope: ChangeScope, _ touched: inout [[Direction]]
  ) {
    touched = Array(repeating: [], count: model.securityGroups.count)
    for id in scope.groups {
      guard let group = index.groups[id] else { continue }
      for direction in [Direction.ingress, .egress] {
        let rules = model.securityGroups[group].rules(direction)
        let old = group < before.securityGroups.count ? before.securityGroups[group].rules(direction) : []
        guard rules != old else { continue }
        touched[group].append(direction)
        let entries = rules.map { RuleCatalogue.Entry($0, of: id, direction) }
        if direction == .ingress {
          policyMemory.ingressRules[group] = catalogue.renew(
            entries, inPlaceOf: policyMemory.ingressRules[group])
        } else {
          policyMemory.egressRules[group] = catalogue.renew(
            entries, inPlaceOf: policyMemory.egressRules[group])
        }
      }
    }
    guard !scope.members.isEmpty else { return }
    let names = Set(scope.members.map(\.rawValue))
    for (position, group) in model.securityGroups.enumerated() {
      for direction in [Direction.ingress, .egress] {
        let refers = group.rules(direction).contains { rule in
          guard case .group(let name) = rule.match.peer else { return false }
          return names.contains(name)
        }
        if refers { touched[position].append(direction) }
      }
    }
  }

  // MARK: ACLs and routes

  private mutating func renewACL(_ id: ResourceID) {
    guard let position = model.networkACLs.firstIndex(where: { $0.id == id }) else { return }
    for direction in [Direction.ingress, .egress] {
      let place = 2 * position + (direction == .ingress ? 0 : 1)
      let entries = model.networkACLs[position].entries(direction)
      let lines = entries.map { RuleCatalogue.Entry($0, of: id, direction) }
      if lines == acls[place].indices.map({ catalogue[$0] }) { continue }
      let indices = catalogue.renew(lines, inPlaceOf: acls[place].indices)
      acls[place] = CompiledACL(entries, indices: indices, resource: acls[place].resource)
    }
  }

  private mutating func renewRouteTable(_ id: ResourceID) {
    guard let position = model.routeTables.firstIndex(where: { $0.id == id }) else { return }
    let table = model.routeTables[position]
    let listed = routes(of: table)
    let indices = catalogue.renew(
      listed.map { RuleCatalogue.Entry($0, of: id) }, inPlaceOf: routeTables[position].routes.map(\.rule))
    routeTables[position] = compile(table, listed, indices)
  }
  /// Another ACL or route table serves the subnet (semantics NACL-1, RT-1).
  private mutating func renewSubnet(_ id: ResourceID) {
    guard let position = index.subnets[id] else { return }
    let vpc = model.subnets[position].vpc
    let acl =
      model.networkACLs.lastIndex { $0.subnets.contains(id) }
      ?? model.networkACLs.lastIndex { $0.isDefault && $0.vpc == vpc }
    subnets[position].ingressACL = acl.map { 2 * $0 }
    subnets[position].egressACL = acl.map { 2 * $0 + 1 }
    subnets[position].routeTable =
      model.routeTables.lastIndex { $0.subnets.contains(id) }
      ?? model.routeTables.firstIndex { $0.isMain && $0.vpc == vpc }
  }
}
