import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Collects suggestions, blocker by blocker.
struct RemedyFinder {
  private let filter: PacketFilter
  private let answer: TraceAnswer
  private let question: TraceQuestion
  var remedy = Remedy()
  /// Entry numbers that suggestions have taken already.
  private var taken: [ResourceID: Set<Int>] = [:]

  private var network: CompiledNetwork { _read { yield filter.compiled.network } }

  init(_ filter: PacketFilter, _ answer: TraceAnswer, _ question: TraceQuestion) {
    self.filter = filter
    self.answer = answer
    self.question = question
  }

  /// Adds what takes a blocker away; false if nothing is certain, or if it is not certain what lies behind.
  mutating func add(_ blocker: TraceStep) -> Bool {
    let step = blocker.step
    switch step.element {
    case .securityGroup: return addGroupRule(blocker)
    case .networkACL: return addACLEntry(blocker)
    case .route: return addRoute(blocker)
    default: break
    }
    guard let text = otherRemedy(step, blocker.header) else { return false }
    append(Suggestion(change: .other, text: text))
    // With another source address the rules behind the gateway would see another packet.
    return step.code != .gatewayEgressNeedsPublicAddress
  }

  private mutating func append(_ suggestion: Suggestion) {
    if !remedy.suggestions.contains(suggestion) { remedy.suggestions.append(suggestion) }
  }

  // MARK: Rules

  private mutating func addGroupRule(_ blocker: TraceStep) -> Bool {
    guard let interface = blocker.step.interface,
      let group = network.model.networkInterfaces[interface.int].groups.first
    else { return false }
    let direction = blocker.step.direction
    let match = Match(traffic(blocker), peer: .prefix(remote(blocker)))
    append(
      Suggestion(
        change: .groupRule(group, direction, match),
        text: "add to \(filter.label(group)) \(side(direction)): \(match.text(direction))"))
    return true
  }

  private mutating func addACLEntry(_ blocker: TraceStep) -> Bool {
    let step = blocker.step
    guard let id = step.resource.map({ filter.id(of: $0) }),
      let acl = network.model.networkACLs.first(where: { $0.id == id })
    else { return false }
    let deciding = step.rule.flatMap { Int(filter.rules[$0].id) } ?? 32767
    let match = Match(traffic(blocker), peer: .prefix(remote(blocker)))
    let used = Set(acl.entries(step.direction).map(\.number)).union(taken[id] ?? [])
    guard let number = Self.freeNumber(below: deciding, used) else {
      append(
        Suggestion(
          change: .other,
          text:
            "add to \(filter.label(id)) \(side(step.direction)): allow \(match.text(step.direction)), before"
            + " entry \(deciding) (renumber it: no number below is free)"))
      return true
    }
    let known = remedy.suggestions.contains { suggestion in
      guard case .aclEntry(id, step.direction, let entry) = suggestion.change else { return false }
      return entry.traffic == match.traffic && .prefix(entry.prefix) == match.peer
    }
    if known { return true }
    taken[id, default: []].insert(number)
    let entry = NetworkACLEntry(
      number: number, action: .allow, traffic: match.traffic, prefix: remote(blocker))
    append(
      Suggestion(
        change: .aclEntry(id, step.direction, entry),
        text:
          "add to \(filter.label(id)) \(side(step.direction)): \(number) allow \(match.text(step.direction))")
    )
    return true
  }

  /// A free number before the deciding entry: a round one after the last that is in use, or else the next.
  static func freeNumber(below limit: Int, _ used: Set<Int>) -> Int? {
    let last = used.filter { $0 < limit }.max() ?? 0
    for step in [100, 10, 5, 1] {
      let next = (last / step + 1) * step
      if next < limit { return next }
    }
    return (1..<max(limit, 1)).last { !used.contains($0) }
  }

  /// The traffic of a step. A client's port that nobody chose stands for all that clients take (semantics NACL-10).
  private func traffic(_ blocker: TraceStep) -> TrafficMatch {
    let service = blocker.header.service
    let isClientPort =
      blocker.way == .reply && question.standsForAnyClientPort && service.port == question.sourcePort
    let ports = isClientPort ? PortRange(1024, 65535) ?? .all : PortRange(service.port)
    let kind = ICMPMatch.type(UInt8(service.port >> 8), code: UInt8(service.port & 255))
    switch service.ipProtocol {
    case .tcp: return .tcp(ports)
    case .udp: return .udp(ports)
    case .icmp: return .icmp(kind)
    case .icmpv6: return .icmpv6(kind)
    default: return .other(service.ipProtocol)
    }
  }

