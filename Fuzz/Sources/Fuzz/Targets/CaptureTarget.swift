import CaptureFiles
import Filtering
import NetworkTypes
import TrafficAudit
import WireFormat

/// Captures: read whole, in small batches and from a pipe, the same packets and the same end; then judged.
enum CaptureTarget {
  /// What a pipe holds without a reader.
  private static let pipeCapacity = 65_536

  static func run(_ bytes: [UInt8]) {
    let path = ScratchFile.shared.holding(bytes)
    let whole = Reading(path, limit: 4096)
    for limit in [1, 7] {
      let parts = Reading(path, limit: limit)
      require(parts.packets == whole.packets, "batches of \(limit) give other packets")
      require(
        parts.error == whole.error, "batches of \(limit): \(parts.error ?? "-"), whole: \(whole.error ?? "-")"
      )
    }
    if let summary = whole.summary {
      require(summary.packets == whole.packets.count, "\(summary.packets) of \(whole.packets.count) packets")
      // Nothing comes out that was not put in; a packet takes at least the header of its record.
      if summary.format != .other && !summary.isCompressed {
        require(whole.captured + 12 * whole.packets.count <= bytes.count, "more packets than bytes")
      }
    }
    guard let summary = whole.summary, summary.format != .other, bytes.count < pipeCapacity else { return }
    withPipe(bytes) { pipe in
      let piped = Reading(pipe, limit: 256)
      require(piped.packets == whole.packets, "a pipe gives other packets")
      require(
        piped.error == whole.error, "from a pipe: \(piped.error ?? "-"), from the file: \(whole.error ?? "-")"
      )
    }
  }

  private struct Packet: Equatable {
    var record: PacketRecord
    var digest: UInt64
  }

  /// What a reader gives, with how it ended.
  private struct Reading {
    var packets: [Packet] = []
    var captured = 0
    var error: String?
    var summary: CaptureSummary?

    init(_ path: String, limit: Int) {
      do throws(CaptureError) {
        var reader = try CaptureReader(path: path)
        var auditor = Auditor(Example.filter)
        var records = CaptureRecords()
        var batch = PacketBatch()
        let decoder = PacketDecoder(decapsulates: true)
        var failure: CaptureError?
        do throws(CaptureError) {
          while try reader.advance(limit: limit) {
            require(
              reader.records.count <= limit && !reader.records.isEmpty, "\(reader.records.count) records")
            for record in reader.records { packets.append(packet(record, reader.bytes)) }
            batch.removeAll()
            decoder.decode(reader.bytes, reader.records, into: &batch)
            guard limit > 1 else { continue }
            auditor.audit(batch)
            records.take(batch, auditor)
          }
        } catch { failure = error }
        if let failure { error = Self.text(failure, path) }
        summary = reader.summary
        if limit > 1 {
          require(auditor.hasCounted(packets.count), "packets are lost")
          records.finish(auditor, packets.count)
        }
      } catch {
        self.error = Self.text(error, path)
      }
    }

    private mutating func packet(_ record: PacketRecord, _ bytes: Span<UInt8>) -> Packet {
      let end = record.offset + Int(record.capturedLength)
      require(record.offset >= 0 && end <= bytes.count, "a record out of its bytes")
      captured += Int(record.capturedLength)
      var digest: UInt64 = 0xcbf2_9ce4_8422_2325
      for index in record.offset..<end { digest = (digest ^ UInt64(bytes[index])) &* 0x100_0000_01b3 }
      var record = record
      record.offset = 0
      return Packet(record: record, digest: digest)
    }

    private static func text(_ error: CaptureError, _ path: String) -> String {
      let text = error.description
      require(text.contains(path), "the error does not name its input: \(text)")
      return text.replacing(path, with: "capture")
    }
  }
}
