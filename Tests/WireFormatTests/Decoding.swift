import NetworkTypes
import WireFormat

/// Decodes one frame, as a reader would hand it over.
func decode(
  _ bytes: [UInt8], linkType: LinkType = .ethernet, wireLength: Int? = nil
) -> (packet: PacketSummary, quote: QuotedPacket?) {
  var batch = PacketBatch()
  let record = PacketRecord(
    offset: 0, capturedLength: UInt32(bytes.count), wireLength: UInt32(wireLength ?? bytes.count),
    time: CaptureTime(nanoseconds: 1), linkType: linkType)
  PacketDecoder().decode(bytes.span, [record], into: &batch)
  return (batch.packets[0], batch.quote(of: batch.packets[0]))
}

/// The bytes of a text of hexadecimal digits; spaces do not count.
func hex(_ text: String) -> [UInt8] {
  let digits = text.filter { !$0.isWhitespace }.map { UInt8(String($0), radix: 16)! }
  return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// A frame's usual parts.
enum Parts {
  static let macs = hex("020000000001 020000000002")
  static let tcp = hex("03e8 07d0 00000001 00000002 5012 ffff 0000 0000")
  static let udp = hex("03e8 07d0 0008 0000")

  /// An IPv4 header from 10.0.0.1 to 10.0.0.2 and its payload; zeros stand in the checksum.
  static func ipv4(
    _ payload: [UInt8], protocol number: UInt8 = 6, first: UInt8 = 0x45, length: Int? = nil
  )
    -> [UInt8]
  {
    let length = length ?? 20 + payload.count
    return [first, 0, UInt8(length >> 8), UInt8(length & 255)] + hex("0001 0000 40") + [number]
      + hex("0000 0a000001 0a000002") + payload
  }

  /// An IPv6 header from 2001:db8::1 to 2001:db8::2 and its payload.
  static func ipv6(_ payload: [UInt8], next: UInt8 = 6, length: Int? = nil) -> [UInt8] {
    let length = length ?? payload.count
    return hex("60000000") + [UInt8(length >> 8), UInt8(length & 255), next, 64]
      + hex("20010db8000000000000000000000001 20010db8000000000000000000000002") + payload
  }
}
