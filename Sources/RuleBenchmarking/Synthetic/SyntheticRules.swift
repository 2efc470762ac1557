import NetworkTypes
import RuleMatching

/// Rule lists as networks have them: well-known ports, private networks of all sizes, some single hosts, some ICMP.
public struct SyntheticRules {
  private var random: SplitMix

  public init(seed: UInt64) { random = SplitMix(seed: seed) }

  static let ports: [UInt16] = [
    22, 25, 53, 80, 123, 389, 443, 587, 636, 993, 1433, 2049, 2379, 3306, 3389, 5432, 5671, 6379, 6443, 8080,
    8443,
    8472, 9092, 9200, 10250, 11211, 27017,
  ]
  private static let ranges: [PortRange] = [
    PortRange(1024, 65535), PortRange(30000, 32767), PortRange(8000, 8999), PortRange(9300, 9400),
  ].compactMap { $0 }

  /// `count` rules, one block each.
  public mutating func rules(_ count: Int) -> [ResolvedRule] {
    (0..<count).map { _ in ResolvedRule(traffic(), prefixes: [block()]) }
  }

  mutating func traffic() -> TrafficMatch {
    switch random.number(0...99) {
    case ..<4: .all
    case ..<8: .icmp(.type(8))
    case ..<20: .udp(PortRange(random.pick(Self.ports)))
    case ..<32: .tcp(random.pick(Self.ranges))
    default: .tcp(PortRange(random.pick(Self.ports)))
    }
  }

  mutating func block() -> IPPrefix {
    let host = UInt32.random(in: 0 ... .max, using: &random)
    let private10 = 0x0a00_0000 | host & 0x003f_ffff
    switch random.number(0...99) {
    case ..<6: return .v4(.everything)
    case ..<20: return .v4(Prefix(IPv4Address(rawValue: private10), length: 16))
    case ..<45: return .v4(Prefix(IPv4Address(rawValue: private10), length: 24))
    case ..<55: return .v4(Prefix(IPv4Address(rawValue: private10), length: 20))
    case ..<65: return .v4(Prefix(IPv4Address(rawValue: 0xac10_0000 | host & 0xf_ffff), length: 24))
    case ..<80: return .v4(Prefix(IPv4Address(rawValue: host), length: 32))
    case ..<90: return .v4(Prefix(IPv4Address(rawValue: host), length: 20))
    default:
      let high: UInt64 = 0x2600_1f00_0000_0000 | UInt64(host & 0xfff) << 24
      return .v6(Prefix(IPv6Address(high: high, low: 0), length: 56))
    }
  }

  /// `count` packets: three of five meet a rule's address and service, the others what comes.
  public mutating func keys(_ count: Int, for rules: [ResolvedRule]) -> RuleKeys {
    var keys = RuleKeys()
    while keys.count < count {
      guard !rules.isEmpty, random.number(0...4) < 3 else {
        keys.append(
          .v4(IPv4Address(rawValue: UInt32.random(in: 0 ... .max, using: &random))),
          ServiceKey(
            random.pick([.tcp, .tcp, .udp, .icmp]), port: UInt16.random(in: 0 ... .max, using: &random)))
        continue
      }
      let rule = random.pick(rules)
      guard !rule.prefixes.isEmpty else { continue }
      let services = rule.traffic.services
      let raw = UInt32.random(in: services.lowerBound.rawValue...services.upperBound.rawValue, using: &random)
      let service = ServiceKey(IPProtocol(rawValue: UInt8(raw >> 16)), port: UInt16(raw & 0xffff))
      keys.append(address(in: random.pick(rule.prefixes)), service)
    }
    return keys
  }

  private mutating func address(in prefix: IPPrefix) -> IPAddress {
    switch prefix {
    case .v4(let prefix):
      let host = IPv4Address(rawValue: UInt32.random(in: 0 ... .max, using: &random))
      return .v4(prefix.first | host & ~IPv4Address.mask(length: prefix.length))
    case .v6(let prefix):
      let host = IPv6Address(high: random.next(), low: random.next())
      return .v6(prefix.first | host & ~IPv6Address.mask(length: prefix.length))
    }
  }
}

/// What matchers are asked: remote address and service, family by family.
public struct RuleKeys: Sendable {
  public private(set) var v4: [IPv4Address] = []
  public private(set) var v4Services: [ServiceKey] = []
  public private(set) var v6: [IPv6Address] = []
  public private(set) var v6Services: [ServiceKey] = []

  public init() {}

  public var count: Int { v4.count + v6.count }

  public mutating func append(_ remote: IPAddress, _ service: ServiceKey) {
    switch remote {
    case .v4(let address):
      v4.append(address)
      v4Services.append(service)
    case .v6(let address):
      v6.append(address)
      v6Services.append(service)
    }
  }
}
