import NetworkTypes

// The pcapng file format (draft-ietf-opsawg-pcapng): blocks, each
//
//   offset  length  field
//        0       4  type
//        4       4  total length, a multiple of four, this header and the trailer included
//        8     ...  body
//      n-4       4  total length again
//
// in the byte order of their section, which its Section Header Block tells by a magic.

/// Finds packet records in pcapng files: several sections and byte orders, several interfaces.
struct PcapNGFormat {
  /// All interfaces so far, over all sections.
  private(set) var interfaces: [PcapNGInterface] = []
  private var swapped = false
  /// Index in ``interfaces`` of the current section's first one.
  private var sectionStart = 0
  /// Simple packet blocks have no time; they get that of the packet before, so that clocks do not jump.
  private var lastTime = CaptureTime(nanoseconds: 0)

  static let sectionType: UInt32 = 0x0a0d_0d0a
  private static let headerLength = 8
  private static let minimumLength = 12

  private enum BlockType {
    static let interface: UInt32 = 1
    static let obsoletePacket: UInt32 = 2
    static let simplePacket: UInt32 = 3
    static let enhancedPacket: UInt32 = 6
  }

  /// Whether four bytes begin a pcapng file.
  static func isMagic(_ bytes: Span<UInt8>) -> Bool {
    bytes.count >= 4 && bytes.load32(0, swapped: false) == sectionType
  }

  /// Appends records from `position` on until `limit` records stand in `records`, and moves `position` past
  /// them.
  mutating func scan(
    _ bytes: Span<UInt8>, position: inout Int, limit: Int, place: ScanPlace,
    into records: inout [PacketRecord]
  ) -> ScanEnd {
    while records.count < limit {
      let available = bytes.count - position
      guard available >= Self.minimumLength else { return .needs(Self.minimumLength, item: .blockHeader) }
      let type = bytes.load32(position, swapped: swapped)
      if type == Self.sectionType {
        // The next section's byte order is told by its magic, before its length can be read.
        switch bytes.load32(position + 8, swapped: false) {
        case 0x1a2b_3c4d: swapped = false
        case 0x4d3c_2b1a: swapped = true
        case let magic:
          return .failure(
            place.damage(
              at: position, records: records.count, "a section header's byte-order magic",
              found: "0x" + String(magic, radix: 16), expected: "0x1a2b3c4d in either byte order"))
        }
      }
      let length32 = bytes.load32(position + 4, swapped: swapped)
      let length = Int(length32)
      guard length >= Self.minimumLength, length % 4 == 0 else {
        return .failure(
          place.damage(
            at: position, records: records.count, "a block's total length", found: "\(length32)",
            expected: "a multiple of 4, 12 at least"))
      }
      let holdsPackets =
        type == BlockType.enhancedPacket || type == BlockType.simplePacket || type == BlockType.obsoletePacket
      let isRead = holdsPackets || type == BlockType.interface || type == Self.sectionType
      if !isRead && length > available {
        return .skip(length, item: .block)
      }
      guard length <= CaptureLimits.blockLength || !isRead else {
        return .failure(
          place.damage(
            at: position, records: records.count, "a block's total length", found: "\(length32)",
            expected: "\(CaptureLimits.blockLength) at most"))
      }
      guard length <= available else { return .needs(length, item: .block) }
      let trailer = bytes.load32(position + length - 4, swapped: swapped)
      guard trailer == length32 else {
        return .failure(
          place.damage(
            at: position, records: records.count, "a block's total length at its end", found: "\(trailer)",
            expected: "\(length32) as at its start"))
      }
      if isRead {
        let body = bytes.extracting(position + Self.headerLength..<position + length - 4)
        if let failure = read(
          type, body: body, bodyOffset: position + Self.headerLength, place: place, into: &records)
        {
          return .failure(failure)
        }
      }
      position += length
    }
    return .full
  }

  @inline(__always)
  private mutating func read(
    _ type: UInt32, body: Span<UInt8>, bodyOffset: Int, place: ScanPlace, into records: inout [PacketRecord]
  ) -> CaptureError? {
    switch type {
    case BlockType.enhancedPacket, BlockType.obsoletePacket:
      timedPacket(
        isObsolete: type == BlockType.obsoletePacket, body: body, bodyOffset: bodyOffset, place: place,
        into: &records)
    case BlockType.simplePacket:
      simplePacket(body: body, bodyOffset: bodyOffset, place: place, into: &records)
    case BlockType.interface:
      interface(body: body, bodyOffset: bodyOffset, place: place, records: records.count)
    default: section(body: body, bodyOffset: bodyOffset, place: place, records: records.count)
    }
  }

