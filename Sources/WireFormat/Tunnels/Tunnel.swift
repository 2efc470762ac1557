import NetworkTypes

// VXLAN (RFC 7348) in UDP port 4789, as traffic mirroring writes it (semantics TM-3, TM-5):
//
//   offset  length  field
//        0       1  flags, of which 0x08 says that the network identifier is valid
//        1       3  reserved
//        4       3  network identifier (VNI)
//        7       1  reserved
//        8          the original Ethernet frame
//
// GENEVE (RFC 8926) in UDP port 6081, as Gateway Load Balancers write it (semantics TM-10):
//
//   offset  length  field
//        0       1  version (2 bits), length of the options in words of four bytes (6 bits)
//        1       1  flags
//        2       2  protocol type: 0x6558 for an Ethernet frame, else an EtherType
//        4       3  network identifier (VNI)
//        7       1  reserved
//        8          options, then the payload

/// Finds the packet inside a tunnel.
enum Tunnel {
  /// Tunnels within tunnels that are followed; a GENEVE around a mirrored VXLAN is two.
  static let depthLimit = 4

  /// What a tunnel carries, and where it begins in the bytes that were asked about.
  struct Payload {
    var offset: Int
    /// Where it ends, as the headers around it say.
    var end: Int
    /// 0 for an Ethernet frame, else the EtherType of the packet.
    var etherType: UInt16
    /// The network identifier.
    var network: UInt32
  }

  /// Whether a packet of this kind may be a tunnel's.
  @inline(__always)
  static func mayBegin(_ packet: PacketSummary) -> Bool {
    packet.ipProtocol == .udp && (packet.destinationPort == vxlanPort || packet.destinationPort == genevePort)
      && packet.hasTransport && !packet.isFragment
  }

  /// What is inside the UDP datagram of an IP packet, or nil if that is no tunnel's.
  ///
  /// `header` begins with the IP header. IPv6 extension headers are not looked behind: neither service writes any.
  static func payload(of header: Span<UInt8>, port: UInt16) -> Payload? {
    guard header.count >= 20, header[0] >> 4 == 4 || header[6] == IPProtocol.udp.rawValue else { return nil }
    let length = header[0] >> 4 == 4 ? Int(header[0] & 15) * 4 : 40
    let start = length + udpHeaderLength
    guard header.count >= start + tunnelHeaderLength else { return nil }
    let datagram = Int(header.load16(length + 4))
    guard datagram >= udpHeaderLength + tunnelHeaderLength else { return nil }
    let end = min(header.count, length + datagram, IPLength.announced(by: header) ?? .max)
    guard end >= start + tunnelHeaderLength else { return nil }
    let tunnel = header.extracting(droppingFirst: start)
    let network = tunnel.load32(4) >> 8
    if port == vxlanPort {
      guard tunnel[0] & 0x08 != 0 else { return nil }
      return Payload(offset: start + tunnelHeaderLength, end: end, etherType: 0, network: network)
    }
    let options = Int(tunnel[0] & 0x3f) * 4
    let offset = start + tunnelHeaderLength + options
    guard tunnel[0] >> 6 == 0, end >= offset else { return nil }
    let type = tunnel.load16(2)
    switch type {
    case 0x6558: return Payload(offset: offset, end: end, etherType: 0, network: network)
    case EtherType.ipv4, EtherType.ipv6:
      return Payload(offset: offset, end: end, etherType: type, network: network)
    default: return nil
    }
  }

  /// FNV-1a over an IP packet's headers and a few bytes more, without what may differ between its copies: the time to live and the header's
  /// checksum, which routers change, and the checksum of the transport, which one that is cut may lack (semantics TM-9).
  static func digest(of header: Span<UInt8>) -> UInt64 {
    guard !header.isEmpty else { return offsetBasis }
    let isV4 = header[0] >> 4 == 4
    let available = min(header.count, IPLength.announced(by: header) ?? .max)
    let (start, checksum) = isV4 ? transport(ofIPv4: header) : transport(ofIPv6: header, end: available)
    var digest = offsetBasis
    for index in 0..<min(available, start + digestLength) {
      if isV4 ? index == 8 || index == 10 || index == 11 : index == 7 { continue }
      if let checksum, index == checksum || index == checksum + 1 { continue }
      digest = (digest ^ UInt64(header[index])) &* prime
    }
    return digest
  }

  /// Where an IPv4 packet's payload begins, and where its transport's checksum is, if it has one.
  private static func transport(ofIPv4 header: Span<UInt8>) -> (start: Int, checksum: Int?) {
    let start = Int(header[0] & 15) * 4
    guard header.count > 9, header.load16(6) & 0x1fff == 0 else { return (start, nil) }
    return (start, checksum(IPProtocol(rawValue: header[9])).map { start + $0 })
  }

  /// The same of an IPv6 packet, whose extension headers are followed as they are decoded: where that ends before they do, they go
  /// on to the packet's end.
  private static func transport(ofIPv6 header: Span<UInt8>, end: Int) -> (start: Int, checksum: Int?) {
    guard end >= IPv6Header.length else { return (end, nil) }
    let chain = IPv6Extensions.follow(
      header.extracting(IPv6Header.length..<end), from: header[6], isCut: end == header.count)
    guard chain.stop == nil else { return (end, nil) }
    let start = IPv6Header.length + chain.length
    return (start, chain.fragmentOffset == 0 ? checksum(chain.last).map { start + $0 } : nil)
  }

  /// Where in a transport header its checksum is.
  private static func checksum(_ ipProtocol: IPProtocol) -> Int? {
    switch ipProtocol {
    case .tcp: 16
    case .udp: 6
    case .icmp, .icmpv6: 2
    default: nil
    }
  }

  /// The same for a frame that holds no IP packet: whole, since nothing of it is known.
  static func digest(ofFrame frame: Span<UInt8>) -> UInt64 {
    var digest = offsetBasis
    for index in 0..<min(frame.count, digestLength) { digest = (digest ^ UInt64(frame[index])) &* prime }
    return digest
  }

  private static let offsetBasis: UInt64 = 0xcbf2_9ce4_8422_2325
  private static let prime: UInt64 = 0x0000_0100_0000_01b3
  /// What follows the IP header, extension headers included, of an IPv4 packet of 48 bytes, with the ports, numbers and flags of TCP: copies may be cut
  /// (semantics TM-8), and more is not needed where only what another interface mirrored is taken for a copy.
  private static let digestLength = 28
  static let vxlanPort: UInt16 = 4789
  private static let genevePort: UInt16 = 6081
  private static let udpHeaderLength = 8
  private static let tunnelHeaderLength = 8
}
