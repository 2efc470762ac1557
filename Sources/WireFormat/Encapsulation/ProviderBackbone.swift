import NetworkTypes

// IEEE 802.1ah (Provider Backbone Bridges), after the EtherType 0x88e7:
//
//   offset  length  field
//        0       4  priority and flags (8 bits), service instance (24)
//        4       6  customer destination MAC
//       10       6  customer source MAC
//       16       2  EtherType of what follows

/// A backbone service tag with the customer's Ethernet header.
enum ProviderBackbone {
  static func step(_ header: Span<UInt8>) -> EncapsulationStep {
    guard header.count >= 18 else { return .stop(DecodingStop(.pbb, .truncated, detail: 18)) }
    return .next(etherType: header.load16(16), length: 18)
  }
}
