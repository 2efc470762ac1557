import Filtering
import NetworkTypes
import PolicyAnalysis
import RuleMatching
import VirtualNetworks

/// Finds packets that tell a network's rules from all that differ by one step.
///
/// First the edges of every rule; then, for each mutant that those do not show, one of the packets that do, if there are
/// any: every packet for which the rule's list decides is looked at (``DecidingPackets``).
struct BoundaryFinder {
  private let network: BoundaryNetwork
  private let analyzer: ReachAnalyzer
  private let questions: PolicyQuestions
  private(set) var flows: [BoundaryFlow] = []
  private var known: Set<PacketHeader> = []
  private var ports = ClientPorts()
  private var shown: [RuleTest.List: [Crossing]] = [:]
  private var workLeft: Int
  /// Rules that no interface's packets can be brought to.
  private(set) var rulesWithoutCarrier = 0
  /// Groups and ACLs that have more kinds of packets than are looked at.
  private(set) var ownersCutShort: [ResourceID] = []

  /// Kinds of packets that are looked at in search of those for which one list decides: each list's share.
  private let kindLimit: Int
  /// Packets by which one mutant differs that are tried, since not all can be told from others in a capture.
  private static let attemptLimit = 64

  init(_ network: BoundaryNetwork, workLimit: Int) {
    self.network = network
    analyzer = ReachAnalyzer(network.filter)
    questions = PolicyQuestions(network.network)
    workLeft = workLimit
    let lists = 2 * (network.network.securityGroups.count + network.network.networkACLs.count)
    kindLimit = max(1000, min(200_000, workLimit / max(1, lists)))
  }

  /// A packet's meeting with a list of rules.
  private struct Crossing {
    var flow: Int
    var remote: IPAddress
    var service: ServiceKey
  }

  mutating func find() {
    for group in network.network.securityGroups {
      for direction in [Direction.ingress, .egress] { find(group, direction) }
    }
    for acl in network.network.networkACLs {
      for direction in [Direction.ingress, .egress] { find(acl, direction) }
    }
    shown = [:]
  }

  private mutating func find(_ group: SecurityGroup, _ direction: Direction) {
    let rules = group.rules(direction)
    let carriers = network.carriers(of: group.id)
    guard !carriers.isEmpty else {
      rulesWithoutCarrier += rules.count
      return
    }
    let list = network.filter.groupRules(at: carriers[0].interface, direction) ?? []
    var mutants: [PolicyMutant] = []
    for rule in rules {
      let found = list.first { candidate in
        let entry = network.filter.rules[candidate.index]
        return entry.owner == group.id && entry.id == rule.id
      }
      guard let resolved = found?.resolved else { continue }
      addEdges(of: resolved, direction, by: carriers[0])
      mutants += group.mutants(of: rule, direction, resolved: resolved)
    }
    let lists = network.filter.lists(ofGroup: group.id, direction)
    show(mutants, of: Side(owner: group.id, direction: direction, lists: lists, group.extremes(direction)))
  }

  private mutating func find(_ acl: NetworkACL, _ direction: Direction) {
    let entries = acl.entries(direction).filter { !$0.isFinalDeny }
    let carriers = network.carriers(of: acl)
    guard let list = network.filter.list(ofACL: acl.id, direction), !carriers.isEmpty else {
      rulesWithoutCarrier += entries.count
      return
    }
    for entry in entries { addEdges(of: entry.resolved, direction, by: carriers[0]) }
    show(
      entries.flatMap { acl.mutants(of: $0, direction) },
      of: Side(owner: acl.id, direction: direction, lists: [list], acl.extremes(direction)))
  }

  // MARK: Edges

  /// Adds the packets just inside and outside of a rule's edges.
  private mutating func addEdges(of rule: ResolvedRule, _ direction: Direction, by carrier: PolicyCarrier) {
    let services = EdgeValues.services(of: rule.traffic)
    for prefix in rule.prefixes.prefix(4) {
      let inside =
        network.ends.first { prefix.contains($0) && !carrier.addresses.contains($0) } ?? prefix.first
      for address in EdgeValues.addresses(of: prefix) { add(address, services[0], direction, carrier) }
      for service in services + EdgeValues.otherProtocols(services[0]) {
        add(inside, service, direction, carrier)
      }
    }
  }

  private mutating func add(
    _ remote: IPAddress, _ service: ServiceKey, _ direction: Direction, _ carrier: PolicyCarrier
  ) {
    // ICMP belongs to IPv4, and ICMPv6 to IPv6.
    guard service.ipProtocol != (remote.family == .v4 ? .icmpv6 : .icmp),
      let ends = network.ends(of: remote, direction, by: carrier)
    else { return }
    let header = PacketHeader(source: ends.source, destination: ends.destination, service: service)
    guard known.insert(header).inserted else { return }
    add(flow(header, port: nil))
  }

  /// The flow that a packet begins; from any port unless one is named.
  private func flow(_ header: PacketHeader, port: UInt16?) -> BoundaryFlow {
    var header = header
    header.sourcePort = port ?? ports.current
    return BoundaryFlow(header, network.filter)
  }

