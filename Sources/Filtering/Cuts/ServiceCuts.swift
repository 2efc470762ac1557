import NetworkTypes
import RuleMatching

extension ServiceKey {
  /// Every code of some ICMP types.
  static func kinds(_ ipProtocol: IPProtocol, _ types: ClosedRange<UInt16>) -> ClosedRange<ServiceKey> {
    ServiceKey(
      ipProtocol, port: types.lowerBound << 8)...ServiceKey(
        ipProtocol, port: types.upperBound << 8 | 255)
  }
}

extension ClosedRange<ServiceKey> {
  /// The services as keys of their line.
  package var keys: ClosedRange<IntervalSet.Key> {
    IntervalSet.Key(lowerBound.rawValue)...IntervalSet.Key(upperBound.rawValue)
  }
}

extension CompiledNetwork {
  /// Sets of services whose borders judging may notice, besides those of rules.
  func serviceCuts() -> Set<IntervalSet> {
    let protocols: [IPProtocol] = [.tcp, .udp, .icmp, .icmpv6]
    var ranges = protocols.map { ServiceKey.all(of: $0) }
    ranges += [PathWalk.mail...PathWalk.mail, PathWalk.echo...PathWalk.echo]
    for (ipProtocol, types) in ICMPQuery.types {
      ranges += types.map { ServiceKey.kinds(ipProtocol, $0...$0) }
    }
    ranges += NAT64.changedServices + [PlatformServices.discoveryServices]
    for listener in balancersByInterface.values.flatMap(\.listeners) {
      for ipProtocol in listener.ipProtocol {
        let service = ServiceKey(ipProtocol, port: listener.port)
        ranges.append(service...service)
      }
    }
    return Set(ranges.map { IntervalSet($0.keys) })
  }
}
