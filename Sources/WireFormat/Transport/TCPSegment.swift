import NetworkTypes

// TCP (RFC 9293 section 3.1):
//
//   offset  length  field
//        0       2  source port
//        2       2  destination port
//        4       8  sequence and acknowledgment numbers
//       12       2  header length in four bytes (4 bits), reserved (3), flags (9)
//       14       6  window, checksum, urgent pointer

/// The TCP header. Ports and flags are read where their bytes are there; the rest may be cut off.
enum TCPSegment {
  /// Bytes up to and including the flags.
  static let judgedLength = 14
  /// The least value of the two bytes that hold header length and flags: five times four bytes, no flag.
  static let minimumOffsetWord: UInt16 = 0x5000
  static let flagMask: UInt16 = 0x01ff
  private static let readFields: PacketSummary.Fields = [.transport, .tcpFlags]

  @inline(__always)
  static func decode(_ segment: Span<UInt8>, isCut: Bool, into packet: inout PacketSummary) {
    guard segment.count >= judgedLength else {
      if segment.count >= 4 {
        readPorts(segment, into: &packet)
        packet.fields.insert(.transport)
      }
      packet.stop = TransportLayer.stop(.tcp, needed: judgedLength, payload: segment, isCut: isCut)
      return
    }
    readPorts(segment, into: &packet)
    let word = segment.load16(12)
    guard word >= minimumOffsetWord else {
      packet.fields.insert(.transport)
      packet.stop = DecodingStop(.tcp, .badHeaderLength, detail: UInt32(word >> 12) * 4)
      return
    }
    packet.fields.formUnion(readFields)
    packet.tcpFlags = TCPFlags(rawValue: word & flagMask)
  }

  @inline(__always)
  private static func readPorts(_ segment: Span<UInt8>, into packet: inout PacketSummary) {
    packet.sourcePort = segment.load16(0)
    packet.destinationPort = segment.load16(2)
  }
}
