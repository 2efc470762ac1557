import Filtering
import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

/// A filter that follows changes against one that is made afresh of the changed network.
@Suite("Changed networks")
struct ChangedNetworkTests {
  @Test("a filter that follows changes judges as one that is made anew")
  func incremental() {
    var random = SeededRandom.fresh("changed networks")
    var made = 0
    var refused = 0
    for _ in 0..<60 {
      let world = RandomNetwork(Choices(random: SeededRandom(seed: random.next())))
      var packets = RandomPackets(Choices(random: SeededRandom(seed: random.next())), world)
      var changes = RandomChanges(choices: Choices(random: SeededRandom(seed: random.next())))
      var filter = PacketFilter(world.network)
      for turn in 0..<12 {
        // One change at a time, or some that are compiled at once.
        var revision = PacketFilter.Revision(of: filter)
        var last: NetworkChange?
        for _ in 0..<(turn % 3 == 2 ? 4 : 1) {
          guard let change = changes.next(revision.network) else { continue }
          do {
            _ = try revision.apply([change])
            made += 1
            last = change
          } catch {
            refused += 1
          }
        }
        guard let change = last else { continue }
        filter = filter.revised(by: revision)
        let fresh = PacketFilter(filter.network)
        for _ in 0..<60 {
          let packet = packets.any(at: CaptureTime(nanoseconds: 0))
          let (left, right) = (words(filter, packet), words(fresh, packet))
          #expect(left == right, "after \(change)")
          if left != right { return }
        }
      }
    }
    print("changed networks: \(made) changes made, \(refused) refused")
    #expect(made > 300)
  }

  /// All that a verdict says, without numbers that depend on how the filter was made.
  private func words(_ filter: PacketFilter, _ packet: PacketSummary) -> [String] {
    var tracker = ConnectionTracker()
    let verdict = filter.evaluate(packet, tracking: &tracker)
    let outcome = tracker[verdict.outcome]
    return ["\(outcome.packetClass)", filter.explain(outcome, for: PacketHeader(packet))]
      + outcome.steps.map { step in
        [
          "\(step.stage) \(step.element) \(step.action) \(step.direction) \(step.leg) \(step.tracksFlow)",
          step.code?.rawValue, step.missing.map { "\($0)" },
          step.interface.map { filter.id(of: $0).rawValue },
          step.resource.map { filter.id(of: $0).rawValue }, filter.ruleName(of: step),
          step.rule.map { filter.rules[$0].text },
        ].compactMap { $0 }.joined(separator: " ")
      }
  }
}

/// Changes that may be made of a network, and some that may not.
private struct RandomChanges {
  var choices: Choices
  private var count = 0

  init(choices: Choices) { self.choices = choices }

