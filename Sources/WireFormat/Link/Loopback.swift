import NetworkTypes

// LINKTYPE_NULL and LINKTYPE_LOOP (tcpdump.org/linktypes):
//
//   offset  length  field
//        0       4  protocol family: NULL in the capturing machine's byte order, LOOP in network order

/// BSD loopback headers; the family numbers of IPv6 differ from system to system.
enum Loopback {
  static func payload(ofNull frame: Span<UInt8>) -> LinkPayload {
    guard frame.count >= 4 else { return .stop(DecodingStop(.loopback, .truncated, detail: 4)) }
    let value = frame.load32(0)
    // Families are small numbers: what has its bits in the upper half was written the other way round.
    return payload(family: value >> 16 != 0 ? value.byteSwapped : value)
  }

  static func payload(ofLoop frame: Span<UInt8>) -> LinkPayload {
    guard frame.count >= 4 else { return .stop(DecodingStop(.loopback, .truncated, detail: 4)) }
    return payload(family: frame.load32(0))
  }

  private static func payload(family: UInt32) -> LinkPayload {
    switch family {
    case 2: .network(offset: 4, etherType: EtherType.ipv4)
    // Linux 10, Windows 23, NetBSD and OpenBSD 24, FreeBSD 28, macOS 30.
    case 10, 23, 24, 28, 30: .network(offset: 4, etherType: EtherType.ipv6)
    // Families are small numbers; what is not one is told apart no further, so that reports stay short.
    default: .stop(DecodingStop(.loopback, .notIP, detail: min(family, 0xffff)))
    }
  }
}
