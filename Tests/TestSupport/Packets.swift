import NetworkTypes

/// Packets written so that a row reads as a sentence: `.tcp("203.0.113.7:50000", to: "10.0.0.10:443", .syn)`.
extension PacketSummary {
  /// A TCP segment; `at` is seconds since the epoch.
  public static func tcp(
    _ source: String, to destination: String, _ flags: TCPFlags = .syn, at seconds: Double = 0
  ) -> PacketSummary {
    var packet = packet(source, destination, .tcp, seconds)
    packet.tcpFlags = flags
    return packet
  }

  public static func udp(_ source: String, to destination: String, at seconds: Double = 0) -> PacketSummary {
    packet(source, destination, .udp, seconds)
  }

  /// An ICMP or ICMPv6 message; the family of the addresses decides which.
  public static func icmp(
    _ source: String, to destination: String, type: UInt8, code: UInt8 = 0, identifier: UInt16 = 1,
    at seconds: Double = 0
  ) -> PacketSummary {
    var packet = packet(source, destination, .icmp, seconds)
    if packet.addresses.family == .v6 { packet.ipProtocol = .icmpv6 }
    packet.sourcePort = identifier
    packet.destinationPort = UInt16(type) << 8 | UInt16(code)
    return packet
  }

  /// A packet of a protocol without ports.
  public static func other(
    _ ipProtocol: UInt8, _ source: String, to destination: String, at seconds: Double = 0
  ) -> PacketSummary {
    var packet = packet(source, destination, IPProtocol(rawValue: ipProtocol), seconds)
    packet.fields.remove(.transport)
    return packet
  }

  /// The same packet as a fragment of a larger datagram.
  public func fragment(_ identification: UInt32, offset: UInt16, more: Bool) -> PacketSummary {
    var fragment = self
    fragment.fields.formUnion([.fragment, .fragmentOffset])
    if more { fragment.fields.insert(.moreFragments) }
    fragment.fragmentIdentification = identification
    fragment.fragmentOffset = offset
    if offset != 0 {
      fragment.fields.remove(.transport)
      fragment.sourcePort = 0
      fragment.destinationPort = 0
      fragment.tcpFlags = []
    }
    return fragment
  }

  private static func packet(
    _ source: String, _ destination: String, _ ipProtocol: IPProtocol, _ seconds: Double
  ) -> PacketSummary {
    let from = end(source)
    let to = end(destination)
    return PacketSummary(
      addresses: AddressPair(source: from.address, destination: to.address)!,
      time: CaptureTime(nanoseconds: Int64(seconds * 1e9)), wireLength: 74, fields: [.addresses, .transport],
      ipProtocol: ipProtocol, sourcePort: from.port, destinationPort: to.port)
  }

  /// Splits `10.0.0.1:443`, `[2001:db8::1]:443` or a bare address.
  private static func end(_ text: String) -> (address: IPAddress, port: UInt16) {
    if let address = IPAddress(text) { return (address, 0) }
    let colon = text.lastIndex(of: ":")!
    let address = text[..<colon].filter { $0 != "[" && $0 != "]" }
    return (IPAddress(String(address))!, UInt16(text[text.index(after: colon)...])!)
  }
}

extension QuotedPacket {
  /// What an ICMP error about `packet` quotes.
  public init(_ packet: PacketSummary) {
    self.init(
      addresses: packet.addresses, ipProtocol: packet.ipProtocol, sourcePort: packet.sourcePort,
      destinationPort: packet.destinationPort, hasTransport: packet.hasTransport)
  }
}