  mutating func next(_ network: VirtualNetwork) -> NetworkChange? {
    count += 1
    let direction: Direction = choices.chance(50) ? .ingress : .egress
    let places = network.networkInterfaces.flatMap(\.privatePrefixes).map(\.first) + RandomNetwork.outsiders
    switch choices.number(0...15) {
    case 0...1:
      let peer: Peer =
        choices.chance(40)
        ? .group(
          choices.chance(20)
            ? "sg-new-\(choices.number(0...3))" : choices.one(of: network.securityGroups).id.rawValue)
        : .prefix(choices.prefix(around: places))
      return .addRule(
        group: choices.one(of: network.securityGroups).id, direction,
        SecurityGroupRule(id: "sgr-new-\(count)", match: Match(choices.traffic(), peer: peer)))
    case 2...3:
      let group = choices.one(of: network.securityGroups)
      guard let rule = group.rules(direction).randomElement(using: &choices.random) else { return nil }
      return .removeRule(
        group: group.id, direction, choices.chance(50) ? .id(rule.id) : .match(rule.match))
    case 4:
      let interface = choices.one(of: network.networkInterfaces)
      let groups = network.securityGroups.filter { $0.vpc == interface.vpc }.map(\.id)
      guard interface.kind == .standard, !groups.isEmpty else { return nil }
      return .setGroups(interface: interface.id, [choices.one(of: groups)])
    case 5...6: return entryChange(network, direction, places)
    case 7...8: return routeChange(network, places)
    case 9...10:
      guard !network.instances.isEmpty else { return nil }
      return .instance(choices.one(of: network.instances).id, choices.one(of: InstanceAction.allCases))
    case 11:
      let interface = choices.one(of: network.networkInterfaces)
      return .associateAddress(
        .init(IPv4Address(198, 51, 100, UInt8(100 + choices.number(0...3))), with: .interface(interface.id)))
    case 12: return launch(network)
    case 13:
      // An id that rules may name before it is there, and interfaces get later.
      return .createGroup(
        SecurityGroup(
          id: ResourceID("sg-new-\(choices.number(0...3))"), groupName: "new-\(count)",
          vpc: choices.one(of: network.vpcs).id,
          outbound: [SecurityGroupRule(id: "outbound-1", match: Match(.all, peer: .prefix(.v4(.everything))))]
        ))
    case 14: return .deleteGroup(choices.one(of: network.securityGroups).id)
    default: return associationChange(network)
    }
  }

  private mutating func associationChange(_ network: VirtualNetwork) -> NetworkChange {
    let subnet = choices.one(of: network.subnets)
    switch choices.number(0...2) {
    case 0: return .associateACL(choices.one(of: network.networkACLs).id, subnet: subnet.id, id: nil)
    case 1: return .associateTable(choices.one(of: network.routeTables).id, subnet: subnet.id, id: nil)
    default: return .disassociateTable(subnet: subnet.id)
    }
  }

  private mutating func entryChange(
    _ network: VirtualNetwork, _ direction: Direction, _ places: [IPAddress]
  ) -> NetworkChange {
    let acl = choices.one(of: network.networkACLs)
    let entry = NetworkACLEntry(
      number: choices.one(of: [5, 15, 100, 101]), action: choices.chance(50) ? .allow : .deny,
      traffic: choices.traffic(), prefix: choices.prefix(around: places))
    switch choices.number(0...2) {
    case 0: return .createEntry(acl: acl.id, direction, entry)
    case 1: return .replaceEntry(acl: acl.id, direction, entry)
    default: return .deleteEntry(acl: acl.id, direction, number: entry.number)
    }
  }

  private mutating func routeChange(_ network: VirtualNetwork, _ places: [IPAddress]) -> NetworkChange {
    let table = choices.one(of: network.routeTables)
    let other = choices.one(of: network.routeTables).routes.randomElement(using: &choices.random)
    let prefix = choices.chance(50) ? choices.prefix(around: places) : .v4(.everything)
    let target = other?.target ?? .networkInterface(choices.one(of: network.networkInterfaces).id)
    let route = Route(destination: .prefix(prefix), target: target)
    switch choices.number(0...2) {
    case 0: return .createRoute(table: table.id, route)
    case 1: return .replaceRoute(table: table.id, route)
    default:
      let own = table.routes.randomElement(using: &choices.random)
      return .deleteRoute(table: table.id, own?.destination ?? route.destination)
    }
  }

  private mutating func launch(_ network: VirtualNetwork) -> NetworkChange {
    let subnet = choices.one(of: network.subnets)
    let groups = network.securityGroups.filter { $0.vpc == subnet.vpc }.map(\.id)
    let address = IPv4Address(rawValue: subnet.ipv4Block!.first.rawValue + UInt32(choices.number(4...11)))
    return .run(
      Instance(id: ResourceID("i-new-\(count)")),
      [
        NetworkInterface(
          id: ResourceID("eni-new-\(count)"), vpc: subnet.vpc, subnet: subnet.id,
          ipv4Addresses: [.init(address)], groups: [choices.one(of: groups)])
      ])
  }
}
