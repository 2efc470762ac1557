import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Reads changes of a network as people write them in YAML: `stop: web-1`, `remove_rule: {group: web, rule: …}`.
///
/// Names are looked up in the network as it is when the change is made.
///
/// ```yaml
/// add_rule: {group: web, rule: tcp 443 from 0.0.0.0/0}      # remove_rule the same, or with the rule's id
/// set_groups: {instance: web-1, groups: [web, admin]}       # or interface: eni-…
/// create_entry: {acl: public, entry: 100 allow tcp 443 from 0.0.0.0/0}     # replace_entry the same
/// delete_entry: {acl: public, inbound: 100}
/// create_route: {table: private, to: 0.0.0.0/0, target: nat-a}             # replace_route the same
/// delete_route: {table: private, to: 0.0.0.0/0}
/// stop: web-1                                               # start, hibernate, reboot, terminate; or a list
/// state: {instance: web-1, is: stopping}
/// run: {name: web-3, subnet: public-a, private_ip: 10.0.0.12, groups: [web]}
/// associate: {address: 198.51.100.9, instance: web-1}
/// disassociate: 198.51.100.9
/// ```
public struct ChangeReader {
  let network: VirtualNetwork

  public init(_ network: VirtualNetwork) { self.network = network }

  /// The words that ``changes(_:_:)`` knows.
  public static let keys = [
    "add_rule", "remove_rule", "set_groups", "source_dest_check", "create_entry", "replace_entry",
    "delete_entry",
    "create_route", "replace_route", "delete_route", "start", "stop", "hibernate", "reboot", "terminate",
    "state", "run", "associate", "disassociate",
  ]

  /// The changes that a word and its value stand for.
  public func changes(_ key: String, _ value: YAMLNode) throws(YAMLProblem) -> [NetworkChange] {
    switch key {
    case "add_rule", "remove_rule": return [try rule(value, isAdded: key == "add_rule")]
    case "set_groups":
      let mapping = try members(value, ["interface", "instance", "groups"], apart: Self.bearers)
      var groups: [ResourceID] = []
      for group in try mapping.required("groups").listOrOne { groups.append(try id(group, .securityGroup)) }
      return [.setGroups(interface: try interface(mapping), groups)]
    case "source_dest_check":
      let mapping = try members(value, ["interface", "instance", "is"], apart: Self.bearers)
      let word = try mapping.required("is").word(["on", "off", "true", "false"])
      return [
        .setSourceDestinationCheck(interface: try interface(mapping), word == "on" || word == "true")
      ]
    case "create_entry", "replace_entry": return [try entry(value, isNew: key == "create_entry")]
    case "delete_entry":
      let mapping = try members(value, ["acl", "inbound", "outbound"], apart: ["inbound", "outbound"])
      let isInbound = mapping["inbound"] != nil
      let number = try mapping.required(isInbound ? "inbound" : "outbound").integer(in: 1...32766)
      return [
        .deleteEntry(
          acl: try id(mapping.required("acl"), .networkACL), isInbound ? .ingress : .egress, number: number)
      ]
    case "create_route", "replace_route":
      let mapping = try members(value, ["table", "to", "target"])
      let route = Route(
        destination: try destination(mapping.required("to")), target: try target(mapping.required("target")),
        location: value.location)
      let table = try id(mapping.required("table"), .routeTable)
      return [
        key == "create_route" ? .createRoute(table: table, route) : .replaceRoute(table: table, route)
      ]
    case "delete_route":
      let mapping = try members(value, ["table", "to"])
      return [
        .deleteRoute(
          table: try id(mapping.required("table"), .routeTable), try destination(mapping.required("to")))
      ]
    case "state":
      let mapping = try members(value, ["instance", "is"])
      let states = InstanceState.allCases.map(\.description)
      let state = try mapping.required("is").word(states)
      return [try comeTo(InstanceState(name: state) ?? .running, mapping)]
    case "run": return [try launch(value)]
    case "associate": return [try association(value)]
    case "disassociate": return [.disassociateAddress(try address(value))]
    default:
      guard let action = InstanceAction(rawValue: key) else {
        throw YAMLProblem(
          at: value.location, found: "\"\(key)\"", expected: "one of \(Self.keys.joined(separator: ", "))")
      }
      var changes: [NetworkChange] = []
      for node in value.listOrOne { changes.append(.instance(try id(node, .instance), action)) }
      guard !changes.isEmpty else { throw value.problem("an instance's name or id, or a list of them") }
      return changes
    }
  }

  /// What a person writes is one step of the instance's life; that states between passed unseen is for notifications
  /// (semantics LC-2).
  private func comeTo(_ state: InstanceState, _ mapping: YAMLMapping) throws(YAMLProblem) -> NetworkChange {
    let instance = try id(mapping.required("instance"), .instance)
    let found = network.instances.first { $0.id == instance }
    let now = found?.state ?? state
    if [.stopping, .stopped].contains(state), state != now, let objection = found?.objectionToStopping {
      throw YAMLProblem(at: try mapping.required("is").location, "\(instance): \(objection)")
    }
    let next = InstanceLifecycle.next(after: now)
    guard state == now || next.contains(state) else {
      throw try mapping.required("is").problem(
        next.isEmpty
          ? "nothing else: \(instance) is \(now), which is final"
          : "\(next.map(\.description).joined(separator: " or ")): \(instance) is \(now)")
    }
    return .setState(instance: instance, state)
  }

