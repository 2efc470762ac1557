import NetworkTypes

/// What a frame carries besides what its summary says.
public struct FrameContent: Sendable, Hashable {
  /// TCP's sequence number; the sequence of an ICMP echo.
  public var sequence: UInt32
  /// TCP's acknowledgment number.
  public var acknowledgment: UInt32
  /// Bytes after the transport header, all zero; in a later fragment, bytes after the IP header.
  public var payloadLength: Int
  /// Bytes of the whole datagram from its transport header on, where this frame is its first fragment.
  public var datagramLength: Int
  /// Bytes that the frame has at least: shorter ones are padded after the IP packet.
  public var minimumLength: Int

  public init(
    sequence: UInt32 = 0, acknowledgment: UInt32 = 0, payloadLength: Int = 0, datagramLength: Int = 0,
    minimumLength: Int = 0
  ) {
    self.sequence = sequence
    self.acknowledgment = acknowledgment
    self.payloadLength = payloadLength
    self.datagramLength = datagramLength
    self.minimumLength = minimumLength
  }
}

/// Appends frames to one growing buffer, with right checksums and without allocating for each.
///
/// Ethernet, IPv4 or IPv6 (with a fragment header where one is needed), then TCP, UDP, ICMP, ICMPv6 or nothing. Payloads
/// are zeros, which no protocol's dissector mistakes for its own, so checksums need only the headers.
public enum FrameEncoder {
  /// The longest payload that an IPv4 packet holds after the longest transport header made here.
  public static let payloadLimit = 65_535 - 20 - 24

  /// Bytes of a frame before its payload.
  public static func headerLength(of packet: PacketSummary) -> Int {
    let network = packet.addresses.family == .v4 ? 34 : packet.isFragment ? 62 : 54
    return packet.isLaterFragment ? network : network + transportLength(packet)
  }

  /// Appends the frame of `packet`; its time, length on the wire and quote are not looked at.
  public static func append(_ packet: PacketSummary, _ content: FrameContent, to bytes: inout [UInt8]) {
    let start = bytes.count
    let payload = min(max(content.payloadLength, 0), payloadLimit)
    let header = headerLength(of: packet)
    let frame = header + payload
    // One reservation a frame; the headers are stored one by one, and zeros need no storing.
    bytes.append(addingCapacity: max(frame, content.minimumLength)) {
      $0.append(repeating: 0, count: max(frame, content.minimumLength))
    }
    storeLink(packet, at: start, in: &bytes)
    let transport = start + header - (packet.isLaterFragment ? 0 : transportLength(packet))
    switch packet.addresses {
    case .v4(let source, let destination):
      storeIPv4(
        packet, source, destination, length: frame - 14, at: start + 14, in: &bytes)
    case .v6(let source, let destination):
      storeIPv6(
        packet, source, destination, length: frame - 54, at: start + 14, in: &bytes)
    }
    guard !packet.isLaterFragment else { return }
    storeTransport(packet, content, payload: payload, at: transport, in: &bytes)
  }

  private static func transportLength(_ packet: PacketSummary) -> Int {
    switch packet.ipProtocol {
    case .tcp: packet.tcpFlags.contains(.syn) ? 24 : 20
    case .udp, .icmp, .icmpv6: 8
    default: 0
    }
  }

  // MARK: Headers

  /// Locally administered addresses made of the last four bytes of each end's address.
  private static func storeLink(_ packet: PacketSummary, at start: Int, in bytes: inout [UInt8]) {
    let (source, destination, type): (UInt32, UInt32, UInt16)
    switch packet.addresses {
    case .v4(let from, let to): (source, destination, type) = (from.rawValue, to.rawValue, EtherType.ipv4)
    case .v6(let from, let to):
      (source, destination, type) = (
        UInt32(truncatingIfNeeded: from.low), UInt32(truncatingIfNeeded: to.low), EtherType.ipv6
      )
    }
    bytes[start] = 2
    bytes.store(destination, at: start + 2)
    bytes[start + 6] = 2
    bytes.store(source, at: start + 8)
    bytes.store(type, at: start + 12)
  }

  private static func storeIPv4(
    _ packet: PacketSummary, _ source: IPv4Address, _ destination: IPv4Address, length: Int, at start: Int,
    in bytes: inout [UInt8]
  ) {
    let identification = UInt16(truncatingIfNeeded: packet.fragmentIdentification)
    let flags: UInt16 =
      packet.fields.contains(.moreFragments)
      ? 0x2000 : !packet.isFragment && packet.ipProtocol == .tcp ? 0x4000 : 0
    let fragment = flags | packet.fragmentOffset >> 3
    bytes.store(UInt16(0x4500), at: start)
    bytes.store(UInt16(truncatingIfNeeded: length), at: start + 2)
    bytes.store(identification, at: start + 4)
    bytes.store(fragment, at: start + 6)
    let service = UInt16(64) << 8 | UInt16(packet.ipProtocol.rawValue)
    bytes.store(service, at: start + 8)
    bytes.store(source.rawValue, at: start + 12)
    bytes.store(destination.rawValue, at: start + 16)
    var sum = WordSum()
    sum.add(UInt16(0x4500))
    sum.add(UInt16(truncatingIfNeeded: length))
    sum.add(identification)
    sum.add(fragment)
    sum.add(service)
    sum.add(source.rawValue)
    sum.add(destination.rawValue)
    bytes.store(sum.checksum, at: start + 10)
  }

