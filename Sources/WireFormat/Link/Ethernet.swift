import NetworkTypes

// Ethernet II and IEEE 802.3 (RFC 894, RFC 1042):
//
//   offset  length  field
//        0       6  destination MAC
//        6       6  source MAC
//       12       2  EtherType, or up to 1500 the length of an LLC frame

/// The Ethernet header.
enum Ethernet {
  static let length = 14

  @inline(__always)
  static func payload(of frame: Span<UInt8>) -> LinkPayload {
    guard frame.count >= length else { return .stop(DecodingStop(.link, .truncated, detail: UInt32(length))) }
    return Encapsulation.payload(of: frame, etherType: frame.load16(12), at: length)
  }
}
