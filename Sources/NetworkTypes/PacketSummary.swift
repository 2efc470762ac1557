/// What the rest of Sallyport knows of one packet: the outermost IP header and the transport header after it.
///
/// A plain value without references. Which fields hold something is said by ``fields``; the others are zero.
public struct PacketSummary: Hashable, Sendable {
  /// Which parts of a summary are valid.
  public struct Fields: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// ``addresses`` and ``ipProtocol`` were read.
    @inlinable public static var addresses: Self { Self(rawValue: 1) }
    /// Ports (TCP, UDP) or type and code (ICMP, ICMPv6) were read.
    @inlinable public static var transport: Self { Self(rawValue: 2) }
    /// The packet is a fragment of a larger datagram: offset not zero, or more fragments follow.
    @inlinable public static var fragment: Self { Self(rawValue: 4) }
    /// More fragments follow this one.
    @inlinable public static var moreFragments: Self { Self(rawValue: 8) }
    /// An IPv6 fragment header is present, or the packet is IPv4: ``fragmentOffset`` means something.
    @inlinable public static var fragmentOffset: Self { Self(rawValue: 16) }
    /// The ICMP error's quoted packet was read: see ``quote``.
    @inlinable public static var quote: Self { Self(rawValue: 32) }
    /// The ports of SCTP, DCCP or UDP-Lite were read; they are for display, and ``transport`` is not set,
    /// since no AWS rule looks at them (semantics SG-11, NACL-9).
    @inlinable public static var unjudgedPorts: Self { Self(rawValue: 64) }
    /// ``tcpFlags`` were read.
    @inlinable public static var tcpFlags: Self { Self(rawValue: 128) }
  }

  public var addresses: AddressPair
  public var time: CaptureTime
  /// Bytes on the wire, link-layer header included.
  public var wireLength: UInt32
  /// The identification that fragments of one datagram share: 16 bits in IPv4, 32 in IPv6.
  public var fragmentIdentification: UInt32
  /// TCP and UDP source port; the identifier of an ICMP query or its answer.
  public var sourcePort: UInt16
  /// TCP and UDP destination port; type and code of an ICMP or ICMPv6 message as `type << 8 | code`.
  public var destinationPort: UInt16
  /// Byte offset of this fragment in its datagram.
  public var fragmentOffset: UInt16
  public var tcpFlags: TCPFlags
  /// Index of this packet's quote in its batch, when ``fields`` says that there is one.
  public var quote: UInt16
  public var fields: Fields
  /// The IPv4 protocol, or the last IPv6 next header that was followed.
  public var ipProtocol: IPProtocol
  /// Where and why decoding ended early; nil when everything that rules look at was read.
  public var stop: DecodingStop?

  public init(
    addresses: AddressPair = .v4(source: .zero, destination: .zero), time: CaptureTime,
    wireLength: UInt32, fields: Fields = [], ipProtocol: IPProtocol = IPProtocol(rawValue: 0),
    sourcePort: UInt16 = 0, destinationPort: UInt16 = 0, tcpFlags: TCPFlags = [],
    fragmentIdentification: UInt32 = 0, fragmentOffset: UInt16 = 0, quote: UInt16 = 0,
    stop: DecodingStop? = nil
  ) {
    self.addresses = addresses
    self.time = time
    self.wireLength = wireLength
    self.fragmentIdentification = fragmentIdentification
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.fragmentOffset = fragmentOffset
    self.tcpFlags = tcpFlags
    self.quote = quote
    self.fields = fields
    self.ipProtocol = ipProtocol
    self.stop = stop
  }

  @inlinable public var hasAddresses: Bool { fields.contains(.addresses) }
  @inlinable public var hasTransport: Bool { fields.contains(.transport) }
  @inlinable public var isFragment: Bool { fields.contains(.fragment) }
  /// A fragment other than the first: it carries no ports.
  @inlinable public var isLaterFragment: Bool { isFragment && fragmentOffset != 0 }
  /// Type and code of an ICMP or ICMPv6 message; meaningless for other protocols.
  @inlinable public var icmp: ICMPKind {
    ICMPKind(
      type: UInt8(truncatingIfNeeded: destinationPort >> 8),
      code: UInt8(truncatingIfNeeded: destinationPort))
  }
}

