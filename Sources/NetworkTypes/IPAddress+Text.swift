extension IPv4Address: CustomStringConvertible, LosslessStringConvertible {
  /// Dotted decimal, as in RFC 1166.
  public var description: String {
    "\(rawValue >> 24).\(rawValue >> 16 & 255).\(rawValue >> 8 & 255).\(rawValue & 255)"
  }

  /// Parses four decimal octets; refuses leading zeros (which some tools read as octal), signs and spaces.
  public init?(_ text: some StringProtocol) { self.init(utf8: Array(text.utf8)[...]) }

  /// The same from bytes.
  init?(utf8 text: ArraySlice<UInt8>) {
    var value: UInt32 = 0
    var octets = 0
    var digits = 0
    var octet: UInt32 = 0
    for byte in text {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        if digits > 0 && octet == 0 { return nil }
        octet = octet * 10 + UInt32(byte - UInt8(ascii: "0"))
        digits += 1
        if digits > 3 || octet > 255 { return nil }
      case UInt8(ascii: "."):
        if digits == 0 || octets == 3 { return nil }
        value = value << 8 | octet
        octets += 1
        digits = 0
        octet = 0
      default: return nil
      }
    }
    guard octets == 3, digits > 0 else { return nil }
    self.init(rawValue: value << 8 | octet)
  }
}

extension IPv6Address: CustomStringConvertible, LosslessStringConvertible {
  /// The eight 16-bit groups, first to last.
  public var groups: [UInt16] {
    (0..<8).map { index in
      let half = index < 4 ? high : low
      return UInt16(truncatingIfNeeded: half >> UInt64(48 - 16 * (index % 4)))
    }
  }

  /// Makes an address of its eight groups; nil unless there are eight.
  public init?(groups: [UInt16]) {
    guard groups.count == 8 else { return nil }
    self.init(
      high: groups[0..<4].reduce(0) { $0 << 16 | UInt64($1) },
      low: groups[4..<8].reduce(0) { $0 << 16 | UInt64($1) })
  }

  /// RFC 5952: lower case, no leading zeros, the longest run of zero groups (the first of equals, and never a
  /// single group) as `::`, and IPv4-mapped addresses with a dotted tail.
  public var description: String {
    if high == 0 && low >> 32 == 0xffff {
      return "::ffff:\(IPv4Address(rawValue: UInt32(truncatingIfNeeded: low)))"
    }
    let groups = self.groups
    var best = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8 && groups[end] == 0 { end += 1 }
      if end - start > best.count && end - start > 1 { best = start..<end }
      start = max(end, start + 1)
    }
    func hex(_ groups: ArraySlice<UInt16>) -> String {
      groups.map { String($0, radix: 16) }.joined(separator: ":")
    }
    if best.isEmpty { return hex(groups[...]) }
    return hex(groups[..<best.lowerBound]) + "::" + hex(groups[best.upperBound...])
  }

  /// Parses the forms of RFC 4291 section 2.2, a dotted IPv4 tail among them; refuses zone identifiers.
  public init?(_ text: some StringProtocol) {
    let text = Substring(text)
    var before: [UInt16] = []
    var after: [UInt16] = []
    if let gap = text.firstIndexOfDoubleColon {
      guard let head = Self.parseGroups(text[..<gap], dottedTail: false),
        let tail = Self.parseGroups(text[text.utf8.index(gap, offsetBy: 2)...], dottedTail: true)
      else { return nil }
      before = head
      after = tail
      // RFC 4291: "::" stands for one or more groups.
      guard before.count + after.count <= 7 else { return nil }
    } else {
      guard let all = Self.parseGroups(text, dottedTail: true), all.count == 8 else { return nil }
      before = all
    }
    let zeros = [UInt16](repeating: 0, count: 8 - before.count - after.count)
    self.init(groups: before + zeros + after)
  }

  private static func parseGroups(_ text: Substring, dottedTail: Bool) -> [UInt16]? {
    if text.isEmpty { return [] }
    var groups: [UInt16] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 8 else { return nil }
    for (index, part) in parts.enumerated() {
      if dottedTail && index == parts.count - 1 && part.utf8.contains(UInt8(ascii: ".")) {
        guard let tail = IPv4Address(part) else { return nil }
        groups += [UInt16(tail.rawValue >> 16), UInt16(truncatingIfNeeded: tail.rawValue)]
      } else {
        let isHex = part.utf8.allSatisfy { byte in
          (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
        }
        guard (1...4).contains(part.utf8.count), isHex, let group = UInt16(part, radix: 16) else {
          return nil
        }
        groups.append(group)
      }
    }
    return groups.count <= 8 ? groups : nil
  }
}

extension Substring {
  fileprivate var firstIndexOfDoubleColon: Substring.Index? {
    let bytes = utf8
    return bytes.indices.first { index in
      let next = bytes.index(after: index)
      return bytes[index] == UInt8(ascii: ":") && next < bytes.endIndex && bytes[next] == UInt8(ascii: ":")
    }
  }
}

extension IPAddress: CustomStringConvertible, LosslessStringConvertible {
  public var description: String {
    switch self {
    case .v4(let address): address.description
    case .v6(let address): address.description
    }
  }

  /// Parses an address of either family.
  public init?(_ text: String) { self.init(text[...]) }

  /// Parses an address of either family.
  public init?(_ text: some StringProtocol) {
    if let address = IPv4Address(text) {
      self = .v4(address)
    } else if let address = IPv6Address(text) {
      self = .v6(address)
    } else {
      return nil
    }
  }
}
