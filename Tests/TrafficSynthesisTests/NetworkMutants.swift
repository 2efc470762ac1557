import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Networks that differ from one by one step in one rule.
struct NetworkMutants {
  struct Mutant {
    var name: String
    var network: VirtualNetwork
    /// The changed rules, before and after; a block is nil where the peer is a group or a list.
    var rules: [(traffic: TrafficMatch, prefix: IPPrefix?)]

    /// Whether a changed rule may be about a packet.
    func concerns(_ packet: PacketSummary) -> Bool {
      let service = ServiceKey(packet.ipProtocol, port: packet.destinationPort)
      return rules.contains { rule in
        rule.traffic.matches(service)
          && [packet.addresses.source, packet.addresses.destination].contains {
            rule.prefix?.contains($0) ?? true
          }
      }
    }
  }

  private(set) var all: [Mutant] = []

  init(of network: VirtualNetwork) {
    for group in network.securityGroups.indices {
      for list in [\SecurityGroup.inbound, \.outbound] {
        for rule in network.securityGroups[group][keyPath: list].indices {
          let name =
            "\(network.securityGroups[group].id) \(network.securityGroups[group][keyPath: list][rule].match)"
          var dropped = network
          dropped.securityGroups[group][keyPath: list].remove(at: rule)
          let match = network.securityGroups[group][keyPath: list][rule].match
          var own: IPPrefix?
          if case .prefix(let prefix) = match.peer { own = prefix }
          let before = (match.traffic, own)
          all.append(Mutant(name: "\(name) dropped", network: dropped, rules: [before]))
          for traffic in Self.mutants(of: match.traffic) {
            var changed = network
            changed.securityGroups[group][keyPath: list][rule].match.traffic = traffic
            all.append(
              Mutant(name: "\(name) now \(traffic)", network: changed, rules: [before, (traffic, own)]))
          }
          guard case .prefix(let prefix) = match.peer else { continue }
          for other in Self.mutants(of: prefix) {
            var changed = network
            changed.securityGroups[group][keyPath: list][rule].match.peer = .prefix(other)
            all.append(
              Mutant(name: "\(name) now \(other)", network: changed, rules: [before, (match.traffic, other)]))
          }
        }
      }
    }
    for acl in network.networkACLs.indices {
      for list in [\NetworkACL.inbound, \.outbound] { addMutants(of: network, acl, list) }
    }
  }

  private mutating func addMutants(
    of network: VirtualNetwork, _ acl: Int, _ list: WritableKeyPath<NetworkACL, [NetworkACLEntry]>
  ) {
    let entries = network.networkACLs[acl][keyPath: list]
    func add(_ name: String, _ change: (inout [NetworkACLEntry]) -> Void) {
      var changed = network
      change(&changed.networkACLs[acl][keyPath: list])
      changed.networkACLs[acl][keyPath: list].sort { $0.number < $1.number }
      let (before, after) = (Set(entries), Set(changed.networkACLs[acl][keyPath: list]))
      let rules = before.symmetricDifference(after).map { ($0.traffic, Optional($0.prefix)) }
      all.append(Mutant(name: "\(network.networkACLs[acl].id) \(name)", network: changed, rules: rules))
    }
    for (position, entry) in entries.enumerated() where !entry.isFinalDeny {
      let name = "\(entry.number) \(entry.action) \(entry.traffic) \(entry.prefix)"
      add("\(name) dropped") { $0.remove(at: position) }
      for traffic in Self.mutants(of: entry.traffic) {
        add("\(name) now \(traffic)") { $0[position].traffic = traffic }
      }
      for prefix in Self.mutants(of: entry.prefix) {
        add("\(name) now \(prefix)") { $0[position].prefix = prefix }
      }
      for other in entries.indices.dropFirst(position + 1) where !entries[other].isFinalDeny {
        add("\(name) after \(entries[other].number)") {
          ($0[position].number, $0[other].number) = ($0[other].number, $0[position].number)
        }
      }
    }
  }

  private static func mutants(of prefix: IPPrefix) -> [IPPrefix] {
    var mutants: [IPPrefix] = []
    if prefix.length > 0 { mutants.append(IPPrefix(prefix.first, length: prefix.length - 1)) }
    if prefix.length < (prefix.family == .v4 ? 32 : 128) {
      mutants.append(IPPrefix(prefix.first, length: prefix.length + 1))
      mutants.append(IPPrefix(prefix.last, length: prefix.length + 1))
    }
    return mutants
  }

  private static func mutants(of traffic: TrafficMatch) -> [TrafficMatch] {
    func ports(_ range: PortRange) -> [PortRange] {
      let ends: [(Int, Int)] = [(-1, 0), (1, 0), (0, -1), (0, 1)]
      return ends.compactMap { step in
        let (first, last) = (Int(range.first) + step.0, Int(range.last) + step.1)
        guard first >= 0, last <= 65_535 else { return nil }
        return PortRange(UInt16(first), UInt16(max(last, 0)))
      }
    }
    return switch traffic {
    case .all: [.tcp(.all), .udp(.all)]
    case .tcp(let range): ports(range).map { .tcp($0) } + [.udp(range), .all]
    case .udp(let range): ports(range).map { .udp($0) } + [.tcp(range), .all]
    case .icmp(let kind): [.icmpv6(kind), .tcp(.all), .all] + (kind == .any ? [] : [.icmp(.any)])
    case .icmpv6(let kind): [.icmp(kind), .tcp(.all), .all] + (kind == .any ? [] : [.icmpv6(.any)])
    case .other: [.all, .tcp(.all)]
    }
  }
}
