import NetworkTypes

/// Which flow a packet belongs to, and from which end it comes (semantics CT-2).
struct FlowIdentity<Address: TrackedAddress>: Sendable {
  var key: Address.Key
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

  /// The flow of a packet with these ports.
  @inline(__always)
  init(
    _ ends: FlowEnds<Address>, _ ipProtocol: IPProtocol, ports sourcePort: UInt16, _ destinationPort: UInt16
  ) {
    (key, fromLow) = Address.Key.ordered(
      source: ends.source, sourcePort, destination: ends.destination, destinationPort, ipProtocol, kind: 0)
  }

  init(_ ends: FlowEnds<Address>, ipProtocol: IPProtocol, sourcePort: UInt16, destinationPort: UInt16) {
    if ipProtocol.hasPorts {
      self = Self(ends, ipProtocol, ports: sourcePort, destinationPort)
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
    (key, fromLow) = Address.Key.ordered(
      source: ends.source, 0, destination: ends.destination, 0, ipProtocol, kind: kind)
    if ipProtocol.hasICMPKind {
      // Two hosts that ping each other with one identifier have two flows: the asking end is part of the key.
      key.setPorts(low: identifier, high: fromLow != isICMPAnswer ? 1 : 2)
    }
  }
}

/// A flow's name with what tables make of it.
struct NamedFlow<Address: TrackedAddress>: Sendable {
  var identity: FlowIdentity<Address>
  var hash: UInt64
  var shard: UInt8 = 0
  var isIPv6: Bool
  /// Whether the packet is a whole one of TCP or UDP, and neither cut nor quoting another: nothing but its flow decides.
  var isPlain = false

  init(_ identity: FlowIdentity<Address>, hash: UInt64, isIPv6: Bool = false) {
    self.identity = identity
    self.hash = hash
    self.isIPv6 = isIPv6
  }

  @inline(__always)
  init(_ identity: FlowIdentity<Address>, seed: UInt64) {
    self.init(identity, hash: identity.key.hash(seed))
  }
}
