import NetworkTypes

/// How long IP packets are.
enum IPLength {
  /// Bytes of an IP packet, its header included, as the header says; nil where it does not: segmentation offload leaves 0.
  static func announced(by header: Span<UInt8>) -> Int? {
    guard header.count >= 6 else { return nil }
    if header[0] >> 4 == 4 {
      let length = Int(header.load16(2))
      return length > 0 ? length : nil
    }
    let length = Int(header.load16(4))
    return length > 0 ? 40 + length : nil
  }
}

extension PacketDecoder {
  /// Bytes of a frame's IP packet, its header included: what its header says, or else what was on the wire after the
  /// link layer.
  ///
  /// Frames that are shorter than Ethernet's minimum are padded, which only the IP header tells.
  public static func networkLength(of frame: Span<UInt8>, record: PacketRecord) -> Int {
    guard case .network(let offset, _) = LinkLayer.payload(of: frame, linkType: record.linkType),
      frame.count >= offset + 6
    else { return Int(record.wireLength) }
    return IPLength.announced(by: frame.extracting(droppingFirst: offset))
      ?? max(0, Int(record.wireLength) - offset)
  }
}
