import NetworkTypes

// LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2 (tcpdump.org/linktypes):
//
//   SLL      offset  length  field                    SLL2     offset  length  field
//                 0       2  packet type                            0       2  protocol
//                 2       2  ARPHRD type                            2       2  reserved
//                 4      10  address length, address                4      16  interface, type, address, …
//                14       2  protocol

/// Linux "cooked" headers, as captures on the `any` device have them.
enum LinuxCooked {
  static func payload(ofVersion1 frame: Span<UInt8>) -> LinkPayload {
    guard frame.count >= 16 else { return .stop(DecodingStop(.link, .truncated, detail: 16)) }
    return payload(of: frame, protocol: frame.load16(14), at: 16)
  }

  static func payload(ofVersion2 frame: Span<UInt8>) -> LinkPayload {
    guard frame.count >= 20 else { return .stop(DecodingStop(.link, .truncated, detail: 20)) }
    return payload(of: frame, protocol: frame.load16(0), at: 20)
  }

  private static func payload(of frame: Span<UInt8>, protocol: UInt16, at offset: Int) -> LinkPayload {
    // 4 is ETH_P_802_2; below 1536 the other numbers are Linux's own, and none of them carries IP.
    if `protocol` == 4 { return Encapsulation.payload(ofLLC: frame, at: offset) }
    guard `protocol` >= 1536 else {
      return .stop(DecodingStop(.link, .notIP, detail: UInt32(`protocol`)))
    }
    return Encapsulation.payload(of: frame, etherType: `protocol`, at: offset)
  }
}
