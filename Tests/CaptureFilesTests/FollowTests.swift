import CZlib
import CaptureFiles
import Foundation
import TestSupport
import Testing

/// Inputs that are still being written: what is there is handed on before more is waited for, and files that do not grow
/// any more are told from those that do.
struct FollowTests {
  /// Ends the wait of a reader that gives too few packets, so that a test fails and does not hang.
  private final class Patience: @unchecked Sendable {
    private let timer = DispatchSource.makeTimerSource()
    private let lock = NSLock()
    private var ended = false
    var isOver: Bool { lock.withLock { ended } }

    init(_ giveUp: @escaping @Sendable () -> Void) {
      timer.schedule(deadline: .now() + 20)
      timer.setEventHandler { [unowned self] in
        lock.withLock { ended = true }
        giveUp()
      }
      timer.resume()
    }

    func end() { timer.cancel() }
  }

  /// The packets that a pipe's reader gives while its writer holds it open.
  private func countPiped(_ bytes: [UInt8], until expected: Int) throws -> Int {
    let pipe = Pipe()
    let writer = pipe.fileHandleForWriting
    let thread = Thread { try? writer.write(contentsOf: bytes) }
    thread.start()
    defer { try? writer.close() }
    let patience = Patience { try? writer.close() }
    defer { patience.end() }
    var reader = try CaptureReader(path: "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)")
    var count = 0
    while count < expected, try reader.advance(), !patience.isOver { count += reader.records.count }
    return count
  }

  // MARK: gzip

  @Test func aMemberThatEndsIsHandedOnBeforeTheNextIsThere() throws {
    let bytes = StreamTests.pcap.bytes
    #expect(try countPiped(gzip(bytes), until: 50) == 50)
    let whole = PcapBytes(packets: StreamTests.pcap.packets + StreamTests.pcap.packets)
    let members = gzip(bytes) + gzip(Array(whole.bytes.dropFirst(bytes.count)))
    #expect(try countPiped(members, until: 100) == 100)
    // The first byte of a member is not one.
    #expect(try countPiped(gzip(bytes) + [0x1f], until: 50) == 50)
  }

  /// Where the window is full zlib keeps what it could inflate, up to thousands of bytes of what was read to its end.
  @Test func whatZlibHoldsIsHandedOnBeforeMoreIsThere() throws {
    let header = Array(PcapBytes().bytes)
    // A record of sixteen zeros is one without bytes.
    let packed = Self.deflated(header + [UInt8](repeating: 0, count: 4 << 20))
    // How much zlib makes of each beginning of it, byte by byte.
    let inflated = Self.inflatedLengths(packed, upTo: CaptureLimits.windowLength + 8192)
    let first = try #require(inflated.firstIndex { $0 > CaptureLimits.windowLength })
    for length in first..<first + 3 {
      let records = (inflated[length] - header.count) / 16
      #expect(try countPiped(Array(packed.prefix(length)), until: records) == records, "\(length) bytes")
    }
  }

  /// zlib's own compression, as gzip.
  private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var state = z_stream()
    var result = [UInt8](repeating: 0, count: bytes.count + 1024)
    var input = bytes
    let length = input.withUnsafeMutableBufferPointer { input in
      result.withUnsafeMutableBufferPointer { output in
        state.next_in = input.baseAddress
        state.avail_in = UInt32(input.count)
        state.next_out = output.baseAddress
        state.avail_out = UInt32(output.count)
        deflateInit2_(
          &state, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
          Int32(MemoryLayout<z_stream>.size))
        deflate(&state, Z_FINISH)
        deflateEnd(&state)
        return output.count - Int(state.avail_out)
      }
    }
    return Array(result.prefix(length))
  }

  /// How many bytes zlib makes of the first 0, 1, 2, … of these, as long as it is no more than `limit`.
  private static func inflatedLengths(_ bytes: [UInt8], upTo limit: Int) -> [Int] {
    var state = z_stream()
    var input = bytes
    var room = [UInt8](repeating: 0, count: limit)
    return input.withUnsafeMutableBufferPointer { input in
      room.withUnsafeMutableBufferPointer { output in
        state.next_in = input.baseAddress
        state.next_out = output.baseAddress
        state.avail_out = UInt32(limit)
        inflateInit2_(&state, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        var lengths = [0]
        while state.avail_out > 0 && lengths.count <= input.count {
          state.avail_in = 1
          inflate(&state, Z_NO_FLUSH)
          lengths.append(limit - Int(state.avail_out))
        }
        inflateEnd(&state)
        return lengths
      }
    }
  }

  // MARK: Rotation

  /// A file of `count` packets of ten bytes.
  private static func file(_ count: Int) -> [UInt8] {
    PcapBytes(
      packets: (0..<count).map { (UInt32($0), UInt32(0), [UInt8](repeating: 7, count: 10), UInt32?.none) }
    ).bytes
  }

  /// Reads on, and says with what error that ends.
  private func failure(
    _ reader: inout CaptureReader, _ file: FileHandle
  ) -> (packets: Int, error: CaptureError?) {
    let descriptor = file.fileDescriptor
    // A reader that waits reads what is put there in the end.
    let patience = Patience { ftruncate(descriptor, 1 << 20) }
    defer { patience.end() }
    var packets = 0
    do throws(CaptureError) {
      while try reader.advance(), !patience.isOver { packets += reader.records.count }
      return (packets, nil)
    } catch {
      return (packets, error)
    }
  }

  @Test(arguments: [24 + 40 * 26, 24 + 40 * 26 + 3, 0])
  func aFollowedFileThatIsCutShort(length: Int) throws {
    let folder = try ScratchFolder()
    for packed in [false, true] {
      let bytes = packed ? gzip(Self.file(100)) : Self.file(100)
      let path = try folder.file("growing", bytes)
      let file = try #require(FileHandle(forUpdatingAtPath: path))
      var reader = try CaptureReader(path: path, follows: true)
      #expect(try reader.advance())
      #expect(reader.records.count == 100)
      #expect(truncate(path, off_t(length)) == 0)
      let (packets, error) = failure(&reader, file)
      #expect(error == .rotation(input: path, length: UInt64(bytes.count), left: UInt64(length)))
      #expect(packets == 0)
      #expect(reader.summary.isTruncated)
      let text = "growing: became shorter while it was followed, as by rotation: \(bytes.count) bytes"
      #expect(error?.description.contains(text) == true)
    }
  }

  @Test func aFollowedFileThatIsReplaced() throws {
    let folder = try ScratchFolder()
    let path = try folder.file("growing", Self.file(100))
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    var reader = try CaptureReader(path: path, follows: true)
    #expect(try reader.advance())
    #expect(rename(try folder.file("next", Self.file(7)), path) == 0)
    // The writer of the old one was not done.
    try file.seekToEnd()
    try file.write(contentsOf: Self.file(3).dropFirst(24))
    let (packets, error) = failure(&reader, file)
    #expect(error == .rotation(input: path, length: 24 + 103 * 26, left: nil))
    #expect(packets == 3)
    #expect(error?.description.contains("was replaced by another file while it was followed") == true)
  }

  /// Waiting for the bytes that tell what it is would be waiting without end.
  @Test func aFollowedFileThatIsNoCapture() throws {
    let folder = try ScratchFolder()
    let path = try folder.file("growing", Array("this is a text of thirty-odd bytes".utf8))
    #expect {
      _ = try CaptureReader(path: path, follows: true)
    } throws: { error in
      if case .foreignContent = error as? CaptureError { true } else { false }
    }
  }
}
