import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Rules of the groups as one of the two commands tells them, by group and direction.
struct RulesByGroup {
  var inbound: [SecurityGroupRule] = []
  var outbound: [SecurityGroupRule] = []
  var account: String?
  var location = SourceLocation()
}

extension AWSImporter {
  /// `describe-security-groups`: a permission is one rule for each of its peers.
  mutating func securityGroup(_ record: AWSRecord) {
    guard let id = record.required("GroupId", of: "security group") else { return }
    var group = SecurityGroup(
      id: id, groupName: record.text("GroupName") ?? "", vpc: record.id("VpcId"),
      attributes: record.attributes(region: AWSRegion.ofARN(record.text("SecurityGroupArn"))))
    if record.has("IpPermissions") || record.has("IpPermissionsEgress") { groupsWithPermissions.insert(id) }
    group.inbound = rules(record.records("IpPermissions"), "inbound", of: group)
    group.outbound = rules(record.records("IpPermissionsEgress"), "outbound", of: group)
    securityGroups.add(group, log)
  }

  func rules(
    _ permissions: [AWSRecord], _ label: String, of group: SecurityGroup
  )
    -> [SecurityGroupRule]
  {
    var rules: [SecurityGroupRule] = []
    var place = 0
    for permission in permissions {
      let ipProtocol = permission.ipProtocol("IpProtocol", of: group.id)
      let traffic = ipProtocol.flatMap {
        permission.traffic(
          $0, first: permission.integer("FromPort"), last: permission.integer("ToPort"), of: group.id)
      }
      var peers = 0
      for (list, member) in [
        ("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"), ("PrefixListIds", "PrefixListId"),
        ("UserIdGroupPairs", ""),
      ] {
        for entry in permission.records(list) {
          place += 1
          peers += 1
          guard let peer = peer(entry, member, of: group), let traffic else { continue }
          rules.append(
            SecurityGroupRule(
              id: "\(label)-\(place)", match: Match(traffic, peer: peer),
              summary: entry.text("Description") ?? "", reference: reference(entry, of: group),
              location: entry.location))
        }
      }
      if peers == 0 {
        log.add(
          .warning, "rule_without_peer", group.id, at: permission.location,
          "the rule names no peer, so it matches nothing; expected IpRanges, Ipv6Ranges, PrefixListIds or "
            + "UserIdGroupPairs")
      }
    }
    return rules
  }

  private func peer(_ entry: AWSRecord, _ member: String, of group: SecurityGroup) -> Peer? {
    let prefix: IPPrefix?
    switch member {
    case "CidrIp", "CidrIpv4": prefix = entry.prefix4(member, of: group.id).map(IPPrefix.v4)
    case "CidrIpv6": prefix = entry.prefix6(member, of: group.id).map(IPPrefix.v6)
    case "PrefixListId":
      if let list = entry.text(member) { return .prefixList(list) }
      prefix = nil
    default:
      if let id = entry.text("GroupId") { return .group(Self.groupID(id).id) }
      if let name = entry.text("GroupName") { return .group(name) }
      prefix = nil
    }
    if let prefix { return .prefix(prefix) }
    let wanted = member.isEmpty ? "GroupId" : member
    if !entry.has(wanted) {
      log.add(
        .error, "missing_member", group.id, at: entry.location,
        "the rule's peer has no \(wanted); it is left out")
    }
    return nil
  }

  /// What is said of a referenced group that is not simply one of the same account and VPC.
  private func reference(_ entry: AWSRecord, of group: SecurityGroup) -> SecurityGroupRule.GroupReference? {
    guard entry.has("GroupId") || entry.has("GroupName") else { return nil }
    let account = entry.text("UserId") ?? entry.text("GroupId").flatMap { Self.groupID($0).account }
    let reference = SecurityGroupRule.GroupReference(
      account: account == group.attributes.account ? nil : account,
      vpc: entry.id("VpcId").flatMap { $0 == group.vpc ? nil : $0 },
      peering: entry.id("VpcPeeringConnectionId"), peeringStatus: entry.text("PeeringStatus"))
    return reference == SecurityGroupRule.GroupReference() ? nil : reference
  }

  /// A group of another account may be written `123456789012/sg-…` (semantics SG-26).
  private static func groupID(_ text: String) -> (account: String?, id: String) {
    let parts = text.split(separator: "/")
    guard parts.count == 2, parts[1].hasPrefix("sg-") else { return (nil, text) }
    return (String(parts[0]), String(parts[1]))
  }

  /// `describe-security-group-rules`: one rule an element, with the rule's own id.
  mutating func securityGroupRule(_ record: AWSRecord) {
    guard let group = record.required("GroupId", of: "security group rule") else { return }
    let owner = SecurityGroup(
      id: group, vpc: securityGroups[group]?.vpc,
      attributes: ResourceAttributes(account: record.text("GroupOwnerId")))
    var rules = rulesByGroup[group] ?? RulesByGroup()
    if rules.location == SourceLocation() { rules.location = record.location }
    rules.account = rules.account ?? record.text("GroupOwnerId")
    defer { rulesByGroup[group] = rules }
    guard let ipProtocol = record.ipProtocol("IpProtocol", of: group),
      let traffic = record.traffic(
        ipProtocol, first: record.integer("FromPort"), last: record.integer("ToPort"), of: group)
    else { return }
    let egress = record.flag("IsEgress") ?? false
    let id = record.text("SecurityGroupRuleId")
    guard id.map({ ruleIDs.insert($0).inserted }) ?? true else { return }
    let info = record.record("ReferencedGroupInfo")
    let member = ["CidrIpv4", "CidrIpv6", "PrefixListId"].first { record.has($0) }
    let entry = member == nil ? (info ?? record) : record
    guard let peer = peer(entry, member ?? "", of: owner) else { return }
    let place = (egress ? rules.outbound : rules.inbound).count + 1
    let rule = SecurityGroupRule(
      id: id ?? "\(egress ? "outbound" : "inbound")-\(place)", match: Match(traffic, peer: peer),
      summary: record.text("Description") ?? "", reference: info.flatMap { reference($0, of: owner) },
      location: record.location)
    if egress { rules.outbound.append(rule) } else { rules.inbound.append(rule) }
  }
}
