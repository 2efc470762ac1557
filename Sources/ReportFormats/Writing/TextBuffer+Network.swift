import NetworkTypes

// The same text as the types' `description`, without making a `String` of it.
extension TextBuffer {
  public mutating func append(_ address: IPAddress) {
    switch address {
    case .v4(let address): append(address)
    case .v6(let address): append(address)
    }
  }

  public mutating func append(_ address: IPv4Address) {
    append(short: address.rawValue >> 24)
    append(".")
    append(short: address.rawValue >> 16 & 255)
    append(".")
    append(short: address.rawValue >> 8 & 255)
    append(".")
    append(short: address.rawValue & 255)
  }

  /// RFC 5952, as ``NetworkTypes/IPv6Address/description``.
  public mutating func append(_ address: IPv6Address) {
    if address.high == 0 && address.low >> 32 == 0xffff {
      append("::ffff:")
      return append(IPv4Address(rawValue: UInt32(truncatingIfNeeded: address.low)))
    }
    let gap = address.longestZeroRun
    var group = 0
    while group < 8 {
      if group == gap.lowerBound && !gap.isEmpty {
        append("::")
        group = gap.upperBound
        continue
      }
      if group > 0 && group != gap.upperBound || group > 0 && gap.isEmpty { append(":") }
      append(hexadecimal: address.group(group))
      group += 1
    }
  }

  public mutating func append(_ number: IPProtocol) {
    switch number {
    case .tcp: append("tcp")
    case .udp: append("udp")
    case .icmp: append("icmp")
    case .icmpv6: append("icmpv6")
    default: append(decimal: number.rawValue)
    }
  }

  /// One letter a flag, as ``NetworkTypes/TCPFlags/description``.
  public mutating func append(_ flags: TCPFlags) {
    if flags.contains(.syn) { append("S" as Unicode.Scalar) }
    if flags.contains(.fin) { append("F" as Unicode.Scalar) }
    if flags.contains(.rst) { append("R" as Unicode.Scalar) }
    if flags.contains(.psh) { append("P" as Unicode.Scalar) }
    if flags.contains(.ack) { append("A" as Unicode.Scalar) }
    if flags.contains(.urg) { append("U" as Unicode.Scalar) }
    if flags.contains(.ece) { append("E" as Unicode.Scalar) }
    if flags.contains(.cwr) { append("W" as Unicode.Scalar) }
  }
}

extension IPv6Address {
  /// The 16 bits of group 0 to 7.
  fileprivate func group(_ index: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(48 - 16 * (index & 3)))
  }

  /// The first of the longest runs of two or more zero groups; empty if there is none.
  fileprivate var longestZeroRun: Range<Int> {
    var best = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8 && group(end) == 0 { end += 1 }
      if end - start > max(best.count, 1) { best = start..<end }
      start = end + 1
    }
    return best
  }
}
