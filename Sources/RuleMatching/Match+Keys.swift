import NetworkTypes
import PrefixTables

extension ServiceKey: SearchKey {
  /// The first and the last key of the line that services lie on.
  public static var first: ServiceKey { ServiceKey(rawValue: 0) }
  public static var last: ServiceKey { ServiceKey(rawValue: 0xff_ffff) }

  @inlinable public static var pieceCount: Int { 1 }
  @inlinable public func piece(_ index: Int) -> UInt32 { rawValue }

  /// Every key that a packet of `ipProtocol` may have: one key for a protocol without ports or types.
  public static func all(of ipProtocol: IPProtocol) -> ClosedRange<ServiceKey> {
    ServiceKey(ipProtocol, port: 0)...ServiceKey(ipProtocol, port: .max)
  }
}

extension TrafficMatch {
  /// The keys that are meant: always one run of them, since ports, and the codes of a type, are neighbours.
  public var services: ClosedRange<ServiceKey> {
    switch self {
    case .all: .first ... .last
    case .tcp(let ports): Self.run(.tcp, ports.first, ports.last)
    case .udp(let ports): Self.run(.udp, ports.first, ports.last)
    case .icmp(let match): Self.run(.icmp, match)
    case .icmpv6(let match): Self.run(.icmpv6, match)
    case .other(let ipProtocol): Self.run(ipProtocol, 0, .max)
    }
  }

  private static func run(_ ipProtocol: IPProtocol, _ match: ICMPMatch) -> ClosedRange<ServiceKey> {
    guard let type = match.type else { return run(ipProtocol, 0, .max) }
    let first = UInt16(type) << 8
    return run(ipProtocol, first | UInt16(match.code ?? 0), first | UInt16(match.code ?? 255))
  }

  private static func run(
    _ ipProtocol: IPProtocol, _ first: UInt16, _ last: UInt16
  ) -> ClosedRange<ServiceKey> {
    let base = UInt32(ipProtocol.rawValue) << 16
    return ServiceKey(rawValue: base | UInt32(first))...ServiceKey(rawValue: base | UInt32(last))
  }
}
