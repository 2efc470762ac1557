/// Reads text line by line: a file, standard input for `-`, gzip or not.
///
/// Memory is bounded by the longest line, and no line may be longer than ``CaptureLimits/lineLength``.
public struct InputLines: ~Copyable {
  private var window: InputWindow
  /// The number of the latest line, from 1.
  public private(set) var number = 0

  public init(path: String) throws(CaptureError) { window = try InputWindow(path: path) }

  /// What the input is in place of lines of text, as far as its first bytes tell; nil for text of no known kind.
  ///
  /// To be asked before the first line is taken.
  public mutating func foreignContent() throws(CaptureError) -> ForeignContent? {
    _ = try window.fill(needed: 4)
    if PcapFormat.isMagic(window.bytes) { return .capture("pcap") }
    if PcapNGFormat.isMagic(window.bytes) { return .capture("pcapng") }
    var start: [UInt8] = []
    let bytes = window.bytes
    for index in window.position..<min(window.count, window.position + 4096) { start.append(bytes[index]) }
    let content = ForeignContent(start)
    return content == .text || content == .flowLog ? nil : content
  }

  /// The next line without its end, or nil at the end of the input.
  public mutating func next() throws(CaptureError) -> [UInt8]? {
    var scanned = 0
    while true {
      let (length, isWhole) = lineLength(from: scanned)
      // Before a whole line is taken, too: of a mapped file every line is whole.
      guard length <= CaptureLimits.lineLength else {
        throw .excess(
          input: window.input, what: "bytes in line \(number + 1)", limit: CaptureLimits.lineLength)
      }
      if isWhole { return take(length, skipping: 1) }
      scanned = length
      if try !window.fill(needed: scanned + 1) {
        return scanned > 0 ? take(scanned, skipping: 0) : nil
      }
    }
  }

  /// Bytes up to the next line end, or to the end of what is there.
  private func lineLength(from scanned: Int) -> (Int, isWhole: Bool) {
    let bytes = window.bytes
    var index = window.position + scanned
    while index < window.count && bytes[index] != 0x0a { index += 1 }
    return (index - window.position, index < window.count)
  }

  private mutating func take(_ count: Int, skipping end: Int) -> [UInt8] {
    number += 1
    var line = copy(count)
    if line.last == 0x0d { line.removeLast() }
    let position = window.position + count + end
    window.position = position
    return line
  }

  private func copy(_ count: Int) -> [UInt8] {
    var line: [UInt8] = []
    line.reserveCapacity(count)
    let bytes = window.bytes
    for index in window.position..<window.position + count { line.append(bytes[index]) }
    return line
  }
}
