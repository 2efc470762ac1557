import NetworkTypes

/// Turns captured bytes into packet summaries: link layer, then the outermost IP header, then the transport
/// header.
///
/// Nothing is thrown and no packet is lost: a short or odd one is a summary whose `stop` says where and why
/// decoding ended. What stands in a summary was in the capture; lengths that a header announces are never
/// trusted beyond the bytes that are there.
public struct PacketDecoder: Sendable {
  /// Whether the packets inside VXLAN (port 4789) and GENEVE (port 6081) are decoded in place of those that carry
  /// them.
  ///
  /// A tunnel that is malformed, or nested more than four deep, is decoded as the UDP datagram that it is.
  public let decapsulates: Bool

  public init(decapsulates: Bool = false) { self.decapsulates = decapsulates }

  /// Appends one summary a record to `batch`, in the records' order.
  ///
  /// `bytes` is the block that the records' offsets refer to. Allocates nothing once the batch has grown.
  public func decode(_ bytes: Span<UInt8>, _ records: [PacketRecord], into batch: inout PacketBatch) {
    // The quotes step out of the batch while its packets are appended to.
    var quotes: [QuotedPacket] = []
    swap(&quotes, &batch.quotes)
    var outers: [OuterPacket] = []
    swap(&outers, &batch.outers)
    let first = batch.packets.count
    batch.packets.append(addingCapacity: records.count) { output in
      // An index, since the iterator of an unoptimized build takes memory for each element.
      var index = 0
      while index < records.count {
        let record = records[index]
        index &+= 1
        let length = Int(record.capturedLength)
        guard record.offset >= 0, record.offset <= bytes.count, length <= bytes.count - record.offset else {
          output.append(Self.outside(record))
          continue
        }
        let frame = bytes.extracting(record.offset..<record.offset &+ length)
        if let plain = PlainPacket.summary(of: frame, record: record),
          !(decapsulates && Tunnel.mayBegin(plain))
        {
          output.append(plain)
        } else {
          var outer: OuterPacket?
          output.append(summary(of: frame, record: record, quotes: &quotes, outer: &outer))
          if var outer {
            outer.index = first &+ index &- 1
            outers.append(outer)
          }
        }
      }
    }
    swap(&quotes, &batch.quotes)
    swap(&outers, &batch.outers)
  }

  /// The way through all layers; `outer` becomes what is around the packet, if it was in a tunnel.
  func summary(
    of frame: Span<UInt8>, record: PacketRecord, quotes: inout [QuotedPacket], outer: inout OuterPacket?
  ) -> PacketSummary {
    var packet = PacketSummary(time: record.time, wireLength: record.wireLength)
    switch LinkLayer.payload(of: frame, linkType: record.linkType) {
    case .network(let offset, let etherType):
      let header = frame.extracting(droppingFirst: offset)
      network(header, announced: etherType, into: &packet, quotes: &quotes)
      if decapsulates {
        decapsulate(header, start: offset, depth: 1, into: &packet, quotes: &quotes, outer: &outer)
      }
    case .stop(let stop):
      packet.stop = stop
      packet.wireLength -= min(packet.wireLength, record.linkType.pseudoHeaderLength)
    }
    return packet
  }

  /// Replaces a tunnel's packet by the one inside, which may be a tunnel's again.
  ///
  /// `start` is where `header` begins in the frame, so that the length on the wire stays that of the inner frame.
  private func decapsulate(
    _ header: Span<UInt8>, start: Int, depth: Int, into packet: inout PacketSummary,
    quotes: inout [QuotedPacket], outer: inout OuterPacket?
  ) {
    guard Tunnel.mayBegin(packet), depth <= Tunnel.depthLimit,
      let payload = Tunnel.payload(of: header, port: packet.destinationPort)
    else { return }
    let inner = header.extracting(payload.offset..<payload.end)
    outer = OuterPacket(
      index: 0, addresses: packet.addresses, network: payload.network, depth: depth,
      digest: Tunnel.digest(ofFrame: inner))
    outer?.isVXLAN = packet.destinationPort == Tunnel.vxlanPort
    let skipped = UInt32(clamping: start + payload.offset)
    var carried = PacketSummary(
      time: packet.time, wireLength: packet.wireLength - min(packet.wireLength, skipped))
    var offset = 0
    var etherType = payload.etherType
    if etherType == 0 {
      switch Ethernet.payload(of: inner) {
      case .network(let next, let type): (offset, etherType) = (next, type)
      case .stop(let stop):
        carried.stop = stop
        packet = carried
        return
      }
    }
    let next = inner.extracting(droppingFirst: offset)
    network(next, announced: etherType, into: &carried, quotes: &quotes)
    packet = carried
    outer?.digest = Tunnel.digest(of: next)
    outer?.networkLength =
      IPLength.announced(by: next).map(UInt32.init(clamping:)) ?? carried.wireLength
      - min(carried.wireLength, UInt32(clamping: offset))
    decapsulate(next, start: offset, depth: depth + 1, into: &packet, quotes: &quotes, outer: &outer)
  }

  /// A record that points out of its block, which no reader of ours makes.
  private static func outside(_ record: PacketRecord) -> PacketSummary {
    PacketSummary(
      time: record.time, wireLength: record.wireLength,
      stop: DecodingStop(.link, .truncated, detail: record.capturedLength))
  }

  /// Decodes an IP header; `announced` is the EtherType that led here, or 0 where the link layer names none.
  @inline(__always)
  private func network(
    _ header: Span<UInt8>, announced: UInt16, into packet: inout PacketSummary, quotes: inout [QuotedPacket]
  ) {
    guard !header.isEmpty else {
      let layer: DecodingLayer = announced == EtherType.ipv6 ? .ipv6 : .ipv4
      packet.stop = DecodingStop(layer, .truncated, detail: layer == .ipv6 ? 40 : 20)
      return
    }
    switch header[0] >> 4 {
    case 4 where announced != EtherType.ipv6: IPv4Header.decode(header, into: &packet, quotes: &quotes)
    // Wireshark, too, reads version 6 under the EtherType of IPv4.
    case 6: IPv6Header.decode(header, into: &packet, quotes: &quotes)
    case let version:
      packet.stop = DecodingStop(
        announced == EtherType.ipv6 ? .ipv6 : .ipv4, .badVersion, detail: UInt32(version))
    }
  }
}
