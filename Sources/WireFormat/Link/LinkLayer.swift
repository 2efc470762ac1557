import NetworkTypes

/// What a link-layer header leads to.
enum LinkPayload {
  /// An IP header at an offset in the frame; the EtherType that announced it, or 0 where none did.
  case network(offset: Int, etherType: UInt16)
  case stop(DecodingStop)
}

/// The switch over link types: a new one is a case here and a file beside this one.
enum LinkLayer {
  /// Finds the IP header of a frame.
  static func payload(of frame: Span<UInt8>, linkType: LinkType) -> LinkPayload {
    switch linkType {
    case .ethernet: Ethernet.payload(of: frame)
    case .linuxSLL: LinuxCooked.payload(ofVersion1: frame)
    case .linuxSLL2: LinuxCooked.payload(ofVersion2: frame)
    case .null: Loopback.payload(ofNull: frame)
    case .loop: Loopback.payload(ofLoop: frame)
    case .raw, .rawBSD, .rawOpenBSD: .network(offset: 0, etherType: 0)
    case .ipv4: .network(offset: 0, etherType: EtherType.ipv4)
    case .ipv6: .network(offset: 0, etherType: EtherType.ipv6)
    case .ppp, .pppHDLC: PointToPoint.payload(ofPPP: frame)
    case .ciscoHDLC: PointToPoint.payload(ofCiscoHDLC: frame)
    case .fddi: FDDI.payload(of: frame)
    case .ipOverInfiniBand: InfiniBand.payload(of: frame)
    default: .stop(DecodingStop(.link, .unsupportedLinkType, detail: UInt32(linkType.rawValue)))
    }
  }
}

/// EtherType numbers (IEEE 802 numbers at IANA) that lead on.
enum EtherType {
  static let ipv4: UInt16 = 0x0800
  static let ipv6: UInt16 = 0x86dd
}
