import NetworkTypes

// The pcap file format (draft-ietf-opsawg-pcap): a file header of 24 bytes, then records.
//
//   offset  length  file header                    offset  length  record header
//        0       4  magic (byte order, unit)            0       4  seconds
//        4       2  major version: 2                    4       4  micro- or nanoseconds
//        6       2  minor version                       8       4  captured length
//       16       4  snap length                        12       4  length on the wire
//       20       4  link type (16 bits), FCS bits      16      (8) (modified format) interface, …

/// Finds packet records in pcap files of either byte order, in micro- and nanoseconds, and in Kuznetsov's
/// variant.
struct PcapFormat {
  let linkType: LinkType
  let snapLength: UInt32
  private let swapped: Bool
  private let recordHeaderLength: Int
  private let nanosecondsPerUnit: Int64
  private let recordLimit: UInt32
  private let lengthOrder: LengthOrder

  /// Old writers put the two lengths the other way round (libpcap's `sf-pcap.c` keeps the list).
  private enum LengthOrder { case captured, perhapsWire, wire }

  static let headerLength = 24

  /// Whether four bytes begin a pcap file that this type reads.
  static func isMagic(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count >= 4 else { return false }
    return magic(bytes.load32(0, swapped: false)) != nil || magic(bytes.load32(0, swapped: true)) != nil
  }

  private static func magic(_ value: UInt32) -> (nanosecondsPerUnit: Int64, recordHeaderLength: Int)? {
    switch value {
    case 0xa1b2_c3d4: (1000, 16)
    case 0xa1b2_3c4d: (1, 16)
    case 0xa1b2_cd34: (1000, 24)
    default: nil
    }
  }

  /// Reads the file header; `bytes` has at least ``headerLength`` bytes and a known magic.
  init(header bytes: Span<UInt8>, input: String) throws(CaptureError) {
    swapped = Self.magic(bytes.load32(0, swapped: false)) == nil
    let variant = Self.magic(bytes.load32(0, swapped: swapped)) ?? (1000, 16)
    (nanosecondsPerUnit, recordHeaderLength) = variant
    let major = bytes.load16(4, swapped: swapped)
    let minor = bytes.load16(6, swapped: swapped)
    guard major == 2 || major == 543 else {
      throw .foreignVersion(input: input, format: "pcap", version: "\(major).\(minor)", expected: "2.x")
    }
    // Tcpdump 543 is libpcap's name for files that one vendor wrote; versions before 2.3 swapped by design.
    lengthOrder = major == 543 || minor < 3 ? .wire : minor == 3 ? .perhapsWire : .captured
    snapLength = bytes.load32(16, swapped: swapped)
    let network = bytes.load32(20, swapped: swapped)
    guard network & 0x03ff_0000 == 0 else {
      throw .damage(
        CaptureDamage(
          place: CapturePlace(
            input: input, offset: 20, packetsBefore: 0, item: "the file header's link type"),
          found: "0x" + String(network, radix: 16), expected: "zero in the reserved bits 16 to 25"))
    }
    linkType = LinkType(rawValue: UInt16(truncatingIfNeeded: network))
    recordLimit = linkType.recordLimit
  }

  /// Finds up to `limit` records from `position` on, and moves `position` past them; `records` is empty before.
  func scan(
    _ bytes: Span<UInt8>, position: inout Int, limit: Int, place: ScanPlace,
    into records: inout [PacketRecord]
  ) -> ScanEnd {
    // Two loops, so that no number of the usual order is turned first.
    swapped
      ? scan(bytes, swapped: true, position: &position, limit: limit, place: place, into: &records)
      : scan(bytes, swapped: false, position: &position, limit: limit, place: place, into: &records)
  }

  @inline(__always)
  private func scan(
    _ bytes: Span<UInt8>, swapped: Bool, position: inout Int, limit: Int, place: ScanPlace,
    into records: inout [PacketRecord]
  ) -> ScanEnd {
    var next = position
    var end = ScanEnd.full
    records.append(addingCapacity: limit) { output in
      while !output.isFull {
        let available = bytes.count &- next
        guard available >= recordHeaderLength else {
          end = .needs(recordHeaderLength, item: .recordHeader)
          return
        }
        let header = bytes.extracting(next..<(next &+ 16))
        let seconds = header.load32(0, swapped: swapped)
        let fraction = header.load32(4, swapped: swapped)
        var captured = header.load32(8, swapped: swapped)
        var wire = header.load32(12, swapped: swapped)
        if lengthOrder != .captured && (lengthOrder == .wire || captured > wire) { swap(&captured, &wire) }
        guard captured <= recordLimit else {
          end = .failure(tooLong(captured, at: next, records: output.count, place: place))
          return
        }
        let length = recordHeaderLength &+ Int(captured)
        guard available >= length else {
          end = .needs(length, item: .record)
          return
        }
        // 2^32 seconds and 2^32 fractions fit in 63 bits of nanoseconds with room to spare.
        let time = Int64(seconds) &* 1_000_000_000 &+ Int64(fraction) &* nanosecondsPerUnit
        output.append(
          PacketRecord(
            offset: next &+ recordHeaderLength, capturedLength: captured, wireLength: wire,
            time: CaptureTime(nanoseconds: time), linkType: linkType))
        next &+= length
      }
    }
    position = next
    return end
  }

  private func tooLong(_ length: UInt32, at position: Int, records: Int, place: ScanPlace) -> CaptureError {
    place.damage(
      at: position, records: records, "a packet record's captured length", found: "\(length)",
      expected: "\(recordLimit) at most")
  }
}

extension LinkType {
  /// The longest record to believe: some link types carry messages that are longer than any frame.
  var recordLimit: UInt32 {
    switch rawValue {
    case 189, 220, 231, 249, 279: UInt32(CaptureLimits.longRecordLength)
    default: UInt32(CaptureLimits.recordLength)
    }
  }
}
