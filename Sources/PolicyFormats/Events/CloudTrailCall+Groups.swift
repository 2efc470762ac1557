import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Calls about security groups.
extension CloudTrailCall {
  func group() throws -> SecurityGroup {
    guard let text = request.text("GroupId") ?? request.text("GroupName") else { throw lacks("groupId") }
    return try group(named: text)
  }

  private func group(named text: String) throws -> SecurityGroup {
    let id = try network.resource(.securityGroup, named: text)
    return network.securityGroups.first { $0.id == id } ?? SecurityGroup(id: id)
  }

  // MARK: Groups

  /// A new group lets everything out and nothing in (semantics SG-4).
  func createdGroup() throws -> [NetworkChange] {
    guard let id = response.id("GroupId") else {
      throw EventError(message: "responseElements has no groupId")
    }
    let home = request.id("VpcId") ?? network.vpcs.first(where: \.isDefault)?.id
    let vpc = network.vpcs.first { $0.id == home }
    guard let home, vpc != nil || network.vpcs.isEmpty else {
      throw EventError(
        message: home.map { "the network has no VPC \($0)" } ?? "requestParameters has no vpcId")
    }
    let blocks: [IPPrefix] =
      [.v4(.everything)] + (vpc.map { !$0.ipv6Blocks.isEmpty } ?? false ? [.v6(.everything)] : [])
    return [
      .createGroup(
        SecurityGroup(
          id: id, groupName: request.text("GroupName") ?? "", vpc: home,
          outbound: blocks.enumerated().map { place, block in
            SecurityGroupRule(id: "outbound-\(place + 1)", match: Match(.all, peer: .prefix(block)))
          },
          attributes: ResourceAttributes(
            account: vpc?.attributes.account, region: vpc?.attributes.region, location: request.location)))
    ]
  }

  // MARK: Rules

  /// Rules of the request.
  private func rules(of group: SecurityGroup) throws -> [SecurityGroupRule] {
    let rules = AWSImporter(log: request.log).rules(permissions(), "inbound", of: group)
    guard !rules.isEmpty else {
      throw EventError(message: "requestParameters has no ipPermissions with a peer")
    }
    return try rules.map { rule in
      var rule = rule
      // Groups of the default VPC may be named instead of numbered.
      if case .group(let name) = rule.match.peer, !name.hasPrefix("sg-"),
        rule.reference?.account == nil || group.attributes.account == nil
      {
        rule.match.peer = .group(try id(ofGroup: name, in: group).rawValue)
      }
      return rule
    }
  }

  private func id(ofGroup name: String, in owner: SecurityGroup) throws -> ResourceID {
    let found = network.securityGroups.first {
      $0.groupName == name && $0.vpc == owner.vpc && !$0.isDeleted
    }
    if let found { return found.id }
    throw EventError(
      message: "no security group of \(owner.vpc.map(\.rawValue) ?? "the VPC") is called \(name)")
  }

  private func permissions() -> [AWSRecord] {
    let listed = request.records("IpPermissions")
    if !listed.isEmpty { return listed }
    // The old form has one permission beside the group, or a group that all TCP, UDP and ICMP comes from.
    if let name = request.text("SourceSecurityGroupName") {
      let pair = JSONObject(members: [.init(name: "GroupName", value: .string(name))])
      let record = request.with("UserIdGroupPairs", [pair])
      if request.has("IpProtocol") { return [record] }
      return [("tcp", 0, 65535), ("udp", 0, 65535), ("icmp", -1, -1)].map { name, first, last in
        record.with("IpProtocol", text: name).with("FromPort", value: .integer(first))
          .with("ToPort", value: .integer(last))
      }
    }
    for (member, list) in [("CidrIp", "IpRanges"), ("CidrIpv6", "Ipv6Ranges")] {
      if let block = request.value(member) {
        return [request.with(list, [JSONObject(members: [.init(name: member, value: block)])])]
      }
    }
    return [request]
  }

