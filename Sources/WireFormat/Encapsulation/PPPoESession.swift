import NetworkTypes

// PPPoE session (RFC 2516 section 4), then PPP's protocol number (RFC 1661 section 2):
//
//   offset  length  field
//        0       1  version (4 bits) and type (4 bits)
//        1       1  code: 0 for a session's data
//        2       2  session
//        4       2  length
//        6       2  PPP protocol; one byte if it is odd

/// The PPPoE session header.
enum PPPoESession {
  static func step(_ header: Span<UInt8>) -> EncapsulationStep {
    guard header.count >= 6 else { return .stop(DecodingStop(.ppp, .truncated, detail: 6)) }
    return .next(etherType: Encapsulation.ppp, length: 6)
  }
}

/// PPP's protocol field.
enum PPPProtocol {
  static func step(_ header: Span<UInt8>) -> EncapsulationStep {
    guard header.count >= 1 else { return .stop(DecodingStop(.ppp, .truncated, detail: 2)) }
    // The lowest bit of the last byte is set, so that a number below 256 may leave its first byte out (RFC
    // 1661).
    let length = header[0] & 1 == 1 ? 1 : 2
    guard header.count >= length else { return .stop(DecodingStop(.ppp, .truncated, detail: 2)) }
    let number = length == 1 ? UInt16(header[0]) : header.load16(0)
    switch number {
    case 0x0021: return .next(etherType: EtherType.ipv4, length: length)
    case 0x0057: return .next(etherType: EtherType.ipv6, length: length)
    case 0x0281: return .next(etherType: 0x8847, length: length)
    default: return .stop(DecodingStop(.ppp, .notIP, detail: UInt32(number)))
    }
  }
}
