import NetworkTypes

// IPv6 extension headers (RFC 8200 section 4): hop-by-hop 0, routing 43, destination options 60:
//
//   offset  length  field
//        0       1  next header
//        1       1  length in eight bytes, the first eight not counted
//
// Fragment 44 (RFC 8200 section 4.5), eight bytes:
//
//        0       1  next header
//        1       1  reserved
//        2       2  offset in eight bytes (13 bits), reserved (2), more fragments (1)
//        4       4  identification

/// A chain of extension headers, followed to its end.
///
/// Authentication headers (51) and encrypted payloads (50) end the chain: that is the protocol a packet
/// filter sees.
struct IPv6Extensions {
  /// The first next-header value that is no extension header, or where following ended.
  var last: IPProtocol
  /// Bytes of all extension headers.
  var length = 0
  var hasFragmentHeader = false
  var fragmentOffset: UInt16 = 0
  var moreFragments = false
  var identification: UInt32 = 0
  var stop: DecodingStop?

  /// More extension headers than this are not followed.
  static let limit = 128

  /// Follows the chain that begins with header `first` in `payload`; `isCut`: the capture has less than
  /// announced.
  static func follow(_ payload: Span<UInt8>, from first: UInt8, isCut: Bool) -> IPv6Extensions {
    var chain = IPv6Extensions(last: IPProtocol(rawValue: first))
    for _ in 0..<limit {
      let header = payload.extracting(droppingFirst: chain.length)
      switch chain.last.rawValue {
      case 0, 43, 60:
        let length = header.count >= 2 ? (Int(header[1]) + 1) * 8 : 8
        guard header.count >= length else {
          chain.stop = stop(needed: length, available: payload.count, isCut: isCut)
          return chain
        }
        chain.last = IPProtocol(rawValue: header[0])
        chain.length += length
      case 44:
        guard header.count >= 8 else {
          chain.stop = stop(needed: 8, available: payload.count, isCut: isCut)
          return chain
        }
        let field = header.load16(2)
        chain.hasFragmentHeader = true
        chain.fragmentOffset = field & 0xfff8
        chain.moreFragments = field & 1 != 0
        chain.identification = header.load32(4)
        chain.last = IPProtocol(rawValue: header[0])
        chain.length += 8
        // What follows in a later fragment is the middle of something.
        if chain.fragmentOffset != 0 { return chain }
      default: return chain
      }
    }
    chain.stop = DecodingStop(.ipv6Extension, .tooManyHeaders, detail: UInt32(limit))
    return chain
  }

  private static func stop(needed: Int, available: Int, isCut: Bool) -> DecodingStop {
    isCut
      ? DecodingStop(.ipv6Extension, .truncated, detail: UInt32(needed))
      : DecodingStop(.ipv6Extension, .badTotalLength, detail: UInt32(available))
  }
}
