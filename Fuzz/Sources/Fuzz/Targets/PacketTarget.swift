import Filtering
import NetworkTypes
import TrafficAudit
import WireFormat

extension Auditor {
  /// Whether every packet was counted once, second copies of mirrored ones apart.
  func hasCounted(_ packets: Int) -> Bool {
    tallies.byOutcome.reduce(0) { $0 + $1.packets } + tallies.duplicates == packets
  }
}

/// Frames: decoded among others and alone, the same; then judged, with tracking.
///
/// The first byte chooses the link type, the second whether tunnels are opened; then come frames, each after its
/// length in two bytes.
enum PacketTarget {
  static let linkTypes: [UInt16] = [
    1, 101, 113, 276, 0, 108, 12, 14, 228, 229, 9, 50, 51, 105, 109, 127, 149, 192, 239, 253, 278,
  ]

  static func run(_ bytes: [UInt8]) {
    guard bytes.count > 4 else { return }
    let linkType = LinkType(rawValue: linkTypes[Int(bytes[0]) % linkTypes.count])
    let decoder = PacketDecoder(decapsulates: bytes[1] & 1 == 1)
    var records: [PacketRecord] = []
    var position = 2
    while position + 2 <= bytes.count {
      let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
      position += 2
      let captured = min(length, bytes.count - position)
      records.append(
        PacketRecord(
          offset: position, capturedLength: UInt32(captured), wireLength: UInt32(length),
          time: CaptureTime(nanoseconds: Int64(records.count) * 7_000_000_000), linkType: linkType))
      position += captured
    }
    var batch = PacketBatch()
    decoder.decode(bytes.span, records, into: &batch)
    require(
      batch.packets.count == records.count, "\(batch.packets.count) packets of \(records.count) records")
    for (index, record) in records.enumerated() {
      compare(batch, index, alone(record, bytes, decoder), record)
    }
    var auditor = Auditor(Example.filter)
    auditor.audit(batch)
    require(auditor.hasCounted(records.count), "packets are lost")
    for (packet, verdict) in zip(batch.packets, auditor.verdicts) {
      require(
        verdict.packetClass == .undecoded || packet.hasAddresses, "a packet without addresses is \(verdict)")
      let outcome = auditor.tracker[verdict.outcome]
      if verdict.packetClass == .deny { _ = Example.filter.explain(outcome, for: PacketHeader(packet)) }
    }
  }

  /// The frame in memory of its own, so that what lies around it cannot matter.
  private static func alone(_ record: PacketRecord, _ bytes: [UInt8], _ decoder: PacketDecoder) -> PacketBatch
  {
    let frame = Array(bytes[record.offset..<record.offset + Int(record.capturedLength)])
    var record = record
    record.offset = 0
    var batch = PacketBatch()
    decoder.decode(frame.span, [record], into: &batch)
    return batch
  }

  private static func compare(
    _ batch: PacketBatch, _ index: Int, _ alone: PacketBatch, _ record: PacketRecord
  ) {
    var (packet, same) = (batch.packets[index], alone.packets[0])
    require(batch.quote(of: packet) == alone.quote(of: same), "another quote among other packets")
    var (outer, sameOuter) = (batch.outer(of: index), alone.outer(of: 0))
    outer?.index = 0
    sameOuter?.index = 0
    require(outer == sameOuter, "another tunnel among other packets")
    (packet.quote, same.quote) = (0, 0)
    require(packet == same, "decoded otherwise among other packets: \(packet), \(same)")
    require(packet.wireLength <= record.wireLength, "longer than its record")
    require(packet.stop != nil || packet.hasAddresses, "neither addresses nor a reason")
    if let stop = packet.stop { require(!"\(stop)".isEmpty, "no reason") }
  }
}
