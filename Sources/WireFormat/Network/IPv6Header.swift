import NetworkTypes

// IPv6 (RFC 8200 section 3):
//
//   offset  length  field
//        0       4  version (4 bits), traffic class (8), flow label (20)
//        4       2  payload length, extension headers included; 0 with a jumbo payload option (RFC 2675)
//        6       1  next header
//        7       1  hop limit
//        8      16  source
//       24      16  destination

/// The IPv6 header.
enum IPv6Header {
  static let length = 40

  static func decode(
    _ header: Span<UInt8>, into packet: inout PacketSummary, quotes: inout [QuotedPacket]
  ) {
    guard header.count >= length else {
      packet.stop = DecodingStop(.ipv6, .truncated, detail: UInt32(length))
      return
    }
    packet.addresses = addresses(header)
    packet.fields = .addresses
    let announced = payloadLength(header)
    let isCut = announced > header.count - length
    let end = isCut ? header.count : length + announced
    let chain = IPv6Extensions.follow(header.extracting(length..<end), from: header[6], isCut: isCut)
    packet.ipProtocol = chain.last
    if chain.hasFragmentHeader {
      packet.fields.insert(.fragmentOffset)
      packet.fragmentIdentification = chain.identification
      packet.fragmentOffset = chain.fragmentOffset
      // An "atomic" fragment, offset 0 and nothing to follow, is a whole packet (RFC 6946).
      if chain.fragmentOffset != 0 || chain.moreFragments { packet.fields.insert(.fragment) }
      if chain.moreFragments { packet.fields.insert(.moreFragments) }
    }
    packet.stop = chain.stop
    if chain.stop != nil || chain.fragmentOffset != 0 { return }
    TransportLayer.decode(
      header.extracting(length + chain.length..<end), isCut: isCut, into: &packet, quotes: &quotes)
  }

  /// Reads the addresses of a header that is wholly there.
  @inline(__always)
  static func addresses(_ header: Span<UInt8>) -> AddressPair {
    .v6(
      source: IPv6Address(high: header.load64(8), low: header.load64(16)),
      destination: IPv6Address(high: header.load64(24), low: header.load64(32)))
  }

  /// The payload length field, or the jumbo payload option's where there is one in its usual place.
  static func payloadLength(_ header: Span<UInt8>) -> Int {
    let field = Int(header.load16(4))
    guard field == 0, header[6] == 0, header.count >= length + 8, header.load16(length + 2) == 0xc204 else {
      return field
    }
    let jumbo = Int(header.load32(length + 4))
    return jumbo > 0xffff ? jumbo : field
  }
}
