/// A moment in nanoseconds since 1970-01-01T00:00:00Z, without leap seconds, as captures carry it.
public struct CaptureTime: Hashable, Comparable, Sendable {
  /// Nanoseconds since the epoch; times outside the years 1677 to 2262 are clamped by whoever reads them.
  public var nanoseconds: Int64

  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  @inlinable public static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

  /// The time `seconds` later; saturates.
  @inlinable public func advanced(bySeconds seconds: Int64) -> Self {
    let (delta, over) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflow) = nanoseconds.addingReportingOverflow(delta)
    if over || overflow { return Self(nanoseconds: seconds < 0 ? .min : .max) }
    return Self(nanoseconds: sum)
  }

  /// The time `delta` nanoseconds later; saturates.
  @inlinable public func advanced(byNanoseconds delta: Int64) -> Self {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(delta)
    return Self(nanoseconds: overflow ? (delta < 0 ? .min : .max) : sum)
  }
}

extension CaptureTime: CustomStringConvertible {
  /// RFC 3339 in UTC with six digits, or nine where the capture has a part of a microsecond:
  /// `2026-01-02T03:04:05.000006Z`.
  public var description: String {
    let billion: Int64 = 1_000_000_000
    let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: billion)
    let seconds = remainder < 0 ? quotient - 1 : quotient
    let fraction = remainder < 0 ? remainder + billion : remainder
    let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    let clock = seconds - days * 86_400
    let date = Self.civil(daysSinceEpoch: days)
    let digits =
      fraction % 1000 == 0 ? Self.pad(fraction / 1000, 6) : Self.pad(fraction, 9)
    return "\(Self.pad(date.year, 4))-\(Self.pad(date.month, 2))-\(Self.pad(date.day, 2))"
      + "T\(Self.pad(clock / 3600, 2)):\(Self.pad(clock / 60 % 60, 2)):\(Self.pad(clock % 60, 2)).\(digits)Z"
  }

  private static func pad(_ number: Int64, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }

  /// Days to a date of the proleptic Gregorian calendar, counting in 400-year eras that begin on 1 March.
  private static func civil(daysSinceEpoch days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}
