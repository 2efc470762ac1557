import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Requests that get through, and whose replies a stateless ACL drops.
extension NetworkLinter {
  /// Interfaces of an ACL's subnets that are asked for.
  private static let interfaceLimit = 16
  /// Packets among which the example is chosen.
  private static let exampleLimit = 64

  func blockedReplies() -> [LintFinding] {
    var positions: [ResourceID: [Int]] = [:]
    for (position, interface) in network.networkInterfaces.enumerated() where !interface.isDeleted {
      positions[interface.subnet, default: []].append(position)
    }
    let served = subnetsByACL()
    return network.networkACLs.flatMap { acl -> [LintFinding] in
      let inside = (served[acl.id] ?? []).flatMap { positions[$0] ?? [] }.prefix(Self.interfaceLimit)
      guard !inside.isEmpty else { return [] }
      return [Direction.ingress, .egress].flatMap { direction in
        acl.entries(direction).filter { $0.action == .allow && !$0.isFinalDeny }.compactMap { entry in
          blocked(entry, direction, acl, inside.map { .interface($0) })
        }
      }
    }
  }

  private func subnetsByACL() -> [ResourceID: [ResourceID]] {
    var explicit: [ResourceID: ResourceID] = [:]
    var defaults: [ResourceID: ResourceID] = [:]
    for acl in network.networkACLs {
      for subnet in acl.subnets { explicit[subnet] = acl.id }
      if acl.isDefault { defaults[acl.vpc] = acl.id }
    }
    var served: [ResourceID: [ResourceID]] = [:]
    for subnet in network.subnets {
      if let acl = explicit[subnet.id] ?? defaults[subnet.vpc] { served[acl, default: []].append(subnet.id) }
    }
    return served
  }

  /// Packets that the entry lets begin, whose replies the same ACL stops in the other direction.
  private func blocked(
    _ entry: NetworkACLEntry, _ direction: Direction, _ acl: NetworkACL, _ inside: [ReachQuestion.End]
  ) -> LintFinding? {
    guard mayBlockReplies(entry, direction, acl), !Self.isForReplies(entry.traffic) else { return nil }
    let services = IntervalSet(entry.traffic).intersection(
      IntervalSet(.tcp(.all)).union(IntervalSet(.udp(.all))))
    guard !services.isEmpty else { return nil }
    // Client ports, of every system: 1024 to 65535.
    let question =
      direction == .ingress
      ? ReachQuestion(
        from: [.prefix(entry.prefix)], to: inside, services: services, sourcePorts: IntervalSet(1024...65535),
        isRoundTrip: true)
      : ReachQuestion(
        from: inside, to: [.prefix(entry.prefix)], services: services, sourcePorts: IntervalSet(1024...65535),
        isRoundTrip: true)
    var found: TraceAnswer?
    var seen = 0
    do throws(ReachError) {
      try analyzer.visit(question, .everyBlocker, limit: 20_000) { region in
        // Of a sender that nobody is, it is not known whether its requests get through.
        guard region.verdict == .deny, region.answer.unknowns.isEmpty,
          isBlocked(region.answer, by: acl, direction)
        else { return true }
        // An example that people believe, if there is one.
        if found == nil || region.isUsual { found = region.answer }
        seen += 1
        return !region.isUsual && seen < Self.exampleLimit
      }
    } catch {
      if case .noPackets = error { return nil }
      return undecided(error, acl.id, rule: String(entry.number), at: entry.location)
    }
    guard let found, let blocker = found.blockers.first else { return nil }
    let header = found.header
    // An ACL that lets everything out is often meant for replies alone.
    let isMeant = direction == .ingress || entry.traffic != .all
    return LintFinding(
      isMeant ? .warning : .info, .repliesBlocked, acl.id, rule: String(entry.number), at: entry.location,
      "\"\(Self.text(entry, direction))\" lets requests through whose replies are dropped: "
        + "\(header.source) to \(header.destination), \(filter.traffic(of: header)), from port \(header.sourcePort): "
        + filter.explain(blocker),
      fix: remedy(for: blocker.step, entry, direction, acl))
  }

  /// An entry for the replies; where one refuses them on purpose, the requests may have been forgotten.
  private func remedy(
    for refusal: PathStep, _ entry: NetworkACLEntry, _ direction: Direction, _ acl: NetworkACL
  ) -> String {
    let (side, otherSide) = direction == .ingress ? ("inbound", "outbound") : ("outbound", "inbound")
    let number = refusal.rule.flatMap { Int(filter.rules[$0].id) }
    guard
      let denial = acl.entries(direction == .ingress ? .egress : .ingress).first(where: {
        $0.number == number
      })
    else {
      let protocols: [IPProtocol] = entry.traffic.ipProtocol.map { [$0] } ?? [.tcp, .udp]
      let replies =
        "\(protocols.map(\.description).joined(separator: " and ")) 1024-65535 "
        + "\(direction == .ingress ? "to" : "from") \(entry.prefix)"
      let narrow = acl.entries(direction == .ingress ? .egress : .ingress).first {
        $0.action == .allow && $0.prefix == entry.prefix && $0.traffic.ipProtocol == protocols.first
          && protocols.count == 1
      }
      return narrow.map { "widen \(otherSide) entry \($0.number) to the replies: \(replies)" }
        ?? "allow the replies \(otherSide): \(replies)"
    }
    return "deny the requests, too, \(side) before entry \(entry.number): "
      + "all \(direction == .ingress ? "from" : "to") \(denial.prefix); "
      + "or allow the replies \(otherSide) before entry \(denial.number)"
  }

  /// Whether an entry lets through what goes to clients' ports: it is there for replies.
  private static func isForReplies(_ traffic: TrafficMatch) -> Bool {
    switch traffic {
    case .tcp(let ports), .udp(let ports): ports.first >= 1024 && ports.last >= 60999
    default: false
    }
  }

  /// Whether the only things in the way are entries of the ACL that meet the reply.
  private func isBlocked(_ answer: TraceAnswer, by acl: NetworkACL, _ direction: Direction) -> Bool {
    let blockers = answer.blockers
    return !blockers.isEmpty
      && blockers.allSatisfy { blocker in
        blocker.way == .reply && blocker.step.element == .networkACL
          && filter.subject(of: blocker.step) == acl.id && blocker.step.direction != direction
      }
  }

  /// Whether the other direction leaves any client port of the entry's block unallowed: a cheap look before the walk.
  private func mayBlockReplies(_ entry: NetworkACLEntry, _ direction: Direction, _ acl: NetworkACL) -> Bool {
    let others = acl.entries(direction == .ingress ? .egress : .ingress)
    guard let first = others.first(where: { $0.prefix.overlaps(entry.prefix) }) else { return true }
    let keys = IntervalSet(first.traffic)
    let wanted = IntervalSet(.tcp(PortRange(1024, 65535) ?? .all)).union(
      IntervalSet(.udp(PortRange(1024, 65535) ?? .all)))
    return !(first.action == .allow && first.prefix.contains(entry.prefix) && wanted.isSubset(of: keys))
  }
}
