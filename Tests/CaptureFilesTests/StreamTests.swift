import CaptureFiles
import Foundation
import NetworkTypes
import TestSupport
import Testing

/// Pipes and gzip give what files give.
struct StreamTests {
  static let pcap = PcapBytes(
    packets: (0..<50).map { (UInt32($0), 7, [UInt8](repeating: UInt8($0), count: $0), nil) })
  static let small = PcapBytes(packets: (0..<3).map { (UInt32($0), 7, [0x45, UInt8($0)], 60) })

  static var pcapng: [UInt8] {
    PcapNGFormatTests.bytes { file in
      file.interface(options: file.option(9, [9]))
      file.enhanced([1, 2, 3], time: 1)
      file.block(5, [UInt8](repeating: 0, count: 12))
      file.simple([4, 5])
      file.obsolete([6])
    }
  }

  static let files = [pcap.bytes, small.bytes, pcapng]

  @Test(arguments: [1, 7, 4096])
  func aPipeGivesWhatAFileGives(piece: Int) throws {
    for bytes in Self.files {
      let file = try ReadCapture(bytes)
      let pipe = ReadCapture(piped: bytes, piece: piece)
      #expect(file.error == nil)
      #expect(pipe.error == nil)
      #expect(pipe.contents == file.contents)
    }
  }

  @Test func gzipGivesWhatAFileGives() throws {
    for bytes in Self.files {
      let file = try ReadCapture(bytes)
      let members = gzip(Array(bytes.prefix(100))) + gzip([]) + gzip(Array(bytes.dropFirst(100)))
      for packed in [gzip(bytes), gzip(bytes, block: 10), members, gzip(bytes) + [0, 0, 0]] {
        for capture in [try ReadCapture(packed), ReadCapture(piped: packed, piece: 13)] {
          #expect(capture.error == nil)
          #expect(capture.contents == file.contents)
          #expect(capture.summary?.isCompressed == true)
          #expect(capture.summary?.bytesRead == UInt64(packed.count))
        }
      }
    }
  }

  @Test func aLongStreamGoesThroughTheWindow() throws {
    var random = SeededRandom.fresh("long stream")
    var file = PcapBytes()
    var total = 0
    while total < 5 << 20 {
      let length = Int.random(in: 0...9000, using: &random)
      file.packets.append((1, 2, [UInt8](repeating: UInt8(length & 255), count: length), nil))
      total += length
    }
    let bytes = file.bytes
    let expected = try ReadCapture(bytes)
    #expect(expected.packets.count == file.packets.count)
    #expect(ReadCapture(piped: bytes, piece: 50_000).contents == expected.contents)
    #expect(try ReadCapture(gzip(bytes)).contents == expected.contents)
  }

  @Test func everyCutIsReportedAndThePacketsBeforeItAreDelivered() throws {
    let folder = try ScratchFolder()
    for bytes in Self.files {
      let whole = try ReadCapture(bytes)
      for length in 1..<bytes.count where bytes.count < 400 || length % 7 == 0 {
        let path = try folder.file("cut", Array(bytes.prefix(length)))
        let capture = ReadCapture(path: path)
        #expect(capture.packets == Array(whole.packets.prefix(capture.packets.count)))
        // A cut between two records cannot be told from an end.
        if let error = capture.error {
          #expect(error.isCut || length < 4, "\(length): \(error)")
          if capture.summary != nil { #expect(capture.summary?.isTruncated == true) }
        } else {
          #expect(try ReadCapture(Array(bytes.prefix(length)) + bytes.dropFirst(length)).error == nil)
          #expect(capture.summary?.isTruncated == false)
        }
        let piped = ReadCapture(piped: Array(bytes.prefix(length)), piece: 100)
        #expect(piped.contents == capture.contents)
        #expect(String(describing: piped.error).count > 0)
        #expect((piped.error == nil) == (capture.error == nil))
      }
    }
  }

  @Test func everyCutOfAGzipFileIsReported() throws {
    let folder = try ScratchFolder()
    let whole = try ReadCapture(Self.small.bytes)
    let packed = gzip(Self.small.bytes, block: 20)
    for length in 2..<packed.count {
      let capture = ReadCapture(path: try folder.file("cut.gz", Array(packed.prefix(length))))
      #expect(capture.error != nil, "\(length) of \(packed.count)")
      #expect(capture.contents == Array(whole.contents.prefix(capture.packets.count)))
    }
  }

  @Test func changedBytesNeverTrap() throws {
    var random = SeededRandom.fresh("changed captures")
    let folder = try ScratchFolder()
    let files = [Self.small.bytes, Self.pcapng, gzip(Self.pcapng), gzip(Self.small.bytes, block: 30)]
    for _ in 0..<2000 {
      var bytes = files.randomElement(using: &random)!
      for _ in 0..<Int.random(in: 1...5, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let capture = ReadCapture(path: try folder.file("changed", bytes))
      #expect(UInt64(capture.packets.count) == capture.summary?.packets ?? 0)
    }
  }

  /// A file cut while it is open, between records and within one.
  @Test(arguments: [24 + 300 * 26, 24 + 300 * 26 + 10, 24 + 700 * 26, 20])
  func aMappedFileThatShrinks(length: Int) throws {
    let folder = try ScratchFolder()
    let packets = (0..<1000).map {
      (seconds: UInt32($0), fraction: UInt32(0), bytes: [UInt8](repeating: 7, count: 10), wire: UInt32?.none)
    }
    let path = try folder.file("shrinking", PcapBytes(packets: packets).bytes)
    var reader = try CaptureReader(path: path)
    #expect(try reader.advance(limit: 256))
    #expect(truncate(path, off_t(length)) == 0)
    var count = reader.records.count
    var failure: CaptureError?
    do throws(CaptureError) {
      while try reader.advance(limit: 256) { count += reader.records.count }
    } catch {
      failure = error
    }
    #expect(failure == .shrinkage(input: path, length: 26_024, left: UInt64(length)))
    #expect(count == max(256, (length - 24) / 26))
    #expect(reader.summary.isTruncated)
  }

  /// Of a mapped file no more stays in memory than two batches and what is let go of at once.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/smaps"), "needs /proc/self/smaps"))
  func aMappedFileIsLetGoOf() throws {
    let folder = try ScratchFolder()
    let packet = [UInt8](repeating: 7, count: 12_000)
    let packets = (0..<4000).map {
      (seconds: UInt32($0), fraction: UInt32(0), bytes: packet, wire: UInt32?.none)
    }
    let path = try folder.file("large", PcapBytes(packets: packets).bytes)
    var reader = try CaptureReader(path: path)
    var sum = 0
    var most = 0
    while try reader.advance(limit: 350) {
      for record in reader.records { sum += Int(reader.bytes[record.offset + 6000]) }
      most = max(most, try Self.residentBytes(ofMapping: path))
    }
    #expect(sum == 7 * 4000)
    #expect(most > 0)
    #expect(most < 20 << 20, "\(most) of 48 million bytes stay in memory")
  }

  private static func residentBytes(ofMapping path: String) throws -> Int {
    // Such files say that they are empty: they are read to their end.
    let file = try #require(FileHandle(forReadingAtPath: "/proc/self/smaps"))
    let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    let lines = text.split(separator: "\n")
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().lastPathComponent
    guard let start = lines.firstIndex(where: { $0.contains(folder) }),
      let line = lines[start...].first(where: { $0.hasPrefix("Rss:") })
    else { return 0 }
    return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
  }
}