  /// The other end as a block: one address, or all where any host of the internet was asked about.
  private func remote(_ blocker: TraceStep) -> IPPrefix {
    let address = blocker.step.direction == .egress ? blocker.header.destination : blocker.header.source
    let isAnybody =
      question.from == .internet && address == answer.header.source
      || question.to == .internet && address == answer.header.destination
    return isAnybody ? IPPrefix(address, length: 0) : IPPrefix(host: address)
  }

  private func side(_ direction: Direction) -> String { direction == .ingress ? "inbound" : "outbound" }

  // MARK: Routes

  private mutating func addRoute(_ blocker: TraceStep) -> Bool {
    let step = blocker.step
    guard let id = step.resource.map({ filter.id(of: $0) }),
      let table = network.routeTables.first(where: { $0.resource == step.resource }), let vpc = table.vpc
    else { return false }
    let destination = blocker.header.destination
    if step.code == .badStateRoute {
      let text = step.rule.map { filter.rules[$0].text } ?? "its route"
      append(
        Suggestion(change: .other, text: "give a working target to the route \(text) of \(filter.label(id))"))
      return false
    }
    guard step.code == .noRoute, let target = target(from: vpc, blocker) else { return false }
    let remote = target.keepsAddresses ? network.vpc(containing: destination) : nil
    let block = remote.flatMap { self.block(of: $0, destination) } ?? self.remote(blocker)
    let route = Route(destination: .prefix(block), target: target.target)
    append(
      Suggestion(
        change: .route(id, route),
        text: "add to \(filter.label(id)) a route: \(block) -> \(target.target.text)"))
    return target.keepsAddresses
  }

  private func block(of vpc: Int, _ address: IPAddress) -> IPPrefix? {
    let model = network.model.vpcs[vpc]
    let blocks = model.ipv4Blocks.map(IPPrefix.v4) + model.ipv6Blocks.map(IPPrefix.v6)
    return blocks.first { $0.contains(address) }
  }

  /// The one gateway that certainly leads to the destination, if there is just one.
  private func target(
    from vpc: Int, _ blocker: TraceStep
  ) -> (target: Route.Target, keepsAddresses: Bool)? {
    let model = network.model
    let home = model.vpcs[vpc].id
    let destination = blocker.header.destination
    if let other = network.vpc(containing: destination) {
      let away = model.vpcs[other].id
      let peerings = model.peeringConnections.filter {
        $0.state == "active" && $0.side(oppositeTo: home)?.vpc == away
      }
      return peerings.count == 1 ? (.peering(peerings[0].id), true) : nil
    }
    guard destination.isGlobal, let gateway = model.internetGateways.first(where: { $0.vpc == home }) else {
      return nil
    }
    guard case .v4(let source) = blocker.header.source, blocker.way == .request else { return nil }
    let own = network.addresses.owners(of: .v4(source)).first {
      network.interfaces[$0.interface.int].vpc == vpc
    }
    let hasPublic = own.map { owner in
      model.networkInterfaces[owner.interface.int].ipv4Addresses.contains {
        $0.address == source && $0.publicAddress != nil
      }
    }
    if hasPublic == true { return (.internetGateway(gateway.id), false) }
    let nats = model.natGateways.filter { $0.vpc == home && $0.isPublic && $0.state == "available" }
    return nats.count == 1 ? (.natGateway(nats[0].id), false) : nil
  }

  // MARK: Others

  private func otherRemedy(_ step: PathStep, _ header: PacketHeader) -> String? {
    let interface = step.interface.map { filter.label(filter.id(of: $0)) }
    let resource = step.resource.map { filter.label(filter.id(of: $0)) }
    switch step.code {
    case .gatewayEgressNeedsPublicAddress, .gatewayIngressNeedsPublicAddress:
      // The egress-only gateway shares the code: nothing opens that way in.
      guard header.family == .v4, let interface else { return nil }
      return "associate a public (Elastic) address with \(interface)"
    case .badState where step.element == .networkInterface:
      let instance = step.interface.flatMap { network.model.networkInterfaces[$0.int].instance }
      return instance.map { "start \(filter.label($0))" }
    case .unassociatedComponent where step.element == .networkInterface:
      return interface.map { "attach \($0) to an instance" }
    case .sourceDestinationCheck:
      return interface.map { "turn the source/destination check of \($0) off, if it is to forward" }
    case .listenersMismatch:
      return resource.map { "add to \($0) a listener for \(PacketFilter.trafficText(header))" }
    case .transitNoAssociation:
      return resource.map { "associate \($0) with a route table of its transit gateway" }
    default: return nil
    }
  }
}
