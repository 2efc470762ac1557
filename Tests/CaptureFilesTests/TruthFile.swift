import CaptureFiles
import Foundation
import NetworkTypes
import TestSupport
import WireFormat

/// One shared capture and what tshark says of it (`../shared/data/captures/README.md`).
struct TruthFile: Sendable, CustomStringConvertible {
  struct Packet {
    var record: PacketRecord
    var summary: PacketSummary
  }

  let path: String
  let tsharkReads: Bool
  let libpcapPackets: Int

  var description: String { path }
  var capturePath: String { Environment.shared("captures/files/\(path)") }

  /// The files of `files.tsv`; none where the folder is absent.
  static let all: [TruthFile] = {
    guard let text = try? String(contentsOfFile: Environment.shared("captures/files.tsv"), encoding: .utf8)
    else {
      return []
    }
    return text.split(separator: "\n").dropFirst().map { line in
      let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
      let packets = Int(columns[1]) ?? 0
      return TruthFile(
        path: String(columns[0]), tsharkReads: columns[2] == "0" || packets > 0,
        libpcapPackets: Int(columns[4]) ?? 0)
    }
  }()

  func rows() throws -> [TruthRow] {
    let name = path.replacing("/", with: "__") + ".tsv"
    let text = try String(contentsOfFile: Environment.shared("captures/truth/\(name)"), encoding: .utf8)
    return TruthRow.rows(text)
  }

  /// Reads and decodes the capture, with the error that ended it.
  func read(filter: String? = nil) throws -> (packets: [Packet], error: CaptureError?) {
    var packets: [Packet] = []
    do throws(CaptureError) {
      var reader = try CaptureReader(path: capturePath, filter: filter)
      var batch = PacketBatch()
      while try reader.advance(limit: 64) {
        batch.removeAll()
        PacketDecoder().decode(reader.bytes, reader.records, into: &batch)
        for (record, summary) in zip(reader.records, batch.packets) {
          packets.append(Packet(record: record, summary: summary))
        }
      }
    } catch {
      return (packets, error)
    }
    return (packets, nil)
  }
}

/// One line of a truth file.
struct TruthRow: Sendable {
  var values: [String: String]
  subscript(column: String) -> String { values[column] ?? "" }

  /// The lines of tab-separated text below its header line.
  static func rows(_ text: String) -> [TruthRow] {
    let lines = text.split(separator: "\n")
    guard let header = lines.first else { return [] }
    let columns = header.split(separator: "\t").map(String.init)
    return lines.dropFirst().map { line in
      let values = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      return TruthRow(values: Dictionary(uniqueKeysWithValues: zip(columns, values)))
    }
  }
}
