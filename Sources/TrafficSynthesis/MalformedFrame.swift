import NetworkTypes
import WireFormat

/// The ways in which made-up frames are broken; no decoder gets ports out of any of them.
enum MalformedFrame: CaseIterable, Sendable {
  case cutAddresses, cutTransport, headerLength, totalLength, version, shortSegment, segmentOffset,
    shortDatagram
  case shortEcho, cutExtension

  /// Whether the frame was longer on the wire than what the capture holds.
  var isCut: Bool { self == .cutAddresses || self == .cutTransport || self == .cutExtension }

  /// Appends a frame between the ends of `conversation`, or between two hosts of the documentation's blocks.
  func append(like conversation: Conversation?, to bytes: inout [UInt8]) {
    let start = bytes.count
    var packet = PacketSummary(
      addresses: .v4(source: IPv4Address(192, 0, 2, 1), destination: IPv4Address(198, 51, 100, 1)),
      time: TrafficMix.start, wireLength: 0, fields: [.addresses, .transport], sourcePort: 49_152,
      destinationPort: 443)
    if self == .cutExtension {
      packet.addresses = .v6(
        source: IPv6Address(high: 0x2001_0db8_0000_0000, low: 1),
        destination: IPv6Address(high: 0x2001_0db8_0000_0000, low: 2))
    }
    if let conversation,
      let pair = AddressPair(source: conversation.client, destination: conversation.server),
      pair.family == packet.addresses.family
    {
      packet.addresses = pair
    }
    packet.ipProtocol = self == .shortDatagram ? .udp : self == .shortEcho ? .icmp : .tcp
    if packet.ipProtocol == .icmp { packet.destinationPort = 0x0800 }
    packet.tcpFlags = .ack
    FrameEncoder.append(packet, FrameContent(minimumLength: 60), to: &bytes)
    breakFrame(at: start, in: &bytes)
  }

  private func breakFrame(at start: Int, in bytes: inout [UInt8]) {
    let header = start + 14
    switch self {
    case .cutAddresses: bytes.removeLast(bytes.count - (header + 12))
    case .cutTransport: bytes.removeLast(bytes.count - (header + 20 + 2))
    case .headerLength: bytes[header] = 0x44
    case .totalLength: bytes.setLength(19, ofHeaderAt: header)
    case .version: bytes[header] = 0x55
    case .shortSegment: bytes.setLength(30, ofHeaderAt: header)
    case .segmentOffset: bytes[header + 20 + 12] = 0x30
    case .shortDatagram: bytes.setLength(22, ofHeaderAt: header)
    case .shortEcho: bytes.setLength(24, ofHeaderAt: header)
    case .cutExtension:
      // Hop-by-hop options that would go on behind the end of what was captured.
      bytes[header + 6] = 0
      bytes[header + 41] = 200
      bytes.removeLast(bytes.count - (header + 48))
    }
  }
}

extension [UInt8] {
  /// Changes the total length of an IPv4 header.
  fileprivate mutating func setLength(_ length: UInt8, ofHeaderAt header: Int) {
    self[header + 2] = 0
    self[header + 3] = length
  }
}
