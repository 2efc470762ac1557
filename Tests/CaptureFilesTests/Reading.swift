import CaptureFiles
import Foundation
import NetworkTypes

/// What a reader gave, packet by packet, with how it ended.
struct ReadCapture {
  struct Packet: Hashable {
    var record: PacketRecord
    var bytes: [UInt8]
  }

  var packets: [Packet] = []
  var error: CaptureError?
  var summary: CaptureSummary?

  var times: [Int64] { packets.map(\.record.time.nanoseconds) }

  /// The packets without their places, which depend on how the input was read.
  var contents: [Packet] {
    packets.map { packet in
      var packet = packet
      packet.record.offset = 0
      return packet
    }
  }

  init(path: String, filter: String? = nil, limit: Int = 256) {
    do throws(CaptureError) {
      var reader = try CaptureReader(path: path, filter: filter)
      readAll(&reader, limit: limit)
    } catch {
      self.error = error
    }
  }

  init(_ reader: consuming CaptureReader, limit: Int = 256) {
    readAll(&reader, limit: limit)
  }

  private mutating func readAll(_ reader: inout CaptureReader, limit: Int) {
    do throws(CaptureError) {
      while try reader.advance(limit: limit) {
        for record in reader.records {
          let bytes = reader.bytes.extracting(record.offset..<record.offset + Int(record.capturedLength))
          packets.append(Packet(record: record, bytes: (0..<bytes.count).map { bytes[$0] }))
        }
      }
    } catch {
      self.error = error
    }
    summary = reader.summary
  }

  /// Reads bytes from a file.
  init(_ bytes: [UInt8], filter: String? = nil, limit: Int = 256) throws {
    let folder = try ScratchFolder()
    self.init(path: try folder.file("capture", bytes), filter: filter, limit: limit)
  }

  /// Reads bytes from a pipe, which another thread fills in pieces of `piece` bytes.
  init(piped bytes: [UInt8], piece: Int = 4096, limit: Int = 256) {
    let pipe = Pipe()
    let writer = Thread {
      var start = 0
      while start < bytes.count {
        let end = min(start + piece, bytes.count)
        try? pipe.fileHandleForWriting.write(contentsOf: bytes[start..<end])
        start = end
      }
      try? pipe.fileHandleForWriting.close()
    }
    writer.start()
    self.init(path: "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)", limit: limit)
    // A writer may be waiting for a reader that has given up.
    _ = try? pipe.fileHandleForReading.readToEnd()
  }
}
