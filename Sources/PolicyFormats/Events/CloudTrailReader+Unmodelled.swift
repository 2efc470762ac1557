extension CloudTrailReader {
  /// The service whose calls are modelled.
  static let ownSource = "ec2.amazonaws.com"

  /// Names of calls that change something: one of the verbs, then something with one of the things.
  private struct Calls {
    var verbs: [String]
    var things: [String]

    func have(_ name: String) -> Bool {
      guard let verb = verbs.first(where: name.hasPrefix) else { return false }
      let rest = name.dropFirst(verb.count)
      return things.contains { rest.contains($0) }
    }
  }

  private static let network = Calls(
    verbs: [
      "Create", "Delete", "Modify", "Replace", "Attach", "Detach", "Associate", "Disassociate", "Assign",
      "Unassign", "Accept", "Reject", "Enable", "Disable",
    ],
    things: [
      "SecurityGroup", "NetworkInterface", "NetworkAcl", "Route", "Gateway", "Vpc", "Subnet", "Address",
      "Peering",
      "PrefixList", "Endpoint", "Ipv6", "Cidr", "Vpn", "Vgw",
    ])

  /// Calls about load balancers, their listeners and targets, those of classic ones among them.
  private static let balancing = Calls(
    verbs: [
      "Create", "Delete", "Modify", "Register", "Deregister", "Set", "Apply", "Attach", "Detach", "Enable",
      "Disable",
    ],
    things: ["LoadBalancer", "Listener", "Target", "Rule", "SecurityGroups", "Subnets", "IpAddressType"])

  /// Whether a call that is not modelled here changes what packets meet.
  static func changesNetwork(_ name: String, of source: String) -> Bool {
    switch source {
    // A spot instance that went: terminated, stopped or hibernated, which the event does not tell.
    case ownSource: name == "BidEvictedEvent" || network.have(name)
    case "elasticloadbalancing.amazonaws.com": balancing.have(name)
    default: false
    }
  }
}