  private mutating func add(_ flow: BoundaryFlow) {
    if flow.request.sourcePort == ports.current { ports.advance() }
    for test in flow.tests {
      shown[test.list, default: []].append(
        Crossing(flow: flows.count, remote: test.remote, service: test.service))
    }
    flows.append(flow)
  }

  // MARK: Mutants

  /// One list as it is written, with the compiled ones that hold it.
  private struct Side {
    var owner: ResourceID
    var direction: Direction
    var lists: Set<RuleTest.List>
    var extremes: (open: [NetworkChange], closed: [NetworkChange])

    init(
      owner: ResourceID, direction: Direction, lists: Set<RuleTest.List>,
      _ extremes: (open: [NetworkChange], closed: [NetworkChange])
    ) {
      self.owner = owner
      self.direction = direction
      self.lists = lists
      self.extremes = extremes
    }
  }

  /// Adds a packet for each mutant that differs and is not shown yet.
  private mutating func show(_ mutants: [PolicyMutant], of side: Side) {
    var deciding: DecidingPackets?
    var isCut = false
    for mutant in mutants {
      guard workLeft > 0 else {
        isCut = true
        break
      }
      guard let filter = try? network.filter.applying(mutant.changes).0, !isShown(mutant, side.lists, filter)
      else { continue }
      if deciding == nil { deciding = self.deciding(side) }
      guard let deciding else { break }
      isCut = isCut || deciding.isCut
      show(mutant, filter, side, among: deciding)
    }
    if isCut && ownersCutShort.last != side.owner { ownersCutShort.append(side.owner) }
  }

  /// Whether a flow that was found already is judged otherwise by the mutant.
  private mutating func isShown(
    _ mutant: PolicyMutant, _ lists: Set<RuleTest.List>, _ filter: PacketFilter
  ) -> Bool {
    for list in lists.sorted() {
      for crossing in shown[list] ?? []
      where mutant.deltas.contains(where: { $0.contains(crossing.remote, crossing.service) }) {
        workLeft -= 1
        if flows[crossing.flow].isChanged(by: filter) { return true }
      }
    }
    return false
  }

  private mutating func deciding(_ side: Side) -> DecidingPackets? {
    guard let open = try? network.filter.applying(side.extremes.open).0,
      let closed = try? network.filter.applying(side.extremes.closed).0
    else { return nil }
    let passing = questions.questions(past: side.owner, side.direction, .everyService)
    var requests = passing.requests
    requests?.isRoundTrip = false
    requests?.includesStrayICMP = true
    // Of other protocols answers are not usual, but there may be some.
    var others = passing.answered
    others?.services = .everyService.subtracting(passing.answered?.services ?? .empty)
    others?.isRoundTrip = true
    let deciding = DecidingPackets(
      open: analyzer.following(open, changing: side.lists),
      closed: ReachContrast(
        analyzer.following(closed, changing: side.lists), lists: questions.hasBalancers ? nil : side.lists),
      lists: side.lists, questions: [requests, passing.answered, others].compactMap { $0 },
      limit: min(kindLimit, max(1, workLeft)))
    workLeft -= deciding.kindCount
    return deciding
  }

  /// Adds a packet that the mutant judges otherwise, if there is one.
  private mutating func show(
    _ mutant: PolicyMutant, _ filter: PacketFilter, _ side: Side, among deciding: DecidingPackets
  ) {
    let contrast = ReachContrast(
      analyzer.following(filter, changing: side.lists), lists: questions.hasBalancers ? nil : side.lists)
    var attempts = 0
    var found: BoundaryFlow?
    for (box, question) in deciding.packets(touchedBy: mutant.deltas) where found == nil {
      let count = try? analyzer.visitContrasts(
        to: contrast, within: [box], of: question, limit: kindLimit
      ) { region, _ in
        attempts += 1
        if let flow = flow(region), flow.isChanged(by: filter) { found = flow }
        return found == nil && attempts < Self.attemptLimit
      }
      workLeft -= count ?? kindLimit
      if attempts >= Self.attemptLimit || workLeft <= 0 { break }
    }
    if let found { add(found) }
  }

  private func flow(_ region: ReachRegion) -> BoundaryFlow? {
    guard case .address(let source) = region.witness.from, case .address(let destination) = region.witness.to
    else { return nil }
    let service = region.witness.service
    let isAnyPort =
      !service.ipProtocol.hasPorts || ClientPorts.keys.isSubset(of: region.packets.sourcePorts)
    return flow(
      PacketHeader(source: source, destination: destination, service: service),
      port: isAnyPort ? nil : region.witness.sourcePort)
  }
}

extension RuleTest.List: Comparable {
  package static func < (left: RuleTest.List, right: RuleTest.List) -> Bool { left.order < right.order }

  private var order: (Int, Int) {
    switch self {
    case .policy(let position): (0, position)
    case .acl(let position): (1, position)
    }
  }
}
