import CaptureFiles
import NetworkTypes
import TrafficAudit
import WireFormat

/// A capture that is open and whose first packets are known, so that several can be put in order of time.
final class CaptureInput {
  let path: String
  private var reader: CaptureReader
  private let batchSize: Int
  /// Whether the reader holds packets that were not handed out yet.
  private var holdsPackets = false
  /// Why the capture cannot be read to its end.
  private(set) var failure: CaptureError?
  /// The time of the first packet.
  let start: CaptureTime?

  /// Opens a capture and reads its first packets.
  ///
  /// - Parameters:
  ///   - follows: Whether the file may still grow.
  ///   - batchSize: Packets at most in a batch; fewer where packets may come slowly, so that none waits long.
  init(path: String, filter: String?, follows: Bool = false, batchSize: Int = 256) throws(CaptureError) {
    self.path = path
    var reader = try CaptureReader(path: path, filter: filter, follows: follows)
    let batchSize = reader.summary.totalBytes == nil || follows ? 256 : batchSize
    self.batchSize = batchSize
    do {
      holdsPackets = try reader.advance(limit: batchSize)
    } catch {
      if case .filter = error { throw error }
      failure = error
    }
    start = reader.records.first?.time
    self.reader = reader
  }

  /// Replaces what is in `batch` by the next packets; false at the end of the capture.
  func next(into batch: inout PacketBatch, decoder: PacketDecoder) -> Bool {
    batch.removeAll()
    if !holdsPackets {
      do {
        guard try reader.advance(limit: batchSize) else { return false }
      } catch {
        failure = error
        return false
      }
    }
    holdsPackets = false
    Self.decode(reader, with: decoder, into: &batch)
    return true
  }

  /// Lends the reader as a whole: bytes of a class's property cannot be lent.
  private static func decode(
    _ reader: borrowing CaptureReader, with decoder: PacketDecoder, into batch: inout PacketBatch
  ) {
    decoder.decode(reader.bytes, reader.records, into: &batch)
  }

  /// Lends the reader with the records of the latest batch and their bytes.
  func lend(_ body: (borrowing CaptureReader) -> Void) { body(reader) }

  /// A number of a record of the latest batch, by all that outputs show of it: its bytes, the comments on it, and what is
  /// said of the interface that it was captured at.
  func digest(ofRecord index: Int) -> UInt64 { Self.digest(of: reader, index) }

  /// FNV-1a.
  private static func digest(of reader: borrowing CaptureReader, _ index: Int) -> UInt64 {
    let record = reader.records[index]
    var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ byte: UInt8) { digest = (digest ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    func add(_ number: UInt32) {
      for shift in [0, 8, 16, 24] as [UInt32] { add(UInt8(truncatingIfNeeded: number >> shift)) }
    }
    let bytes = reader.bytes.extracting(record.offset..<record.offset + Int(record.capturedLength))
    for place in bytes.indices { add(bytes[place]) }
    add(record.wireLength)
    add(UInt32(record.linkType.rawValue))
    let interfaces = reader.summary.interfaces
    if Int(record.interface) < interfaces.count {
      let interface = interfaces[Int(record.interface)]
      for text in [interface.name, interface.details] {
        for byte in text.utf8 { add(byte) }
        add(0 as UInt8)
      }
      add(interface.snapLength)
    }
    for range in reader.comments(on: record) {
      let comment = reader.bytes.extracting(range)
      for place in comment.indices { add(comment[place]) }
      add(UInt32(truncatingIfNeeded: comment.count))
    }
    return digest
  }

  var bytesRead: UInt64 { reader.bytesRead }
  /// Size of the input where it is known.
  var totalBytes: UInt64? { reader.summary.totalBytes }

  /// What reports say of the capture.
  var description: AuditReport.CaptureDescription {
    let summary = reader.summary
    var linkTypes: [String] = []
    for interface in summary.interfaces where !linkTypes.contains(interface.linkType.name) {
      linkTypes.append(interface.linkType.name)
    }
    return AuditReport.CaptureDescription(
      path: path, format: summary.format.rawValue, linkType: linkTypes.joined(separator: ","),
      packets: Int(summary.packets), bytes: Int(summary.bytes), firstTime: summary.firstTime,
      lastTime: summary.lastTime, isTruncated: summary.isTruncated)
  }
}
