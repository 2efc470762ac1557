import Foundation

/// A pcapng file that is put together from the records of a pcap file, without what the command writes such files with.
struct HandMadePcapNG {
  private(set) var data: Data
  private let linkType: UInt32

  init(linkType: UInt32) {
    self.linkType = linkType
    data = Self.block(0x0a0d_0d0a, Self.little(0x1a2b_3c4d, 1, .max, .max))
  }

  mutating func addInterface(_ name: String, details: String? = nil) {
    data += Self.block(
      1,
      Self.little(linkType, 0) + Self.option(2, name) + (details.map { Self.option(3, $0) } ?? Data())
        + Self.little(0))
  }

  mutating func add(_ record: PcapRecord, interface: UInt32, comments: [String] = []) {
    let time = record.microseconds
    var body = Self.little(
      interface, UInt32(time >> 32), UInt32(truncatingIfNeeded: time), UInt32(record.frame.count),
      record.wireLength)
    body += record.frame + Data(count: -record.frame.count & 3)
    for comment in comments { body += Self.option(1, comment) }
    data += Self.block(6, body + (comments.isEmpty ? Data() : Self.little(0)))
  }

  private static func little(_ numbers: UInt32...) -> Data {
    Data(numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) } })
  }

  private static func option(_ code: UInt32, _ text: String) -> Data {
    let value = Data(text.utf8)
    return little(code | UInt32(value.count) << 16) + value + Data(count: -value.count & 3)
  }

  private static func block(_ type: UInt32, _ body: Data) -> Data {
    let length = UInt32(body.count + 12)
    return little(type, length) + body + little(length)
  }
}

/// A record of a pcap file in little-endian order, with times in microseconds.
struct PcapRecord {
  var microseconds: UInt64
  var wireLength: UInt32
  var frame: Data

  /// The records of a file.
  static func all(in bytes: Data) -> [PcapRecord] {
    var records: [PcapRecord] = []
    var offset = 24
    func number(_ place: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[offset + place + $1]) << (8 * $1) }
    }
    while offset < bytes.count {
      let end = offset + 16 + Int(number(8))
      records.append(
        PcapRecord(
          microseconds: UInt64(number(0)) * 1_000_000 + UInt64(number(4)), wireLength: number(12),
          frame: bytes[offset + 16..<end]))
      offset = end
    }
    return records
  }

  static func linkType(of bytes: Data) -> UInt32 { UInt32(bytes[20]) | UInt32(bytes[21]) << 8 }
}
