import NetworkTypes
import TestSupport
import Testing

@testable import CaptureFiles

/// The way through libpcap, which formats that are not read here take, gives the same packets.
struct LibpcapTests {
  struct Unreadable: Error {}

  @Test func givesWhatOurReaderGives() throws {
    let folder = try ScratchFolder()
    let packets = (0..<2000).map { (UInt32($0), UInt32(5), [UInt8](repeating: 1, count: $0), UInt32?.none) }
    for magic: UInt32 in [0xa1b2_c3d4, 0xa1b2_3c4d] {
      let path = try folder.file("capture", PcapBytes(magic: magic, packets: packets).bytes)
      guard let reader = CaptureReader(throughLibpcap: path) else { throw Unreadable() }
      let capture = ReadCapture(reader)
      #expect(capture.error == nil)
      #expect(capture.contents == ReadCapture(path: path).contents)
      #expect(capture.summary?.format == .other)
      #expect(capture.summary?.linkTypeName == "RAW")
      #expect(capture.summary?.packets == 2000)
    }
  }

  @Test func aCutCaptureIsReportedInLibpcapsWords() throws {
    let folder = try ScratchFolder()
    let path = try folder.file(
      "capture", PcapBytes(packets: PcapFormatTests.packets).bytes.dropLast(1).map { $0 })
    guard let reader = CaptureReader(throughLibpcap: path) else { throw Unreadable() }
    let capture = ReadCapture(reader)
    #expect(capture.packets.count == 2)
    let error = try #require(capture.error)
    #expect(
      "\(error)".contains(
        "after packet 2: the capture is damaged: a packet record: found truncated dump file"))
    #expect(capture.summary?.isTruncated == true)
  }

  @Test func whatLibpcapCannotReadIsNil() throws {
    let folder = try ScratchFolder()
    let path = try folder.file("capture", [1, 2, 3])
    if CaptureReader(throughLibpcap: path) != nil { Issue.record("three bytes are no capture") }
  }
}
