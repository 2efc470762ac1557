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
  /// Blocks of rules with many that may still get edges.
  private var blocksLeft: Int

  /// Blocks of each rule that get edges in any case.
  private static let blocksOfEach = 4

  /// - Parameters:
  ///   - workLimit: What all searches may take, in steps of about a microsecond.
  ///   - blockLimit: How many blocks get edges besides the first few of each rule.
  ///   - firstLook: How many kinds of packets the first look at a mutant goes through.
  init(_ network: BoundaryNetwork, workLimit: Int, blockLimit: Int, firstLook: Int) {
    self.network = network
    blocksLeft = blockLimit
    search = MutantSearch(network, limit: workLimit, firstLook: firstLook)
  }

  /// - Parameter progress: Is told how many rules are done, of how many.
  mutating func find(progress: (_ done: Int, _ total: Int) -> Void) {
    let model = network.network
    var sides: [Side] = []
    for group in model.securityGroups {
      let carriers = network.carriers(of: group.id)
      for direction in [Direction.ingress, .egress] {
        let rules = group.rules(direction)
        if carriers.isEmpty { report.rulesWithoutCarrier += rules.count }
        if carriers.isEmpty || rules.isEmpty { continue }
        report.rulesWithOthersID += rules.count - Set(rules.map(\.id)).count
        let found = addEdges(of: group, direction, by: carriers)
        let network = network
        sides.append(
          Side(weight: rules.count, owner: group.id) {
            MutantList(of: group, direction, found)
          } read: {
            network.side(of: group, direction, $0)
          })
      }
    }
    for acl in model.networkACLs {
      let carriers = network.carriers(of: acl)
      for direction in [Direction.ingress, .egress] {
        let entries = acl.entries(direction).filter { !$0.isFinalDeny }
        if entries.isEmpty { continue }
        for entry in entries { addEdges(of: entry.resolved, direction, by: carriers) }
        let network = network
        sides.append(
          Side(weight: entries.count, hasCarrier: !carriers.isEmpty, owner: acl.id) {
            MutantList(of: acl, direction)
          } read: {
            network.side(of: acl, direction, $0)
          })
      }
    }
    search(sides, progress: progress)
  }

  /// The rules of a group or an ACL in one direction, before they are read.
  private struct Side {
    var weight: Int
    var hasCarrier = true
    var owner: ResourceID
    var mutants: () -> MutantList
    var read: (MutantList) -> BoundarySide?
  }

  private mutating func search(_ sides: [Side], progress: (_ done: Int, _ total: Int) -> Void) {
    let total = sides.reduce(0) { $0 + $1.weight }
    var done = 0
    for (position, side) in sides.enumerated() {
      progress(done, total)
      // By rules, but some for each; what others have left is there for all who come after.
      let share = max(
        search.workLeft / max(1, total - done) * side.weight, search.workLeft / (sides.count - position))
      let alike = report.alike
      let mutants = side.mutants()
      report.mutants += mutants.count
      if search.workLeft <= 0 {
        cut(mutants.count, of: mutants.count, side.owner)
      } else if let read = side.read(mutants) {
        show(read, share: share) { progress(done + side.weight * $0 / max(1, $1), total) }
        // Packets may come past an ACL where no interface is: through an attachment that the input lacks.
        let isUnmet = !side.hasCarrier && report.alike - alike == mutants.count
        if isUnmet { report.rulesWithoutCarrier += side.weight }
      }
      done += side.weight
    }
    progress(total, total)
    crossings = [:]
  }

  // MARK: Edges

  /// Adds the edges of a group's rules; returns what they mean in the network.
  private mutating func addEdges(
    of group: SecurityGroup, _ direction: Direction, by carriers: [PolicyCarrier]
  ) -> [String: ResolvedRule] {
    let list = carriers.first.flatMap { network.filter.groupRules(at: $0.interface, direction) } ?? []
    var found: [String: ResolvedRule] = [:]
    for rule in list {
      let entry = network.filter.rules[rule.index]
      if entry.owner == group.id { found[entry.id] = rule.resolved }
    }
    for rule in group.rules(direction) {
      if let resolved = found[rule.id] { addEdges(of: resolved, direction, by: carriers) }
    }
    return found
  }

  /// Adds the packets just inside and outside of a rule's edges, from whom has addresses of the family.
  private mutating func addEdges(of rule: ResolvedRule, _ direction: Direction, by carriers: [PolicyCarrier])
  {
    let services = EdgeValues.services(of: rule.traffic)
    for (position, prefix) in rule.prefixes.enumerated() {
      guard let carrier = carriers.first(where: { $0.address(prefix.family) != nil }) else { continue }
      if position >= Self.blocksOfEach {
        guard blocksLeft > 0 else {
          report.blocksWithoutEdges += rule.prefixes.count - position
          return
        }
        blocksLeft -= 1
      }
      for address in EdgeValues.addresses(of: prefix) { add(address, services[0], direction, carrier) }
      // At the edges of the services one block is as good as another.
      if position >= Self.blocksOfEach { continue }
      let inside =
        network.ends.first { prefix.contains($0) && !carrier.addresses.contains($0) } ?? prefix.first
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
    search.begin(side, share: share)
    let total = side.mutants.count
    var cut = 0
    for (position, mutant) in side.mutants.enumerated() {
      if search.isUsedUp {
        cut += total - position
        break
      }
      if position.isMultiple(of: 64) { progress(position, total) }
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
    self.cut(cut, of: total, side.owner)
  }

  /// Takes note of mutants that were not searched for.
  private mutating func cut(_ mutants: Int, of total: Int, _ owner: ResourceID) {
    guard mutants > 0 else { return }
    if let index = report.cuts.firstIndex(where: { $0.owner == owner }) {
      report.cuts[index].mutants += mutants
      report.cuts[index].total += total
    } else {
      report.cuts.append(BoundaryReport.Cut(owner: owner, mutants: mutants, total: total))
    }
  }
}

extension BoundaryNetwork {
  fileprivate func side(
    of group: SecurityGroup, _ direction: Direction, _ mutants: MutantList
  ) -> BoundarySide? {
    let lists = filter.lists(ofGroup: group.id, direction)
    let references = Set(
      network.securityGroups.flatMap { $0.rules(direction) }.compactMap { rule -> String? in
        if case .group(let name) = rule.match.peer { name } else { nil }
      })
    return BoundarySide(
      owner: group.id, direction: direction, lists: lists, mutants: mutants,
      extremes: group.extremes(direction), filter
    ) { references.contains($0) }
  }

  fileprivate func side(
    of acl: NetworkACL, _ direction: Direction, _ mutants: MutantList
  ) -> BoundarySide? {
    guard let list = filter.list(ofACL: acl.id, direction) else { return nil }
    return BoundarySide(
      owner: acl.id, direction: direction, lists: [list], mutants: mutants, extremes: acl.extremes(direction),
      filter
    ) { _ in false }
  }
}
