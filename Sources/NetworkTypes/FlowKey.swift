/// The five-tuple of a flow with its ends in a fixed order, so that both directions have one key.
///
/// ```
///  (IPv4) 0   4        8    10    12   13
/// +--------+--------+-----+-----+----+--------+
/// | low    | high   | low | high|prot| kind   |
/// | address| address| port| port|ocol|        |
/// +--------+--------+-----+-----+----+--------+
/// ```
public struct FlowKey<Address: FixedWidthAddress>: Hashable, Sendable {
  public var lowAddress: Address
  public var highAddress: Address
  public var lowPort: UInt16
  public var highPort: UInt16
  public var ipProtocol: IPProtocol
  /// Tells apart keys of one protocol whose ports mean different things: ICMP queries by their request type.
  public var kind: UInt8

  /// Makes the key of a packet and says whether the packet goes from the low end to the high end.
  @inlinable public static func ordered(
    source: Address, destination: Address, sourcePort: UInt16, destinationPort: UInt16, ipProtocol: IPProtocol
  ) -> (key: Self, fromLow: Bool) {
    let fromLow = source < destination || (source == destination && sourcePort <= destinationPort)
    let key = Self(
      lowAddress: fromLow ? source : destination, highAddress: fromLow ? destination : source,
      lowPort: fromLow ? sourcePort : destinationPort, highPort: fromLow ? destinationPort : sourcePort,
      ipProtocol: ipProtocol, kind: 0)
    return (key, fromLow)
  }

  @inlinable public init(
    lowAddress: Address, highAddress: Address, lowPort: UInt16, highPort: UInt16, ipProtocol: IPProtocol,
    kind: UInt8
  ) {
    self.lowAddress = lowAddress
    self.highAddress = highAddress
    self.lowPort = lowPort
    self.highPort = highPort
    self.ipProtocol = ipProtocol
    self.kind = kind
  }

  // Written out because a synthesised comparison is called unspecialised from other modules.
  @inlinable public static func == (left: Self, right: Self) -> Bool {
    left.lowAddress == right.lowAddress && left.highAddress == right.highAddress
      && left.lowPort == right.lowPort
      && left.highPort == right.highPort && left.ipProtocol == right.ipProtocol && left.kind == right.kind
  }
}
