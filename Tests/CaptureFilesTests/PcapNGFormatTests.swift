import CaptureFiles
import NetworkTypes
import Testing

struct PcapNGFormatTests {
  static func bytes(isBigEndian: Bool = false, _ body: (inout PcapNGBytes) -> Void) -> [UInt8] {
    var file = PcapNGBytes(isBigEndian: isBigEndian)
    file.section()
    body(&file)
    return file.bytes
  }

  @Test(arguments: [false, true])
  func readsAllKindsOfPacketBlocks(isBigEndian: Bool) throws {
    let bytes = Self.bytes(isBigEndian: isBigEndian) { file in
      file.interface(linkType: 1, options: file.option(2, Array("eth0".utf8)))
      file.interface(linkType: 101, snapLength: 3)
      file.enhanced([1, 2, 3, 4, 5], interface: 1, time: 1_700_000_000_000_001, wire: 60)
      file.block(4, [0, 0, 0, 0])
      file.block(5, [UInt8](repeating: 0, count: 12))
      file.block(0xbad, Array("custom".utf8))
      file.simple([6, 7])
      file.obsolete([8], interface: 1, time: 1_700_000_000_000_002)
      file.block(0x7fff_ffff, [])
    }
    let capture = try ReadCapture(bytes)
    #expect(capture.error == nil)
    #expect(capture.packets.map(\.bytes) == [[1, 2, 3, 4, 5], [6, 7], [8]])
    #expect(capture.packets.map(\.record.interface) == [1, 0, 1])
    #expect(capture.packets.map(\.record.linkType) == [.raw, .ethernet, .raw])
    #expect(capture.packets.map(\.record.wireLength) == [60, 2, 1])
    // A simple packet block has no time and gets that of the packet before.
    #expect(
      capture.times == [1_700_000_000_000_001_000, 1_700_000_000_000_001_000, 1_700_000_000_000_002_000])
    let summary = try #require(capture.summary)
    #expect(summary.format == .pcapng)
    #expect(summary.linkTypeName == "EN10MB")
    #expect(summary.interfaces.map(\.name) == ["eth0", ""])
  }

  @Test func aSimplePacketIsCutAtTheSnapLength() throws {
    let capture = try ReadCapture(
      Self.bytes { file in
        file.interface(snapLength: 3)
        file.simple([1, 2, 3], wire: 100)
      })
    #expect(capture.packets.map(\.bytes) == [[1, 2, 3]])
    #expect(capture.packets.map(\.record.wireLength) == [100])
    #expect(capture.summary?.firstTime == nil)
  }

  @Test func sectionsHaveTheirOwnByteOrderAndInterfaces() throws {
    let second = Self.bytes(isBigEndian: true) { file in
      file.interface(linkType: 228)
      file.enhanced([2])
    }
    let bytes = Self.bytes { file in
      file.interface(linkType: 1)
      file.interface(linkType: 113)
      file.enhanced([1], interface: 1)
      file.raw(second)
      file.raw(
        Self.bytes {
          $0.interface(linkType: 0)
          $0.enhanced([3])
        })
    }
    let capture = try ReadCapture(bytes)
    #expect(capture.error == nil)
    #expect(capture.packets.map(\.record.linkType) == [.linuxSLL, .ipv4, .null])
    #expect(capture.packets.map(\.record.interface) == [1, 2, 3])
  }

  struct Resolution: Sendable, CustomStringConvertible {
    var description: String
    var resolution: UInt8?
    var offset: Int64 = 0
    var units: UInt64
    var nanoseconds: Int64
  }

  static let resolutions = [
    Resolution(description: "none given", units: 1_500_000, nanoseconds: 1_500_000_000),
    Resolution(description: "seconds", resolution: 0, units: 3, nanoseconds: 3_000_000_000),
    Resolution(description: "milliseconds", resolution: 3, units: 1_500, nanoseconds: 1_500_000_000),
    Resolution(
      description: "nanoseconds", resolution: 9, units: 1_700_000_000_123_456_789,
      nanoseconds: 1_700_000_000_123_456_789),
    Resolution(
      description: "picoseconds", resolution: 12, units: 1_500_000_000_999, nanoseconds: 1_500_000_000),
    Resolution(
      description: "10^-19", resolution: 19, units: 15_000_000_000_000_000_000, nanoseconds: 1_500_000_000),
    Resolution(
      description: "10^-20", resolution: 20, units: 15_000_000_000_000_000_000, nanoseconds: 150_000_000),
    Resolution(description: "10^-127", resolution: 127, units: .max, nanoseconds: 0),
    Resolution(description: "halves", resolution: 0x81, units: 3, nanoseconds: 1_500_000_000),
    Resolution(description: "2^-10", resolution: 0x8a, units: 1536, nanoseconds: 1_500_000_000),
    Resolution(description: "2^-32", resolution: 0xa0, units: 0x1_8000_0000, nanoseconds: 1_500_000_000),
    Resolution(description: "2^-63", resolution: 0xbf, units: 1 << 62, nanoseconds: 500_000_000),
    Resolution(description: "2^-64", resolution: 0xc0, units: 1 << 63, nanoseconds: 500_000_000),
    Resolution(description: "2^-70", resolution: 0xc6, units: 1 << 63, nanoseconds: 7_812_500),
    Resolution(description: "2^-127", resolution: 0xff, units: .max, nanoseconds: 0),
    Resolution(
      description: "an offset", resolution: 9, offset: 1_600_000_000, units: 5,
      nanoseconds: 1_600_000_000_000_000_005),
    Resolution(description: "a negative offset", offset: -2, units: 500_000, nanoseconds: -1_500_000_000),
    Resolution(description: "a time beyond 2262", resolution: 0, units: .max, nanoseconds: .max),
    Resolution(description: "an offset beyond all time", offset: .max, units: 9_000_000, nanoseconds: .max),
    Resolution(description: "an offset before all time", offset: .min, units: 1, nanoseconds: .min),
  ]

  @Test(arguments: resolutions)
  func convertsTime(row: Resolution) throws {
    for isBigEndian in [false, true] {
      let bytes = Self.bytes(isBigEndian: isBigEndian) { file in
        var options: [UInt8] = []
        if let resolution = row.resolution { options += file.option(9, [resolution]) }
        if row.offset != 0 { options += file.option(14, file.order(row.offset)) }
        file.interface(options: options + file.option(0, []))
        file.enhanced([1], time: row.units)
      }
      #expect(try ReadCapture(bytes).times == [row.nanoseconds])
    }
  }

  @Test func optionsThatOverrunTheirBlockAreLeftAlone() throws {
    let bytes = Self.bytes { file in
      file.interface(options: file.option(9, [9]) + [2, 0, 0xff, 0xff, 65, 66, 67, 68])
      file.enhanced([1], time: 7)
    }
    #expect(try ReadCapture(bytes).times == [7])
  }

  @Test func aBlockLongerThanTheWindowIsSkippedInAPipe() {
    let bytes = Self.bytes { file in
      file.interface()
      file.block(0xbad, [UInt8](repeating: 1, count: 5 << 20))
      file.enhanced([1, 2])
    }
    let capture = ReadCapture(piped: bytes, piece: 100_000)
    #expect(capture.packets.map(\.bytes) == [[1, 2]])
    #expect(capture.error == nil)
  }

  struct Damage: Sendable, CustomStringConvertible {
    var description: String
    var bytes: [UInt8]
    var expected: String
  }

  static let damages: [Damage] = [
    Damage(
      description: "an interface that was not described",
      bytes: bytes {
        $0.interface()
        $0.enhanced([1])
        $0.enhanced([2], interface: 1)
      },
      expected: "a packet block's interface: found 1, expected a number below 1, the section's interfaces"),
    Damage(
      description: "a packet before any interface", bytes: bytes { $0.enhanced([1]) },
      expected: "found 0, expected an interface description block before it"),
    Damage(
      description: "an interface of another section",
      bytes: bytes {
        $0.interface()
        $0.enhanced([1])
        $0.section()
        $0.enhanced([2])
      },
      expected: "expected an interface description block before it"),
    Damage(
      description: "a captured length beyond its block",
      bytes: bytes {
        $0.interface()
        $0.enhanced([1, 2, 3, 4], captured: 5)
      },
      expected: "a packet block's captured length: found 5, expected 4 at most"),
    Damage(
      description: "a total length that is no multiple of four",
      bytes: bytes {
        $0.interface()
        $0.raw($0.order(UInt32(6)) + $0.order(UInt32(33)) + [0, 0, 0, 0])
      },
      expected: "a block's total length: found 33, expected a multiple of 4, 12 at least"),
    Damage(
      description: "a total length that is too small",
      bytes: bytes {
        $0.interface()
        $0.raw($0.order(UInt32(6)) + $0.order(UInt32(8)) + [0, 0, 0, 0])
      },
      expected: "found 8, expected a multiple of 4, 12 at least"),
    Damage(
      description: "two total lengths that differ",
      bytes: bytes {
        $0.interface()
        $0.raw($0.order(UInt32(5)) + $0.order(UInt32(16)) + [0, 0, 0, 0] + $0.order(UInt32(20)))
      },
      expected: "a block's total length at its end: found 20, expected 16 as at its start"),
    Damage(
      description: "a packet block longer than the limit",
      bytes: bytes {
        $0.interface()
        $0.raw($0.order(UInt32(6)) + $0.order(UInt32(0xffff_fff0)) + [0, 0, 0, 0])
      },
      expected: "found 4294967280, expected \(CaptureLimits.blockLength) at most"),
    Damage(
      description: "an interface block without a body", bytes: bytes { $0.block(1, [0, 0, 0, 0]) },
      expected: "a block's body: found 4 bytes, expected 8 at least"),
    Damage(
      description: "a section of an unknown byte order",
      bytes: bytes { $0.raw([0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 1, 2, 3, 4]) },
      expected:
        "a section header's byte-order magic: found 0x4030201, expected 0x1a2b3c4d in either byte order"),
    Damage(
      description: "a section of another version",
      bytes: bytes {
        $0.interface()
        $0.enhanced([1])
        $0.section(version: (2, 0))
      },
      expected: "is pcapng version 2.0, expected 1.0"),
  ]

  @Test(arguments: damages)
  func namesTheDamage(row: Damage) throws {
    let capture = try ReadCapture(row.bytes)
    let error = try #require(capture.error)
    #expect("\(error)".contains(row.expected), "\(error)")
  }

  @Test func thePacketsBeforeTheDamageAreDelivered() throws {
    #expect(
      try Self.damages.map { try ReadCapture($0.bytes).packets.count } == [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1])
  }

  @Test func tooManyInterfacesAreRefused() throws {
    let one = Self.bytes { $0.interface() }.dropFirst(28)
    var bytes = Self.bytes { _ in }
    bytes += Array(repeating: one, count: CaptureLimits.interfaceCount + 1).joined()
    let error = try #require(try ReadCapture(bytes).error)
    #expect("\(error)".hasSuffix("more than 65536 interfaces"))
  }

  /// The resolution of times is believed as the last option that is looked at, and not as one later.
  @Test(arguments: [(1023, 1_000_000_000), (1024, 1000)] as [(Int, Int64)])
  func optionsBeyondTheLimitArePassedOver(before: Int, time: Int64) throws {
    let bytes = Self.bytes { file in
      let comments = (0..<before).flatMap { _ in file.option(1, [0x61]) }
      // if_tsresol: seconds instead of microseconds.
      file.interface(options: comments + file.option(9, [0]) + file.option(0, []))
      file.enhanced([1], time: 1)
    }
    let capture = try ReadCapture(bytes)
    #expect(capture.error == nil)
    #expect(capture.times == [time])
  }
}
