import Foundation

/// Bytes of capture files, made by hand so that every oddity can be made.
struct PcapBytes {
  var isBigEndian = false
  var magic: UInt32 = 0xa1b2_c3d4
  var version: (UInt16, UInt16) = (2, 4)
  var snapLength: UInt32 = 65_535
  var linkType: UInt32 = 101
  /// Seconds, fraction, bytes and, where it differs, the length on the wire.
  var packets: [(seconds: UInt32, fraction: UInt32, bytes: [UInt8], wire: UInt32?)] = []

  var bytes: [UInt8] {
    var result = order(magic) + order(version.0) + order(version.1)
    result += order(UInt32(0)) + order(UInt32(0)) + order(snapLength) + order(linkType)
    for packet in packets {
      result += order(packet.seconds) + order(packet.fraction) + order(UInt32(packet.bytes.count))
      result += order(packet.wire ?? UInt32(packet.bytes.count))
      if magic == 0xa1b2_cd34 { result += [UInt8](repeating: 0xee, count: 8) }
      result += packet.bytes
    }
    return result
  }

  func order(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian) { Array($0) }
  }
}

/// A pcapng file, block by block.
struct PcapNGBytes {
  var isBigEndian = false
  private(set) var bytes: [UInt8] = []

  func order(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian) { Array($0) }
  }

  mutating func block(_ type: UInt32, _ body: [UInt8]) {
    let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
    let length = UInt32(padded.count + 12)
    bytes += order(type) + order(length) + padded + order(length)
  }

  mutating func raw(_ more: [UInt8]) { bytes += more }

  mutating func section(version: (UInt16, UInt16) = (1, 0), options: [UInt8] = []) {
    block(
      0x0a0d_0d0a,
      order(UInt32(0x1a2b_3c4d)) + order(version.0) + order(version.1) + order(Int64(-1)) + options)
  }

  func option(_ code: UInt16, _ value: [UInt8]) -> [UInt8] {
    order(code) + order(UInt16(value.count)) + value + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
  }

  mutating func interface(linkType: UInt16 = 101, snapLength: UInt32 = 0, options: [UInt8] = []) {
    block(1, order(linkType) + order(UInt16(0)) + order(snapLength) + options)
  }

  mutating func enhanced(
    _ data: [UInt8], interface: UInt32 = 0, time: UInt64 = 0, wire: UInt32? = nil, captured: UInt32? = nil,
    options: [UInt8] = []
  ) {
    let padding = options.isEmpty ? [] : [UInt8](repeating: 0, count: (4 - data.count % 4) % 4)
    block(
      6,
      order(interface) + order(UInt32(time >> 32)) + order(UInt32(truncatingIfNeeded: time))
        + order(captured ?? UInt32(data.count)) + order(wire ?? UInt32(data.count)) + data + padding + options
    )
  }

  mutating func simple(_ data: [UInt8], wire: UInt32? = nil) {
    block(3, order(wire ?? UInt32(data.count)) + data)
  }

  mutating func obsolete(_ data: [UInt8], interface: UInt16 = 0, time: UInt64 = 0) {
    block(
      2,
      order(interface) + order(UInt16(0xffff)) + order(UInt32(time >> 32))
        + order(UInt32(truncatingIfNeeded: time)) + order(UInt32(data.count)) + order(UInt32(data.count))
        + data)
  }
}

/// A gzip member that stores its bytes (RFC 1951 section 3.2.4), `block` bytes at a time.
func gzip(_ bytes: [UInt8], block: Int = 60_000) -> [UInt8] {
  var result: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
  var start = 0
  repeat {
    let part = bytes[start..<min(start + block, bytes.count)]
    start += part.count
    let length = UInt16(part.count)
    result.append(start == bytes.count ? 1 : 0)
    result += [UInt8(length & 255), UInt8(length >> 8), UInt8(~length & 255), UInt8(~length >> 8)] + part
  } while start < bytes.count
  var crc: UInt32 = .max
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
  }
  for value in [~crc, UInt32(truncatingIfNeeded: bytes.count)] {
    result += withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
  return result
}

/// A folder for one test's files, gone with it.
final class ScratchFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("sallyport-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let place = url.appendingPathComponent(name)
    try Data(bytes).write(to: place)
    return place.path
  }
}
