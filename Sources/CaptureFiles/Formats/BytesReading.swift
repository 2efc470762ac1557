/// Loads of fixed-width integers; the caller has checked that the bytes are there.
extension Span where Element == UInt8 {
  /// Reads two bytes at `offset`, least significant first unless `swapped`.
  @inline(__always)
  func load16(_ offset: Int, swapped: Bool) -> UInt16 {
    let value = UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    return swapped ? value.byteSwapped : value
  }

  /// Reads four bytes at `offset`, least significant first unless `swapped`.
  @inline(__always)
  func load32(_ offset: Int, swapped: Bool) -> UInt32 {
    let value =
      UInt32(self[offset]) | UInt32(self[offset + 1]) << 8 | UInt32(self[offset + 2]) << 16
      | UInt32(self[offset + 3]) << 24
    return swapped ? value.byteSwapped : value
  }
}

/// What a scan over a window of bytes ended with.
enum ScanEnd {
  /// As many records as asked for.
  case full
  /// The next item needs this many bytes from the window's position on; `item` says what it is.
  case needs(Int, item: ScanItem)
  /// The next bytes hold no packet and shall be passed over, present or not.
  case skip(Int, item: ScanItem)
  /// The capture cannot be read further.
  case failure(CaptureError)
}

/// What stands at a place of a capture, as error messages name it.
enum ScanItem: String {
  case fileHeader = "the file header"
  case recordHeader = "a packet record's header"
  case record = "a packet record"
  case blockHeader = "a pcapng block's header"
  case block = "a pcapng block"
}

/// Where the scanned window lies, for error messages.
struct ScanPlace {
  var input: String
  /// Offset of the window's first byte in the capture.
  var windowOffset: UInt64
  var packetsBefore: UInt64

  func damage(
    at position: Int, records: Int, _ item: String, found: String, expected: String
  ) -> CaptureError {
    let place = CapturePlace(
      input: input, offset: windowOffset + UInt64(position), packetsBefore: packetsBefore + UInt64(records),
      item: item)
    return .damage(CaptureDamage(place: place, found: found, expected: expected))
  }
}
