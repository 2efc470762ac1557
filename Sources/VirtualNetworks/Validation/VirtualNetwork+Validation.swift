extension VirtualNetwork {
  /// What does not fit together in the network: references that lead nowhere, addresses outside of their subnets,
  /// resources that overlap or occur twice.
  ///
  /// A kind of resource of which the network has none at all is one problem (`incomplete_network`), not one for each
  /// reference to it. Takes O(n log n) time in the number of resources and rules.
  public func inconsistencies() -> [ModelProblem] {
    var check = ConsistencyCheck(self)
    check.completeness()
    check.references()
    check.rules()
    check.routes()
    check.addresses()
    check.associations()
    return check.problems
  }
}

/// One pass over a network, with what it needs to look things up.
struct ConsistencyCheck {
  let network: VirtualNetwork
  private(set) var problems: [ModelProblem] = []

  let vpcs: Set<ResourceID>
  let subnets: [ResourceID: Subnet]
  let groups: Set<ResourceID>
  let prefixLists: [ResourceID: PrefixList]
  let interfaces: Set<ResourceID>
  let instances: Set<ResourceID>
  /// Prefix lists that were complained of already.
  var unknownLists: Set<ResourceID> = []

  init(_ network: VirtualNetwork) {
    self.network = network
    vpcs = Set(network.vpcs.map(\.id))
    subnets = Dictionary(network.subnets.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    groups = Set(network.securityGroups.map(\.id))
    prefixLists = Dictionary(network.prefixLists.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    interfaces = Set(network.networkInterfaces.map(\.id))
    instances = Set(network.instances.map(\.id))
  }

  mutating func report(
    _ severity: ModelProblem.Severity, _ code: String, _ resource: ResourceID, at location: SourceLocation,
    member: String = "", _ message: String
  ) {
    // A network that was built in code has no paths to append to.
    let place = location.path.isEmpty || member.isEmpty ? location : location.appending(".\(member)")
    problems.append(
      ModelProblem(severity, code: code, resource: resource, location: place, message: message))
  }

  /// Names the kinds of which there are none: verdicts that need them are unknown.
  fileprivate mutating func completeness() {
    let kinds = [
      (network.vpcs.isEmpty, "VPCs", "vpcs"), (network.subnets.isEmpty, "subnets", "subnets"),
      (network.networkInterfaces.isEmpty, "network interfaces", "network-interfaces"),
      (network.securityGroups.isEmpty, "security groups", "security-groups"),
      (network.networkACLs.isEmpty, "network ACLs", "network-acls"),
      (network.routeTables.isEmpty, "route tables", "route-tables"),
    ]
    let missing = kinds.filter(\.0)
    guard !missing.isEmpty && missing.count < kinds.count else { return }
    problems.append(
      ModelProblem(
        .warning, code: "incomplete_network", location: SourceLocation(),
        message:
          "the input has no \(missing.map(\.1).joined(separator: ", no ")): verdicts that need them are "
          + "unknown; add the output of aws ec2 "
          + missing.map { "describe-\($0.2)" }.joined(separator: ", ")))
  }
}
