/// Reads a whole file: standard input for `-`, gzip or not.
public enum InputBytes {
  /// The bytes of a file, inflated where it is gzip. Throws a ``CaptureError`` past `limit` bytes, and where gzip data
  /// is damaged or ends too early.
  public static func read(path: String, limit: Int) throws(CaptureError) -> [UInt8] {
    var window = try InputWindow(path: path)
    var bytes: [UInt8] = []
    while try window.fill(needed: 1) {
      if bytes.count + window.remaining > limit { throw .excess(input: path, what: "bytes", limit: limit) }
      append(window, to: &bytes)
      let end = window.count
      window.position = end
    }
    if window.isCutGzip { throw .refusal(input: path, reason: "the gzip data ends too early") }
    return bytes
  }

  private static func append(_ window: borrowing InputWindow, to bytes: inout [UInt8]) {
    bytes.reserveCapacity(bytes.count + window.remaining)
    let span = window.bytes
    for index in window.position..<window.count { bytes.append(span[index]) }
  }
}
