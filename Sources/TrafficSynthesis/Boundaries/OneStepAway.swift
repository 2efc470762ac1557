import NetworkTypes
import RuleMatching

extension IPPrefix {
  /// The block around this one, and its halves.
  var oneBitAway: [IPPrefix] {
    switch self {
    case .v4(let prefix): prefix.oneBitAway.map { .v4($0) }
    case .v6(let prefix): prefix.oneBitAway.map { .v6($0) }
    }
  }
}

extension Prefix {
  fileprivate var oneBitAway: [Prefix] {
    var prefixes: [Prefix] = []
    if length > 0 { prefixes.append(Prefix(address, length: length - 1)) }
    if length < Address.bitWidth {
      prefixes.append(Prefix(address, length: length + 1))
      prefixes.append(Prefix(last, length: length + 1))
    }
    return prefixes
  }
}

extension TrafficMatch {
  /// Ports and types off by one at either end, and other protocols.
  var oneStepAway: [TrafficMatch] {
    switch self {
    case .all: [.tcp(.all), .udp(.all), .icmp(.any), .icmpv6(.any)]
    case .tcp(let ports):
      ports.oneStepAway.map { .tcp($0) } + [.udp(ports), .all, .icmp(.any), .icmpv6(.any)]
    case .udp(let ports):
      ports.oneStepAway.map { .udp($0) } + [.tcp(ports), .all, .icmp(.any), .icmpv6(.any)]
    case .icmp(let kind): kind.oneStepAway.map { .icmp($0) } + [.icmpv6(kind), .tcp(.all), .udp(.all), .all]
    case .icmpv6(let kind):
      kind.oneStepAway.map { .icmpv6($0) } + [.icmp(kind), .tcp(.all), .udp(.all), .all]
    case .other(let number):
      [.all, .tcp(.all), .udp(.all), .icmp(.any)]
        + [number.rawValue &- 1, number.rawValue &+ 1].map { IPProtocol(rawValue: $0) }
        .filter { !$0.hasPorts && !$0.hasICMPKind }.map { .other($0) }
    }
  }
}

extension PortRange {
  fileprivate var oneStepAway: [PortRange] {
    var ranges: [PortRange?] = []
    if first > 0 { ranges.append(PortRange(first - 1, last)) }
    if first < .max { ranges.append(PortRange(first + 1, last)) }
    if last > 0 { ranges.append(PortRange(first, last - 1)) }
    if last < .max { ranges.append(PortRange(first, last + 1)) }
    if first == last && first > 0 { ranges.append(PortRange(first - 1)) }
    if first == last && first < .max { ranges.append(PortRange(first + 1)) }
    return ranges.compactMap { $0 }
  }
}

extension ICMPMatch {
  fileprivate var oneStepAway: [ICMPMatch] {
    guard let type else { return [] }
    var kinds: [ICMPMatch] = [.any]
    for other in [Int(type) - 1, Int(type) + 1] where (0...255).contains(other) {
      kinds.append(.type(UInt8(other), code: code))
    }
    guard let code else { return kinds + [.type(type, code: 0), .type(type, code: 1)] }
    kinds.append(.type(type))
    for other in [Int(code) - 1, Int(code) + 1] where (0...255).contains(other) {
      kinds.append(.type(type, code: UInt8(other)))
    }
    return kinds
  }
}
