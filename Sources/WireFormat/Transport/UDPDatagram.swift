import NetworkTypes

// UDP (RFC 768):
//
//   offset  length  field
//        0       2  source port
//        2       2  destination port
//        4       4  length, checksum

/// The UDP header; of a cut one the ports are enough.
enum UDPDatagram {
  @inline(__always)
  static func decode(_ datagram: Span<UInt8>, isCut: Bool, into packet: inout PacketSummary) {
    guard datagram.count >= 4 else {
      packet.stop = TransportLayer.stop(.udp, needed: 4, payload: datagram, isCut: isCut)
      return
    }
    packet.sourcePort = datagram.load16(0)
    packet.destinationPort = datagram.load16(2)
    packet.fields.insert(.transport)
  }
}
