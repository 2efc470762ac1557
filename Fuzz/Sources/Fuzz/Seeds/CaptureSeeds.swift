import CaptureFiles
import Foundation
import NetworkTypes

/// Captures in small pieces: whole records, so that what is changed in one is looked at by itself.
enum CaptureSeeds {
  private static let pieces = 24
  private static let lengthLimit = 4096

  /// The file header with three records from different places of the capture.
  static func pcap(_ place: URL) throws -> [[UInt8]] {
    let bytes = Array(try Data(contentsOf: place))
    let records = try records(place)
    return spread(records).map { first in
      let piece = records[first..<min(first + 3, records.count)]
      let start = piece.first!.offset - 16
      let end = piece.last!.offset + Int(piece.last!.capturedLength)
      return Array(bytes[..<24] + bytes[start..<min(end, start + lengthLimit)])
    }
  }

  /// The blocks before the first packet with three of those after it.
  static func pcapng(_ place: URL) throws -> [[UInt8]] {
    let bytes = Array(try Data(contentsOf: place))
    var blocks: [Range<Int>] = []
    var head = 0
    var position = 0
    while position + 12 <= bytes.count {
      let length = (0..<4).reduce(0) { $0 | Int(bytes[position + 4 + $1]) << (8 * $1) }
      guard length >= 12, position + length <= bytes.count else { break }
      if bytes[position] == 6 {
        blocks.append(position..<position + length)
      } else if blocks.isEmpty {
        head = position + length
      }
      position += length
    }
    return spread(blocks).map { first in
      Array(
        bytes[..<head] + bytes[blocks[first].lowerBound..<blocks[min(first + 2, blocks.count - 1)].upperBound]
      )
    }
  }

  /// Frames as ``PacketTarget`` reads them, one to three together, with and without tunnels opened.
  static func frames(_ place: URL) throws -> [[UInt8]] {
    let bytes = Array(try Data(contentsOf: place))
    let records = try records(place)
    return spread(records).compactMap { first in
      guard let link = PacketTarget.linkTypes.firstIndex(of: records[first].linkType.rawValue) else {
        return nil
      }
      var seed = [UInt8(link), UInt8(first % 2)]
      for record in records[first..<min(first + 3, records.count)] {
        let frame = bytes[record.offset..<record.offset + min(Int(record.capturedLength), 400)]
        seed += [UInt8(frame.count >> 8), UInt8(frame.count & 255)] + frame
      }
      return seed
    }
  }

  private static func records(_ place: URL) throws -> [PacketRecord] {
    var reader = try CaptureReader(path: place.path)
    var records: [PacketRecord] = []
    while try reader.advance() { records += reader.records }
    return records
  }

  private static func spread<Element>(_ elements: [Element]) -> [Int] {
    Array(stride(from: 0, to: elements.count, by: max(elements.count / pieces, 1)))
  }

  // MARK: Made by hand, for what no capture at hand has

  private static let packet: [UInt8] =
    [0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10, 20, 0, 20, 203, 0, 113, 7, 0xc3, 0x50, 1, 0xbb]
    + [0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0]

  /// Every magic in both byte orders.
  static var madePcap: [[UInt8]] {
    [UInt32(0xa1b2_c3d4), 0xa1b2_3c4d, 0xa1b2_cd34].flatMap { magic in
      [true, false].map { isBig in
        let order = ByteOrder(isBig: isBig)
        var seed = order.four(magic) + order.two(2) + order.two(magic == 0xa1b2_3c4d ? 3 : 4)
        seed += order.four(0) + order.four(0) + order.four(65_535) + order.four(101)
        for second in [1, 2] as [UInt32] {
          seed += order.four(second) + order.four(5) + order.four(UInt32(packet.count))
          seed += order.four(UInt32(packet.count) + second)
          if magic == 0xa1b2_cd34 { seed += [UInt8](repeating: 0, count: 8) }
          seed += packet
        }
        return seed
      }
    }
  }

  /// Every kind of block with packets in both byte orders, with options.
  static var madePcapng: [[UInt8]] {
    [true, false].map { isBig in
      let order = ByteOrder(isBig: isBig)
      func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
        let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
        let length = order.four(UInt32(padded.count + 12))
        return order.four(type) + length + padded + length
      }
      let count = order.four(UInt32(packet.count))
      let options =
        order.two(9) + order.two(1) + [9, 0, 0, 0] + order.two(14) + order.two(8) + order.four(0)
        + order.four(7)
      let section =
        order.four(0x1a2b_3c4d) + order.two(1) + order.two(0) + order.four(.max) + order.four(.max)
      var seed = block(0x0a0d_0d0a, section)
      seed += block(1, order.two(101) + order.two(0) + order.four(0) + options + order.two(0) + order.two(0))
      seed += block(6, order.four(0) + order.four(1) + order.four(2) + count + count + packet)
      seed += block(3, count + packet)
      seed += block(2, order.two(0) + order.two(0) + order.four(1) + order.four(2) + count + count + packet)
      seed += block(5, order.four(0) + order.four(1) + order.four(2))
      return seed + block(0x0a0d_0d0a, section)
    }
  }
}

/// Numbers in the byte order of a capture.
private struct ByteOrder {
  let isBig: Bool

  func four(_ value: UInt32) -> [UInt8] {
    withUnsafeBytes(of: isBig ? value.bigEndian : value.littleEndian, Array.init)
  }
  func two(_ value: UInt16) -> [UInt8] {
    withUnsafeBytes(of: isBig ? value.bigEndian : value.littleEndian, Array.init)
  }
}
