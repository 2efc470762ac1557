import NetworkTypes

// IEEE 802.1Q and 802.1ad (QinQ), after the EtherType 0x8100, 0x88a8 or 0x9100:
//
//   offset  length  field
//        0       2  priority (3 bits), drop eligible (1), VLAN (12)
//        2       2  EtherType of what follows

/// A VLAN tag.
enum VLANTag {
  static func step(_ header: Span<UInt8>) -> EncapsulationStep {
    guard header.count >= 4 else { return .stop(DecodingStop(.vlan, .truncated, detail: 4)) }
    return .next(etherType: header.load16(2), length: 4)
  }
}
