import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Finds packets that tell a network's rules from all that differ by one step.
///
/// First the edges of every rule, then, for each mutant that those do not show, a packet that does. What is visible is
/// asked of the filter: a packet shows a rule only if nothing else stops it.
struct BoundaryFinder {
  private let network: BoundaryNetwork
  private(set) var requests: [PacketHeader] = []
  private var known: Set<PacketHeader> = []
  private var shown: [PolicyPlace: [PolicyCrossing]] = [:]
  /// Rules that no interface's packets can be brought to.
  private(set) var rulesWithoutCarrier = 0
  /// Mutants for which no packet was found, nearly all of which are the same policy.
  private(set) var mutantsNotShown = 0

  /// Packets that are tried for one mutant.
  private static let attemptLimit = 6000
  /// Services of one class that are tried.
  private static let serviceLimit = 48

  init(_ network: VirtualNetwork) { self.network = BoundaryNetwork(network) }

  mutating func find() {
    let model = network.network
    for group in model.securityGroups {
      let carriers = network.carriers(of: group.id)
      for direction in [Direction.ingress, .egress] {
        let peers = group.rules(direction).map(\.match.peer)
        let places = carriers.map { carrier in
          (
            place: PolicyPlace.groups(carrier.interface, direction), carrier: carrier,
            list: PolicyList(rules: network.filter.groupRules(at: carrier.interface, direction) ?? [])
          )
        }
        for (offset, rule) in group.rules(direction).enumerated() {
          let here = places.compactMap { place -> RulePlace? in
            let position = place.list.rules.firstIndex { candidate in
              let entry = network.filter.rules[candidate.index]
              return entry.owner == group.id && entry.id == rule.id
            }
            return position.map {
              RulePlace(place: place.place, carriers: [place.carrier], list: place.list, position: $0)
            }
          }
          var hasPrefix = false
          if case .prefix = peers[offset] { hasPrefix = true }
          find(here, hasPrefix: hasPrefix, isOrdered: false)
        }
      }
    }
    for acl in model.networkACLs {
      let carriers = network.carriers(of: acl)
      guard let subnet = network.subnets(of: acl).first else {
        rulesWithoutCarrier += acl.inbound.count + acl.outbound.count
        continue
      }
      for direction in [Direction.ingress, .egress] {
        guard let rules = network.filter.aclEntries(ofSubnet: subnet, direction) else { continue }
        let list = PolicyList(rules: rules)
        for position in rules.indices {
          let here = RulePlace(
            place: .acl(acl.id, direction), carriers: carriers, list: list, position: position)
          find(carriers.isEmpty ? [] : [here], hasPrefix: true, isOrdered: true)
        }
      }
    }
  }

  /// One rule as it stands in one list.
  private struct RulePlace {
    var place: PolicyPlace
    var carriers: [PolicyCarrier]
    var list: PolicyList
    var position: Int

    var rule: ResolvedRule { list.rules[position].resolved }
  }

  private mutating func find(_ places: [RulePlace], hasPrefix: Bool, isOrdered: Bool) {
    guard let first = places.first else {
      rulesWithoutCarrier += 1
      return
    }
    addEdges(of: first)
    let mutants = places.map { place in
      place.list.mutants(of: place.position, hasPrefix: hasPrefix, isOrdered: isOrdered)
    }
    for number in mutants[0].indices {
      let isShown = places.indices.contains { index in
        let mutant = mutants[index][number]
        return (shown[places[index].place] ?? []).contains {
          $0.decides && mutant.list.allows($0.cell) != $0.wasAllowed
        }
      }
      guard !isShown else { continue }
      let isFound = places.indices.contains { show(mutants[$0][number], at: places[$0]) }
      if !isFound { mutantsNotShown += 1 }
    }
  }

  // MARK: Edges

  /// Adds the packets just inside and outside of a rule's edges.
  private mutating func addEdges(of place: RulePlace) {
    let rule = place.rule
    let services = EdgeValues.services(of: rule.traffic)
    for carrier in place.carriers.prefix(1) {
      for prefix in rule.prefixes.prefix(4) {
        let inside =
          network.ends.first { prefix.contains($0) && !carrier.addresses.contains($0) } ?? prefix.first
        for address in EdgeValues.addresses(of: prefix) {
          add(PolicyCell(remote: address, service: services[0]), at: place.place, by: carrier)
        }
        for service in services + EdgeValues.otherProtocols(services[0]) {
          add(PolicyCell(remote: inside, service: service), at: place.place, by: carrier)
        }
      }
    }
  }

