/// Loads of big-endian integers, as every header here has them.
///
/// The caller has compared the span's count with the header's length once; the compiler then drops the bounds
/// checks of these loads.
extension Span where Element == UInt8 {
  @inline(__always)
  func load16(_ offset: Int) -> UInt16 {
    UInt16(self[offset]) << 8 | UInt16(self[offset + 1])
  }

  @inline(__always)
  func load32(_ offset: Int) -> UInt32 {
    UInt32(self[offset]) << 24 | UInt32(self[offset + 1]) << 16 | UInt32(self[offset + 2]) << 8
      | UInt32(self[offset + 3])
  }

  @inline(__always)
  func load64(_ offset: Int) -> UInt64 {
    UInt64(load32(offset)) << 32 | UInt64(load32(offset + 4))
  }
}
