/// Text in the making, as UTF-8 bytes: for output of many lines, where a `String` a field would cost too much.
public struct TextBuffer: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public var count: Int { bytes.count }
  public var isEmpty: Bool { bytes.isEmpty }

  /// Forgets the text and keeps the memory.
  public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// Forgets what follows the first `count` bytes.
  mutating func truncate(to count: Int) { bytes.removeSubrange(count...) }

  public mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  public mutating func append(byte: UInt8) { bytes.append(byte) }

  /// Appends text that is bytes already.
  public mutating func append(_ text: [UInt8]) { bytes.append(contentsOf: text) }

  /// Appends one ASCII character.
  public mutating func append(_ character: Unicode.Scalar) { bytes.append(UInt8(ascii: character)) }

  /// Appends a number in decimal digits.
  public mutating func append(decimal number: some BinaryInteger) {
    append(decimal: UInt64(number.magnitude), isNegative: number < 0)
  }

  private mutating func append(decimal magnitude: UInt64, isNegative: Bool) {
    if isNegative { append("-" as Unicode.Scalar) }
    if magnitude < 1000 { return append(short: UInt32(truncatingIfNeeded: magnitude)) }
    append(decimal: magnitude / 1000, isNegative: false)
    append(triple: UInt32(truncatingIfNeeded: magnitude % 1000))
  }

  /// Appends a number below 1,000.
  mutating func append(short number: UInt32) {
    if number >= 100 { return append(triple: number) }
    if number >= 10 { append(byte: 0x30 &+ UInt8(truncatingIfNeeded: number / 10)) }
    append(byte: 0x30 &+ UInt8(truncatingIfNeeded: number % 10))
  }

  /// Appends three digits.
  private mutating func append(triple number: UInt32) {
    append(byte: 0x30 &+ UInt8(truncatingIfNeeded: number / 100))
    append(byte: 0x30 &+ UInt8(truncatingIfNeeded: number / 10 % 10))
    append(byte: 0x30 &+ UInt8(truncatingIfNeeded: number % 10))
  }

  /// Appends a number below 10^`width` with leading zeros.
  public mutating func append(decimal number: UInt32, width: Int) {
    var divisor: UInt32 = 1
    for _ in 1..<max(width, 1) { divisor *= 10 }
    while divisor > 0 {
      append(byte: 0x30 + UInt8(truncatingIfNeeded: number / divisor % 10))
      divisor /= 10
    }
  }

  /// Appends a number in lower-case hexadecimal digits without leading zeros.
  public mutating func append(hexadecimal number: UInt16) {
    var shift: UInt16 = number > 0xfff ? 12 : number > 0xff ? 8 : number > 0xf ? 4 : 0
    while true {
      let digit = UInt8(truncatingIfNeeded: number >> shift & 0xf)
      append(byte: digit < 10 ? 0x30 + digit : 0x57 + digit)
      if shift == 0 { return }
      shift -= 4
    }
  }

  /// Appends a JSON string with its quotation marks (RFC 8259 section 7).
  public mutating func append(quoted text: String) {
    append("\"")
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        append("\\")
        append(byte: byte)
      case 0..<0x20:
        append("\\u00")
        append(byte: 0x30 + byte >> 4)
        append(hexadecimal: UInt16(byte & 0xf))
      default: append(byte: byte)
      }
    }
    append("\"")
  }
}
