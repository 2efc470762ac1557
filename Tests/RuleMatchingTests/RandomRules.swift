import NetworkTypes
import RuleMatching

/// Random rules that meet often: few ports, few blocks, nested and equal ones, both families.
struct RandomRules<Source: RandomNumberGenerator> {
  var random: Source

  init(_ random: Source) { self.random = random }

  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

  mutating func port() -> UInt16 {
    let edges: [UInt16] = [0, 1, 22, 53, 79, 80, 81, 443, 1023, 1024, 32768, 65534, 65535]
    return number(0...3) > 0
      ? edges[number(0...(edges.count - 1))] : UInt16.random(in: 0 ... .max, using: &random)
  }

  mutating func ports() -> PortRange {
    if number(0...5) == 0 { return .all }
    let (a, b) = (port(), port())
    return number(0...2) == 0 ? PortRange(a) : PortRange(min(a, b), max(a, b))!
  }

  mutating func icmp() -> ICMPMatch {
    let type = [UInt8(0), 3, 8, 128, 255][number(0...4)]
    switch number(0...2) {
    case 0: return .any
    case 1: return .type(type)
    default: return .type(type, code: [UInt8(0), 1, 4, 255][number(0...3)])
    }
  }

  mutating func traffic() -> TrafficMatch {
    switch number(0...11) {
    case 0: .all
    case 1...4: .tcp(ports())
    case 5...7: .udp(ports())
    case 8: .icmp(icmp())
    case 9: .icmpv6(icmp())
    default: .other(IPProtocol(rawValue: [UInt8(0), 2, 7, 47, 50, 57, 59, 132, 255][number(0...8)]))
    }
  }

  mutating func v4() -> IPv4Address {
    let close = [UInt32(0), 0x0a00_0000, 0x0a00_00ff, 0xc000_0200, 0xffff_ff00][number(0...4)]
    return IPv4Address(rawValue: close ^ (number(0...4) == 0 ? random.next() : UInt32(number(0...255))))
  }

  mutating func v6() -> IPv6Address {
    let high = [UInt64(0), 0x2001_0db8_0000_0000, 0x2001_0db8_ffff_ffff, .max][number(0...3)]
    let low = [UInt64(0), 1, .max, .max - 1, UInt64(1) << 63][number(0...4)]
    return IPv6Address(
      high: high ^ (number(0...4) == 0 ? random.next() : 0), low: low ^ UInt64(number(0...3)))
  }

  mutating func address() -> IPAddress { number(0...2) == 0 ? .v6(v6()) : .v4(v4()) }

  mutating func prefix() -> IPPrefix {
    switch address() {
    case .v4(let address):
      .v4(Prefix(address, length: [0, 1, 8, 24, 25, 28, 30, 31, 32, number(0...32)][number(0...9)]))
    case .v6(let address):
      .v6(Prefix(address, length: [0, 1, 32, 63, 64, 65, 127, 128, number(0...128)][number(0...8)]))
    }
  }

  mutating func rule() -> ResolvedRule {
    let prefixCount = [0, 1, 1, 1, 1, 2, 5, 20][number(0...7)]
    return ResolvedRule(traffic(), prefixes: (0..<prefixCount).map { _ in prefix() })
  }

  mutating func rules(_ count: Int) -> [ResolvedRule] { (0..<count).map { _ in rule() } }

  mutating func service() -> ServiceKey {
    let protocols: [IPProtocol] = [.tcp, .udp, .icmp, .icmpv6]
    if number(0...3) == 0 { return ServiceKey(IPProtocol(rawValue: UInt8(number(0...255))), port: port()) }
    let ipProtocol = protocols[number(0...3)]
    return ServiceKey(
      ipProtocol, port: ipProtocol.hasPorts ? port() : UInt16(number(0...9)) << 8 | UInt16(number(0...5)))
  }
}

/// Every address at which some rule may begin or stop to match: first, last, and one outside.
func edgeAddresses(of rules: [ResolvedRule]) -> Set<IPAddress> {
  var result: Set<IPAddress> = [.v4(.zero), .v4(.allOnes), .v6(.zero), .v6(.allOnes)]
  func add<Address: FixedWidthAddress>(_ prefix: Prefix<Address>) {
    for address in [prefix.first, prefix.last, prefix.first.previous, prefix.last.next] {
      if let address { result.insert(address.wrapped) }
    }
  }
  for prefix in rules.flatMap(\.prefixes) {
    switch prefix {
    case .v4(let prefix): add(prefix)
    case .v6(let prefix): add(prefix)
    }
  }
  return result
}

/// Every service at which some rule may begin or stop to match: first, last, and one outside.
func edgeServices(of rules: [ResolvedRule]) -> Set<ServiceKey> {
  var result: Set<ServiceKey> = [.first, .last]
  for range in rules.map(\.traffic.services) {
    let (low, high) = (range.lowerBound.rawValue, range.upperBound.rawValue)
    for value in [low, high, low &- 1, high + 1] where value <= ServiceKey.last.rawValue {
      result.insert(ServiceKey(rawValue: value))
    }
  }
  return result
}
