import NetworkTypes
import RuleMatching

/// Rules in tcpdump's language, made without anything that the matcher is made of.
enum FilterExpression {
  /// What a rule means; `end` is `src` where the peer sends (ingress) and `dst` where it receives.
  static func rule(_ rule: ResolvedRule, _ end: String) -> String {
    let peers = rule.prefixes.map { peer($0, end, rule.traffic) }
    return peers.isEmpty ? nothing : peers.map { "(\($0))" }.joined(separator: " or ")
  }

  /// No packet is both shorter and longer than something.
  private static let nothing = "less 1 and greater 2"

  private static func peer(_ prefix: IPPrefix, _ end: String, _ traffic: TrafficMatch) -> String {
    // `src net` alone would take ARP, too.
    let (family, header, next) = prefix.family == .v4 ? ("ip", 9, "icmp[%]") : ("ip6", 6, "ip6[40 + %]")
    // libpcap refuses a block with bits behind its length: the model has none.
    let from = "\(family) and \(end) net \(prefix.first)/\(prefix.length)"
    func carries(_ number: UInt8) -> String { "\(from) and \(family)[\(header)] = \(number)" }
    func icmp(_ number: UInt8, _ match: ICMPMatch) -> String {
      // libpcap's `icmp[…]` is IPv4's: another protocol's number in the other family is matched by its header alone.
      let isNative = (number == 1) == (prefix.family == .v4)
      var text = carries(number)
      guard isNative else { return match.type == nil ? text : nothing }
      if let type = match.type { text += " and \(next.replacing("%", with: "0")) = \(type)" }
      if let code = match.code { text += " and \(next.replacing("%", with: "1")) = \(code)" }
      return text
    }
    func ports(_ number: UInt8, _ name: String, _ range: PortRange) -> String {
      if range == .all { return carries(number) }
      return "\(carries(number)) and \(name) dst portrange \(range.first)-\(range.last)"
    }
    switch traffic {
    case .all: return from
    case .tcp(let range): return ports(6, "tcp", range)
    case .udp(let range): return ports(17, "udp", range)
    case .icmp(let match): return icmp(1, match)
    case .icmpv6(let match): return icmp(58, match)
    case .other(let ipProtocol): return carries(ipProtocol.rawValue)
    }
  }

  /// What the decoder has read of a packet: libpcap must find all of it in the frame.
  static func header(_ packet: PacketSummary) -> String {
    let isV4 = packet.addresses.family == .v4
    let (source, destination) = (packet.addresses.source, packet.addresses.destination)
    let number = packet.ipProtocol.rawValue
    var text = isV4 ? "ip and ip[9] = \(number)" : "ip6 and ip6[6] = \(number)"
    text += " and src host \(source) and dst host \(destination)"
    guard packet.hasTransport else { return text }
    switch packet.ipProtocol {
    case .tcp, .udp:
      let name = packet.ipProtocol == .tcp ? "tcp" : "udp"
      text += " and \(name) src port \(packet.sourcePort) and \(name) dst port \(packet.destinationPort)"
      if packet.fields.contains(.tcpFlags) {
        // libpcap's `tcp[…]` is IPv4's.
        let place = isV4 ? "tcp[13]" : "ip6[53]"
        text += " and \(place) & 0x3f = \(packet.tcpFlags.rawValue & 0x3f)"
      }
    case .icmp where isV4:
      text += " and icmp[0] = \(packet.destinationPort >> 8) and icmp[1] = \(packet.destinationPort & 255)"
    case .icmpv6 where !isV4:
      text += " and ip6[40] = \(packet.destinationPort >> 8) and ip6[41] = \(packet.destinationPort & 255)"
    default: break
    }
    return text
  }
}