  private mutating func add(_ cell: PolicyCell, at place: PolicyPlace, by carrier: PolicyCarrier) {
    guard Self.fits(cell) else { return }
    if let request = network.requests(for: cell, at: place, by: carrier).first { add(request) }
  }

  /// ICMP belongs to IPv4, and ICMPv6 to IPv6.
  private static func fits(_ cell: PolicyCell) -> Bool {
    cell.remote.family == .v4 ? cell.service.ipProtocol != .icmpv6 : cell.service.ipProtocol != .icmp
  }

  private mutating func add(_ request: PacketHeader) {
    guard known.insert(request).inserted else { return }
    requests.append(request)
    for crossing in network.crossings(of: request) { shown[crossing.place, default: []].append(crossing) }
  }

  // MARK: Mutants

  /// Adds a packet whose verdict the mutant changes, if one is found.
  ///
  /// Rules may ask for ICMP over IPv6, or for ICMPv6 over IPv4, and then only such packets show them.
  private mutating func show(_ mutant: PolicyMutant, at place: RulePlace) -> Bool {
    show(mutant, at: place, where: Self.fits) || show(mutant, at: place) { !Self.fits($0) }
  }

  private mutating func show(
    _ mutant: PolicyMutant, at place: RulePlace, where isWanted: (PolicyCell) -> Bool
  ) -> Bool {
    var attempts = 0
    let remotes = remotes(mutant, place.list)
    for services in services(mutant, place.list) {
      for remotes in remotes {
        let cell = PolicyCell(remote: remotes[0], service: services[0])
        guard place.list.allows(cell) != mutant.list.allows(cell) else { continue }
        // All cells of the two classes are the same to these rules; which can be brought here is another matter.
        for service in services.prefix(Self.serviceLimit) {
          for remote in remotes {
            let cell = PolicyCell(remote: remote, service: service)
            guard isWanted(cell) else { continue }
            for carrier in place.carriers {
              for request in network.requests(for: cell, at: place.place, by: carrier) {
                attempts += 1
                if attempts > Self.attemptLimit { return false }
                guard isChanged(request, by: mutant, at: place.place) else { continue }
                add(request)
                return true
              }
            }
          }
        }
      }
    }
    return false
  }

  /// Whether a packet's verdict, or its answer's, is another under the mutant.
  private func isChanged(_ request: PacketHeader, by mutant: PolicyMutant, at place: PolicyPlace) -> Bool {
    network.crossings(of: request).contains {
      $0.place == place && $0.decides && mutant.list.allows($0.cell) != $0.wasAllowed
    }
  }

  /// Addresses in which the mutant may differ, by what the rules say of them.
  private func remotes(_ mutant: PolicyMutant, _ list: PolicyList) -> [[IPAddress]] {
    let blocks = mutant.changed.flatMap(\.prefixes)
    let rules = list.rules.map(\.resolved) + mutant.changed
    let edges = mutant.changed.flatMap { $0.prefixes.prefix(32) }.flatMap { EdgeValues.addresses(of: $0) }
    return Self.classes(of: network.addresses + edges) { address in
      guard blocks.contains(where: { $0.contains(address) }) else { return nil }
      return rules.map { rule in rule.prefixes.contains { $0.contains(address) } }
    }
  }

  private func services(_ mutant: PolicyMutant, _ list: PolicyList) -> [[ServiceKey]] {
    let rules = list.rules.map(\.resolved) + mutant.changed
    let edges = mutant.changed.flatMap { EdgeValues.services(of: $0.traffic) }
    return Self.classes(of: edges + network.services) { service in
      guard mutant.changed.contains(where: { $0.traffic.matches(service) }) else { return nil }
      return rules.map { $0.traffic.matches(service) }
    }
  }

  /// Values by signature, each once, in the order of their first ones; those without a signature are left out.
  private static func classes<Value: Hashable>(
    of values: [Value], _ signature: (Value) -> [Bool]?
  ) -> [[Value]] {
    var order: [[Bool]: Int] = [:]
    var known: Set<Value> = []
    var classes: [[Value]] = []
    for value in values {
      guard let signature = signature(value), known.insert(value).inserted else { continue }
      if let index = order[signature] {
        classes[index].append(value)
      } else {
        order[signature] = classes.count
        classes.append([value])
      }
    }
    return classes
  }
}
