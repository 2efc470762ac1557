extension CloudTrailReader {
  /// The service whose calls are modelled.
  static let ownSource = "ec2.amazonaws.com"

  /// Whether a call that is not modelled here changes what packets meet.
  static func changesNetwork(_ name: String, of source: String) -> Bool {
    switch source {
    case ownSource: changesNetwork(name)
    case "elasticloadbalancing.amazonaws.com": changesBalancing(name)
    default: false
    }
  }

  private static func changesNetwork(_ name: String) -> Bool {
    // A spot instance that went: terminated, stopped or hibernated, which the event does not tell.
    if name == "BidEvictedEvent" { return true }
    let verbs = [
      "Create", "Delete", "Modify", "Replace", "Attach", "Detach", "Associate", "Disassociate", "Assign",
      "Unassign", "Accept", "Reject", "Enable", "Disable",
    ]
    guard let verb = verbs.first(where: name.hasPrefix) else { return false }
    let things = [
      "SecurityGroup", "NetworkInterface", "NetworkAcl", "Route", "Gateway", "Vpc", "Subnet", "Address",
      "Peering",
      "PrefixList", "Endpoint", "Ipv6", "Cidr", "Vpn", "Vgw",
    ]
    let rest = name.dropFirst(verb.count)
    return things.contains { rest.contains($0) }
  }

  /// Calls about load balancers, their listeners and targets, those of classic ones among them.
  private static func changesBalancing(_ name: String) -> Bool {
    let verbs = [
      "Create", "Delete", "Modify", "Register", "Deregister", "Set", "Apply", "Attach", "Detach", "Enable",
      "Disable",
    ]
    guard let verb = verbs.first(where: name.hasPrefix) else { return false }
    let things = [
      "LoadBalancer", "Listener", "Target", "Rule", "SecurityGroups", "Subnets", "IpAddressType",
    ]
    let rest = name.dropFirst(verb.count)
    return things.contains { rest.contains($0) }
  }
}
