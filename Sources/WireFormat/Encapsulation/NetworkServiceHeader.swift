import NetworkTypes

// Network Service Header (RFC 8300 section 2.2), after the EtherType 0x894f:
//
//   offset  length  field
//        0       2  version (2 bits), OAM (1), unused (1), TTL (6), length in four bytes (6)
//        2       1  metadata type
//        3       1  next protocol: 1 IPv4, 2 IPv6, 3 Ethernet, 5 MPLS
//        4       4  service path, service index

/// The network service header.
enum NetworkServiceHeader {
  static func step(_ header: Span<UInt8>) -> EncapsulationStep {
    guard header.count >= 8 else { return .stop(DecodingStop(.nsh, .truncated, detail: 8)) }
    let length = Int(header[1] & 0x3f) * 4
    guard length >= 8 else { return .stop(DecodingStop(.nsh, .badHeaderLength, detail: UInt32(length))) }
    switch header[3] {
    case 1: return .next(etherType: EtherType.ipv4, length: length)
    case 2: return .next(etherType: EtherType.ipv6, length: length)
    case 3:
      let needed = length + Ethernet.length
      guard header.count >= needed else {
        return .stop(DecodingStop(.nsh, .truncated, detail: UInt32(needed)))
      }
      return .next(etherType: header.load16(length + 12), length: needed)
    case 5: return .next(etherType: 0x8847, length: length)
    case let next: return .stop(DecodingStop(.nsh, .notIP, detail: UInt32(next)))
    }
  }
}