  // MARK: Rules

  private func rule(_ value: YAMLNode, isAdded: Bool) throws(YAMLProblem) -> NetworkChange {
    let mapping = try members(value, ["group", "rule", "id", "description"])
    let group = try id(mapping.required("group"), .securityGroup)
    let node = try mapping.required("rule")
    let text = try node.text("a rule: tcp 443 from 0.0.0.0/0")
    if !isAdded, let found = network.securityGroups.first(where: { $0.id == group }) {
      for direction in [Direction.ingress, .egress]
      where found.rules(direction).contains(where: { $0.id == text }) {
        return .removeRule(group: group, direction, .id(text))
      }
    }
    let (match, direction) = try parse(node, text)
    if !isAdded { return .removeRule(group: group, direction, .match(match)) }
    return .addRule(
      group: group, direction,
      SecurityGroupRule(
        id: try mapping["id"]?.text() ?? "", match: match, summary: try mapping["description"]?.text() ?? "",
        location: node.location))
  }

  private func parse(
    _ node: YAMLNode, _ text: String
  ) throws(YAMLProblem) -> (match: Match, direction: Direction) {
    let parsed: (match: Match, direction: Direction)
    do { parsed = try Match.parse(text) } catch {
      throw YAMLProblem(at: node.location, "\"\(text)\": \(error)")
    }
    return (
      try changing(node) { () throws(NetworkChangeError) in try network.resolving(parsed.match) },
      parsed.direction
    )
  }

  private func entry(_ value: YAMLNode, isNew: Bool) throws(YAMLProblem) -> NetworkChange {
    let mapping = try members(value, ["acl", "entry"])
    let acl = try id(mapping.required("acl"), .networkACL)
    let node = try mapping.required("entry")
    let text = try node.text("an entry: 100 allow tcp 443 from 0.0.0.0/0")
    let parsed: NumberedMatch
    do { parsed = try NumberedMatch.parse(text) } catch {
      throw YAMLProblem(at: node.location, "\"\(text)\": \(error)")
    }
    guard case .prefix(let prefix) = parsed.match.peer else {
      throw YAMLProblem(at: node.location, "\"\(text)\": the peer of an ACL's entry is a block of addresses")
    }
    let entry = NetworkACLEntry(
      number: parsed.number, action: parsed.allows ? .allow : .deny, traffic: parsed.match.traffic,
      prefix: prefix, location: node.location)
    return isNew
      ? .createEntry(acl: acl, parsed.direction, entry) : .replaceEntry(acl: acl, parsed.direction, entry)
  }

  // MARK: Parts

  /// What has addresses and groups is named by one of these.
  static let bearers = ["instance", "interface"]

  /// A mapping with no keys but these, and not two of those that stand apart.
  func members(
    _ value: YAMLNode, _ known: [String], apart: [String] = []
  ) throws(YAMLProblem) -> YAMLMapping {
    let mapping = try value.mapping("a mapping with \(known.joined(separator: ", "))")
    let log = YAMLProblemLog()
    log.checkKeys(of: mapping, known: known)
    if let first = log.problems.first { throw first }
    let rivals = mapping.members.filter { apart.contains($0.key) }
    if rivals.count > 1 {
      throw YAMLProblem(
        at: rivals[1].value.location, found: "both \"\(rivals[0].key)\" and \"\(rivals[1].key)\"",
        expected: "one of them")
    }
    return mapping
  }

  func id(_ node: YAMLNode, _ kind: ChangeableKind) throws(YAMLProblem) -> ResourceID {
    let text = try node.text("the name or id of a \(kind.rawValue)")
    return try changing(node) { () throws(NetworkChangeError) in try network.resource(kind, named: text) }
  }

  private func interface(_ mapping: YAMLMapping) throws(YAMLProblem) -> ResourceID {
    if let node = mapping["instance"] {
      // An instance stands for its primary interface (semantics SG-5).
      let instance = try id(node, .instance)
      let named = try changing(node) { () throws(NetworkChangeError) in
        try network.primaryInterface(of: instance)
      }
      return named
    }
    return try id(mapping.required("interface"), .networkInterface)
  }

  func changing<Result>(
    _ node: YAMLNode, _ body: () throws(NetworkChangeError) -> Result
  ) throws(YAMLProblem) -> Result {
    do { return try body() } catch { throw YAMLProblem(at: node.location, error.description) }
  }

  private func destination(_ node: YAMLNode) throws(YAMLProblem) -> Route.Destination {
    let text = try node.text("a block of addresses or a prefix list")
    if text.first?.isNumber ?? false || text.contains(":") { return .prefix(try node.prefix()) }
    return .prefixList(try id(node, .prefixList))
  }

  private func target(_ node: YAMLNode) throws(YAMLProblem) -> Route.Target {
    let text = try node.text("local, or the name or id of a gateway, interface or instance")
    if text == "local" { return .local }
    if let target = network.routeTarget(named: text) { return target }
    throw YAMLProblem(
      at: node.location, found: "\"\(text)\"",
      expected:
        "local, or the name or id of a gateway, peering connection, interface or instance of the network")
  }
}
