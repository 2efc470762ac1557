import Filtering
import NetworkTypes
import PolicyAnalysis
import RuleMatching
import VirtualNetworks

/// Finds packets that tell a network's rules from all that differ by one step.
///
/// First the edges of every rule; then, for each mutant that those do not show, one of the packets that do, if there are any
/// (``MutantSearch``).
struct BoundaryFinder {
  private let network: BoundaryNetwork
  private(set) var flows: [BoundaryFlow] = []
  private(set) var report = BoundaryReport()
  private var known: Set<PacketHeader> = []
  private var ports = ClientPorts()
  /// Flows whose fate hangs on a list.
  private var crossings: [RuleTest.List: [Crossing]] = [:]
  private var search: MutantSearch

  /// - Parameter workLimit: What all searches may take, in steps of about a microsecond.
  init(_ network: BoundaryNetwork, workLimit: Int) {
    self.network = network
    search = MutantSearch(network, limit: workLimit)
  }

  /// - Parameter progress: Is told how many rules are done, of how many.
  mutating func find(progress: (_ done: Int, _ total: Int) -> Void) {
    let model = network.network
    var sides: [(weight: Int, hasCarrier: Bool, side: () -> BoundarySide?)] = []
    for group in model.securityGroups {
      let carriers = network.carriers(of: group.id)
      for direction in [Direction.ingress, .egress] {
        let rules = group.rules(direction)
        if carriers.isEmpty { report.rulesWithoutCarrier += rules.count }
        guard let carrier = carriers.first, !rules.isEmpty else { continue }
        let found = addEdges(of: group, direction, by: carrier)
        let network = network
        sides.append((rules.count, true, { network.side(of: group, direction, found) }))
      }
    }
    for acl in model.networkACLs {
      let carriers = network.carriers(of: acl)
      for direction in [Direction.ingress, .egress] {
        let entries = acl.entries(direction).filter { !$0.isFinalDeny }
        if entries.isEmpty { continue }
        if let carrier = carriers.first {
          for entry in entries { addEdges(of: entry.resolved, direction, by: carrier) }
        }
        let network = network
        sides.append((entries.count, !carriers.isEmpty, { network.side(of: acl, direction) }))
      }
    }
    let total = sides.reduce(0) { $0 + $1.weight }
    var done = 0
    for (position, (weight, hasCarrier, side)) in sides.enumerated() {
      progress(done, total)
      // By rules, but some for each; what others have left is there for all who come after.
      let share = max(
        search.workLeft / max(1, total - done) * weight, search.workLeft / (sides.count - position))
      let alike = report.alike
      if let side = side() {
        show(side, share: share) { progress(done + weight * $0 / max(1, $1), total) }
        // Packets may come past an ACL where no interface is: through an attachment that the input lacks.
        if !hasCarrier && report.alike - alike == side.mutants.count { report.rulesWithoutCarrier += weight }
      }
      done += weight
    }
    progress(total, total)
    crossings = [:]
  }

  // MARK: Edges

  /// Adds the edges of a group's rules; returns what they mean in the network.
  private mutating func addEdges(
    of group: SecurityGroup, _ direction: Direction, by carrier: PolicyCarrier
  ) -> [String: ResolvedRule] {
    let list = network.filter.groupRules(at: carrier.interface, direction) ?? []
    var found: [String: ResolvedRule] = [:]
    for rule in list {
      let entry = network.filter.rules[rule.index]
      if entry.owner == group.id { found[entry.id] = rule.resolved }
    }
    for rule in group.rules(direction) {
      if let resolved = found[rule.id] { addEdges(of: resolved, direction, by: carrier) }
    }
    return found
  }

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
    var header = PacketHeader(source: ends.source, destination: ends.destination, service: service)
    guard known.insert(header).inserted else { return }
    header.sourcePort = ports.current
    add(TracedFlow(header, network.filter))
  }

  private mutating func add(_ flow: TracedFlow) {
    if flow.request.sourcePort == ports.current { ports.advance() }
    for (list, crossing) in flow.crossings(hasBalancers: search.hasBalancers) {
      crossings[list, default: []].append(crossing)
    }
    flows.append(flow.flow)
  }

  // MARK: Mutants

  /// Adds a packet for each mutant that differs and is not shown yet.
  private mutating func show(
    _ side: BoundarySide, share: Int, progress: (_ done: Int, _ total: Int) -> Void
  ) {
    report.mutants += side.mutants.count
    search.begin(side, share: share)
    var cut = 0
    for (position, mutant) in side.mutants.enumerated() {
      if position.isMultiple(of: 64) { progress(position, side.mutants.count) }
      switch search.find(mutant, of: side, among: crossings, from: ports.current) {
      case .alike: report.alike += 1
      case .shown: report.shown += 1
      case .found(let flow):
        add(flow)
        report.shown += 1
      case .givenUp: report.givenUp += 1
      case .cut: cut += 1
      }
    }
    guard cut > 0 else { return }
    if let index = report.cuts.firstIndex(where: { $0.owner == side.owner }) {
      report.cuts[index].mutants += cut
      report.cuts[index].total += side.mutants.count
    } else {
      report.cuts.append(BoundaryReport.Cut(owner: side.owner, mutants: cut, total: side.mutants.count))
    }
  }
}

extension BoundaryNetwork {
  /// A group's rules of one direction; `resolved` is what they mean in the network, by id.
  fileprivate func side(
    of group: SecurityGroup, _ direction: Direction, _ resolved: [String: ResolvedRule]
  ) -> BoundarySide? {
    let lists = filter.lists(ofGroup: group.id, direction)
    let references = Set(
      network.securityGroups.flatMap { $0.rules(direction) }.compactMap { rule -> String? in
        if case .group(let name) = rule.match.peer { name } else { nil }
      })
    return BoundarySide(
      owner: group.id, direction: direction, lists: lists,
      mutants: group.rules(direction).flatMap { rule in
        resolved[rule.id].map { group.mutants(of: rule, direction, resolved: $0) } ?? []
      }, extremes: group.extremes(direction), filter
    ) { references.contains($0) }
  }

  fileprivate func side(of acl: NetworkACL, _ direction: Direction) -> BoundarySide? {
    guard let list = filter.list(ofACL: acl.id, direction) else { return nil }
    return BoundarySide(
      owner: acl.id, direction: direction, lists: [list],
      mutants: acl.entries(direction).filter { !$0.isFinalDeny }.flatMap { acl.mutants(of: $0, direction) },
      extremes: acl.extremes(direction), filter
    ) { _ in false }
  }
}
