/// What the two address families have in common, so that tables and partitions are written once.
public protocol FixedWidthAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// 32 or 128.
  static var bitWidth: Int { get }
  static var zero: Self { get }
  static var allOnes: Self { get }
  /// The address whose first `length` bits are set; lengths outside 0...bitWidth are clamped.
  static func mask(length: Int) -> Self
  static func & (left: Self, right: Self) -> Self
  static func | (left: Self, right: Self) -> Self
  static prefix func ~ (address: Self) -> Self
  /// The address one higher, or nil for the last one.
  var next: Self? { get }
  /// The address one lower, or nil for the first one.
  var previous: Self? { get }
  /// The same address as a value of either family.
  var wrapped: IPAddress { get }
  /// Parses the family's text form; nil if the text is anything else.
  init?(_ text: some StringProtocol)
}
