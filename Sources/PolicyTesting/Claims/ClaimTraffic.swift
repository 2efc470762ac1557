import NetworkTypes
import PolicyAnalysis
import RuleMatching

/// What a claim's packets are: `tcp/443`, `tcp/8000-8100`, `udp/any`, `icmp`, `icmp/3/4`, `47`, `any`.
public struct ClaimTraffic: Sendable, Hashable {
  /// As it was written.
  public var text: String
  public var services: IntervalSet

  /// What may be written, for messages.
  public static let expected =
    "tcp/443, tcp/8000-8100, tcp/any, udp/53, icmp, icmp/TYPE/CODE, a protocol's number or any"

  /// Reads one kind of traffic; nil if it is none.
  ///
  /// `icmp` and `icmpv6` alone are an echo request, as in `trace`; `icmp/8` is every code of type 8, `icmp/any` every
  /// message.
  public init?(_ text: String) {
    self.text = text
    if text == "any" || text == "all" {
      services = .everyService
      return
    }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let ipProtocol = IPProtocol(String(parts[0])) else { return nil }
    if ipProtocol.hasPorts {
      guard parts.count == 2, let ports = Self.range(parts[1], atMost: 65535) else { return nil }
      services = Self.services(ipProtocol, ports)
    } else if ipProtocol.hasICMPKind {
      guard let kinds = Self.kinds(ipProtocol, parts.dropFirst()) else { return nil }
      services = Self.services(ipProtocol, kinds)
    } else {
      guard parts.count == 1 || parts.count == 2 && parts[1] == "any" else { return nil }
      services = Self.services(ipProtocol, 0...0)
    }
  }

  private static func kinds(_ ipProtocol: IPProtocol, _ parts: ArraySlice<Substring>) -> ClosedRange<UInt16>?
  {
    let echo: UInt16 = ipProtocol == .icmp ? 8 << 8 : 128 << 8
    guard let first = parts.first else { return echo...echo }
    guard let types = range(first, atMost: 255) else { return nil }
    switch parts.count {
    case 1: return types.lowerBound << 8...(types.upperBound << 8 | 255)
    case 2:
      guard types.count == 1, let code = range(parts[parts.startIndex + 1], atMost: 255) else { return nil }
      return types.lowerBound << 8 | code.lowerBound...(types.lowerBound << 8 | code.upperBound)
    default: return nil
    }
  }

  /// `443`, `8000-8100` or `any`.
  static func range(_ text: Substring, atMost limit: UInt16) -> ClosedRange<UInt16>? {
    if text == "any" || text == "*" { return 0...limit }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    guard (1...2).contains(ends.count), let first = number(ends[0]), let last = number(ends[ends.count - 1]),
      first <= last, last <= limit
    else { return nil }
    return first...last
  }

  private static func number(_ text: Substring) -> UInt16? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return UInt16(text)
  }

  private static func services(_ ipProtocol: IPProtocol, _ ports: ClosedRange<UInt16>) -> IntervalSet {
    let first = ServiceKey(ipProtocol, port: ports.lowerBound)
    let last = ServiceKey(ipProtocol, port: ports.upperBound)
    return IntervalSet(IntervalSet.Key(first.rawValue)...IntervalSet.Key(last.rawValue))
  }
}
