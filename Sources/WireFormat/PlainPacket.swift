import NetworkTypes

// Ethernet, IPv4 without options, TCP or UDP: the packet that nearly every packet is. Offsets in the frame:
//
//   offset  length  field
//       12       3  EtherType 0800, then 45: version 4, five times four bytes of header
//       16       2  total length
//       18       2  identification
//       20       2  more fragments and fragment offset: all zero
//       23       1  protocol
//       26       8  source, destination
//       34       4  ports
//       46       2  TCP: header length and flags

/// A shortcut through the layers for plain packets; it knows nothing that the headers' own files do not.
///
/// Every condition on which the general way would do something else makes it step aside, which a test asserts.
enum PlainPacket {
  /// Ethernet (14), IPv4 (20) and a TCP header up to its flags.
  private static let length = 14 + 20 + TCPSegment.judgedLength

  /// The summary of a plain packet; nil if the frame is anything else.
  @inline(__always)
  static func summary(of frame: Span<UInt8>, record: PacketRecord) -> PacketSummary? {
    guard record.linkType == .ethernet, frame.count >= length, frame.load32(12) >> 8 == 0x08_0045 else {
      return nil
    }
    let word = frame.load16(46)
    // TCP and UDP alternate at random in most captures: without a branch between them none is mispredicted.
    let isTCP = frame[23] == 6
    let isUDP = frame[23] == 17
    guard isTCP && word >= TCPSegment.minimumOffsetWord || isUDP, frame.load16(20) & 0x3fff == 0,
      Int(frame.load16(16)) >= length - Ethernet.length
    else { return nil }
    return PacketSummary(
      addresses: IPv4Header.addresses(frame.extracting(droppingFirst: Ethernet.length)), time: record.time,
      wireLength: record.wireLength,
      fields: isTCP ? tcpFields : udpFields,
      ipProtocol: IPProtocol(rawValue: frame[23]), sourcePort: frame.load16(34),
      destinationPort: frame.load16(36),
      tcpFlags: TCPFlags(rawValue: isTCP ? word & TCPSegment.flagMask : 0),
      fragmentIdentification: UInt32(frame.load16(18)))
  }

  // Made once: an unoptimized build takes memory for each literal.
  private static let tcpFields: PacketSummary.Fields = [.addresses, .transport, .fragmentOffset, .tcpFlags]
  private static let udpFields: PacketSummary.Fields = [.addresses, .transport, .fragmentOffset]
}
