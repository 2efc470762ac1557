import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Quotas of AWS (semantics SG-34 to SG-39, NACL-15, RT-25): beyond the usual value a warning, since it may have been
/// raised; beyond what it can be raised to an error.
extension NetworkLinter {
  func quotas() -> [LintFinding] {
    network.securityGroups.flatMap(groupQuotas) + network.networkInterfaces.compactMap(interfaceQuota)
      + ruleSums()
      + network.networkACLs.flatMap(aclQuotas) + tableQuotas() + listQuotas() + regionQuotas()
  }

  private func finding(
    _ count: Int, _ what: String, usual: Int, most: Int, _ resource: ResourceID?, at location: SourceLocation,
    fix: String
  ) -> LintFinding? {
    guard count > usual else { return nil }
    let limit = count > most ? "at most \(most) are possible" : "the quota is \(usual) unless it was raised"
    return LintFinding(
      count > most ? .error : .warning, .quotaExceeded, resource, at: location, "\(count) \(what); \(limit)",
      fix: fix)
  }

  // MARK: Groups

  /// What rules of a family count: a list counts as its maximum of entries, a reference as one (semantics SG-37).
  func weight(_ rules: [SecurityGroupRule], _ family: IPFamily) -> Int {
    rules.reduce(0) { sum, rule in
      switch rule.match.peer {
      case .prefix(let prefix): return sum + (prefix.family == family ? 1 : 0)
      case .group: return sum + 1
      case .prefixList(let name):
        guard let list = lists[ResourceID(rawValue: name)] else { return sum + 1 }
        if let weight = Self.weightOfAmazonsList(list.listName) { return sum + weight }
        guard list.entries.isEmpty || list.entries.contains(where: { $0.family == family }) else {
          return sum
        }
        return sum + (list.maximumEntries ?? max(list.entries.count, 1))
      }
    }
  }

  /// Weights of Amazon's own lists (semantics SG-38).
  private static func weightOfAmazonsList(_ name: String) -> Int? {
    guard name.hasPrefix("com.amazonaws.") else { return nil }
    let weights = [
      ("cloudfront.origin-facing", 55), ("s3express", 6), ("ec2-instance-connect", 2), ("groundstation", 5),
      ("route53-healthchecks", 25), ("vpc-lattice", 10), ("secretsmanager", 20), ("dynamodb", 1), ("s3", 1),
    ]
    return weights.first { name.contains($0.0) }?.1 ?? 1
  }

  private func groupQuotas(_ group: SecurityGroup) -> [LintFinding] {
    [(Direction.ingress, "inbound"), (.egress, "outbound")].flatMap { direction, word in
      [(IPFamily.v4, "IPv4"), (.v6, "IPv6")].compactMap { family, name in
        finding(
          weight(group.rules(direction), family), "\(word) rules for \(name)", usual: 60, most: 1000,
          group.id,
          at: group.attributes.location, fix: "join rules, or divide the group in two")
      }
    }
  }

  private func interfaceQuota(_ interface: NetworkInterface) -> LintFinding? {
    finding(
      Set(interface.groups).count, "security groups on one interface", usual: 5, most: 16, interface.id,
      at: interface.attributes.location, fix: "join groups")
  }

  /// Rules of all groups of an interface together: at most 1,000 of a direction and family (semantics SG-35).
  private func ruleSums() -> [LintFinding] {
    var weights: [ResourceID: [Int]] = [:]
    let kinds = [(Direction.ingress, IPFamily.v4), (.ingress, .v6), (.egress, .v4), (.egress, .v6)]
    for group in network.securityGroups {
      weights[group.id] = kinds.map { weight(group.rules($0.0), $0.1) }
    }
    return network.networkInterfaces.compactMap { interface in
      let sums = kinds.indices.map { kind in
        Set(interface.groups).reduce(0) { $0 + (weights[$1]?[kind] ?? 0) }
      }
      guard let most = sums.indices.max(by: { sums[$0] < sums[$1] }) else { return nil }
      let (direction, family) = kinds[most]
      return finding(
        sums[most],
        "\(direction == .ingress ? "inbound" : "outbound") rules for \(family == .v4 ? "IPv4" : "IPv6") in the groups of "
          + "one interface", usual: 1000, most: 1000, interface.id, at: interface.attributes.location,
        fix: "join rules, or take groups away")
    }
  }

  private func aclQuotas(_ acl: NetworkACL) -> [LintFinding] {
    [(Direction.ingress, "inbound"), (.egress, "outbound")].compactMap { direction, word in
      finding(
        acl.entries(direction).count { !$0.isFinalDeny }, "\(word) entries", usual: 20, most: 40, acl.id,
        at: acl.attributes.location, fix: "join entries")
    }
  }

  // MARK: Routes and lists

  private func tableQuotas() -> [LintFinding] {
    var findings: [LintFinding] = []
    var tables: [ResourceID: Int] = [:]
    for table in network.routeTables {
      tables[table.vpc, default: 0] += 1
      let written = table.routes.filter { $0.origin != .propagated }
      let routes = written.reduce(0) { sum, route in
        guard case .prefixList(let id) = route.destination, let list = lists[id] else { return sum + 1 }
        return sum + (list.maximumEntries ?? max(list.entries.count, 1))
      }
      findings += [
        finding(
          routes, "routes", usual: 500, most: 1000, table.id, at: table.attributes.location,
          fix: "join destinations"),
        finding(
          table.routes.count - written.count, "propagated routes", usual: 100, most: 100, table.id,
          at: table.attributes.location, fix: "announce fewer, wider blocks"),
      ].compactMap { $0 }
    }
    for vpc in network.vpcs {
      if let found = finding(
        tables[vpc.id] ?? 0, "route tables", usual: 200, most: .max, vpc.id, at: vpc.attributes.location,
        fix: "let subnets share tables")
      {
        findings.append(found)
      }
    }
    return findings
  }

  private func listQuotas() -> [LintFinding] {
    network.prefixLists.filter { !$0.listName.hasPrefix("com.amazonaws.") }.compactMap { list in
      finding(
        max(list.entries.count, list.maximumEntries ?? 0), "entries of a prefix list", usual: 1000,
        most: 1000,
        list.id, at: list.attributes.location, fix: "divide the list in two")
    }
  }

  private func regionQuotas() -> [LintFinding] {
    func count<Resource>(
      _ resources: [Resource], _ attributes: (Resource) -> ResourceAttributes, _ what: String, usual: Int
    ) -> [LintFinding] {
      let places = Dictionary(grouping: resources) { resource in
        [attributes(resource).account ?? "", attributes(resource).region ?? ""]
      }
      return places.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { place, found in
        let name = place.filter { !$0.isEmpty }.joined(separator: " ")
        return finding(
          found.count, "\(what)\(name.isEmpty ? "" : " in \(name)")", usual: usual, most: .max, nil,
          at: SourceLocation(), fix: "remove those that nothing uses")
      }
    }
    return count(network.securityGroups, \.attributes, "security groups", usual: 2500)
      + count(
        network.prefixLists.filter { !$0.listName.hasPrefix("com.amazonaws.") }, \.attributes, "prefix lists",
        usual: 100)
  }
}
