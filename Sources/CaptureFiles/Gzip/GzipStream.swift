import CZlib

/// Inflates a gzip file block by block: several members one after the other, in bounded memory (RFC 1952).
@safe
final class GzipStream {
  private let state: UnsafeMutablePointer<z_stream>
  private let buffer: UnsafeMutablePointer<UInt8>
  private static let bufferLength = CaptureLimits.windowLength / 4
  private var isFinished = false
  /// Whether a member has ended, and it was not looked for the next one yet.
  private var isBetweenMembers = false
  /// Whether zlib may keep what it has inflated already: there was no room for more.
  private var mayHoldBytes = false
  /// Whether the compressed bytes ended in the middle of a member.
  private(set) var isCut = false
  private var produced: UInt64 = 0

  /// Begins with the compressed bytes that were read to recognise the file.
  init(start: UnsafeMutablePointer<UInt8>, count: Int) {
    unsafe buffer = .allocate(capacity: Self.bufferLength)
    unsafe buffer.update(from: start, count: min(count, Self.bufferLength))
    unsafe state = .allocate(capacity: 1)
    unsafe state.initialize(to: z_stream())
    unsafe state.pointee.next_in = buffer
    unsafe state.pointee.avail_in = UInt32(min(count, Self.bufferLength))
    // 15 window bits, the most there are, plus 16: a gzip header and nothing else.
    _ = unsafe inflateInit2_(state, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  }

  deinit {
    _ = unsafe inflateEnd(state)
    unsafe state.deallocate()
    unsafe buffer.deallocate()
  }

  /// Inflates up to `count` bytes, at least one unless the file ends.
  ///
  /// The file is asked for more only once everything is handed on that can be inflated of what was read: a pipe, or a file
  /// that grows, may let wait for it.
  func read(
    into destination: UnsafeMutablePointer<UInt8>, count: Int, from file: SystemFile, input: String,
    bytesRead: inout UInt64
  ) throws(CaptureError) -> Int {
    unsafe state.pointee.next_out = destination
    unsafe state.pointee.avail_out = UInt32(count)
    while unsafe !isFinished && state.pointee.avail_out == UInt32(count) {
      if isBetweenMembers {
        try beginNextMember(from: file, input: input, bytesRead: &bytesRead)
        continue
      }
      if unsafe state.pointee.avail_in == 0 && !mayHoldBytes {
        let read = try unsafe file.read(into: buffer, count: Self.bufferLength, input: input)
        bytesRead += UInt64(read)
        if read == 0 {
          isFinished = true
          isCut = true
          break
        }
        unsafe state.pointee.next_in = buffer
        unsafe state.pointee.avail_in = UInt32(read)
      }
      let result = unsafe inflate(state, Z_NO_FLUSH)
      mayHoldBytes = unsafe state.pointee.avail_out == 0
      if result == Z_STREAM_END {
        isBetweenMembers = true
        mayHoldBytes = false
      } else if result != Z_OK && result != Z_BUF_ERROR {
        isFinished = true
        let inflated = unsafe count - Int(state.pointee.avail_out)
        if inflated > 0 {
          // What was inflated before the damage is good; the damage is reported by the next call.
          failure = unsafe damage(input: input, reason: Self.reason(state, result), extra: inflated)
          break
        }
        throw unsafe damage(input: input, reason: Self.reason(state, result), extra: 0)
      }
    }
    let inflated = unsafe count - Int(state.pointee.avail_out)
    if inflated == 0, let failure { throw failure }
    produced += UInt64(inflated)
    return inflated
  }

  private var failure: CaptureError?

  /// Goes on with the next member if there is one; what else follows a member is ignored, as gzip does.
  private func beginNextMember(
    from file: SystemFile, input: String, bytesRead: inout UInt64
  ) throws(CaptureError) {
    if unsafe state.pointee.avail_in < 2 {
      let kept = unsafe Int(state.pointee.avail_in)
      if kept == 1 { unsafe buffer[0] = state.pointee.next_in[0] }
      var count = kept
      while count < 2 {
        let read = try unsafe file.read(into: buffer + count, count: Self.bufferLength - count, input: input)
        bytesRead += UInt64(read)
        if read == 0 { break }
        count += read
      }
      unsafe state.pointee.next_in = buffer
      unsafe state.pointee.avail_in = UInt32(count)
    }
    guard
      unsafe state.pointee.avail_in >= 2 && state.pointee.next_in[0] == 0x1f
        && state.pointee.next_in[1] == 0x8b
    else {
      isFinished = true
      return
    }
    isBetweenMembers = false
    _ = unsafe inflateReset(state)
  }

  private func damage(input: String, reason: String, extra: Int) -> CaptureError {
    let place = CapturePlace(
      input: input, offset: produced + UInt64(extra), packetsBefore: 0, item: "the gzip data")
    return .damage(CaptureDamage(place: place, found: reason, expected: "compressed bytes that zlib accepts"))
  }

  private static func reason(_ state: UnsafeMutablePointer<z_stream>, _ code: Int32) -> String {
    if let text = unsafe state.pointee.msg { return unsafe String(cString: text) }
    return "zlib error \(code)"
  }
}
