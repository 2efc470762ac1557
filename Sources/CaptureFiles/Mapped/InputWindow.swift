import NetworkTypes

/// The part of a capture that is in memory: the whole file where it is mapped, a moving block of a stream
/// otherwise.
///
/// Memory is bounded by the longest record (``CaptureLimits``), whatever the input's length.
@safe
struct InputWindow: ~Copyable {
  private enum Source {
    case mapped(MappedFile)
    case stream(SystemFile)
    case gzip(GzipStream, SystemFile)
    case packets(PcapHandle)
  }

  let input: String
  private var source: Source
  private var start: UnsafeMutablePointer<UInt8>
  /// Owns the bytes of a stream's window; nil for a mapped file.
  private var buffer: StreamBuffer?
  /// Bytes from ``start`` on that are valid.
  private(set) var count: Int
  /// Bytes from ``start`` on that are done with.
  var position = 0
  /// The ``position`` at the last ``release()``: what was lent since is still read.
  private var releasedTo = 0
  /// Offset in the capture of the window's first byte.
  private(set) var offset: UInt64 = 0
  /// Bytes of the input that were read.
  private(set) var bytesRead: UInt64
  let totalBytes: UInt64?
  let isCompressed: Bool
  /// What a mapped file has left, once it was seen to be shorter than when it was opened.
  private(set) var lengthAfterShrinking: UInt64?

  /// Opens `path` and brings its first bytes into the window.
  ///
  /// A file that `follows` says may grow is read as a stream, and waited for at its end.
  init(path: String, follows: Bool = false) throws(CaptureError) {
    let file = try SystemFile(path: path, follows: follows)
    var size: Int?
    switch file.kind {
    case .directory: throw .directory(input: path)
    case .regular(let bytes): size = bytes
    case .stream: break
    }
    let head = StreamBuffer(capacity: CaptureLimits.windowLength)
    var headCount = 0
    while headCount < 2 {
      let more = try unsafe file.read(
        into: head.start + headCount, count: CaptureLimits.windowLength / 4 - headCount, input: path)
      if more == 0 { break }
      headCount += more
    }
    if headCount == 0 { throw .emptiness(input: path) }
    if unsafe headCount >= 2 && head.start[0] == 0x1f && head.start[1] == 0x8b {
      let gzip = unsafe GzipStream(start: head.start, count: headCount)
      self.init(
        input: path, source: .gzip(gzip, file), buffer: head, count: 0, read: headCount, size: size,
        isCompressed: true)
    } else if let size, size > 0, path != "-", !follows, let mapping = MappedFile(file, count: size) {
      self.init(input: path, mapping: mapping)
    } else {
      self.init(
        input: path, source: .stream(file), buffer: head, count: headCount, read: headCount,
        size: follows ? nil : size)
    }
  }

  /// Takes packets from libpcap, which reads formats that are not ours.
  init(path: String, packets: PcapHandle) {
    let buffer = StreamBuffer(capacity: CaptureLimits.windowLength)
    self.init(input: path, source: .packets(packets), buffer: buffer, count: 0, read: 0, size: nil)
  }

  private init(
    input: String, source: Source, buffer: StreamBuffer, count: Int, read: Int, size: Int?,
    isCompressed: Bool = false
  ) {
    self.input = input
    self.source = source
    unsafe start = buffer.start
    self.buffer = buffer
    self.count = count
    bytesRead = UInt64(read)
    totalBytes = size.map { UInt64($0) }
    self.isCompressed = isCompressed
  }

  private init(input: String, mapping: MappedFile) {
    self.input = input
    source = .mapped(mapping)
    unsafe start = mapping.start.assumingMemoryBound(to: UInt8.self)
    count = mapping.count
    bytesRead = 0
    totalBytes = UInt64(mapping.count)
    isCompressed = false
  }

