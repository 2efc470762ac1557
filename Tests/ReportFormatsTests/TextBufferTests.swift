import NetworkTypes
import ReportFormats
import TestSupport
import Testing

/// What is written into a buffer is what the types' descriptions say.
struct TextBufferTests {
  static func text(_ body: (inout TextBuffer) -> Void) -> String {
    var buffer = TextBuffer()
    body(&buffer)
    return String(decoding: buffer.bytes, as: UTF8.self)
  }

  @Test func addressesReadAsTheirDescriptions() {
    var random = SeededRandom.fresh("addresses as text")
    for _ in 0..<20_000 {
      let v4 = IPv4Address(rawValue: .random(in: 0 ... .max, using: &random))
      #expect(Self.text { $0.append(v4) } == v4.description)
      // Groups of zeros are what IPv6 text is about.
      var halves: [UInt64] = [0, 0]
      for group in 0..<8 where Bool.random(using: &random) {
        let value =
          UInt64.random(in: 0...0xffff, using: &random)
          >> UInt64([0, 4, 8, 12].randomElement(using: &random)!)
        halves[group / 4] |= value << UInt64(48 - 16 * (group % 4))
      }
      let v6 = IPv6Address(high: halves[0], low: halves[1])
      #expect(Self.text { $0.append(v6) } == v6.description)
    }
    for text in ["::", "::1", "1::", "::ffff:10.0.0.1", "1:0:0:2::", "0:0:1::", "1:2:3:4:5:6:0:8"] {
      let address = IPv6Address(text)!
      #expect(Self.text { $0.append(address) } == address.description)
    }
  }

  @Test func timesReadAsTheirDescriptions() {
    var random = SeededRandom.fresh("times as text")
    var times = TimeText()
    var time: Int64 = 0
    for _ in 0..<5000 {
      switch Int.random(in: 0..<4, using: &random) {
      case 0: time = .random(in: .min ... .max, using: &random)
      case 1: time &+= 999_999_999
      case 2: time &-= 1000
      default: time &+= 1
      }
      let value = CaptureTime(nanoseconds: time)
      var buffer = TextBuffer()
      times.append(value, to: &buffer)
      #expect(String(decoding: buffer.bytes, as: UTF8.self) == value.description)
    }
  }

  @Test func numbers() {
    for number: Int64 in [0, 7, 9, 10, 99, 100, 999, 1000, 1001, 65_535, .max, .min, -1] {
      #expect(Self.text { $0.append(decimal: number) } == "\(number)")
    }
    for number: UInt16 in [0, 9, 10, 15, 16, 255, 256, 0xabc, 0x1000, .max] {
      #expect(Self.text { $0.append(hexadecimal: number) } == String(number, radix: 16))
    }
    #expect(Self.text { $0.append(decimal: 42, width: 6) } == "000042")
  }

  @Test func flagsAndProtocols() {
    for value in UInt16(0)...0x1ff {
      let flags = TCPFlags(rawValue: value)
      #expect(Self.text { $0.append(flags) } == flags.description)
    }
    for value in UInt8(0)...255 {
      let number = IPProtocol(rawValue: value)
      #expect(Self.text { $0.append(number) } == number.description)
    }
  }

  @Test func quotedText() {
    #expect(Self.text { $0.append(quoted: "a\"b\\c\n\u{1f}ü") } == #""a\"b\\c\u000a\u001fü""#)
  }
}
