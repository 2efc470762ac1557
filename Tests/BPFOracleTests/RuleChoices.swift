import NetworkTypes
import RuleMatching
import TestSupport

/// Random rules around what a capture holds, so that most match some of its packets and not others.
struct RuleChoices {
  private(set) var random: SeededRandom
  let isIngress: Bool
  private let packets: [PacketSummary]

  init(_ packets: [PacketSummary], _ random: SeededRandom) {
    self.packets = packets
    self.random = random
    isIngress = Bool.random(using: &self.random)
  }

  private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

  /// The rules of a group, in the order in which they are asked.
  mutating func rules() -> [ResolvedRule] { (0..<number(1...8)).map { _ in rule() } }

  private mutating func rule() -> ResolvedRule {
    let packet = packets.randomElement(using: &random)!
    let remote = isIngress ? packet.addresses.source : packet.addresses.destination
    let prefixes = (0..<number(1...3)).map { index in
      index == 0
        ? prefix(around: remote) : prefix(around: packets.randomElement(using: &random)!.addresses.source)
    }
    return ResolvedRule(traffic(around: packet), prefixes: prefixes)
  }

  private mutating func prefix(around address: IPAddress) -> IPPrefix {
    switch number(0...9) {
    case 0: return .v4(.everything)
    case 1: return .v6(.everything)
    default:
      let length = address.family == .v4 ? [0, 1, 8, 16, 24, 28, 31, 32] : [0, 3, 16, 32, 64, 104, 127, 128]
      return IPPrefix(address, length: length[number(0...7)])
    }
  }

  private mutating func traffic(around packet: PacketSummary) -> TrafficMatch {
    let kind = packet.destinationPort
    switch number(0...9) {
    case 0...1: return .all
    case 2: return .other(IPProtocol(rawValue: [2, 47, 50, 51, 89, 132, 136][number(0...6)]))
    case 3: return .tcp(ports(around: kind))
    case 4: return .udp(ports(around: kind))
    default:
      switch packet.ipProtocol {
      case .tcp: return .tcp(ports(around: kind))
      case .udp: return .udp(ports(around: kind))
      case .icmp: return .icmp(icmp(around: kind))
      case .icmpv6: return .icmpv6(icmp(around: kind))
      default: return .other(packet.ipProtocol)
      }
    }
  }

  private mutating func ports(around port: UInt16) -> PortRange {
    let (before, after) = (UInt16(number(0...Int(port))), UInt16(number(Int(port)...65_535)))
    switch number(0...5) {
    case 0: return .all
    case 1: return PortRange(port)
    case 2: return PortRange(before, port)!
    case 3: return PortRange(port, after)!
    case 4: return port < .max ? PortRange(port + 1, max(port + 1, after))! : PortRange(port)
    default: return PortRange(before, after)!
    }
  }

  private mutating func icmp(around kind: UInt16) -> ICMPMatch {
    let (type, code) = (UInt8(kind >> 8), UInt8(kind & 255))
    switch number(0...4) {
    case 0: return .any
    case 1: return .type(type)
    case 2: return .type(type, code: code)
    case 3: return .type(type, code: code &+ 1)
    default: return .type(type &+ 1)
    }
  }
}
