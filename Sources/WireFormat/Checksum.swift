import NetworkTypes

/// The Internet checksum (RFC 1071): the complement of the ones' complement sum of 16-bit words.
struct Checksum {
  private var sum: UInt64 = 0
  private var isOdd = false

  /// Adds bytes, which continue where the last ones ended.
  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes {
      sum += isOdd ? UInt64(byte) : UInt64(byte) << 8
      isOdd.toggle()
    }
  }

  /// The value of the checksum field.
  var value: UInt16 {
    var folded = sum
    while folded > 0xffff { folded = folded & 0xffff + folded >> 16 }
    return ~UInt16(folded)
  }

  /// The checksum of an IPv4 header, or any other that covers nothing but itself.
  static func of(_ bytes: some Sequence<UInt8>) -> UInt16 {
    var checksum = Checksum()
    checksum.add(bytes)
    return checksum.value
  }

  /// The checksum of a transport header and payload with their pseudo-header (RFC 9293 section 3.1, RFC 8200 section 8.1).
  static func of(_ payload: [UInt8], between addresses: AddressPair, protocol number: IPProtocol) -> UInt16 {
    var checksum = Checksum()
    checksum.add(addresses.source.bytes)
    checksum.add(addresses.destination.bytes)
    checksum.add(UInt32(payload.count).bigEndianBytes)
    checksum.add([0, number.rawValue])
    checksum.add(payload)
    return checksum.value
  }
}

extension FixedWidthInteger {
  /// The bytes, most significant first.
  var bigEndianBytes: [UInt8] {
    (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> (Self.bitWidth - 8 - 8 * $0)) }
  }
}

extension IPAddress {
  /// The four or sixteen bytes, as packets carry them.
  var bytes: [UInt8] {
    switch self {
    case .v4(let address): address.rawValue.bigEndianBytes
    case .v6(let address): address.high.bigEndianBytes + address.low.bigEndianBytes
    }
  }
}
