import Filtering
import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

@testable import TrafficSynthesis

/// What a mutant's lists answer otherwise, computed from rules, is what they answer otherwise when they are asked.
@Suite struct PolicyDifferenceTests {
  @Test func groups() {
    var random = SeededRandom.fresh("differences of groups")
    var asked = Tally()
    for _ in 0..<20 {
      var scene = SemanticsNetwork()
      let group = scene.network.securityGroups.firstIndex { $0.id == "sg-web" }!
      let foreign = [Peer.group("sg-app"), .prefixList("pl-unknown")].randomElement(using: &random)!
      scene.network.securityGroups[group].inbound = (0..<6).map { number in
        let peer = number == 0 ? foreign : .prefix(block(&random))
        return SecurityGroupRule(id: "inbound-\(number)", match: Match(traffic(&random), peer: peer))
      }
      let filter = PacketFilter(scene.network)
      let owner = scene.network.securityGroups[group]
      let list = filter.lists(ofGroup: owner.id, .ingress).sorted()[0]
      let tested = filter.rules(of: list)
      let resolved = Dictionary(uniqueKeysWithValues: zip(owner.rules(.ingress).map(\.id), tested.rules))
      let mutants = MutantList(of: owner, .ingress, resolved)
      let side = BoundarySide(
        owner: owner.id, direction: .ingress, lists: [list], mutants: mutants,
        extremes: owner.extremes(.ingress), filter
      ) { $0 == "sg-app" }
      check(side, points(tested.rules, &random), &asked)
    }
    #expect(asked.changed > 500 && asked.same > 500, "\(asked)")
  }

  @Test func networkACLs() {
    var random = SeededRandom.fresh("differences of ACLs")
    var asked = Tally()
    for _ in 0..<20 {
      var scene = SemanticsNetwork()
      scene.acl("subnet-pub", inbound: [], outbound: [])
      let position = scene.network.networkACLs.count - 1
      scene.network.networkACLs[position].inbound = (1...6).map { number in
        NetworkACLEntry(
          number: 10 * number, action: Bool.random(using: &random) ? .allow : .deny,
          traffic: traffic(&random),
          prefix: block(&random))
      }
      let filter = PacketFilter(scene.network)
      let acl = scene.network.networkACLs[position]
      guard let list = filter.list(ofACL: acl.id, .ingress) else {
        Issue.record("no list of \(acl.id)")
        return
      }
      let side = BoundarySide(
        owner: acl.id, direction: .ingress, lists: [list],
        mutants: MutantList(of: acl, .ingress),
        extremes: acl.extremes(.ingress), filter
      ) { _ in false }
      check(side, points(filter.rules(of: list).rules, &random), &asked)
    }
    #expect(asked.changed > 500 && asked.same > 500, "\(asked)")
  }

  private struct Tally {
    var changed = 0
    var same = 0
  }

  private func check(_ side: BoundarySide, _ points: [PolicyPoint], _ asked: inout Tally) {
    var wrong: [String] = []
    for mutant in side.mutants {
      let (readings, differences, _, _) = side.lists(of: mutant)
      for (list, before) in side.lists {
        for point in points {
          let differs = before.answer(point) != readings[list]?.answer(point)
          let isMeant = differences[list]?.parts.contains { contains($0, point) } ?? false
          if differs { asked.changed += 1 } else { asked.same += 1 }
          if differs != isMeant { wrong.append("\(mutant.edits) at \(point): differs \(differs)") }
        }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.count), as \(wrong.first ?? "")")
  }

  private func contains(_ part: PolicyDifference.Part, _ point: PolicyPoint) -> Bool {
    part.region.family == point.remote.family && part.region.remotes.contains(point.remote.key)
      && part.region.services.contains(point.services.lowerBound)
      && (part.onlyWithReferences.map { $0 == point.countsReferences } ?? true)
      && (!part.isForNobodys || point.isNobodys)
  }

  /// Points at the edges of rules, some of all.
  private func points(_ rules: [ResolvedRule], _ random: inout SeededRandom) -> [PolicyPoint] {
    let prefixes = rules.flatMap(\.prefixes)
    let addresses = prefixes.flatMap { EdgeValues.addresses(of: $0) }
    let services = rules.flatMap { EdgeValues.services(of: $0.traffic) }
    return (0..<120).compactMap { _ in
      guard let remote = addresses.randomElement(using: &random),
        let service = services.randomElement(using: &random)
      else { return nil }
      return PolicyPoint(
        remote: remote, services: IntervalSet.Key(service.rawValue)...IntervalSet.Key(service.rawValue),
        countsReferences: Bool.random(using: &random), isNobodys: Bool.random(using: &random))
    }
  }

  private func traffic(_ random: inout SeededRandom) -> TrafficMatch {
    let first = [22, 80, 443, 1024].randomElement(using: &random)! as UInt16
    let ports = PortRange(
      first, [first, first + 1, 1024, 65_535].filter { $0 >= first }.randomElement(using: &random)!)!
    return [.tcp(ports), .tcp(ports), .udp(ports), .icmp(.type(8)), .all, .other(IPProtocol(rawValue: 47))]
      .randomElement(using: &random)!
  }

  private func block(_ random: inout SeededRandom) -> IPPrefix {
    let blocks = [
      "0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/24", "10.0.1.8/29", "203.0.113.0/24", "::/0", "2001:db8:a00::/64",
    ]
    return IPPrefix(blocks.randomElement(using: &random)!)!
  }
}
