import NetworkTypes

extension PacketDecoder {
  /// Bytes of a frame's IP packet, its header included: what its header says, or else what was on the wire after the
  /// link layer.
  ///
  /// Frames that are shorter than Ethernet's minimum are padded, which only the IP header tells.
  public static func networkLength(of frame: Span<UInt8>, record: PacketRecord) -> Int {
    guard case .network(let offset, _) = LinkLayer.payload(of: frame, linkType: record.linkType),
      frame.count >= offset + 6
    else { return Int(record.wireLength) }
    let header = frame.extracting(droppingFirst: offset)
    let announced = header[0] >> 4 == 4 ? Int(header.load16(2)) : 40 + Int(header.load16(4))
    // 0 is what segmentation offload leaves.
    let isToldByHeader = header[0] >> 4 == 4 ? announced > 0 : announced > 40
    return isToldByHeader ? announced : max(0, Int(record.wireLength) - offset)
  }
}
