import NetworkTypes
import RuleMatching
import VirtualNetworks

extension PacketFilter {
  /// What a step is about: the interface for groups and checks, and the ACL, table or gateway for the rest.
  public func subject(of step: PathStep) -> ResourceID? {
    switch step.element {
    case .sourceCheck, .securityGroup, .connection: step.interface.map { id(of: $0) }
    case .networkInterface, .platformService:
      step.interface.map { id(of: $0) } ?? step.resource.map { id(of: $0) }
    case .networkACL, .route, .gateway, .outside:
      step.resource.map { id(of: $0) } ?? step.interface.map { id(of: $0) }
    case .internet: nil
    }
  }

  /// A resource as sentences name it: `sg-0123 (web)`.
  public func title(of id: ResourceID) -> String { label(id) }

  /// The resources that a packet passes, or that stop it, in order; nothing twice in a row.
  public func path(of answer: TraceAnswer, _ way: TraceStep.Way) -> [ResourceID] {
    var path: [ResourceID] = []
    for traced in answer.steps where traced.way == way {
      guard let id = subject(of: traced.step), path.last != id else { continue }
      path.append(id)
    }
    return path
  }

  /// What people call the kind of stage: `security group, inbound`, `route table`, `NAT gateway`.
  public func stageName(of step: PathStep) -> String {
    let side = step.direction == .ingress ? "inbound" : "outbound"
    switch step.element {
    case .sourceCheck: return "source/destination check"
    case .securityGroup: return "security groups, \(side)"
    case .networkACL: return "network ACL, \(side)"
    case .route: return "route table"
    case .gateway: return step.resource.flatMap { gatewayName(id(of: $0)) } ?? "internet gateway"
    case .networkInterface: return "network interface"
    case .internet: return "internet"
    case .platformService: return "platform service"
    case .outside: return step.resource.flatMap { gatewayName(id(of: $0)) } ?? "outside"
    case .connection: return "connection"
    }
  }

  private func gatewayName(_ id: ResourceID) -> String? {
    let index = compiled.network.index
    let model = compiled.network.model
    if index.internetGateways[id] != nil { return "internet gateway" }
    if index.natGateways[id] != nil { return "NAT gateway" }
    if index.egressOnlyGateways[id] != nil { return "egress-only gateway" }
    if index.peerings[id] != nil { return "peering connection" }
    if index.endpoints[id] != nil { return "endpoint" }
    if model.transitGateways.contains(where: { $0.id == id }) { return "transit gateway" }
    if model.transitGatewayAttachments.contains(where: { $0.id == id }) {
      return "transit gateway attachment"
    }
    if model.transitGatewayRouteTables.contains(where: { $0.id == id }) { return "transit gateway routes" }
    if model.loadBalancers.contains(where: { $0.id == id }) { return "load balancer" }
    if model.virtualPrivateGateways.contains(where: { $0.id == id }) { return "virtual private gateway" }
    return index.interfaces[id] != nil ? "network interface" : nil
  }

  /// One sentence that says what a traced step did with its packet, and why.
  public func explain(_ traced: TraceStep) -> String {
    explain(traced.step, for: traced.header)
  }

  /// One sentence that says what a step did with the packet that has this header after it, and why.
  public func explain(_ step: PathStep, for header: PacketHeader) -> String {
    switch step.action {
    case .deny: explain(denial: step, header)
    case .unknown: explain(unknown: step, for: header)
    case .allow: step.rule.map { Self.ruleSentence(rules[$0]) } ?? "lets it pass"
    case .established: "belongs to a flow that is tracked here: no rule is asked"
    case .unfiltered: explain(unfiltered: step)
    case .translate where header.family == .v6: "passes it on with the addresses that it has"
    case .translate:
      step.direction == .ingress
        ? "delivers it to \(header.destination)" : "sends it on as from \(header.source)"
    }
  }

  private func explain(unknown step: PathStep, for header: PacketHeader) -> String {
    let owners = compiled.network.addresses
    let ends = [header.source, header.destination]
    switch (step.missing, step.stage) {
    case (.ambiguousAddress, _):
      let ambiguous = ends.first { owners.owners(of: $0).count > 1 } ?? header.source
      let names = owners.owners(of: ambiguous).map { label(id(of: $0.interface)) }
      return "\(names.count) interfaces have \(ambiguous): \(names.prefix(5).joined(separator: ", "));"
        + " name one by its id"
    case (.interfaceOfAddress, _):
      let nobodys = ends.first {
        owners.owners(of: $0).isEmpty && compiled.network.vpc(containing: $0) != nil
      }
      guard let nobodys else { return explain(unknown: step) }
      return "\(nobodys) is inside a VPC, but no interface of the input has it"
    case (.network, .placement):
      let nobodys = ends.first { owners.owners(of: $0).isEmpty && !$0.isGlobal }
      guard let nobodys else { return explain(unknown: step) }
      return "the network that \(nobodys) belongs to is not in the input"
    default: return explain(unknown: step)
    }
  }

  private func explain(unfiltered step: PathStep) -> String {
    switch step.element {
    case .securityGroup: "has no security groups: nothing filters here"
    case .platformService: "traffic of the platform's own services is never filtered"
    case .internet:
      step.stage == .placement
        ? "both ends are on the internet: the network is not asked" : "reaches the internet"
    case .networkInterface: "both ends are one host: the packet never leaves it"
    case .outside: "leaves for a network beyond the input"
    case .route: "has no route back, and the reply returns to its NAT gateway all the same"
    default: "lets it pass"
    }
  }

  /// `entry 100: allow tcp 443 from 0.0.0.0/0`, `0.0.0.0/0 -> igw-1`, `tcp 443 from 0.0.0.0/0 (sg-1/sgr-1)`.
  private static func ruleSentence(_ entry: RuleCatalogue.Entry) -> String {
    switch entry.kind {
    case .groupRule: "\(entry.text) (\(entry.owner)/\(entry.id))"
    case .aclEntry: "entry \(entry.id): \(entry.text)"
    case .route: entry.text
    }
  }

  /// The rule that decided a step as records name it, `sg-…/sgr-…` or `acl-…/100`; for the final deny `acl-…/*`.
  public func ruleName(of step: PathStep) -> String? {
    if let rule = step.rule {
      let entry = rules[rule]
      return "\(entry.owner)/\(entry.id)"
    }
    guard step.element == .networkACL, step.action == .deny, let acl = step.resource else { return nil }
    return "\(id(of: acl))/*"
  }
}
