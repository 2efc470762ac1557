import NetworkTypes

/// Turns summaries back into bytes: Ethernet, IPv4 or IPv6, then TCP, UDP, ICMP or ICMPv6, with right checksums.
///
/// Decoding what is built gives the summary again, but for its time and wire length. Quotes of ICMP errors are the
/// caller's, as `payload`.
public struct PacketBuilder: Sendable {
  public var sourceMAC: [UInt8] = [2, 0, 0, 0, 0, 1]
  public var destinationMAC: [UInt8] = [2, 0, 0, 0, 0, 2]

  public init() {}

  /// The frame of `packet`, with `payload` after its transport header.
  ///
  /// A fragment gets its offset and identification; a later one consists of `payload` only.
  public func frame(for packet: PacketSummary, payload: [UInt8] = []) -> [UInt8] {
    let type: UInt16 = packet.addresses.family == .v4 ? EtherType.ipv4 : EtherType.ipv6
    return destinationMAC + sourceMAC + type.bigEndianBytes + datagram(for: packet, payload: payload)
  }

  /// The IP datagram of `packet`, without a link layer.
  public func datagram(for packet: PacketSummary, payload: [UInt8] = []) -> [UInt8] {
    let body = packet.isLaterFragment ? payload : transport(for: packet, payload: payload)
    return packet.addresses.family == .v4 ? ipv4(packet, body: body) : ipv6(packet, body: body)
  }

  private func ipv4(_ packet: PacketSummary, body: [UInt8]) -> [UInt8] {
    let flags: UInt16 = packet.fields.contains(.moreFragments) ? 0x2000 : 0
    var header: [UInt8] = [0x45, 0]
    header += UInt16(clamping: IPv4Header.minimumLength + body.count).bigEndianBytes
    header += UInt16(truncatingIfNeeded: packet.fragmentIdentification).bigEndianBytes
    header += (flags | packet.fragmentOffset >> 3).bigEndianBytes
    header += [64, packet.ipProtocol.rawValue, 0, 0]
    header += packet.addresses.source.bytes + packet.addresses.destination.bytes
    header.replaceSubrange(10..<12, with: Checksum.of(header).bigEndianBytes)
    return header + body
  }

  private func ipv6(_ packet: PacketSummary, body: [UInt8]) -> [UInt8] {
    var extensions: [UInt8] = []
    if packet.fields.contains(.fragmentOffset) {
      let more: UInt16 = packet.fields.contains(.moreFragments) ? 1 : 0
      extensions = [packet.ipProtocol.rawValue, 0] + (packet.fragmentOffset & 0xfff8 | more).bigEndianBytes
      extensions += packet.fragmentIdentification.bigEndianBytes
    }
    var header: [UInt8] = [0x60, 0, 0, 0]
    header += UInt16(clamping: extensions.count + body.count).bigEndianBytes
    header += [extensions.isEmpty ? packet.ipProtocol.rawValue : 44, 64]
    return header + packet.addresses.source.bytes + packet.addresses.destination.bytes + extensions + body
  }

  private func transport(for packet: PacketSummary, payload: [UInt8]) -> [UInt8] {
    let ports = packet.sourcePort.bigEndianBytes + packet.destinationPort.bigEndianBytes
    switch packet.ipProtocol {
    case .tcp:
      let word = 0x5000 | packet.tcpFlags.rawValue & TCPSegment.flagMask
      let header = ports + [0, 0, 0, 0, 0, 0, 0, 0] + word.bigEndianBytes + [0xff, 0xff, 0, 0, 0, 0]
      return summed(header + payload, at: 16, packet)
    case .udp:
      let length = UInt16(clamping: 8 + payload.count)
      return summed(ports + length.bigEndianBytes + [0, 0] + payload, at: 6, packet)
    case .icmp, .icmpv6:
      let kind = [packet.icmp.type, packet.icmp.code]
      return summed(kind + [0, 0] + packet.sourcePort.bigEndianBytes + [0, 0] + payload, at: 2, packet)
    default: return payload
    }
  }

  /// Puts the checksum in its place; ICMP's covers no pseudo-header, and UDP sends a sum of 0 as all ones.
  private func summed(_ bytes: [UInt8], at offset: Int, _ packet: PacketSummary) -> [UInt8] {
    var bytes = bytes
    var sum =
      packet.ipProtocol == .icmp
      ? Checksum.of(bytes) : Checksum.of(bytes, between: packet.addresses, protocol: packet.ipProtocol)
    if packet.ipProtocol == .udp && sum == 0 { sum = 0xffff }
    bytes.replaceSubrange(offset..<offset + 2, with: sum.bigEndianBytes)
    return bytes
  }
}
