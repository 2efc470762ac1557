/// Money, exactly: a whole number of billionths of the currency, divided by the bytes of a price's unit.
public struct Amount: Sendable, Hashable, Comparable {
  /// Billionths, times bytes.
  private var numerator: Int128 = 0
  /// Bytes for which a price is; amounts that are added or compared have the same.
  private var unit: Int

  /// Nothing.
  public init(unit: Int) { self.unit = unit }

  /// What `bytes` cost.
  public init(_ price: Price, bytes: Int, unit: Int) {
    numerator = Int128(price.billionths) * Int128(bytes)
    self.unit = unit
  }

  public static func += (left: inout Amount, right: Amount) { left.numerator += right.numerator }
  public static func < (left: Amount, right: Amount) -> Bool { left.numerator < right.numerator }

  public var isZero: Bool { numerator == 0 }

  /// The amount as decimal text with so many digits after the point, rounded half up.
  public func text(digits: Int) -> String {
    Self.decimal(numerator, over: Int128(unit) * Int128(Price.one), digits: digits)
  }

  /// Digits after the point with which four digits of the amount can be seen: 2 to 12.
  public var usefulDigits: Int {
    (2...12).first { digits in
      text(digits: digits).drop { $0 == "0" || $0 == "." }.filter { $0 != "." }.count >= 4
    } ?? (isZero ? 2 : 12)
  }

  /// The amount for a duration of `target` where this one is for `duration`.
  public func scaled(from duration: Int64, to target: Int64) -> Double {
    let amount = Double(numerator) / Double(unit) / Double(Price.one)
    return amount * (Double(target) / Double(duration))
  }

  /// Long division: nothing here can overflow that the sum itself does not.
  static func decimal(_ numerator: Int128, over denominator: Int128, digits: Int) -> String {
    var scale: Int128 = 1
    for _ in 0..<digits { scale *= 10 }
    var whole = numerator / denominator
    var part = ((numerator % denominator) * scale * 2 + denominator) / (denominator * 2)
    if part == scale { (whole, part) = (whole + 1, 0) }
    if digits == 0 { return "\(whole)" }
    let fraction = "\(part)"
    return "\(whole)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}

/// The price of a unit of bytes, in billionths of the currency.
public struct Price: Sendable, Hashable {
  public var billionths: Int64
  static let one: Int64 = 1_000_000_000
  /// No byte costs more: beyond it a price is taken for a slip.
  static let limit: Int64 = 1_000_000

  public init(billionths: Int64) { self.billionths = billionths }

  /// A decimal number of at most nine digits after the point: `0`, `0.09`, `12.345678901`.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let fraction = parts.count == 2 ? parts[1] : ""
    guard let first = parts.first, !first.isEmpty, first.count <= 7, fraction.count <= 9,
      parts.count == 1 || !fraction.isEmpty,
      (first + fraction).utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let whole = Int64(first), whole <= Self.limit
    else { return nil }
    let padded = fraction + String(repeating: "0", count: 9 - fraction.count)
    guard let part = Int64(padded) else { return nil }
    billionths = whole * Self.one + part
  }
}

extension Price: CustomStringConvertible {
  /// The number without zeros at its end: `0.09`.
  public var description: String {
    var text = Amount.decimal(Int128(billionths), over: Int128(Self.one), digits: 9)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }
}
