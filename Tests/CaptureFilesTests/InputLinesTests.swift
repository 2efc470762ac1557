import CaptureFiles
import Foundation
import Testing

/// Lines of text, from files and from pipes.
@Suite struct InputLinesTests {
  /// Line lengths of a file, and why it ends early.
  private func lengths(_ path: String) -> (lengths: [Int], error: CaptureError?) {
    var lengths: [Int] = []
    do throws(CaptureError) {
      var lines = try InputLines(path: path)
      while let line = try lines.next() { lengths.append(line.count) }
    } catch { return (lengths, error) }
    return (lengths, nil)
  }

  /// A mapped file is wholly in memory: a line that is too long was taken for one that is not.
  @Test(arguments: [true, false]) func linesThatAreTooLong(isEnded: Bool) throws {
    let folder = try ScratchFolder()
    let limit = CaptureLimits.lineLength
    let line = { (length: Int) in [UInt8](repeating: 0x61, count: length) }
    let end = isEnded ? [UInt8(0x0a)] : []
    for (length, fits) in [(limit - 1, true), (limit, true), (limit + 1, false), (40 * limit, false)] {
      let bytes = line(3) + [0x0a] + line(length) + end
      let path = try folder.file("lines", bytes)
      let pipe = Pipe()
      let writer = Thread {
        try? pipe.fileHandleForWriting.write(contentsOf: bytes)
        try? pipe.fileHandleForWriting.close()
      }
      writer.start()
      let piped = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
      for path in [path, piped] {
        let found = lengths(path)
        #expect(found.lengths == (fits ? [3, length] : [3]), "\(length) bytes of \(path)")
        let expected = fits ? nil : CaptureError.excess(input: path, what: "bytes in line 2", limit: limit)
        #expect(found.error == expected)
      }
      _ = try? pipe.fileHandleForReading.readToEnd()
    }
  }
}