/// The packet that an ICMP error message quotes: the header of the packet that caused it.
public struct QuotedPacket: Hashable, Sendable {
  public var addresses: AddressPair
  public var ipProtocol: IPProtocol
  /// As in ``PacketSummary/sourcePort``.
  public var sourcePort: UInt16
  /// As in ``PacketSummary/destinationPort``.
  public var destinationPort: UInt16
  /// Whether the quote was long enough to hold the ports, or type, code and identifier.
  public var hasTransport: Bool

  public init(
    addresses: AddressPair, ipProtocol: IPProtocol, sourcePort: UInt16, destinationPort: UInt16,
    hasTransport: Bool
  ) {
    self.addresses = addresses
    self.ipProtocol = ipProtocol
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.hasTransport = hasTransport
  }
}

/// The packet around one that was taken out of a tunnel.
public struct OuterPacket: Hashable, Sendable {
  /// The place in its batch of the packet that was inside.
  public var index: Int
  public var addresses: AddressPair
  /// VXLAN's or GENEVE's network identifier (VNI).
  public var network: UInt32
  /// Tunnels around the packet inside; the addresses are those of the innermost.
  public var depth: Int
  /// The same for two copies of one packet: of its bytes from the IP header on, but for what routers change.
  public var digest: UInt64
  /// Bytes of the IP packet inside, its header included.
  public var networkLength: UInt32 = 0
  /// Whether the innermost tunnel is VXLAN, in which packets are mirrored, and not GENEVE.
  public var isVXLAN = true

  public init(index: Int, addresses: AddressPair, network: UInt32, depth: Int, digest: UInt64) {
    self.index = index
    self.addresses = addresses
    self.network = network
    self.depth = depth
    self.digest = digest
  }
}

/// Decoded packets in capture order, with what their ICMP errors quote.
public struct PacketBatch: Sendable {
  public var packets: [PacketSummary] = []
  public var quotes: [QuotedPacket] = []
  /// What was around packets that were taken out of tunnels, in the packets' order; empty in most captures.
  public var outers: [OuterPacket] = []

  public init() {}

  /// Forgets the packets and keeps the memory.
  public mutating func removeAll() {
    packets.removeAll(keepingCapacity: true)
    quotes.removeAll(keepingCapacity: true)
    outers.removeAll(keepingCapacity: true)
  }

  /// Appends the packet at `index` of another batch, with what it quotes.
  public mutating func append(_ other: PacketBatch, at index: Int) {
    var packet = other.packets[index]
    if let quote = other.quote(of: packet) {
      if quotes.count <= Int(UInt16.max) {
        packet.quote = UInt16(quotes.count)
        quotes.append(quote)
      } else {
        packet.fields.remove(.quote)
      }
    }
    if var outer = other.outer(of: index) {
      outer.index = packets.count
      outers.append(outer)
    }
    packets.append(packet)
  }

  /// What was around the packet at `index`, or nil if nothing was.
  public func outer(of index: Int) -> OuterPacket? {
    if outers.isEmpty { return nil }
    var (low, high) = (0, outers.count)
    while low < high {
      let middle = (low + high) / 2
      if outers[middle].index < index { low = middle + 1 } else { high = middle }
    }
    return low < outers.count && outers[low].index == index ? outers[low] : nil
  }

  /// What the ICMP error `packet` of this batch quotes, or nil.
  @inlinable public func quote(of packet: PacketSummary) -> QuotedPacket? {
    packet.fields.contains(.quote) ? quotes[Int(packet.quote)] : nil
  }
}
