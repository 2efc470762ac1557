import NetworkTypes
import RuleMatching

/// Values on both sides of the edges of rules.
enum EdgeValues {
  /// Addresses just inside and outside of a block, and where it is cut in two; those inside first.
  static func addresses(of prefix: IPPrefix) -> [IPAddress] {
    switch prefix {
    case .v4(let prefix): addresses(of: prefix).map { .v4($0) }
    case .v6(let prefix): addresses(of: prefix).map { .v6($0) }
    }
  }

  private static func addresses<Address>(of prefix: Prefix<Address>) -> [Address] {
    let upper = Prefix(prefix.last, length: prefix.length + 1)
    let sibling =
      prefix.length > 0 ? [prefix.first.previous, prefix.last.next].compactMap { $0 } : []
    return [prefix.first, prefix.last, upper.first, upper.first.previous].compactMap { $0 } + sibling
  }

  /// Services just inside and outside of what traffic is meant; those inside first.
  static func services(of traffic: TrafficMatch) -> [ServiceKey] {
    let range = traffic.services
    guard traffic.ipProtocol != nil else {
      return [ServiceKey(.tcp, port: 443), ServiceKey(.udp, port: 53), ServiceKey(.icmp, port: 8 << 8)]
        + [ServiceKey(.icmpv6, port: 128 << 8), ServiceKey(IPProtocol(rawValue: 47), port: 0)]
    }
    let ipProtocol = range.lowerBound.ipProtocol
    let (first, last) = (range.lowerBound.port, range.upperBound.port)
    var ports = [first, last]
    if ipProtocol.hasPorts || ipProtocol.hasICMPKind {
      if first < last { ports += [first + 1, last - 1] }
      if first > 0 { ports.append(first - 1) }
      if last < .max { ports.append(last + 1) }
    }
    if ipProtocol.hasICMPKind {
      // A type's neighbours are 256 codes away.
      for step in [-256, 256, 1] where (0...65_535).contains(Int(first) + step) {
        ports.append(UInt16(Int(first) + step))
      }
      ports.append(ipProtocol == .icmp ? 8 << 8 : 128 << 8)
    }
    return ports.map { ServiceKey(ipProtocol, port: $0) }
  }

  /// The same ports of another protocol, and protocols that have none.
  static func otherProtocols(_ service: ServiceKey) -> [ServiceKey] {
    let others: [IPProtocol] = [
      .tcp, .udp, .icmp, .icmpv6, IPProtocol(rawValue: 47), IPProtocol(rawValue: 132),
    ]
    return others.filter { $0 != service.ipProtocol }.map { other in
      switch other {
      case .icmp: ServiceKey(other, port: 8 << 8)
      case .icmpv6: ServiceKey(other, port: 128 << 8)
      default: ServiceKey(other, port: service.ipProtocol.hasPorts ? service.port : 443)
      }
    }
  }
}
