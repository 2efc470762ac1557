import NetworkTypes
import TestSupport
import Testing

@testable import WireFormat

/// What holds for every frame, whatever stands in it.
struct DecodingPropertyTests {
  static func frames() -> [(bytes: [UInt8], linkType: LinkType)] {
    (HeaderTests.links + HeaderTests.networks + HeaderTests.transports).map { ($0.frame, $0.linkType) }
  }

  @Test func everyFrameCutAtEveryByteIsAResult() {
    for (frame, linkType) in Self.frames() {
      let whole = decode(frame, linkType: linkType).packet
      for length in 0...frame.count {
        let packet = decode(Array(frame.prefix(length)), linkType: linkType, wireLength: frame.count).packet
        #expect(packet.hasAddresses || packet.stop != nil, "\(frame.prefix(length)) says nothing")
        // What is read from a cut frame is what is read from the whole one.
        if packet.hasAddresses && whole.hasAddresses {
          #expect(packet.addresses == whole.addresses)
          if packet.fields.contains(.tcpFlags) { #expect(packet.tcpFlags == whole.tcpFlags) }
          if packet.hasTransport && packet.ipProtocol.hasPorts {
            #expect((packet.sourcePort, packet.destinationPort) == (whole.sourcePort, whole.destinationPort))
          }
        }
      }
    }
  }

  @Test func changedBytesNeverTrapAndTheShortcutAgrees() {
    var random = SeededRandom.fresh("changed frames")
    let frames = Self.frames().filter { !$0.bytes.isEmpty }
    for _ in 0..<100_000 {
      var (bytes, linkType) = frames.randomElement(using: &random)!
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if Int.random(in: 0..<20, using: &random) == 0 {
        linkType = LinkType(rawValue: .random(in: 0...300, using: &random))
      }
      let (packet, quote) = decode(bytes, linkType: linkType)
      #expect(packet.hasAddresses || packet.stop != nil)
      var quotes: [QuotedPacket] = []
      let record = PacketRecord(
        offset: 0, capturedLength: UInt32(bytes.count), wireLength: UInt32(bytes.count),
        time: CaptureTime(nanoseconds: 1), linkType: linkType)
      var outer: OuterPacket?
      let general = PacketDecoder().summary(of: bytes.span, record: record, quotes: &quotes, outer: &outer)
      #expect(packet == general, "\(bytes)")
      #expect(quote == quotes.first)
    }
  }

  @Test func whatIsBuiltDecodesToItself() {
    var random = SeededRandom.fresh("built packets")
    for _ in 0..<20_000 {
      let packet = RandomPackets.packet(using: &random)
      let payload = (0..<Int.random(in: 0...40, using: &random)).map { UInt8($0) }
      let frame = PacketBuilder().frame(for: packet, payload: payload)
      var decoded = decode(frame).packet
      decoded.wireLength = packet.wireLength
      decoded.quote = 0
      decoded.fields.remove(.quote)
      #expect(decoded == packet)
      #expect(RandomPackets.checksumsHold(PacketBuilder().datagram(for: packet, payload: payload), packet))
    }
  }
}

enum RandomPackets {
  /// A packet of any kind that can be built.
  static func packet(using random: inout SeededRandom) -> PacketSummary {
    let isV4 = Bool.random(using: &random)
    var packet = PacketSummary(time: CaptureTime(nanoseconds: 1), wireLength: 0, fields: .addresses)
    packet.addresses =
      isV4
      ? .v4(
        source: IPv4Address(rawValue: .random(in: 0 ... .max, using: &random)),
        destination: IPv4Address(rawValue: .random(in: 0 ... .max, using: &random)))
      : .v6(
        source: IPv6Address(
          high: .random(in: 0 ... .max, using: &random), low: .random(in: 0 ... .max, using: &random)),
        destination: IPv6Address(high: 0x2001_0db8 << 32, low: .random(in: 0...3, using: &random)))
    packet.ipProtocol = [.tcp, .udp, .icmp, .icmpv6].randomElement(using: &random)!
    if isV4 {
      packet.fields.insert(.fragmentOffset)
      packet.fragmentIdentification = .random(in: 0...0xffff, using: &random)
    } else if Bool.random(using: &random) {
      packet.fields.insert(.fragmentOffset)
      packet.fragmentIdentification = .random(in: 0 ... .max, using: &random)
    }
    if packet.fields.contains(.fragmentOffset), Int.random(in: 0..<3, using: &random) == 0 {
      packet.fragmentOffset = .random(in: 0...0x1fff, using: &random) << 3
      if Bool.random(using: &random) || packet.fragmentOffset == 0 { packet.fields.insert(.moreFragments) }
      packet.fields.insert(.fragment)
    }
    if packet.isLaterFragment { return packet }
    packet.fields.insert(.transport)
    packet.sourcePort = .random(in: 0 ... .max, using: &random)
    packet.destinationPort = .random(in: 0 ... .max, using: &random)
    if packet.ipProtocol == .tcp {
      packet.tcpFlags = TCPFlags(rawValue: .random(in: 0...0x1ff, using: &random))
      packet.fields.insert(.tcpFlags)
    }
    let type = packet.icmp.type
    let version: IPFamily = packet.ipProtocol == .icmp ? .v4 : .v6
    if packet.ipProtocol.hasICMPKind && !ICMPMessage.hasIdentifier(type, version: version) {
      packet.sourcePort = 0
    }
    return packet
  }

  /// A header's sum with its checksum in place is zero.
  static func checksumsHold(_ datagram: [UInt8], _ packet: PacketSummary) -> Bool {
    let isV4 = packet.addresses.family == .v4
    if isV4 && Checksum.of(datagram.prefix(20)) != 0 { return false }
    if packet.isFragment { return true }
    let body = Array(datagram.dropFirst(isV4 ? 20 : packet.fields.contains(.fragmentOffset) ? 48 : 40))
    switch packet.ipProtocol {
    case .icmp: return Checksum.of(body) == 0
    default: return Checksum.of(body, between: packet.addresses, protocol: packet.ipProtocol) == 0
    }
  }
}
