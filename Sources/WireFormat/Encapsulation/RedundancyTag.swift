import NetworkTypes

// High-availability Seamless Redundancy (IEC 62439-3), after the EtherType 0x892f:
//
//   offset  length  field
//        0       2  path (4 bits), size (12)
//        2       2  sequence number
//        4       2  EtherType of what follows

/// A redundancy tag of industrial rings.
enum RedundancyTag {
  static func step(_ header: Span<UInt8>) -> EncapsulationStep {
    guard header.count >= 6 else { return .stop(DecodingStop(.vlan, .truncated, detail: 6)) }
    return .next(etherType: header.load16(4), length: 6)
  }
}
