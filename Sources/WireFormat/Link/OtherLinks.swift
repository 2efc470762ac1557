import NetworkTypes

// LINKTYPE_FDDI: frame control (1), destination (6), source (6), then LLC (RFC 1390).
// LINKTYPE_IPOIB: 40 bytes of global routing header, EtherType (2), reserved (2) (RFC 4391 section 6).

/// The FDDI header, which LLC follows.
enum FDDI {
  static func payload(of frame: Span<UInt8>) -> LinkPayload {
    guard frame.count >= 13 else { return .stop(DecodingStop(.link, .truncated, detail: 13)) }
    // Frame control x1x10xxx is an LLC frame; the others are the ring's own.
    guard frame[0] & 0x70 == 0x50 else { return .stop(DecodingStop(.link, .notIP, detail: UInt32(frame[0]))) }
    return Encapsulation.payload(ofLLC: frame, at: 13)
  }
}

/// The IP over InfiniBand header.
enum InfiniBand {
  static func payload(of frame: Span<UInt8>) -> LinkPayload {
    guard frame.count >= 44 else { return .stop(DecodingStop(.link, .truncated, detail: 44)) }
    return Encapsulation.payload(of: frame, etherType: frame.load16(40), at: 44)
  }
}
