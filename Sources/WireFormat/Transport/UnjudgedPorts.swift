import NetworkTypes

// SCTP (RFC 9260 section 3.1), DCCP (RFC 4340 section 5.1) and UDP-Lite (RFC 3828 section 3.1) all begin with
// a source and a destination port of two bytes each. SCTP's common header has twelve bytes.

/// Ports of protocols whose ports no AWS rule looks at: read for listings only, so their absence stops
/// nothing.
enum UnjudgedPorts {
  static func decode(_ header: Span<UInt8>, into packet: inout PacketSummary) {
    guard header.count >= (packet.ipProtocol == .sctp ? 12 : 4) else { return }
    packet.sourcePort = header.load16(0)
    packet.destinationPort = header.load16(2)
    packet.fields.insert(.unjudgedPorts)
  }
}
