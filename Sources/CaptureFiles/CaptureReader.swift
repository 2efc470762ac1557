import NetworkTypes

/// Reads a capture batch by batch and lends its bytes.
///
/// ```swift
/// var reader = try CaptureReader(path: "capture.pcap")
/// while try reader.advance() {
///   decoder.decode(reader.bytes, reader.records, into: &batch)
/// }
/// ```
///
/// Recognised by content: pcap (micro- and nanoseconds, both byte orders, the modified format), pcapng, gzip
/// of either; anything else is offered to libpcap. Files are mapped, streams read in blocks of 1 MiB; in both
/// cases memory does not grow with the input, and nothing is allocated per packet or batch once the first
/// batches are through. Everything before a cut or damaged place is delivered before ``advance(limit:)``
/// throws.
public struct CaptureReader: ~Copyable {
  private enum Scanner {
    case pcap(PcapFormat)
    case pcapng(PcapNGFormat)
    case libpcap
  }

  /// Where the packets of the current batch lie in ``bytes``.
  public private(set) var records: [PacketRecord] = []
  private var window: InputWindow
  private var scanner: Scanner
  private let filter: PcapFilter?
  private var pendingError: CaptureError?
  private var isFinished = false
  private var tally: CaptureSummary
  /// Records found, before the filter; errors count these, as other tools number packets so.
  private var scanned: UInt64 = 0

  /// Opens a capture; `-` is standard input. `filter` is an expression in tcpdump's language.
  ///
  /// Throws what is wrong with the input as a whole: absent, unreadable, a folder, empty, not a capture, a
  /// filter that does not compile.
  ///
  /// - Parameter follows: Whether a file that ends is waited for until it grows, until ``ReadingStop`` asks to end. One that
  ///   becomes shorter, or whose name goes over to another file, ends in ``CaptureError/rotation(input:length:left:)``.
  public init(path: String, filter: String? = nil, follows: Bool = false) throws(CaptureError) {
    let filter = filter.map { PcapFilter(expression: $0) }
    var window = try InputWindow(path: path, follows: follows)
    let (scanner, tally) = try Self.recognise(&window, follows: follows)
    if let first = tally.interfaces.first { try filter?.compile(for: first.linkType) }
    self.init(window: window, scanner: scanner, tally: tally, filter: filter)
  }

  /// Reads any capture through libpcap; nil if libpcap cannot. The formats above never come here.
  init?(throughLibpcap path: String) {
    guard let handle = PcapHandle(path: path) else { return nil }
    self.init(
      window: InputWindow(path: path, packets: handle), scanner: .libpcap,
      tally: Self.tally(of: handle, path: path), filter: nil)
  }

  private static func tally(of handle: PcapHandle, path: String) -> CaptureSummary {
    var tally = CaptureSummary(path: path, format: .other, isCompressed: false)
    tally.interfaces = [CaptureInterface(linkType: handle.linkType, snapLength: handle.snapLength)]
    return tally
  }

  private init(window: consuming InputWindow, scanner: Scanner, tally: CaptureSummary, filter: PcapFilter?) {
    self.window = window
    self.scanner = scanner
    self.tally = tally
    self.filter = filter
  }

  private static func recognise(
    _ window: inout InputWindow, follows: Bool
  ) throws(CaptureError) -> (Scanner, CaptureSummary) {
    let path = window.input
    var tally = CaptureSummary(path: path, format: .pcap, isCompressed: window.isCompressed)
    _ = try window.fill(needed: PcapFormat.headerLength)
    if window.count == 0 { throw .emptiness(input: path) }
    if PcapFormat.isMagic(window.bytes) {
      guard window.count >= PcapFormat.headerLength else {
        throw .truncation(
          CapturePlace(input: path, offset: 0, packetsBefore: 0, item: ScanItem.fileHeader.rawValue),
          needed: PcapFormat.headerLength, available: window.count)
      }
      let format = try PcapFormat(header: window.bytes, input: path)
      window.position = PcapFormat.headerLength
      tally.interfaces = [CaptureInterface(linkType: format.linkType, snapLength: format.snapLength)]
      return (.pcap(format), tally)
    }
    if PcapNGFormat.isMagic(window.bytes) {
      tally.format = .pcapng
      return (.pcapng(PcapNGFormat()), tally)
    }
    if path != "-", !window.isCompressed, let handle = PcapHandle(path: path) {
      window = InputWindow(path: path, packets: handle)
      return (.libpcap, Self.tally(of: handle, path: path))
    }
    // What is no capture now will not grow into one.
    if !follows { _ = try window.fill(needed: 4096) }
    var start: [UInt8] = []
    for index in 0..<min(window.count, 4096) { start.append(window.bytes[index]) }
    throw .foreignContent(input: path, found: ForeignContent(start))
  }

