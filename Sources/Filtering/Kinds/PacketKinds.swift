import Locks
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Which packets judging cannot tell apart: those whose addresses and services are of the same kinds.
///
/// The one partition of everything that is asked of a packet, rules among it. Unlike ``FilterCuts``, every interface is
/// of a kind of its own, so that packets of the same kinds have the same outcome, interfaces and rules included.
struct PacketKinds: Sendable {
  private let v4: KindLine<IPv4Address>
  private let v6: KindLine<IPv6Address>
  private let services: KindLine<ServiceKey>

  /// The kinds of a packet.
  struct Name: Sendable, Hashable {
    var source: UInt32
    var destination: UInt32
    var service: UInt32
    /// Of the service that the answer is to: the source port's.
    var answer: UInt32
  }

  init(_ network: CompiledNetwork) {
    var addresses = network.addressCuts(isExact: true)
    network.addRules(to: &addresses)
    if !network.model.natGateways.isEmpty { addresses.addEmbedded() }
    v4 = KindLine(addresses.v4, last: IntervalSet.Key(UInt32.max)) {
      IPv4Address(rawValue: UInt32(truncatingIfNeeded: $0))
    }
    v6 = KindLine(addresses.v6, last: .max) {
      IPv6Address(high: UInt64(truncatingIfNeeded: $0 >> 64), low: UInt64(truncatingIfNeeded: $0))
    }
    services = KindLine(network.exactServiceCuts(), last: IntervalSet.Key(ServiceKey.last.rawValue)) {
      ServiceKey(rawValue: UInt32(truncatingIfNeeded: $0))
    }
  }

  /// The kinds of a packet that is whole and has its ports.
  @inline(__always)
  func name(_ header: PacketHeader) -> Name {
    let answer =
      header.ipProtocol.hasPorts ? ServiceKey(header.ipProtocol, port: header.sourcePort) : .first
    let (source, destination) =
      switch (header.source, header.destination) {
      case (.v4(let source), .v4(let destination)): (v4.kind(of: source), v4.kind(of: destination))
      case (.v6(let source), .v6(let destination)):
        // Kinds of both families are numbered from 0: told apart by the highest bit.
        (v6.kind(of: source) | 1 << 31, v6.kind(of: destination) | 1 << 31)
      default: (UInt32.max, UInt32.max)
      }
    return Name(
      source: source, destination: destination, service: services.kind(of: header.service),
      answer: services.kind(of: answer))
  }
}

/// A network's ``PacketKinds``, made when they are first asked for.
final class LazyKinds: Sendable {
  private let kinds = Guarded<PacketKinds?>(nil)

  func callAsFunction(_ network: CompiledNetwork) -> PacketKinds {
    kinds.withLock { kinds in
      if let kinds { return kinds }
      let made = PacketKinds(network)
      kinds = made
      return made
    }
  }
}

extension CompiledNetwork {
  /// How many walks are worth the making of the kinds, about.
  var kindsThreshold: Int { 64 + (2 * interfaces.count + catalogue.entries.count) / 4 }

  /// What rules ask of the remote address. Peers that are groups ask for addresses of interfaces, each of which is told
  /// from every other anyway.
  fileprivate func addRules(to cuts: inout AddressCuts) {
    var prefixes: Set<IPPrefix> = []
    for acl in model.networkACLs {
      for direction in [Direction.ingress, .egress] {
        for entry in acl.entries(direction) { prefixes.insert(entry.prefix) }
      }
    }
    for group in model.securityGroups {
      for rule in group.rules(.ingress) + group.rules(.egress) {
        if case .prefix(let prefix) = rule.match.peer { prefixes.insert(prefix) }
      }
    }
    for prefix in prefixes { cuts.add([prefix]) }
    for list in model.prefixLists { cuts.add(list.entries) }
    for policy in policies {
      for rule in policy.openRules { cuts.add(rule.within) }
    }
  }

  fileprivate func exactServiceCuts() -> Set<IntervalSet> {
    var runs: Set<ClosedRange<IntervalSet.Key>> = []
    for acl in model.networkACLs {
      for direction in [Direction.ingress, .egress] {
        for entry in acl.entries(direction) { runs.insert(entry.traffic.services.keys) }
      }
    }
    for group in model.securityGroups {
      for rule in group.rules(.ingress) + group.rules(.egress) {
        runs.insert(rule.match.traffic.services.keys)
      }
    }
    for port in PlatformServices.everyDHCPPort {
      let service = ServiceKey(.udp, port: port)
      runs.insert((service...service).keys)
    }
    // A query's answer has the code 0, and so an answer is told from what has another.
    for (ipProtocol, types) in ICMPQuery.types {
      for type in types {
        let service = ServiceKey(ipProtocol, port: type << 8)
        runs.insert((service...service).keys)
      }
    }
    return serviceCuts().union(runs.map { IntervalSet($0) })
  }
}
