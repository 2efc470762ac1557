import NetworkTypes

/// Turns captured bytes into packet summaries: link layer, then the outermost IP header, then the transport
/// header.
///
/// Nothing is thrown and no packet is lost: a short or odd one is a summary whose `stop` says where and why
/// decoding ended. What stands in a summary was in the capture; lengths that a header announces are never
/// trusted beyond the bytes that are there.
public struct PacketDecoder: Sendable {
  public init() {}

  /// Appends one summary a record to `batch`, in the records' order.
  ///
  /// `bytes` is the block that the records' offsets refer to. Allocates nothing once the batch has grown.
  public func decode(_ bytes: Span<UInt8>, _ records: [PacketRecord], into batch: inout PacketBatch) {
    for record in records {
      var packet = PacketSummary(time: record.time, wireLength: record.wireLength)
      let length = Int(record.capturedLength)
      if record.offset >= 0 && record.offset <= bytes.count && length <= bytes.count - record.offset {
        let frame = bytes.extracting(record.offset..<record.offset &+ length)
        decode(frame, linkType: record.linkType, into: &packet, quotes: &batch.quotes)
      } else {
        packet.stop = DecodingStop(.link, .truncated, detail: record.capturedLength)
      }
      batch.packets.append(packet)
    }
  }

  @inline(__always)
  private func decode(
    _ frame: Span<UInt8>, linkType: LinkType, into packet: inout PacketSummary, quotes: inout [QuotedPacket]
  ) {
    // Nearly every frame of nearly every capture: plain Ethernet with IPv4.
    if linkType == .ethernet && frame.count >= Ethernet.length && frame.load16(12) == EtherType.ipv4 {
      return network(
        frame.extracting(droppingFirst: Ethernet.length), announced: EtherType.ipv4, into: &packet,
        quotes: &quotes)
    }
    switch LinkLayer.payload(of: frame, linkType: linkType) {
    case .network(let offset, let etherType):
      network(frame.extracting(droppingFirst: offset), announced: etherType, into: &packet, quotes: &quotes)
    case .stop(let stop):
      packet.stop = stop
      packet.wireLength -= min(packet.wireLength, linkType.pseudoHeaderLength)
    }
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
