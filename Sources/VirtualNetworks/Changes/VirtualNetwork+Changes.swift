import NetworkTypes
import RuleMatching

extension VirtualNetwork {
  /// Makes one change, or throws and leaves the network as it was.
  ///
  /// Positions in the network's arrays stay what they were: new resources come last, and an interface that is deleted
  /// stays as ``NetworkInterface/isDeleted``. Takes time linear in the resources of the kinds concerned.
  @discardableResult
  public mutating func apply(_ change: NetworkChange) throws(NetworkChangeError) -> AppliedChange {
    var applied = AppliedChange()
    switch change {
    case .createGroup(let group): try createGroup(group, &applied)
    case .deleteGroup(let group): try deleteGroup(group, &applied)
    case .addRule(let group, let direction, let rule):
      try addRule(rule, to: group, direction, &applied)
    case .removeRule(let group, let direction, let rule):
      try removeRule(rule, from: group, direction, &applied)
    case .setGroups(let interface, let groups): try setGroups(groups, of: interface, &applied)
    case .setSourceDestinationCheck(let interface, let isOn):
      let index = try position(of: interface, "network interface", in: networkInterfaces.lazy.map(\.id))
      networkInterfaces[index].sourceDestinationCheck = isOn
      applied.scope.interfaces.insert(interface)
    case .createEntry(let acl, let direction, let entry): try createEntry(entry, of: acl, direction, &applied)
    case .replaceEntry(let acl, let direction, let entry):
      try replaceEntry(entry, of: acl, direction, &applied)
    case .deleteEntry(let acl, let direction, let number):
      try deleteEntry(number, of: acl, direction, &applied)
    case .associateACL(let acl, let subnet, let id):
      try associateACL(acl, with: subnet, as: id, &applied)
    case .associateTable(let table, let subnet, let id):
      try associateTable(table, with: subnet, as: id, &applied)
    case .disassociateTable(let subnet): try disassociateTable(of: subnet, &applied)
    case .createRoute(let table, let route): try createRoute(route, in: table, &applied)
    case .replaceRoute(let table, let route): try replaceRoute(route, in: table, &applied)
    case .deleteRoute(let table, let destination): try deleteRoute(destination, from: table, &applied)
    case .instance(let instance, let action): try perform(action, on: instance, &applied)
    case .setState(let instance, let state): try setState(state, of: instance, &applied)
    case .run(let instance, let interfaces): try run(instance, interfaces, &applied)
    case .allocateAddress(let address): try allocate(address)
    case .releaseAddress(let address): try release(address)
    case .associateAddress(let association): try associate(association, &applied)
    case .disassociateAddress(let address): try disassociate(address, &applied)
    }
    return applied
  }

  // MARK: Security groups

  private mutating func addRule(
    _ rule: SecurityGroupRule, to id: ResourceID, _ direction: Direction, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    let group = try livingGroup(id)
    // Two rules that say the same are one: AWS refuses the second (semantics SG-20).
    if securityGroups[group].rules(direction).contains(where: { $0.match == rule.match }) {
      throw .duplicate(id, Self.text(rule.match, direction))
    }
    var rule = rule
    if rule.id.isEmpty { rule.id = freeRuleID(in: securityGroups[group], direction) }
    securityGroups[group].update(direction) { $0.append(rule) }
    applied.scope.groups.insert(id)
  }

  private mutating func removeRule(
    _ reference: NetworkChange.RuleReference, from id: ResourceID, _ direction: Direction,
    _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    let group = try livingGroup(id)
    let rules = securityGroups[group].rules(direction)
    let found: Int?
    let name: String
    switch reference {
    case .id(let rule):
      found = rules.firstIndex { $0.id == rule }
      name = "\(direction == .ingress ? "inbound" : "outbound") rule \(rule)"
    case .match(let match):
      found = rules.firstIndex { $0.match == match }
      name = Self.text(match, direction)
    }
    guard let found else { throw .missing(id, name, has: rules.map { Self.text($0.match, direction) }) }
    securityGroups[group].update(direction) { $0.remove(at: found) }
    applied.scope.groups.insert(id)
  }

  private mutating func setGroups(
    _ groups: [ResourceID], of id: ResourceID, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    let interface = try position(of: id, "network interface", in: networkInterfaces.lazy.map(\.id))
    guard !groups.isEmpty else { throw .refused(id, "an interface carries at least one security group") }
    guard Set(groups).count <= 16 else {
      throw .refused(id, "\(Set(groups).count) security groups; an interface carries at most 16")
    }
    for group in groups { _ = try livingGroup(group) }
    applied.scope.members.formUnion(Set(networkInterfaces[interface].groups).symmetricDifference(groups))
    networkInterfaces[interface].groups = groups
    applied.scope.interfaces.insert(id)
  }

  // MARK: Finding

  func position(
    of id: ResourceID, _ kind: String, in ids: some Collection<ResourceID>
  ) throws(NetworkChangeError) -> Int {
    if let index = ids.firstIndex(of: id) { return ids.distance(from: ids.startIndex, to: index) }
    throw .unknown(
      kind: kind, id.rawValue, nearest: NearestNames.find(id.rawValue, among: ids.map(\.rawValue)))
  }

  /// A rule of the input's form that no rule of the group has: `inbound-3`.
  private func freeRuleID(in group: SecurityGroup, _ direction: Direction) -> String {
    let taken = Set(group.rules(direction).map(\.id))
    var number = taken.count + 1
    func id() -> String { "\(direction == .ingress ? "inbound" : "outbound")-\(number)" }
    while taken.contains(id()) { number += 1 }
    return id()
  }

  private static func text(_ match: Match, _ direction: Direction) -> String {
    "\(direction == .ingress ? "inbound" : "outbound") rule \"\(match.text(direction))\""
  }
}

extension SecurityGroup {
  mutating func update(_ direction: Direction, _ change: (inout [SecurityGroupRule]) -> Void) {
    if direction == .ingress { change(&inbound) } else { change(&outbound) }
  }
}

extension NetworkACL {
  mutating func update(_ direction: Direction, _ change: (inout [NetworkACLEntry]) -> Void) {
    if direction == .ingress { change(&inbound) } else { change(&outbound) }
  }
}