  /// The answer tells the rules' ids, in any order: a rule is known by all that it says.
  func authorized(_ direction: Direction) throws -> [NetworkChange] {
    let group = try group()
    let rules = try rules(of: group)
    var answer = AWSImporter(log: ImportLog())
    for record in response.records("SecurityGroupRules") { answer.securityGroupRule(record) }
    let told = answer.rulesByGroup.values.flatMap { direction == .ingress ? $0.inbound : $0.outbound }
    let ids = Dictionary(told.map { ($0.match, $0.id) }, uniquingKeysWith: { first, _ in first })
    return rules.map { rule in
      var rule = rule
      rule.id = ids[rule.match] ?? ""
      return .addRule(group: group.id, direction, rule)
    }
  }

  func revoked(_ direction: Direction) throws -> [NetworkChange] {
    let group = try group()
    let ids =
      request.value("SecurityGroupRuleIds").map { value -> [String] in
        guard case .array(let elements) = value else { return [] }
        return elements.compactMap { element in
          switch element {
          case .string(let text): text
          case .object(let object):
            if case .string(let text)? = object["SecurityGroupRuleId"] { text } else { nil }
          default: nil
          }
        }
      } ?? []
    if !ids.isEmpty { return ids.map { .removeRule(group: group.id, direction, .id($0)) } }
    return try rules(of: group).map { .removeRule(group: group.id, direction, .match($0.match)) }
  }

  /// Each rule is replaced by what the call says, and keeps its id.
  func modifiedRules() throws -> [NetworkChange] {
    let request = request.record("ModifySecurityGroupRulesRequest") ?? request
    guard let text = request.text("GroupId") else { throw lacks("GroupId") }
    let group = try group(named: text)
    let updates = request.listed("SecurityGroupRule") + request.listed("SecurityGroupRules")
    guard !updates.isEmpty else { throw lacks("SecurityGroupRule") }
    var changes: [NetworkChange] = []
    // All go before any comes: a rule may become what another one was.
    for update in updates {
      guard let id = update.text("SecurityGroupRuleId"), let record = update.record("SecurityGroupRule")
      else { throw lacks("SecurityGroupRuleId or SecurityGroupRule") }
      let direction = [Direction.ingress, .egress].first { side in
        group.rules(side).contains { $0.id == id }
      }
      guard let direction else { throw EventError(message: "\(group.id) has no rule \(id)") }
      changes.insert(.removeRule(group: group.id, direction, .id(id)), at: 0)
      let rule = try rule(record, id, direction, of: group)
      changes.append(.addRule(group: group.id, direction, rule))
    }
    return changes
  }

  private func rule(
    _ record: AWSRecord, _ id: String, _ direction: Direction, of group: SecurityGroup
  ) throws -> SecurityGroupRule {
    var record =
      record.with("GroupId", text: group.id.rawValue).with("SecurityGroupRuleId", text: id)
      .with("IsEgress", value: .bool(direction == .egress))
    if let peer = record.text("ReferencedGroupId") {
      let info = JSONObject(members: [.init(name: "GroupId", value: .string(peer))])
      record = record.with("ReferencedGroupInfo", value: .object(info))
    }
    var importer = AWSImporter(log: request.log)
    importer.securityGroupRule(record)
    let read = importer.rulesByGroup[group.id].map { $0.inbound + $0.outbound } ?? []
    guard let rule = read.first else {
      throw EventError(message: "what rule \(id) is to be is not told: expected IpProtocol and a peer")
    }
    return rule
  }

  // MARK: Groups of interfaces

  private func groups() -> [ResourceID]? {
    let groups = request.records("Groups").compactMap { $0.id("GroupId") }
    return groups.isEmpty ? nil : groups
  }

  /// `{"value": false}`
  private var check: Bool? { request.record("SourceDestCheck")?.flag("Value") }

  func interfaceAttribute() throws -> [NetworkChange] {
    let interface = try id("NetworkInterfaceId")
    return (groups().map { [.setGroups(interface: interface, $0)] } ?? [])
      + (check.map { [.setSourceDestinationCheck(interface: interface, $0)] } ?? [])
  }

  /// Groups of an instance are those of its primary interface (semantics SG-5).
  func instanceAttribute() throws -> [NetworkChange] {
    guard groups() != nil || check != nil else { return [] }
    let interface = try network.primaryInterface(of: try id("InstanceId"))
    return (groups().map { [.setGroups(interface: interface, $0)] } ?? [])
      + (check.map { [.setSourceDestinationCheck(interface: interface, $0)] } ?? [])
  }
}
