import NetworkTypes

// Options (draft-ietf-opsawg-pcapng section 3.5), in the section's byte order:
//
//   offset  length  field
//        0       2  code: 0 ends the list, 1 is a comment, others mean what their block says
//        2       2  length
//        4     ...  value, padded to four bytes

/// Goes through the options of a block.
struct PcapNGOptions {
  private var position: Int
  private var left = CaptureLimits.optionCount
  private let swapped: Bool

  struct Option {
    var code: UInt16
    var value: Range<Int>
  }

  init(start: Int, swapped: Bool) {
    position = start
    self.swapped = swapped
  }

  /// The next option; nil at the end of the list, or where one overruns `body`.
  mutating func next(in body: Span<UInt8>) -> Option? {
    guard left > 0, body.count - position >= 4 else { return nil }
    left -= 1
    let code = body.load16(position, swapped: swapped)
    let length = Int(body.load16(position + 2, swapped: swapped))
    let start = position + 4
    guard code != 0, body.count - start >= length else { return nil }
    position = start + min((length + 3) & ~3, body.count - start)
    return Option(code: code, value: start..<start + length)
  }
}

/// Finds what a pcapng file says of its packets, when somebody asks: nothing of it is kept while the file is read.
enum PcapNGComments {
  private static let headerLength = 28

  /// Where the comments on a packet lie in the bytes that its record points into, ``CaptureLimits/commentCount`` at the most.
  ///
  /// None in a simple packet block, which has no options: what stands before its data is not taken for the header of the other
  /// blocks, since no length there is that of the data.
  static func ranges(of record: PacketRecord, in bytes: Span<UInt8>) -> [Range<Int>] {
    let start = record.offset - headerLength
    guard start >= 0 else { return [] }
    var swapped = false
    switch bytes.load32(start, swapped: false) {
    case 6, 2: break
    case 0x0600_0000, 0x0200_0000: swapped = true
    default: return []
    }
    let length = Int(bytes.load32(start + 4, swapped: swapped))
    let captured = Int(record.capturedLength)
    let options = headerLength + (captured + 3) & ~3
    guard bytes.load32(start + 20, swapped: swapped) == record.capturedLength,
      bytes.load32(start + 24, swapped: swapped) == record.wireLength, length % 4 == 0,
      length >= options + 4, length <= bytes.count - start,
      Int(bytes.load32(start + length - 4, swapped: swapped)) == length
    else { return [] }
    let block = bytes.extracting(start..<start + length - 4)
    var ranges: [Range<Int>] = []
    var list = PcapNGOptions(start: options, swapped: swapped)
    while let option = list.next(in: block), ranges.count < CaptureLimits.commentCount {
      guard option.code == 1, !option.value.isEmpty else { continue }
      ranges.append(start + option.value.lowerBound..<start + option.value.upperBound)
    }
    return ranges
  }
}
