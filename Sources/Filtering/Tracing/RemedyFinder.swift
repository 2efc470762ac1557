import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Collects suggestions, blocker by blocker.
struct RemedyFinder {
  let filter: PacketFilter
  let answer: TraceAnswer
  let question: TraceQuestion
  var remedy = Remedy()
  /// Entry numbers that suggestions have taken already.
  private var taken: [ResourceID: Set<Int>] = [:]

  var network: CompiledNetwork { _read { yield filter.compiled.network } }

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
    switch step.code {
    case .gatewayEgressToRFC1918, .gatewayEgressToRFC6598:
      return addWayAround(blocker)
    case .gatewayIngressFromRFC1918, .gatewayIngressFromRFC6598:
      // The answer to a packet that should not have gone that way: opened with the request.
      return blocker.way == .reply && !remedy.suggestions.isEmpty
    default: break
    }
    guard let text = otherRemedy(step, blocker.header) else { return false }
    append(Suggestion(change: .other, text: text))
    // With another source address the rules behind the gateway would see another packet.
    return !Self.hidesWhatFollows.contains(step.code)
  }

  private static let hidesWhatFollows: Set<ReachabilityCode?> = [
    .gatewayEgressNeedsPublicAddress, .transitNoRoute, .transitBadStateRoute, .badStateAttachment, .badState,
    .listenerHasNoTargets, .noTargetsInZone, .listenersMismatch, .transitNoAssociation,
  ]

  mutating func append(_ suggestion: Suggestion) {
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
    let ports =
      isClientPort || blocker.hasTranslatedPort ? PortRange(1024, 65535) ?? .all : PortRange(service.port)
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
  func remote(_ blocker: TraceStep) -> IPPrefix {
    let address = blocker.step.direction == .egress ? blocker.header.destination : blocker.header.source
    let isAnybody =
      question.from == .internet && address == answer.header.source
      || question.to == .internet && address == answer.header.destination
    return isAnybody ? IPPrefix(address, length: 0) : IPPrefix(host: address)
  }

  private func side(_ direction: Direction) -> String { direction == .ingress ? "inbound" : "outbound" }

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
      guard let interface = step.interface,
        let instance = network.model.networkInterfaces[interface.int].instance
      else { return nil }
      switch network.interfaces[interface.int].instanceState {
      case .stopped, .stopping: return "start \(filter.label(instance))"
      case .pending: return "wait until \(filter.label(instance)) runs"
      // Terminated instances do not come back (semantics LC-2).
      default: return nil
      }
    case .unassociatedComponent where step.element == .networkInterface:
      return interface.map { "attach \($0) to an instance" }
    case .sourceDestinationCheck:
      return interface.map { "turn the source/destination check of \($0) off, if it is to forward" }
    case .listenersMismatch where header.ipProtocol.hasPorts:
      return resource.map { "add to \($0) a listener for \(PacketFilter.trafficText(header))" }
    case .transitNoAssociation:
      return resource.map { "associate \($0) with a route table of its transit gateway" }
    case .transitNoRoute: return transitRoute(step, header)
    case .transitZone:
      let subnet = step.interface.map { network.model.networkInterfaces[$0.int].subnet }
      let zone = subnet.flatMap { id in network.model.subnets.first { $0.id == id } }.flatMap {
        $0.zone ?? $0.zoneID
      }
      guard let zone, let resource else { return nil }
      return "add a subnet of zone \(zone) to \(resource)"
    case .transitBadStateRoute:
      guard let rule = step.rule, let resource else { return nil }
      return "give a working target to the route \(filter.rules[rule].text) of \(resource)"
    case .badStateAttachment: return resource.map { "make \($0) available" }
    case .badState where isPending(step): return resource.map { "accept \($0)" }
    case .listenerHasNoTargets: return resource.map { "give the listener of \($0) a target group" }
    case .noTargetsInZone:
      return resource.map { "turn cross-zone load balancing of \($0) on, or register a target in the zone" }
    default: return nil
    }
  }
}
