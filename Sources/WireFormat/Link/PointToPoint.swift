import NetworkTypes

// PPP (RFC 1661 section 2, RFC 1662 section 3.1) and Cisco HDLC:
//
//   offset  length  PPP                              offset  length  Cisco HDLC
//        0       2  ff 03, may be left out                0       1  address: 0f unicast, 8f broadcast
//        2       2  protocol; one byte if it is odd       1       1  control: 00
//                                                         2       2  EtherType

/// Serial lines: PPP with and without HDLC framing, and Cisco's HDLC.
enum PointToPoint {
  static func payload(ofPPP frame: Span<UInt8>) -> LinkPayload {
    guard frame.count >= 2 else { return .stop(DecodingStop(.ppp, .truncated, detail: 4)) }
    if frame[0] == 0x0f || frame[0] == 0x8f { return payload(ofCiscoHDLC: frame) }
    return Encapsulation.payload(
      of: frame, etherType: Encapsulation.ppp, at: frame.load16(0) == 0xff03 ? 2 : 0)
  }

  static func payload(ofCiscoHDLC frame: Span<UInt8>) -> LinkPayload {
    guard frame.count >= 4 else { return .stop(DecodingStop(.link, .truncated, detail: 4)) }
    return Encapsulation.payload(of: frame, etherType: frame.load16(2), at: 4)
  }
}
