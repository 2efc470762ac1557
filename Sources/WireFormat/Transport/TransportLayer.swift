import NetworkTypes

/// The switch over transport protocols.
enum TransportLayer {
  /// Reads what rules look at from a transport header.
  ///
  /// `payload` ends where the IP header says, or where the captured bytes do (`isCut`).
  @inline(__always)
  static func decode(
    _ payload: Span<UInt8>, isCut: Bool, into packet: inout PacketSummary, quotes: inout [QuotedPacket]
  ) {
    switch packet.ipProtocol {
    case .tcp: TCPSegment.decode(payload, isCut: isCut, into: &packet)
    case .udp: UDPDatagram.decode(payload, isCut: isCut, into: &packet)
    case .icmp: ICMPMessage.decode(payload, version: .v4, isCut: isCut, into: &packet, quotes: &quotes)
    case .icmpv6: ICMPMessage.decode(payload, version: .v6, isCut: isCut, into: &packet, quotes: &quotes)
    case .sctp, .dccp, .udpLite: UnjudgedPorts.decode(payload, into: &packet)
    default: break
    }
  }

  /// Why a header of `needed` bytes could not be read.
  static func stop(_ layer: DecodingLayer, needed: Int, payload: Span<UInt8>, isCut: Bool) -> DecodingStop {
    isCut
      ? DecodingStop(layer, .truncated, detail: UInt32(needed))
      : DecodingStop(layer, .badTotalLength, detail: UInt32(payload.count))
  }
}

extension IPProtocol {
  static var dccp: Self { Self(rawValue: 33) }
  static var sctp: Self { Self(rawValue: 132) }
  static var udpLite: Self { Self(rawValue: 136) }
}
