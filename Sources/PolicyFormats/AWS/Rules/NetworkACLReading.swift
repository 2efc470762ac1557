import NetworkTypes
import RuleMatching
import VirtualNetworks

extension AWSImporter {
  /// `describe-network-acls`; the order of the entries in the input means nothing (semantics NACL-2).
  mutating func networkACL(_ record: AWSRecord) {
    guard let id = record.required("NetworkAclId", of: "network ACL"),
      let vpc = record.required("VpcId", of: "network ACL", id)
    else { return }
    var lists: [Direction: [NetworkACLEntry]] = [.ingress: [], .egress: []]
    for entry in record.records("Entries") {
      let direction: Direction = entry.flag("Egress") ?? false ? .egress : .ingress
      if let read = aclEntry(entry, of: id) { lists[direction]?.append(read) }
    }
    for (direction, entries) in lists {
      lists[direction] = inOrder(entries, direction, of: id)
    }
    var acl = NetworkACL(
      id: id, vpc: vpc, isDefault: record.flag("IsDefault") ?? false,
      subnets: record.records("Associations").compactMap { $0.id("SubnetId") },
      inbound: lists[.ingress] ?? [], outbound: lists[.egress] ?? [], attributes: record.attributes())
    acl.associations = associations(record.records("Associations"), "NetworkAclAssociationId", of: id)
    networkACLs.add(acl, log)
  }

  func aclEntry(_ entry: AWSRecord, of acl: ResourceID) -> NetworkACLEntry? {
    guard let number = entry.integer("RuleNumber") else {
      log.add(
        .error, "missing_member", acl, at: entry.location, "the entry has no RuleNumber; it is left out")
      return nil
    }
    guard (1...32768).contains(number) else {
      log.add(
        .error, "invalid_rule_number", acl, at: entry.location.appending(".RuleNumber"),
        "RuleNumber is \(number); expected 1 to 32766, or 32767 and 32768 for the final deny; the entry is left out"
      )
      return nil
    }
    guard let action = NetworkACLEntry.Action(rawValue: entry.text("RuleAction")?.lowercased() ?? "") else {
      log.add(
        .error, "invalid_action", acl, at: entry.location,
        "RuleAction is \"\(entry.text("RuleAction") ?? "")\"; expected allow or deny; the entry is left out")
      return nil
    }
    let prefix =
      entry.has("Ipv6CidrBlock")
      ? entry.prefix6("Ipv6CidrBlock", of: acl).map(IPPrefix.v6)
      : entry.prefix4("CidrBlock", of: acl).map(IPPrefix.v4)
    guard let prefix else {
      if !entry.has("CidrBlock") && !entry.has("Ipv6CidrBlock") {
        log.add(
          .error, "missing_member", acl, at: entry.location,
          "the entry has no CidrBlock or Ipv6CidrBlock; it is left out")
      }
      return nil
    }
    guard let ipProtocol = entry.ipProtocol("Protocol", of: acl),
      let traffic = aclTraffic(entry, ipProtocol, prefix.family, of: acl)
    else { return nil }
    return NetworkACLEntry(
      number: number, action: action, traffic: traffic, prefix: prefix, location: entry.location)
  }

  /// Ports and types as semantics NACL-9 and NACL-10 have them.
  private func aclTraffic(
    _ entry: AWSRecord, _ ipProtocol: IPProtocol?, _ family: IPFamily, of acl: ResourceID
  ) -> TrafficMatch? {
    guard let ipProtocol else { return .all }
    if ipProtocol.hasPorts {
      guard let range = entry.record("PortRange") else { return ipProtocol == .tcp ? .tcp(.all) : .udp(.all) }
      return range.traffic(
        ipProtocol, first: range.integer("From"), last: range.integer("To"), of: acl)
    }
    if ipProtocol.hasICMPKind {
      // With an IPv4 block, type and code of protocol 58 are ignored (semantics NACL-10).
      if ipProtocol == .icmpv6 && family == .v4 { return .icmpv6(.any) }
      guard let kind = entry.record("IcmpTypeCode") else {
        log.add(
          .warning, "icmp_type_not_given", acl, at: entry.location,
          "\(ipProtocol) without IcmpTypeCode is read as every type; AWS always sends it")
        return ipProtocol == .icmp ? .icmp(.any) : .icmpv6(.any)
      }
      return kind.traffic(ipProtocol, first: kind.integer("Type"), last: kind.integer("Code"), of: acl)
    }
    return .other(ipProtocol)
  }

  /// Sorts by number, then (AWS has no such entries) by what the entry says, so that the input's order means nothing.
  private func inOrder(
    _ entries: [NetworkACLEntry], _ direction: Direction, of acl: ResourceID
  ) -> [NetworkACLEntry] {
    let keyed = entries.map { (entry: $0, text: "\($0.action) \($0.traffic) \($0.prefix)") }
      .sorted { ($0.entry.number, $0.text) < ($1.entry.number, $1.text) }
    for (first, second) in zip(keyed, keyed.dropFirst()) where first.entry.number == second.entry.number {
      log.add(
        .error, "duplicate_rule_number", acl, at: second.entry.location,
        "two \(direction) entries have number \(second.entry.number); numbers are unique within a direction")
    }
    return keyed.map(\.entry)
  }
}
