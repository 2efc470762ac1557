import NetworkTypes

// ICMP (RFC 792) and ICMPv6 (RFC 4443 section 2.1):
//
//   offset  length  field
//        0       1  type
//        1       1  code
//        2       2  checksum
//        4       4  queries: identifier (2), sequence (2); errors: unused, pointer or MTU
//        8     ...  errors: the packet that caused the error, from its IP header on

/// ICMP and ICMPv6 messages: kind, a query's identifier and the packet an error quotes.
enum ICMPMessage {
  static let length = 8

  static func decode(
    _ message: Span<UInt8>, version: IPFamily, isCut: Bool, into packet: inout PacketSummary,
    quotes: inout [QuotedPacket]
  ) {
    // Of a shorter message Wireshark shows nothing either, and listings are compared with it.
    if message.count >= (version == .v4 ? 6 : 2) {
      packet.destinationPort = message.load16(0)
      packet.fields.insert(.transport)
    }
    guard message.count >= length else {
      let layer: DecodingLayer = version == .v4 ? .icmp : .icmpv6
      packet.stop = TransportLayer.stop(layer, needed: length, payload: message, isCut: isCut)
      return
    }
    let type = message[0]
    if hasIdentifier(type, version: version) { packet.sourcePort = message.load16(4) }
    // The index has 16 bits: errors beyond that in one batch go without their quote.
    if isError(type, version: version), quotes.count <= UInt16.max,
      let quote = ErrorQuote.read(message.extracting(droppingFirst: length), version: version)
    {
      packet.quote = UInt16(quotes.count)
      packet.fields.insert(.quote)
      quotes.append(quote)
    }
  }

  /// Queries and their answers: echo, timestamp, information (RFC 792), address mask (RFC 950), extended echo (RFC
  /// 8335).
  static func hasIdentifier(_ type: UInt8, version: IPFamily) -> Bool {
    switch version {
    case .v4: type == 8 || type == 0 || (13...18).contains(type) || type == 42 || type == 43
    case .v6: type == 128 || type == 129 || type == 160 || type == 161
    }
  }

  /// A message that quotes a packet: unreachable, source quench, redirect, time exceeded, parameter problem;
  /// in ICMPv6 every type below 128.
  static func isError(_ type: UInt8, version: IPFamily) -> Bool {
    switch version {
    case .v4: type == 3 || type == 4 || type == 5 || type == 11 || type == 12
    case .v6: type < 128
    }
  }
}
