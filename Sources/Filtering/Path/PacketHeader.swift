import NetworkTypes
import RuleMatching

/// What stages look at: the addresses, protocol and ports of a packet at one point of its way.
public struct PacketHeader: Sendable, Hashable {
  public var source: IPAddress
  public var destination: IPAddress
  /// Protocol with the destination port, or with type and code for ICMP.
  public var service: ServiceKey
  /// TCP and UDP source port, or the identifier of an ICMP query.
  public var sourcePort: UInt16
  /// Whether the ports (or type and code) are known; they are not in later fragments.
  public var hasTransport: Bool
  public var isFragment: Bool

  public init(
    source: IPAddress, destination: IPAddress, service: ServiceKey, sourcePort: UInt16 = 0,
    hasTransport: Bool = true, isFragment: Bool = false
  ) {
    self.source = source
    self.destination = destination
    self.service = service
    self.sourcePort = sourcePort
    self.hasTransport = hasTransport
    self.isFragment = isFragment
  }

  public init(_ packet: PacketSummary) {
    source = packet.addresses.source
    destination = packet.addresses.destination
    service = ServiceKey(packet.ipProtocol, port: packet.destinationPort)
    sourcePort = packet.sourcePort
    hasTransport = packet.hasTransport || !(packet.ipProtocol.hasPorts || packet.ipProtocol.hasICMPKind)
    isFragment = packet.isFragment
  }

  /// The header of the packet that an ICMP error quotes.
  public init(_ quote: QuotedPacket) {
    self.init(
      source: quote.addresses.source, destination: quote.addresses.destination,
      service: ServiceKey(quote.ipProtocol, port: quote.destinationPort), sourcePort: quote.sourcePort,
      hasTransport: quote.hasTransport)
  }

  public var ipProtocol: IPProtocol { service.ipProtocol }
  public var family: IPFamily { source.family }

  /// The end that is not the interface's which the packet passes in this direction.
  package func remote(_ direction: Direction) -> IPAddress {
    direction == .egress ? destination : source
  }

  /// The header of the packet that answers this one: ends swapped, an ICMP query turned into its reply.
  public var reply: PacketHeader { swapped(ICMPQuery.replyType) }

  /// The header of the packet that this one answers.
  public var request: PacketHeader { swapped(ICMPQuery.queryType) }

  private func swapped(_ counterpart: (UInt8, IPProtocol) -> UInt8?) -> PacketHeader {
    var reply = self
    reply.source = destination
    reply.destination = source
    switch ipProtocol {
    case .tcp, .udp:
      reply.service = ServiceKey(ipProtocol, port: sourcePort)
      reply.sourcePort = service.port
    case .icmp, .icmpv6:
      if let type = counterpart(UInt8(service.port >> 8), ipProtocol) {
        reply.service = ServiceKey(ipProtocol, port: UInt16(type) << 8)
      }
    default: break
    }
    return reply
  }
}

/// The ICMP messages that come in pairs (RFC 792, RFC 4443, RFC 8335).
enum ICMPQuery {
  /// The types that the functions below tell from others.
  static let types: [(ipProtocol: IPProtocol, types: [UInt16])] = [
    (.icmp, [8, 0, 13, 14, 15, 16, 17, 18, 42, 43]), (.icmpv6, [128, 129, 160, 161]),
  ]

  /// The type that answers a query of this type, or nil if the type is no query.
  static func replyType(of type: UInt8, _ ipProtocol: IPProtocol) -> UInt8? {
    switch (ipProtocol, type) {
    case (.icmp, 8): 0
    case (.icmp, 13): 14
    case (.icmp, 15): 16
    case (.icmp, 17): 18
    case (.icmp, 42): 43
    case (.icmpv6, 128): 129
    case (.icmpv6, 160): 161
    default: nil
    }
  }

  /// The query that a message of this type answers, or nil if the type is no answer.
  static func queryType(of type: UInt8, _ ipProtocol: IPProtocol) -> UInt8? {
    switch (ipProtocol, type) {
    case (.icmp, 0): 8
    case (.icmp, 14): 13
    case (.icmp, 16): 15
    case (.icmp, 18): 17
    case (.icmp, 43): 42
    case (.icmpv6, 129): 128
    case (.icmpv6, 161): 160
    default: nil
    }
  }
}
