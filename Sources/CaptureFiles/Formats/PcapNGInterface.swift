import NetworkTypes

// Interface Description Block (draft-ietf-opsawg-pcapng section 4.2), body after the block's type and length:
//
//   offset  length  field
//        0       2  link type
//        2       2  reserved
//        4       4  snap length, 0 for none
//        8     ...  options: code (2), length (2), value padded to four bytes
//                   2 if_name, 3 if_description, 9 if_tsresol (1 byte), 14 if_tsoffset (8 bytes, seconds)

/// What an interface block says that records need: link type and the meaning of timestamps.
struct PcapNGInterface {
  var description: CaptureInterface
  var clock = TimestampClock()
  /// ``CaptureLimits/recordLength``, or the longer limit of some link types.
  let recordLimit: UInt32

  static let bodyLength = 8

  /// Reads the block's body, which has at least ``bodyLength`` bytes; options that overrun it end the list.
  init(body: Span<UInt8>, swapped: Bool) {
    description = CaptureInterface(
      linkType: LinkType(rawValue: body.load16(0, swapped: swapped)),
      snapLength: body.load32(4, swapped: swapped))
    recordLimit = description.linkType.recordLimit
    var options = PcapNGOptions(start: Self.bodyLength, swapped: swapped)
    while let option = options.next(in: body) {
      let value = body.extracting(option.value)
      switch (option.code, value.count) {
      case (2, _): description.name = Self.text(value)
      case (3, _): description.details = Self.text(value)
      case (9, 1): clock.resolution = value[0]
      case (14, 8):
        let low = UInt64(value.load32(swapped ? 4 : 0, swapped: swapped))
        let high = UInt64(value.load32(swapped ? 0 : 4, swapped: swapped))
        clock.offset = Int64(bitPattern: high << 32 | low)
      default: break
      }
    }
  }

  /// The text without zeros, cut between characters where it is too long.
  private static func text(_ bytes: Span<UInt8>) -> String {
    var end = min(bytes.count, CaptureLimits.interfaceTextLength)
    while end < bytes.count, end > 0, bytes[end] & 0xc0 == 0x80 { end -= 1 }
    var copy: [UInt8] = []
    for index in 0..<end where bytes[index] != 0 { copy.append(bytes[index]) }
    return String(decoding: copy, as: UTF8.self)
  }
}

/// How an interface counts time: units of a power of 10 or 2 of a second, from an offset in seconds.
struct TimestampClock: Hashable, Sendable {
  /// `if_tsresol`: the exponent of 10, or of 2 where the highest bit is set.
  var resolution: UInt8 = 6 {
    didSet { unitsPerSecond = Self.unitsPerSecond(resolution) }
  }
  /// `if_tsoffset`: seconds to add.
  var offset: Int64 = 0
  /// Units in a second; 0 where they do not fit 64 bits, so that every timestamp is less than a second.
  private var unitsPerSecond: UInt64 = 1_000_000

  private static func unitsPerSecond(_ resolution: UInt8) -> UInt64 {
    let exponent = Int(resolution & 0x7f)
    if resolution & 0x80 != 0 { return exponent < 64 ? 1 << UInt64(exponent) : 0 }
    return exponent < 20 ? (0..<exponent).reduce(1) { product, _ in product * 10 } : 0
  }

  /// The time of a count of units; rounds down to nanoseconds and clamps to what ``CaptureTime`` holds.
  func time(_ units: UInt64) -> CaptureTime {
    if unitsPerSecond == 1_000_000 && offset == 0 && units < 1 << 53 {
      return CaptureTime(nanoseconds: Int64(units) &* 1000)
    }
    let seconds: UInt64
    let fraction: UInt64
    if unitsPerSecond == 0 {
      seconds = 0
      fraction = smallFraction(units)
    } else {
      let (whole, rest) = units.quotientAndRemainder(dividingBy: unitsPerSecond)
      seconds = whole
      let product = rest.multipliedFullWidth(by: 1_000_000_000)
      fraction = unitsPerSecond.dividingFullWidth(product).quotient
    }
    let total = Int64(clamping: seconds).addingReportingOverflow(offset)
    guard !total.overflow else { return CaptureTime(nanoseconds: offset < 0 ? .min : .max) }
    let whole = total.partialValue.multipliedReportingOverflow(by: 1_000_000_000)
    let sum = whole.partialValue.addingReportingOverflow(Int64(fraction))
    if whole.overflow || sum.overflow {
      return CaptureTime(nanoseconds: total.partialValue < 0 ? .min : .max)
    }
    return CaptureTime(nanoseconds: sum.partialValue)
  }

  /// Nanoseconds of units so small that 64 bits of them are less than a second.
  private func smallFraction(_ units: UInt64) -> UInt64 {
    let exponent = Int(resolution & 0x7f)
    if resolution & 0x80 != 0 {
      let product = units.multipliedFullWidth(by: 1_000_000_000)
      return exponent - 64 < 64 ? product.high >> UInt64(exponent - 64) : 0
    }
    var value = units
    for _ in 9..<exponent where value > 0 { value /= 10 }
    return value
  }
}
