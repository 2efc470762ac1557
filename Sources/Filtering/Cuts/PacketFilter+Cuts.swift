import NetworkTypes
import RuleMatching
import VirtualNetworks

/// What judging may notice in a packet besides what rules ask, for walks over every packet.
package struct FilterCuts: Sendable {
  fileprivate let sourcesV4, sourcesV6, destinationsV4, destinationsV6: KeyKinds
  package let services: KeyKinds

  package func sources(_ family: IPFamily) -> KeyKinds { family == .v4 ? sourcesV4 : sourcesV6 }
  package func destinations(_ family: IPFamily) -> KeyKinds {
    family == .v4 ? destinationsV4 : destinationsV6
  }
}

extension PacketFilter {
  /// Collects the cuts; costs a few milliseconds for a network of a thousand interfaces.
  package func cuts() -> FilterCuts {
    let addresses = compiled.network.addressCuts()
    let (v4, v6) = (addresses.kinds(.v4), addresses.kinds(.v6))
    return FilterCuts(
      sourcesV4: v4, sourcesV6: v6, destinationsV4: v4, destinationsV6: v6, services: serviceKinds)
  }

  private var serviceKinds: KeyKinds {
    KeyKinds(compiled.network.serviceCuts(), last: IntervalSet.Key(ServiceKey.last.rawValue))
  }

  /// The cuts for those who want to know what becomes of packets, and not by which rule: interfaces are of one kind whose
  /// groups say the same, those of senders about what they send and those of receivers about what they receive (groups are not
  /// asked about answers: semantics CT-1).
  ///
  /// - Parameter classes: For each list of groups' rules a number; lists with one number say the same.
  package func cuts(merging classes: [Int]) -> FilterCuts {
    func cuts(_ direction: Direction) -> AddressCuts {
      compiled.network.addressCuts { groups in
        guard case .policies(let ingress, let egress) = groups else { return groups }
        return direction == .ingress
          ? .policies(ingress: classes[ingress], egress: 0) : .policies(ingress: 0, egress: classes[egress])
      }
    }
    let (sources, destinations) = (cuts(.egress), cuts(.ingress))
    return FilterCuts(
      sourcesV4: sources.kinds(.v4), sourcesV6: sources.kinds(.v6), destinationsV4: destinations.kinds(.v4),
      destinationsV6: destinations.kinds(.v6), services: serviceKinds)
  }

  /// A number for each list of groups' rules: the same for lists that say the same, whatever their rules are called.
  ///
  /// - Parameter services: The services that matter; nil: all. What lists say of others does not tell them apart.
  package func policyClasses(within services: IntervalSet? = nil) -> [Int] {
    func part(_ traffic: TrafficMatch) -> IntervalSet {
      let keys = traffic.services.keys
      return services?.intersection(IntervalSet(keys)) ?? IntervalSet(keys)
    }
    let groups = Set(compiled.network.model.securityGroups.map(\.id))
    var numbers: [PolicyContent: Int] = [:]
    return compiled.network.policies.enumerated().map { position, policy in
      let resolved = compiled.network.resolvedRules(ofPolicy: position)
      let content = PolicyContent(
        rules: resolved.enumerated().compactMap { place, rule in
          let services = part(rule.traffic)
          if services.isEmpty { return nil }
          return PolicyContent.Rule(
            services: services, prefixes: rule.prefixes,
            isReference: rules[policy.indices[place]].peer.map(groups.contains) ?? false)
        },
        open: policy.openRules.compactMap { open in
          let services = part(open.traffic)
          if services.isEmpty { return nil }
          return PolicyContent.Open(services: services, within: open.within, missing: open.missing)
        })
      if let number = numbers[content] { return number }
      numbers[content] = numbers.count
      return numbers.count - 1
    }
  }

  /// The ports, source or destination, that judging tells from others between two addresses besides rules.
  package static func notedPorts(from source: IPAddress, to destination: IPAddress) -> [UInt16] {
    PlatformServices.dhcpPorts(from: source, to: destination)
  }

  /// The interfaces that have an address, with whether it is their public one.
  package func holders(of address: IPAddress) -> [(interface: InterfaceIndex, isPublic: Bool)] {
    compiled.network.addresses.owners(of: address).map { ($0.interface, $0.isPublic) }
  }

  /// The IPv4 address that an IPv6 address stands for behind a NAT gateway.
  package static func embeddedAddress(_ address: IPAddress) -> IPAddress? {
    guard case .v6(let address) = address else { return nil }
    return NAT64.embeddedAddress(address).map(IPAddress.v4)
  }

  /// The IPv6 addresses that stand for a set of IPv4 addresses behind a NAT gateway.
  package static func embedding(_ set: IntervalSet) -> IntervalSet {
    IntervalSet(set.runs.map { NAT64.embedding($0) })
  }
}

/// What a list of groups' rules says.
private struct PolicyContent: Hashable {
  struct Rule: Hashable {
    var services: IntervalSet
    var prefixes: [IPPrefix]
    var isReference: Bool
  }

  struct Open: Hashable {
    var services: IntervalSet
    var within: [IPPrefix]
    var missing: MissingPiece
  }

  var rules: [Rule]
  var open: [Open]
}

