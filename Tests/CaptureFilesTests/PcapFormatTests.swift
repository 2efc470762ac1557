import CaptureFiles
import NetworkTypes
import Testing

struct PcapFormatTests {
  static let packets: [(seconds: UInt32, fraction: UInt32, bytes: [UInt8], wire: UInt32?)] = [
    (1_700_000_000, 5, [0x45, 1, 2, 3], 1500), (1_700_000_001, 999_999, [], nil), (.max, 0, [7], nil),
  ]

  @Test(arguments: [false, true])
  func readsMicroseconds(isBigEndian: Bool) throws {
    let capture = try ReadCapture(PcapBytes(isBigEndian: isBigEndian, packets: Self.packets).bytes)
    #expect(capture.error == nil)
    #expect(
      capture.times == [1_700_000_000_000_005_000, 1_700_000_001_999_999_000, 4_294_967_295_000_000_000])
    #expect(capture.packets.map(\.bytes) == [[0x45, 1, 2, 3], [], [7]])
    #expect(capture.packets.map(\.record.wireLength) == [1500, 0, 1])
    #expect(capture.packets.map(\.record.linkType) == [.raw, .raw, .raw])
    let summary = try #require(capture.summary)
    #expect(summary.format == .pcap)
    #expect(summary.linkTypeName == "RAW")
    #expect(summary.packets == 3)
    #expect(summary.bytes == 1501)
    #expect(summary.firstTime?.nanoseconds == capture.times[0])
    #expect(summary.lastTime?.nanoseconds == capture.times[2])
    #expect(summary.bytesRead == summary.totalBytes)
    #expect(!summary.isTruncated)
  }

  @Test(arguments: [false, true])
  func readsNanoseconds(isBigEndian: Bool) throws {
    let bytes = PcapBytes(isBigEndian: isBigEndian, magic: 0xa1b2_3c4d, packets: Self.packets).bytes
    #expect(try ReadCapture(bytes).times[0] == 1_700_000_000_000_000_005)
  }

  @Test(arguments: [false, true])
  func readsTheModifiedFormat(isBigEndian: Bool) throws {
    let bytes = PcapBytes(isBigEndian: isBigEndian, magic: 0xa1b2_cd34, packets: Self.packets).bytes
    #expect(try ReadCapture(bytes).packets.map(\.bytes) == [[0x45, 1, 2, 3], [], [7]])
  }

  @Test func oldVersionsHaveTheirLengthsSwapped() throws {
    var file = PcapBytes(version: (2, 2))
    // Written with the lengths the other way round: wire first.
    file.packets = [(1, 0, [1, 2, 3], 2)]
    let capture = try ReadCapture(file.bytes)
    #expect(capture.packets.map(\.bytes) == [[1, 2]])
    #expect(capture.packets.map(\.record.wireLength) == [3])
  }

  @Test func theLinkTypesUpperBitsTellOfAFrameCheckSequence() throws {
    let file = PcapBytes(linkType: 0x4400_0001, packets: [(1, 0, [1], nil)])
    #expect(try ReadCapture(file.bytes).packets[0].record.linkType == .ethernet)
  }

  @Test func reservedBitsOfTheLinkTypeAreRefused() throws {
    let error = try #require(try ReadCapture(PcapBytes(linkType: 0x0030_0000).bytes).error)
    #expect("\(error)".contains("found 0x300000, expected zero in the reserved bits"))
  }

  @Test func anUnknownVersionIsRefused() throws {
    let error = try #require(try ReadCapture(PcapBytes(version: (1, 0)).bytes).error)
    #expect("\(error)".hasSuffix("is pcap version 1.0, expected 2.x"))
  }

  @Test func aRecordLongerThanTheSnapLengthIsRead() throws {
    let file = PcapBytes(snapLength: 2, packets: [(1, 0, [1, 2, 3, 4], nil)])
    #expect(try ReadCapture(file.bytes).packets.map(\.bytes) == [[1, 2, 3, 4]])
  }

  @Test func aRecordBeyondTheLimitEndsTheCapture() throws {
    var bytes = PcapBytes(packets: [(1, 0, [1], nil)]).bytes
    let place = bytes.count
    bytes += PcapBytes().order(UInt32(1)) + [0, 0, 0, 0] + PcapBytes().order(UInt32(262_145)) + [0, 0, 0, 0]
    bytes += [UInt8](repeating: 0, count: 300_000)
    let capture = try ReadCapture(bytes)
    #expect(capture.packets.count == 1)
    let error = try #require(capture.error)
    #expect("\(error)".contains("byte \(place), after packet 1: the capture is damaged: a packet record's"))
    #expect("\(error)".contains("found 262145, expected 262144 at most"))
    #expect(capture.summary?.isTruncated == true)
  }

  @Test func theLongestRecordFitsInAPipe() throws {
    let long = [UInt8](repeating: 9, count: CaptureLimits.recordLength)
    let file = PcapBytes(packets: (0..<6).map { (UInt32($0), 0, long, nil) })
    let capture = ReadCapture(piped: file.bytes, piece: 100_000)
    #expect(capture.packets.map(\.bytes.count) == [Int](repeating: CaptureLimits.recordLength, count: 6))
    #expect(capture.error == nil)
  }

  @Test func batchesHaveTheSizeAskedFor() throws {
    let folder = try ScratchFolder()
    let packets = (0..<1000).map { (UInt32($0), UInt32(0), [UInt8($0 & 255)], UInt32?.none) }
    let path = try folder.file("capture", PcapBytes(packets: packets).bytes)
    var reader = try CaptureReader(path: path)
    var sizes: [Int] = []
    while try reader.advance(limit: 300) { sizes.append(reader.records.count) }
    #expect(sizes == [300, 300, 300, 100])
    #expect(try !reader.advance())
  }
}