  // Enhanced Packet Block: interface (4), time high (4), time low (4), captured (4), wire (4), data.
  // The obsolete Packet Block differs in its first word: interface (2), drops (2).
  private mutating func timedPacket(
    isObsolete: Bool, body: Span<UInt8>, bodyOffset: Int, place: ScanPlace, into records: inout [PacketRecord]
  ) -> CaptureError? {
    guard body.count >= 20 else {
      return short(body, needs: 20, bodyOffset: bodyOffset, place: place, records: records.count)
    }
    let number =
      isObsolete ? UInt32(body.load16(0, swapped: swapped)) : body.load32(0, swapped: swapped)
    guard number < UInt32(interfaces.count - sectionStart) else {
      return unknownInterface(number, bodyOffset: bodyOffset, place: place, records: records.count)
    }
    let index = sectionStart + Int(number)
    let units = UInt64(body.load32(4, swapped: swapped)) << 32 | UInt64(body.load32(8, swapped: swapped))
    let captured = body.load32(12, swapped: swapped)
    let linkType = interfaces[index].description.linkType
    let limit = min(body.count &- 20, Int(interfaces[index].recordLimit))
    guard Int(captured) <= limit else {
      return place.damage(
        at: bodyOffset - Self.headerLength, records: records.count, "a packet block's captured length",
        found: "\(captured)", expected: "\(limit) at most")
    }
    lastTime = interfaces[index].clock.time(units)
    records.append(
      PacketRecord(
        offset: bodyOffset + 20, capturedLength: captured, wireLength: body.load32(16, swapped: swapped),
        time: lastTime, linkType: linkType, interface: UInt32(index)))
    return nil
  }

  // Simple Packet Block: wire length (4), data of the section's first interface, cut at its snap length; no
  // time.
  private func simplePacket(
    body: Span<UInt8>, bodyOffset: Int, place: ScanPlace, into records: inout [PacketRecord]
  ) -> CaptureError? {
    guard body.count >= 4 else {
      return short(body, needs: 4, bodyOffset: bodyOffset, place: place, records: records.count)
    }
    guard interfaces.count > sectionStart else {
      return unknownInterface(0, bodyOffset: bodyOffset, place: place, records: records.count)
    }
    let description = interfaces[sectionStart].description
    let wire = body.load32(0, swapped: swapped)
    let snap = description.snapLength == 0 ? UInt32.max : description.snapLength
    let captured = min(wire, snap)
    guard Int(captured) <= body.count - 4, captured <= description.linkType.recordLimit else {
      return place.damage(
        at: bodyOffset - Self.headerLength, records: records.count, "a simple packet block's length",
        found: "\(captured)",
        expected: "\(min(body.count - 4, Int(description.linkType.recordLimit))) at most")
    }
    records.append(
      PacketRecord(
        offset: bodyOffset + 4, capturedLength: captured, wireLength: wire, time: lastTime,
        linkType: description.linkType, interface: UInt32(sectionStart)))
    return nil
  }

  private mutating func interface(
    body: Span<UInt8>, bodyOffset: Int, place: ScanPlace, records: Int
  ) -> CaptureError? {
    guard body.count >= PcapNGInterface.bodyLength else {
      return short(
        body, needs: PcapNGInterface.bodyLength, bodyOffset: bodyOffset, place: place, records: records)
    }
    guard interfaces.count < CaptureLimits.interfaceCount else {
      return .excess(input: place.input, what: "interfaces", limit: CaptureLimits.interfaceCount)
    }
    interfaces.append(PcapNGInterface(body: body, swapped: swapped))
    return nil
  }

  // Section Header Block: byte-order magic (4), major version (2), minor version (2), section length (8).
  private mutating func section(
    body: Span<UInt8>, bodyOffset: Int, place: ScanPlace, records: Int
  ) -> CaptureError? {
    guard body.count >= 16 else {
      return short(body, needs: 16, bodyOffset: bodyOffset, place: place, records: records)
    }
    let major = body.load16(4, swapped: swapped)
    let minor = body.load16(6, swapped: swapped)
    guard major == 1, minor == 0 || minor == 2 else {
      return .foreignVersion(
        input: place.input, format: "pcapng", version: "\(major).\(minor)", expected: "1.0")
    }
    sectionStart = interfaces.count
    return nil
  }

  private func short(
    _ body: Span<UInt8>, needs: Int, bodyOffset: Int, place: ScanPlace, records: Int
  ) -> CaptureError {
    place.damage(
      at: bodyOffset - Self.headerLength, records: records, "a block's body", found: "\(body.count) bytes",
      expected: "\(needs) at least")
  }

  private func unknownInterface(
    _ number: UInt32, bodyOffset: Int, place: ScanPlace, records: Int
  ) -> CaptureError {
    let count = interfaces.count - sectionStart
    return place.damage(
      at: bodyOffset - Self.headerLength, records: records, "a packet block's interface", found: "\(number)",
      expected: count == 0
        ? "an interface description block before it" : "a number below \(count), the section's interfaces")
  }
}