  /// The window's bytes, those that are done with among them.
  var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    get {
      let span = unsafe Span(_unsafeStart: UnsafePointer(start), count: count)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  var remaining: Int { count - position }

  /// Whether the input was a gzip file that ended before its own end.
  var isCutGzip: Bool {
    switch source {
    case .gzip(let gzip, _): gzip.isCut
    default: false
    }
  }

  /// Makes at least `needed` bytes present from ``position`` on, and moves what is there to the front.
  ///
  /// Returns false if the input ends before. Blocks until the bytes are there, no longer.
  mutating func fill(needed: Int) throws(CaptureError) -> Bool {
    if remaining >= needed { return true }
    guard let buffer else { return false }
    if position > 0 {
      unsafe start.update(from: start + position, count: remaining)
      offset += UInt64(position)
      count -= position
      position = 0
    }
    while count < needed {
      // Doubling, so that a record that only claims to be long costs no more than twice what really comes.
      if count == buffer.capacity {
        buffer.grow()
        unsafe start = buffer.start
      }
      let read = try readMore(space: buffer.capacity - count)
      if read == 0 { return false }
      count += read
    }
    return true
  }

  /// Passes over `length` bytes from ``position`` on, reading what is not there yet; false if the input ends
  /// before.
  mutating func skip(_ length: Int) throws(CaptureError) -> Bool {
    var left = length
    while true {
      let step = min(left, remaining)
      position += step
      left -= step
      if left == 0 { return true }
      if try !fill(needed: 1) { return false }
    }
  }

  /// Looks whether a mapped file has become shorter, and takes the bytes that are gone out of the window.
  mutating func noticeShrinking() {
    guard case .mapped(let mapping) = source, case let length = mapping.currentLength, length < mapping.count
    else { return }
    lengthAfterShrinking = UInt64(length)
    count = min(count, max(length, position))
  }

  /// Says that the bytes before ``position`` are lent now, and those lent before will not be asked for again.
  mutating func release() {
    if case .mapped(let mapping) = source {
      bytesRead = UInt64(position)
      mapping.release(before: releasedTo)
      releasedTo = position
    }
  }

  /// Copies up to `limit` packets of a capture that libpcap reads into the window.
  mutating func readPackets(
    limit: Int, place: ScanPlace, linkType: LinkType, into records: inout [PacketRecord]
  ) -> ScanEnd {
    guard case .packets(let handle) = source, let buffer else { return .needs(1, item: .record) }
    position = 0
    count = 0
    while records.count < limit && buffer.capacity - position >= CaptureLimits.recordLength {
      switch unsafe handle.next(into: start + position) {
      case .packet(let packet):
        records.append(
          PacketRecord(
            offset: position, capturedLength: packet.captured, wireLength: packet.wire, time: packet.time,
            linkType: linkType))
        position += Int(packet.captured)
        count = position
      case .end: return .needs(1, item: .record)
      case .failure(let reason):
        return .failure(
          place.damage(
            at: 0, records: records.count, "a packet record", found: reason,
            expected: "one that libpcap reads"))
      }
    }
    return .full
  }

  private mutating func readMore(space: Int) throws(CaptureError) -> Int {
    switch source {
    case .mapped, .packets: return 0
    case .stream(let file):
      let read = try unsafe file.read(into: start + count, count: space, input: input)
      bytesRead += UInt64(read)
      return read
    case .gzip(let gzip, let file):
      return try unsafe gzip.read(
        into: start + count, count: space, from: file, input: input, bytesRead: &bytesRead)
    }
  }
}

/// The memory of a stream's window.
@safe
private final class StreamBuffer {
  private(set) var start: UnsafeMutablePointer<UInt8>
  private(set) var capacity: Int

  init(capacity: Int) {
    unsafe start = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit { unsafe start.deallocate() }

  /// Doubles the room and keeps the bytes.
  func grow() {
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity * 2)
    unsafe larger.update(from: start, count: capacity)
    unsafe start.deallocate()
    unsafe start = larger
    capacity *= 2
  }
}
