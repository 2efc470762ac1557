import NetworkTypes

/// Writes times in the order of a capture, where many fall in one second: the calendar is asked once a second.
public struct TimeText: Sendable {
  private var second: Int64 = .min
  private var prefix: [UInt8] = []

  public init() {}

  /// Appends the same text as ``NetworkTypes/CaptureTime/description``.
  public mutating func append(_ time: CaptureTime, to buffer: inout TextBuffer) {
    let billion: Int64 = 1_000_000_000
    let (quotient, remainder) = time.nanoseconds.quotientAndRemainder(dividingBy: billion)
    let isBefore = remainder < 0
    let newSecond = isBefore ? quotient - 1 : quotient
    let fraction = UInt32(isBefore ? remainder + billion : remainder)
    if newSecond != second || prefix.isEmpty {
      second = newSecond
      // The description of any time in this second, up to and with the point.
      prefix = Array(time.description.utf8.prefix { $0 != UInt8(ascii: ".") }) + [UInt8(ascii: ".")]
    }
    buffer.append(prefix)
    if fraction % 1000 == 0 {
      buffer.append(decimal: fraction / 1000, width: 6)
    } else {
      buffer.append(decimal: fraction, width: 9)
    }
    buffer.append("Z" as Unicode.Scalar)
  }
}
