import NetworkTypes

/// Writes pcap and pcapng into a buffer that its owner takes to where it belongs.
///
/// ```swift
/// var encoder = CaptureEncoder(.pcapng)
/// encoder.begin([CaptureInterface(linkType: .ethernet, snapLength: 0)], into: &bytes)
/// encoder.append(time: time, into: &bytes) { $0.append(contentsOf: frame) }
/// ```
///
/// Little-endian, as nearly every reader's machine is; pcap in micro-, pcapng in nanoseconds. Nothing is allocated for a
/// packet but what the buffer grows by.
public struct CaptureEncoder: Sendable {
  public enum Format: String, Sendable, CaseIterable {
    case pcap, pcapng

    /// The format that a file's name asks for: pcapng for `.pcapng` and `.ntar`, otherwise pcap.
    public init(path: String) {
      let name = path.lowercased()
      self = name.hasSuffix(".pcapng") || name.hasSuffix(".ntar") ? .pcapng : .pcap
    }
  }

  public let format: Format
  /// Interfaces written so far; pcap has one.
  public private(set) var interfaceCount = 0

  public init(_ format: Format) { self.format = format }

  /// Appends the file's header and what it says of its first interface.
  ///
  /// - Parameter program: Who writes, for pcapng.
  public mutating func begin(
    _ interface: CaptureInterface, program: String = "", into bytes: inout [UInt8]
  ) {
    switch format {
    case .pcap:
      bytes.append(little: 0xa1b2_c3d4 as UInt32)
      bytes.append(little: 2 as UInt16)
      bytes.append(little: 4 as UInt16)
      bytes.append(little: 0 as UInt64)
      bytes.append(
        little: interface.snapLength == 0 ? UInt32(CaptureLimits.recordLength) : interface.snapLength)
      bytes.append(little: UInt32(interface.linkType.rawValue))
      interfaceCount = 1
    case .pcapng:
      beginSection(program: program, into: &bytes)
      add(interface, into: &bytes)
    }
  }

  /// Appends the header of a pcapng section, without interfaces.
  public mutating func beginSection(program: String, into bytes: inout [UInt8]) {
    let start = beginBlock(0x0a0d_0d0a, into: &bytes)
    bytes.append(little: 0x1a2b_3c4d as UInt32)
    bytes.append(little: 1 as UInt16)
    bytes.append(little: 0 as UInt16)
    bytes.append(little: UInt64.max)
    if !program.isEmpty {
      appendOption(4, Array(program.utf8), into: &bytes)
      bytes.append(little: 0 as UInt32)
    }
    endBlock(start, into: &bytes)
  }

  /// Appends an interface and returns the number by which packets name it.
  @discardableResult
  public mutating func add(_ interface: CaptureInterface, into bytes: inout [UInt8]) -> UInt32 {
    let start = beginBlock(1, into: &bytes)
    bytes.append(little: interface.linkType.rawValue)
    bytes.append(little: 0 as UInt16)
    bytes.append(little: interface.snapLength)
    if !interface.name.isEmpty { appendOption(2, Array(interface.name.utf8), into: &bytes) }
    if !interface.details.isEmpty { appendOption(3, Array(interface.details.utf8), into: &bytes) }
    appendOption(9, [9], into: &bytes)
    bytes.append(little: 0 as UInt32)
    endBlock(start, into: &bytes)
    interfaceCount += 1
    return UInt32(interfaceCount - 1)
  }

  /// Appends a packet, whose captured bytes `frame` appends.
  ///
  /// - Parameters:
  ///   - wireLength: Bytes on the wire; those that `frame` appends if it is nil.
  ///   - comment: What a pcapng file says of the packet, as UTF-8; pcap has no place for it.
  ///   - others: Further comments, which follow it.
  public func append(
    time: CaptureTime, wireLength: UInt32? = nil, interface: UInt32 = 0, comment: [UInt8] = [],
    others: [[UInt8]] = [], into bytes: inout [UInt8], frame: (inout [UInt8]) -> Void
  ) {
    switch format {
    case .pcap:
      let start = bytes.count
      let (seconds, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
      bytes.append(little: UInt32(clamping: seconds))
      bytes.append(little: UInt32(clamping: rest / 1000))
      bytes.append(little: 0 as UInt64)
      frame(&bytes)
      let captured = UInt32(bytes.count - start - 16)
      bytes.store(little: captured, at: start + 8)
      bytes.store(little: wireLength ?? captured, at: start + 12)
    case .pcapng:
      let start = beginBlock(6, into: &bytes)
      // Times before 1970 do not fit: 0 stands for them.
      let units = UInt64(max(time.nanoseconds, 0))
      bytes.append(little: interface)
      bytes.append(little: UInt32(truncatingIfNeeded: units >> 32))
      bytes.append(little: UInt32(truncatingIfNeeded: units))
      bytes.append(little: 0 as UInt64)
      frame(&bytes)
      let captured = UInt32(bytes.count - start - 28)
      bytes.store(little: captured, at: start + 20)
      bytes.store(little: wireLength ?? captured, at: start + 24)
      bytes.pad(from: start)
      if !comment.isEmpty { appendOption(1, comment, into: &bytes) }
      for other in others { appendOption(1, other, into: &bytes) }
      if !comment.isEmpty || !others.isEmpty { bytes.append(little: 0 as UInt32) }
      endBlock(start, into: &bytes)
    }
  }

  // MARK: Blocks

  private func beginBlock(_ type: UInt32, into bytes: inout [UInt8]) -> Int {
    let start = bytes.count
    bytes.append(little: type)
    bytes.append(little: 0 as UInt32)
    return start
  }

  private func endBlock(_ start: Int, into bytes: inout [UInt8]) {
    let length = UInt32(bytes.count - start + 4)
    bytes.store(little: length, at: start + 4)
    bytes.append(little: length)
  }

  /// Values longer than an option holds are cut; text is cut between characters by whoever makes it shorter.
  private func appendOption(_ code: UInt16, _ value: [UInt8], into bytes: inout [UInt8]) {
    let value = value.prefix(Int(UInt16.max))
    bytes.append(little: code)
    bytes.append(little: UInt16(value.count))
    let start = bytes.count
    bytes.append(contentsOf: value)
    bytes.pad(from: start)
  }
}

extension [UInt8] {
  /// Appends a number, least significant byte first.
  fileprivate mutating func append<Number: FixedWidthInteger>(little number: Number) {
    for shift in 0..<Number.bitWidth / 8 {
      append(UInt8(truncatingIfNeeded: number >> Number(truncatingIfNeeded: 8 * shift)))
    }
  }

  fileprivate mutating func store(little number: UInt32, at offset: Int) {
    for index in 0..<4 { self[offset + index] = UInt8(truncatingIfNeeded: number >> UInt32(8 * index)) }
  }

  /// Appends zeros until the bytes from `start` on are a multiple of four.
  fileprivate mutating func pad(from start: Int) {
    while (count - start) & 3 != 0 { append(0) }
  }
}