  private static func storeIPv6(
    _ packet: PacketSummary, _ source: IPv6Address, _ destination: IPv6Address, length: Int, at start: Int,
    in bytes: inout [UInt8]
  ) {
    bytes[start] = 0x60
    bytes.store(UInt16(truncatingIfNeeded: length), at: start + 4)
    bytes[start + 6] = packet.isFragment ? 44 : packet.ipProtocol.rawValue
    bytes[start + 7] = 64
    bytes.store(source.high, at: start + 8)
    bytes.store(source.low, at: start + 16)
    bytes.store(destination.high, at: start + 24)
    bytes.store(destination.low, at: start + 32)
    guard packet.isFragment else { return }
    bytes[start + 40] = packet.ipProtocol.rawValue
    let more: UInt16 = packet.fields.contains(.moreFragments) ? 1 : 0
    bytes.store(packet.fragmentOffset & 0xfff8 | more, at: start + 42)
    bytes.store(packet.fragmentIdentification, at: start + 44)
  }

  private static func storeTransport(
    _ packet: PacketSummary, _ content: FrameContent, payload: Int, at start: Int, in bytes: inout [UInt8]
  ) {
    let length = content.datagramLength > 0 ? content.datagramLength : transportLength(packet) + payload
    var sum = WordSum()
    if packet.ipProtocol != .icmp { sum.addPseudoHeader(packet, length: length) }
    switch packet.ipProtocol {
    case .tcp:
      let hasOptions = packet.tcpFlags.contains(.syn)
      let offset: UInt16 = hasOptions ? 0x6000 : 0x5000
      bytes.store(packet.sourcePort, at: start, summing: &sum)
      bytes.store(packet.destinationPort, at: start + 2, summing: &sum)
      bytes.store(content.sequence, at: start + 4, summing: &sum)
      bytes.store(content.acknowledgment, at: start + 8, summing: &sum)
      bytes.store(offset | packet.tcpFlags.rawValue & 0x01ff, at: start + 12, summing: &sum)
      bytes.store(UInt16(64_240), at: start + 14, summing: &sum)
      // The option that says the longest segment: 1,460 bytes.
      if hasOptions { bytes.store(UInt32(0x0204_05b4), at: start + 20, summing: &sum) }
      bytes.store(sum.checksum, at: start + 16)
    case .udp:
      bytes.store(packet.sourcePort, at: start, summing: &sum)
      bytes.store(packet.destinationPort, at: start + 2, summing: &sum)
      bytes.store(UInt16(truncatingIfNeeded: length), at: start + 4, summing: &sum)
      // A sum of zero is sent as all ones (RFC 768).
      bytes.store(sum.checksum == 0 ? 0xffff : sum.checksum, at: start + 6)
    case .icmp, .icmpv6:
      bytes.store(packet.destinationPort, at: start, summing: &sum)
      bytes.store(packet.sourcePort, at: start + 4, summing: &sum)
      bytes.store(UInt16(truncatingIfNeeded: content.sequence), at: start + 6, summing: &sum)
      bytes.store(sum.checksum, at: start + 2)
    default: break
    }
  }
}

/// The Internet checksum's sum (RFC 1071), of whole words.
struct WordSum {
  private var sum: UInt32 = 0

  mutating func add(_ word: UInt16) { sum &+= UInt32(word) }

  mutating func add(_ words: UInt32) { sum &+= words >> 16 &+ words & 0xffff }

  mutating func add(_ words: UInt64) {
    add(UInt32(truncatingIfNeeded: words >> 32))
    add(UInt32(truncatingIfNeeded: words))
  }

  /// RFC 9293 section 3.1, RFC 8200 section 8.1.
  mutating func addPseudoHeader(_ packet: PacketSummary, length: Int) {
    switch packet.addresses {
    case .v4(let source, let destination):
      add(source.rawValue)
      add(destination.rawValue)
    case .v6(let source, let destination):
      add(source.high)
      add(source.low)
      add(destination.high)
      add(destination.low)
    }
    add(UInt16(packet.ipProtocol.rawValue))
    add(UInt32(truncatingIfNeeded: length))
  }

  var checksum: UInt16 {
    var folded = sum
    while folded > 0xffff { folded = folded & 0xffff &+ folded >> 16 }
    return ~UInt16(folded)
  }
}

extension [UInt8] {
  /// Stores a number, most significant byte first.
  @inline(__always)
  mutating func store<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
    var shift = Number.bitWidth
    for index in 0..<Number.bitWidth / 8 {
      shift &-= 8
      self[offset &+ index] = UInt8(truncatingIfNeeded: number >> Number(truncatingIfNeeded: shift))
    }
  }

  @inline(__always)
  mutating func store(_ number: UInt16, at offset: Int, summing sum: inout WordSum) {
    store(number, at: offset)
    sum.add(number)
  }

  @inline(__always)
  mutating func store(_ number: UInt32, at offset: Int, summing sum: inout WordSum) {
    store(number, at: offset)
    sum.add(number)
  }
}
