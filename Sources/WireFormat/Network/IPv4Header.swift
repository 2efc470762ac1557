import NetworkTypes

// IPv4 (RFC 791 section 3.1):
//
//   offset  length  field
//        0       1  version (4 bits), header length in four bytes (4 bits)
//        1       1  type of service
//        2       2  total length, this header included
//        4       2  identification
//        6       2  reserved, don't fragment, more fragments (3 bits), offset in eight bytes (13)
//        8       1  time to live
//        9       1  protocol
//       10       2  checksum
//       12       4  source
//       16       4  destination
//       20     ...  options

/// The IPv4 header.
enum IPv4Header {
  static let minimumLength = 20
  private static let readFields: PacketSummary.Fields = [.addresses, .fragmentOffset]

  @inline(__always)
  static func decode(
    _ header: Span<UInt8>, into packet: inout PacketSummary, quotes: inout [QuotedPacket]
  ) {
    let headerLength = Int(header[0] & 15) * 4
    guard headerLength >= minimumLength else {
      packet.stop = DecodingStop(.ipv4, .badHeaderLength, detail: UInt32(headerLength))
      return
    }
    guard header.count >= minimumLength else {
      packet.stop = DecodingStop(.ipv4, .truncated, detail: UInt32(minimumLength))
      return
    }
    // A total length of 0 is what segmentation offload leaves in captures of outgoing packets.
    let announced = Int(header.load16(2))
    guard announced >= minimumLength || announced == 0 else {
      packet.stop = DecodingStop(.ipv4, .badTotalLength, detail: UInt32(announced))
      return
    }
    packet.addresses = addresses(header)
    packet.ipProtocol = IPProtocol(rawValue: header[9])
    packet.fragmentIdentification = UInt32(header.load16(4))
    packet.fields = readFields
    let fragment = header.load16(6)
    if fragment & 0x3fff != 0 {
      packet.fields.insert(.fragment)
      if fragment & 0x2000 != 0 { packet.fields.insert(.moreFragments) }
      packet.fragmentOffset = (fragment & 0x1fff) << 3
    }
    let isCut = announced == 0 || announced > header.count
    let end = isCut ? header.count : announced
    guard headerLength <= end else {
      packet.stop =
        isCut
        ? DecodingStop(.ipv4, .truncated, detail: UInt32(headerLength))
        : DecodingStop(.ipv4, .badTotalLength, detail: UInt32(announced))
      return
    }
    if packet.fragmentOffset != 0 { return }
    TransportLayer.decode(header.extracting(headerLength..<end), isCut: isCut, into: &packet, quotes: &quotes)
  }

  /// Reads the addresses of a header whose fixed part is there.
  @inline(__always)
  static func addresses(_ header: Span<UInt8>) -> AddressPair {
    .v4(
      source: IPv4Address(rawValue: header.load32(12)),
      destination: IPv4Address(rawValue: header.load32(16)))
  }
}
