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
    // The quotes step out of the batch while its packets are appended to.
    var quotes: [QuotedPacket] = []
    swap(&quotes, &batch.quotes)
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
        if let plain = PlainPacket.summary(of: frame, record: record) {
          output.append(plain)
        } else {
          output.append(summary(of: frame, record: record, quotes: &quotes))
        }
      }
    }
    swap(&quotes, &batch.quotes)
  }

  /// The way through all layers.
  func summary(of frame: Span<UInt8>, record: PacketRecord, quotes: inout [QuotedPacket]) -> PacketSummary {
    var packet = PacketSummary(time: record.time, wireLength: record.wireLength)
    switch LinkLayer.payload(of: frame, linkType: record.linkType) {
    case .network(let offset, let etherType):
      network(
        frame.extracting(droppingFirst: offset), announced: etherType, into: &packet, quotes: &quotes)
    case .stop(let stop):
      packet.stop = stop
      packet.wireLength -= min(packet.wireLength, record.linkType.pseudoHeaderLength)
    }
    return packet
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