  /// The bytes that ``records`` point into; valid until the next ``advance(limit:)``.
  public var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    get { window.bytes }
  }

  /// Where the comments on a packet of the current batch lie in ``bytes``, if the capture is pcapng: UTF-8, in their order,
  /// ``CaptureLimits/commentCount`` at the most.
  ///
  /// Looked for when asked for, so that reading costs nothing more.
  public func comments(on record: PacketRecord) -> [Range<Int>] {
    guard case .pcapng = scanner else { return [] }
    return PcapNGComments.ranges(of: record, in: window.bytes)
  }

  /// What the capture is and what has been read of it so far.
  public var summary: CaptureSummary {
    var summary = tally
    summary.bytesRead = window.bytesRead
    summary.totalBytes = window.totalBytes
    if case .pcapng(let format) = scanner { summary.interfaces = format.interfaces.map(\.description) }
    return summary
  }

  /// Bytes of the input that were read so far, cheaply; see ``CaptureSummary/totalBytes`` for the whole.
  public var bytesRead: UInt64 { window.bytesRead }

  /// Brings the next packets, `limit` at most, into ``records``; returns false at the end of the capture.
  ///
  /// Throws once, after all that could be read was delivered, if the capture is cut or damaged; afterwards it
  /// returns false.
  public mutating func advance(limit: Int = 256) throws(CaptureError) -> Bool {
    records.removeAll(keepingCapacity: true)
    let limit = max(limit, 1)
    while !isFinished {
      let end: ScanEnd
      if let error = pendingError {
        end = .failure(error)
        pendingError = nil
      } else {
        window.noticeShrinking()
        end = try scan(limit: limit)
      }
      if try deliver() {
        if case .failure(let error) = end { pendingError = error }
        return true
      }
      switch end {
      case .full: break
      case .needs(let needed, let item):
        if try !fill(needed) { try finish(needed: needed, item: item) }
      case .skip(let length, let item):
        let available = window.remaining
        let skipped = try read { window throws(CaptureError) in try window.skip(length) }
        if !skipped { try finish(needed: length, item: item, available: available) }
      case .failure(let error): try fail(error)
      }
    }
    return false
  }

  private mutating func scan(limit: Int) throws(CaptureError) -> ScanEnd {
    let place = ScanPlace(input: window.input, windowOffset: window.offset, packetsBefore: scanned)
    switch scanner {
    case .pcap(let format):
      var position = window.position
      let end = format.scan(window.bytes, position: &position, limit: limit, place: place, into: &records)
      window.position = position
      return end
    case .pcapng(var format):
      var position = window.position
      scanner = .libpcap  // Leaves `format` the only owner of its array, or each batch would copy it.
      let end = format.scan(window.bytes, position: &position, limit: limit, place: place, into: &records)
      scanner = .pcapng(format)
      window.position = position
      return end
    case .libpcap:
      return window.readPackets(
        limit: limit, place: place, linkType: tally.interfaces[0].linkType, into: &records)
    }
  }

  /// Applies the filter and counts; false if nothing is left to deliver.
  private mutating func deliver() throws(CaptureError) -> Bool {
    window.release()
    if records.isEmpty { return false }
    scanned += UInt64(records.count)
    if let filter {
      do {
        try filter.keepMatching(&records, in: window.bytes)
      } catch {
        records.removeAll(keepingCapacity: true)
        isFinished = true
        throw error
      }
      if records.isEmpty { return false }
    }
    var bytes: UInt64 = 0
    var first = Int64.max
    var last = Int64.min
    // An index, since the iterator of an unoptimized build takes memory for each element.
    var index = 0
    while index < records.count {
      let record = records[index]
      index &+= 1
      bytes &+= UInt64(record.wireLength)
      let time = record.time.nanoseconds
      if time != 0 {
        first = min(first, time)
        last = max(last, time)
      }
    }
    tally.packets += UInt64(records.count)
    tally.bytes += bytes
    if first != .max {
      tally.firstTime = CaptureTime(nanoseconds: min(first, tally.firstTime?.nanoseconds ?? first))
      tally.lastTime = CaptureTime(nanoseconds: max(last, tally.lastTime?.nanoseconds ?? last))
    }
    return true
  }

  private mutating func fill(_ needed: Int) throws(CaptureError) -> Bool {
    try read { window throws(CaptureError) in try window.fill(needed: needed) }
  }

  private mutating func read(
    _ body: (inout InputWindow) throws(CaptureError) -> Bool
  ) throws(CaptureError) -> Bool {
    do {
      return try body(&window)
    } catch {
      try fail(error)
    }
  }

  /// The input ended where `item` needs more: cleanly if nothing of the item is there.
  private mutating func finish(needed: Int, item: ScanItem, available: Int? = nil) throws(CaptureError) {
    isFinished = true
    if let left = window.lengthAfterShrinking {
      try fail(.shrinkage(input: window.input, length: window.totalBytes ?? left, left: left))
    }
    let left = available ?? window.remaining
    guard left > 0 || window.isCutGzip else { return }
    let place = CapturePlace(
      input: window.input, offset: window.offset + UInt64(window.position), packetsBefore: scanned,
      item: item.rawValue)
    try fail(.truncation(place, needed: needed, available: left))
  }

  private mutating func fail(_ error: CaptureError) throws(CaptureError) -> Never {
    isFinished = true
    tally.isTruncated = true
    throw error
  }
}