/// A list of rules that a packet was held against on its way, with what of the packet was looked at.
package struct RuleTest: Sendable {
  /// The rules of an interface's groups, or of a subnet's ACL, in one direction.
  package enum List: Sendable, Hashable {
    case policy(Int)
    case acl(Int)
  }

  package enum Outcome: Sendable, Hashable {
    /// The rule of this position in the list matched.
    case rule(Int)
    /// No rule matched.
    case none
    /// No rule matched, but this one of those whose peers are not known may.
    case open(Int)
    /// Not one service was asked about but many (``RuleTest/services``), and perhaps one rule matches all of them.
    case several(rule: Int?)
  }

  package var list: List
  package var outcome: Outcome
  package var way: TraceStep.Way
  /// The remote address and the service as they were where the rules were asked.
  package var remote: IPAddress
  package var service: ServiceKey
  /// The services that the rules were asked about: one, or all that a NAT gateway may have made of the answer's.
  package var services: ClosedRange<ServiceKey>
  /// Whether rules that refer to groups counted (semantics SG-29).
  package var countsReferences: Bool
}

/// The rules of a ``RuleTest/List``.
package struct TestedRules: Sendable {
  package struct Open: Sendable {
    package var traffic: TrafficMatch
    package var within: [IPPrefix]
    /// Whether it is open for senders only that no interface has.
    package var isForNobodys: Bool
    /// Whether it refers to a group.
    package var isReference: Bool
    package var index: RuleIndex
  }

  package var rules: [ResolvedRule]
  /// For each rule its place in ``PacketFilter/rules``.
  package var indices: [RuleIndex]
  /// For an ACL whether each rule allows; nil for groups, where every rule does and order means nothing.
  package var allows: [Bool]?
  package var open: [Open]
}

extension PacketFilter {
  package func rules(of list: RuleTest.List) -> TestedRules {
    switch list {
    case .policy(let position):
      let policy = compiled.network.policies[position]
      return TestedRules(
        rules: compiled.network.resolvedRules(ofPolicy: position), indices: policy.indices,
        open: policy.openRules.map {
          TestedRules.Open(
            traffic: $0.traffic, within: $0.within, isForNobodys: $0.isForNobodys,
            isReference: $0.isReference, index: $0.index)
        })
    case .acl(let position):
      let acl = compiled.network.acls[position]
      return TestedRules(rules: acl.resolved, indices: acl.indices, allows: acl.allows, open: [])
    }
  }

  /// The lists that hold the rules of a group in one direction: one for each set of groups that it is in.
  package func lists(ofGroup group: ResourceID, _ direction: Direction) -> Set<RuleTest.List> {
    guard let position = compiled.network.index.groups[group] else { return [] }
    let keys = compiled.network.policyMemory.keys
    return Set(
      keys.indices.filter { keys[$0].direction == direction && keys[$0].groups.contains(position) }
        .map { .policy($0) })
  }

  /// The list that holds the entries of an ACL in one direction.
  package func list(ofACL acl: ResourceID, _ direction: Direction) -> RuleTest.List? {
    compiled.network.model.networkACLs.firstIndex { $0.id == acl }.map {
      .acl(2 * $0 + (direction == .ingress ? 0 : 1))
    }
  }

  /// Every list of rules that was asked on the traced way, in order.
  package func ruleTests(of answer: TraceAnswer) -> [RuleTest] { answer.steps.compactMap(ruleTest) }

  /// The list of rules that was asked at one step, if one was.
  package func ruleTest(_ traced: TraceStep) -> RuleTest? {
    let step = traced.step
    let remote = traced.header.remote(step.direction)
    let service = traced.header.service
    let isOne = !traced.hasTranslatedPort
    func test(_ list: RuleTest.List, _ outcome: RuleTest.Outcome) -> RuleTest {
      var outcome = outcome
      if !isOne {
        if case .rule(let rule) = outcome {
          outcome = .several(rule: rule)
        } else {
          outcome = .several(rule: nil)
        }
      }
      return RuleTest(
        list: list, outcome: outcome, way: traced.way, remote: remote, service: service,
        services: isOne ? service...service : .translatedPorts(of: service.ipProtocol),
        countsReferences: traced.countsReferences)
    }
    switch step.element {
    case .securityGroup:
      guard step.action == .allow || step.action == .deny || step.action == .unknown,
        let interface = step.interface,
        let position = compiled.network.interfaces[interface.int].policy(step.direction)
      else { return nil }
      let policy = compiled.network.policies[position]
      guard let rule = step.rule else { return test(.policy(position), .none) }
      if step.action == .unknown {
        return policy.openRules.firstIndex { $0.index == rule }.map { test(.policy(position), .open($0)) }
      }
      return policy.indices.firstIndex(of: rule).map { test(.policy(position), .rule($0)) }
    case .networkACL:
      guard step.missing == nil || step.missing == .translatedPort, let position = aclPosition(of: step)
      else { return nil }
      let acl = compiled.network.acls[position]
      let rule = step.rule.flatMap { acl.indices.firstIndex(of: $0) }
      return test(.acl(position), rule.map(RuleTest.Outcome.rule) ?? .none)
    default: return nil
    }
  }

  private func aclPosition(of step: PathStep) -> Int? {
    guard let resource = step.resource, let first = compiled.network.aclsByResource[resource] else {
      return nil
    }
    return step.direction == .ingress ? first : first + 1
  }
}
