import NetworkTypes

/// The five-tuple of a flow with its ends in a fixed order, so that both directions have one key; packed into words that
/// are compared and hashed whole.
protocol FlowKey: Sendable, Equatable {
  associatedtype Address

  /// Makes the key of a packet, and says whether the packet goes from the low end to the high end.
  ///
  /// - Parameter kind: Tells apart keys of one protocol whose ports mean different things: ICMP queries by their request
  ///   type.
  static func ordered(
    source: Address, _ sourcePort: UInt16, destination: Address, _ destinationPort: UInt16,
    _ ipProtocol: IPProtocol, kind: UInt8
  ) -> (key: Self, fromLow: Bool)

  /// Sets the ports of a key that has none, whatever their order.
  mutating func setPorts(low: UInt16, high: UInt16)

  var ipProtocol: IPProtocol { get }
  /// What lies at the key's beginning.
  var firstBits: UInt64 { get }
  /// A hash for tables that hold keys of captures: multiply-and-fold over the words.
  func hash(_ seed: UInt64) -> UInt64

  /// The key of nothing.
  init()
}

extension FlowKey {
  @inline(__always)
  fileprivate static func mix(_ left: UInt64, _ right: UInt64, _ seed: UInt64) -> UInt64 {
    let product = (left ^ seed ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(
      by: right ^ (seed << 32 | seed >> 32) ^ 0xe703_7ed1_a0b4_28db)
    let again = (product.high ^ product.low).multipliedFullWidth(by: 0x8ebc_6af0_9c88_c6e3)
    return again.high ^ again.low
  }
}

/// The key of an IPv4 flow in sixteen bytes.
///
/// ```
///  63    56 55    48 47                    16 15        0
/// +--------+--------+------------------------+-----------+
/// | kind   |protocol| low address            | low port  |
/// +--------+--------+------------------------+-----------+
/// |                 | high address           | high port |
/// +-----------------+------------------------+-----------+
/// ```
struct IPv4FlowKey: FlowKey {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  init() {}

  @inline(__always)
  static func ordered(
    source: IPv4Address, _ sourcePort: UInt16, destination: IPv4Address, _ destinationPort: UInt16,
    _ ipProtocol: IPProtocol, kind: UInt8
  ) -> (key: Self, fromLow: Bool) {
    let source = UInt64(source.rawValue) << 16 | UInt64(sourcePort)
    let destination = UInt64(destination.rawValue) << 16 | UInt64(destinationPort)
    var key = Self()
    key.low = min(source, destination) | UInt64(ipProtocol.rawValue) << 48 | UInt64(kind) << 56
    key.high = max(source, destination)
    return (key, source <= destination)
  }

  mutating func setPorts(low: UInt16, high: UInt16) {
    self.low |= UInt64(low)
    self.high |= UInt64(high)
  }

  var ipProtocol: IPProtocol {
    @inline(__always) get { IPProtocol(rawValue: UInt8(truncatingIfNeeded: low >> 48)) }
  }
  var firstBits: UInt64 {
    @inline(__always) get { low }
  }

  @inline(__always)
  func hash(_ seed: UInt64) -> UInt64 { Self.mix(low, high, seed) }
}

/// The key of an IPv6 flow in forty bytes.
struct IPv6FlowKey: FlowKey {
  private var low = IPv6Address.zero
  private var high = IPv6Address.zero
  /// Low port, high port, protocol and kind, from the lowest bit on.
  private var rest: UInt64 = 0

  init() {}

  static func ordered(
    source: IPv6Address, _ sourcePort: UInt16, destination: IPv6Address, _ destinationPort: UInt16,
    _ ipProtocol: IPProtocol, kind: UInt8
  ) -> (key: Self, fromLow: Bool) {
    let fromLow = source < destination || (source == destination && sourcePort <= destinationPort)
    var key = Self()
    key.low = fromLow ? source : destination
    key.high = fromLow ? destination : source
    key.rest = UInt64(ipProtocol.rawValue) << 32 | UInt64(kind) << 40
    key.setPorts(low: fromLow ? sourcePort : destinationPort, high: fromLow ? destinationPort : sourcePort)
    return (key, fromLow)
  }

  mutating func setPorts(low: UInt16, high: UInt16) { rest |= UInt64(low) | UInt64(high) << 16 }

  var ipProtocol: IPProtocol { IPProtocol(rawValue: UInt8(truncatingIfNeeded: rest >> 32)) }
  var firstBits: UInt64 { low.high }

  func hash(_ seed: UInt64) -> UInt64 {
    Self.mix(Self.mix(low.high, low.low, seed) ^ rest, Self.mix(high.high, high.low, seed), seed)
  }
}
