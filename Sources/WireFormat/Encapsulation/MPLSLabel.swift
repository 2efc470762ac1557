import NetworkTypes

// MPLS label stack entry (RFC 3032 section 2.1):
//
//   offset  length  field
//        0       4  label (20 bits), traffic class (3), bottom of stack (1), TTL (8)

/// An MPLS label; what follows the last one is told by its first four bits only (RFC 4928).
enum MPLSLabel {
  static func step(_ header: Span<UInt8>) -> EncapsulationStep {
    guard header.count >= 4 else { return .stop(DecodingStop(.mpls, .truncated, detail: 4)) }
    if header[2] & 1 == 0 { return .next(etherType: 0x8847, length: 4) }
    // Labels 13 and 14 announce a maintenance message, whatever its first bits are (RFC 5586, RFC 3429).
    let label = header.load32(0) >> 12
    if label == 13 || label == 14 { return .stop(DecodingStop(.mpls, .notIP, detail: 0x100 + label)) }
    guard header.count >= 5 else { return .stop(DecodingStop(.mpls, .truncated, detail: 5)) }
    switch header[4] >> 4 {
    case 4: return .next(etherType: EtherType.ipv4, length: 4)
    case 6: return .next(etherType: EtherType.ipv6, length: 4)
    default: return .stop(DecodingStop(.mpls, .notIP, detail: UInt32(header[4])))
    }
  }
}
