import CaptureFiles
import NetworkTypes
import Testing

/// What pcapng files say of their interfaces and packets in words.
struct PcapNGTextTests {
  /// Comments by packet, read as a file.
  private func comments(_ bytes: [UInt8]) throws -> [[String]] {
    let folder = try ScratchFolder()
    var reader = try CaptureReader(path: try folder.file("capture", bytes))
    var found: [[String]] = []
    while try reader.advance(limit: 3) {
      for record in reader.records {
        var texts: [String] = []
        for range in reader.comments(on: record) {
          let text = reader.bytes.extracting(range)
          texts.append(String(decoding: text.indices.map { text[$0] }, as: UTF8.self))
        }
        found.append(texts)
      }
    }
    return found
  }

  @Test(arguments: [false, true])
  func commentsOfEveryKindOfBlock(isBigEndian: Bool) throws {
    var file = PcapNGBytes(isBigEndian: isBigEndian)
    func comment(_ text: String) -> [UInt8] { file.option(1, Array(text.utf8)) }
    let end = file.option(0, [])
    let (mine, yours, many) = (
      comment("mine"), comment("yours, as ü"), (0..<100).flatMap { comment("\($0)") }
    )
    let flags = file.option(2, [1, 0, 0, 0])
    file.section()
    file.interface()
    file.enhanced([1, 2, 3, 4, 5], options: mine + flags + yours + end)
    file.enhanced([1, 2, 3, 4])
    file.enhanced([1], options: flags + comment("") + mine)
    file.simple([1, 2, 3, 4, 5, 6, 7])
    file.obsolete([9, 9])
    file.enhanced([], options: many + end)
    // Says that it is longer than its block.
    file.enhanced(
      [1, 2], options: mine + [0, 1, 0, 1, 65, 65, 65, 65].map { UInt8($0) } + [1, 1, 255, 255])
    // A simple block after bytes that look like the header of another kind.
    file.block(0x0bad, file.order(UInt32(6)) + file.order(UInt32(64)) + [UInt8](repeating: 0, count: 12))
    file.simple([1, 2, 3, 4])
    let found = try comments(file.bytes)
    #expect(found.prefix(5) == [["mine", "yours, as ü"], [], ["mine"], [], []])
    #expect(found[5] == (0..<CaptureLimits.commentCount).map { "\($0)" })
    #expect(found[6].first == "mine")
    #expect(found[7] == [])
  }

  @Test func otherFormatsHaveNone() throws {
    var file = PcapBytes()
    file.packets = [(1, 0, [1, 2, 3], nil), (2, 0, [4], nil)]
    let found = try comments(file.bytes)
    #expect(found == [[], []])
  }

  /// Whatever stands in a comment's lengths, it is found within the block or not at all.
  @Test func changedBytesTrapNowhere() throws {
    let bytes = PcapNGFormatTests.bytes { file in
      file.interface()
      file.enhanced([1, 2, 3], options: file.option(1, Array("mine".utf8)) + file.option(0, []))
      file.enhanced([1, 2, 3], options: file.option(1, Array("yours".utf8)))
    }
    for place in bytes.indices {
      for value in [0, 1, 3, 6, 0x7f, 0xff] as [UInt8] {
        var changed = bytes
        changed[place] = value
        _ = try? comments(changed)
      }
    }
  }

  @Test func textsOfInterfaces() throws {
    let limit = CaptureLimits.interfaceTextLength
    // The last character would be cut in two.
    let long = String(repeating: "a", count: limit - 1) + "ü"
    let bytes = PcapNGFormatTests.bytes { file in
      file.interface(
        options: file.option(2, Array("tun3".utf8)) + file.option(3, Array("my tunnel".utf8)))
      file.interface(options: file.option(2, Array(long.utf8)) + file.option(3, Array((long + "b").utf8)))
      file.enhanced([1])
    }
    let interfaces = try #require(try ReadCapture(bytes).summary).interfaces
    #expect(interfaces.map(\.details) == ["my tunnel", String(repeating: "a", count: limit - 1)])
    #expect(interfaces.map(\.name) == ["tun3", String(repeating: "a", count: limit - 1)])
  }

  @Test func whatIsWrittenIsRead() throws {
    var encoder = CaptureEncoder(.pcapng)
    var bytes: [UInt8] = []
    encoder.begin(
      CaptureInterface(name: "tun3", details: "my tunnel", linkType: .ethernet, snapLength: 0), into: &bytes)
    let texts = ["why", "mine", String(repeating: "x", count: Int(UInt16.max))]
    encoder.append(
      time: CaptureTime(nanoseconds: 1), comment: Array(texts[0].utf8),
      others: texts.dropFirst().map { Array($0.utf8) }, into: &bytes
    ) { $0.append(contentsOf: [1, 2, 3]) }
    let read = try comments(bytes)
    #expect(read == [texts])
    let capture = try ReadCapture(bytes)
    #expect(capture.error == nil && capture.packets.map(\.bytes) == [[1, 2, 3]])
    #expect(capture.summary?.interfaces.first?.details == "my tunnel")
  }
}
