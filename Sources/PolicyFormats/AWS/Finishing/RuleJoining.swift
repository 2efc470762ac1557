import NetworkTypes
import RuleMatching
import VirtualNetworks

extension AWSImporter {
  /// Puts together what the two commands say of the groups' rules: `describe-security-groups` gives the order,
  /// `describe-security-group-rules` the rules' ids; where only one of them is there it is enough.
  mutating func joinRules() {
    for group in rulesByGroup.keys.sorted() {
      guard let listed = rulesByGroup[group] else { continue }
      guard securityGroups.contains(group) else {
        securityGroups.add(
          SecurityGroup(
            id: group, inbound: listed.inbound, outbound: listed.outbound,
            attributes: ResourceAttributes(account: listed.account, location: listed.location)), log)
        continue
      }
      let hasPermissions = groupsWithPermissions.contains(group)
      let log = self.log
      securityGroups.update(group) { group in
        if hasPermissions {
          Self.giveIDs(&group.inbound, from: listed.inbound, .ingress, of: group.id, log)
          Self.giveIDs(&group.outbound, from: listed.outbound, .egress, of: group.id, log)
        } else {
          group.inbound = listed.inbound
          group.outbound = listed.outbound
        }
      }
    }
  }

  private static func giveIDs(
    _ rules: inout [SecurityGroupRule], from listed: [SecurityGroupRule], _ direction: Direction,
    of group: ResourceID, _ log: ImportLog
  ) {
    // Two rules of a group never match the same: AWS refuses the second (semantics SG-20).
    var byMatch: [Match: [SecurityGroupRule]] = [:]
    for rule in listed.reversed() { byMatch[rule.match, default: []].append(rule) }
    for index in rules.indices {
      guard let twin = byMatch[rules[index].match]?.popLast() else {
        log.add(
          .error, "rules_disagree", group, at: rules[index].location,
          "this \(direction) rule is in describe-security-groups but not in describe-security-group-rules; "
            + "it is kept; make both at the same time")
        continue
      }
      rules[index].id = twin.id
      take(&rules[index].summary, twin.summary)
      take(&rules[index].reference, twin.reference)
    }
    let left = byMatch.values.flatMap { $0 }.sorted { $0.id < $1.id }
    for rule in left {
      log.add(
        .error, "rules_disagree", group, at: rule.location,
        "\(direction) rule \(rule.id) is in describe-security-group-rules but not in describe-security-groups; "
          + "it is left out; make both at the same time")
    }
  }

  /// A peer group may be given by its name alone (old answers): finds its id in the same VPC.
  mutating func resolveGroupNames() {
    var ids: [String: ResourceID] = [:]
    for group in securityGroups.items where !group.groupName.isEmpty {
      ids["\(group.vpc?.rawValue ?? "")/\(group.groupName)"] = group.id
    }
    securityGroups.updateAll { group in
      let vpc = group.vpc?.rawValue ?? ""
      func resolve(_ rules: inout [SecurityGroupRule]) {
        for index in rules.indices {
          guard case .group(let name) = rules[index].match.peer, !name.hasPrefix("sg-") else { continue }
          let home = rules[index].reference?.vpc?.rawValue ?? vpc
          if let id = ids["\(home)/\(name)"] { rules[index].match.peer = .group(id.rawValue) }
        }
      }
      resolve(&group.inbound)
      resolve(&group.outbound)
    }
  }
}
