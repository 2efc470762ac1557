import NetworkTypes

/// Which flow a packet belongs to, and from which end it comes (semantics CT-2).
struct FlowIdentity<Address: TrackedAddress>: Sendable {
  var key: FlowKey<Address>
  /// Whether the packet goes from the key's low end to its high end.
  var fromLow: Bool
  /// An ICMP error: it has no flow of its own, but belongs to the one that it quotes.
  var isError = false
  /// The answer to an ICMP query: the other end began the flow.
  var isICMPAnswer = false

  init(_ packet: PacketSummary, _ ends: FlowEnds<Address>) {
    self.init(
      ends, ipProtocol: packet.ipProtocol, sourcePort: packet.sourcePort,
      destinationPort: packet.destinationPort)
  }

  init(_ ends: FlowEnds<Address>, ipProtocol: IPProtocol, sourcePort: UInt16, destinationPort: UInt16) {
    if ipProtocol.hasPorts {
      (key, fromLow) = FlowKey.ordered(
        source: ends.source, destination: ends.destination, sourcePort: sourcePort,
        destinationPort: destinationPort, ipProtocol: ipProtocol)
      return
    }
    var identifier: UInt16 = 0
    var kind: UInt8 = 0
    if ipProtocol.hasICMPKind {
      let type = UInt8(truncatingIfNeeded: destinationPort >> 8)
      if let query = ICMPQuery.queryType(of: type, ipProtocol) {
        isICMPAnswer = true
        kind = query
        identifier = sourcePort
      } else {
        kind = type
        identifier = ICMPQuery.replyType(of: type, ipProtocol) == nil ? destinationPort : sourcePort
      }
      isError = ipProtocol == .icmp ? [3, 4, 5, 11, 12].contains(type) : (1...4).contains(type)
    }
    (key, fromLow) = FlowKey.ordered(
      source: ends.source, destination: ends.destination, sourcePort: 0, destinationPort: 0,
      ipProtocol: ipProtocol)
    key.kind = kind
    if ipProtocol.hasICMPKind {
      // Two hosts that ping each other with one identifier have two flows: the asking end is part of the key.
      key.lowPort = identifier
      key.highPort = fromLow != isICMPAnswer ? 1 : 2
    }
  }
}

/// A flow's name with what tables make of it.
struct NamedFlow<Address: TrackedAddress>: Sendable {
  var identity: FlowIdentity<Address>
  var hash: UInt64
  /// A number of the two addresses in either order: what shards are told apart by.
  var pair: UInt64 = 0
  var shard: UInt8 = 0
  var isIPv6: Bool

  init(_ identity: FlowIdentity<Address>, hash: UInt64, isIPv6: Bool = false) {
    self.identity = identity
    self.hash = hash
    self.isIPv6 = isIPv6
  }

  @inline(__always)
  init(_ identity: FlowIdentity<Address>, seed: UInt64) {
    self.init(identity, hash: identity.key.tableHash(seed))
  }
}
