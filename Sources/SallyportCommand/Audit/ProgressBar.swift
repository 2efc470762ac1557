import Foundation

/// A line on standard error with percent, packets a second and time left; nothing until work takes long.
struct ProgressBar {
  enum Mode: String, CaseIterable {
    case auto, always, never
  }

  private let isShown: Bool
  private let clock = ContinuousClock()
  private let began: ContinuousClock.Instant
  private var printed: ContinuousClock.Instant?
  private var packets = 0
  private var packetsAtLastLook = 0
  private var totalBytes: UInt64?
  /// Bytes of the inputs that are done.
  private var finishedBytes: UInt64 = 0

  /// Packets between two looks at the clock.
  private static let interval = 8192

  init(_ mode: Mode) {
    isShown = mode == .always || mode == .auto && Terminal.isTerminal(.standardError)
    began = clock.now
  }

  mutating func begin(totalBytes: UInt64?) { self.totalBytes = totalBytes }

  /// Says how far the current input is.
  mutating func advance(packets count: Int, bytes: UInt64) {
    packets += count
    guard isShown, packets - packetsAtLastLook >= Self.interval else { return }
    packetsAtLastLook = packets
    let now = clock.now
    guard now - began >= .milliseconds(500), printed.map({ now - $0 >= .milliseconds(100) }) ?? true else {
      return
    }
    printed = now
    show(bytes: finishedBytes + bytes, elapsed: now - began)
  }

  /// Counts an input that is through.
  mutating func finish(bytes: UInt64) { finishedBytes += bytes }

  /// Removes the line.
  mutating func wipe() {
    guard printed != nil else { return }
    printed = nil
    FileHandle.standardError.write(Data("\r\u{1b}[K".utf8))
  }

  private func show(bytes: UInt64, elapsed: Duration) {
    let seconds = elapsed / .seconds(1)
    var line = "\(Self.rate(Double(packets) / seconds)) packets/s"
    if let totalBytes, totalBytes > 0 {
      let share = min(1, Double(bytes) / Double(totalBytes))
      let width = 24
      let filled = Int(share * Double(width))
      let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
      let left = share > 0 ? Int((seconds / share * (1 - share)).rounded(.up)) : 0
      line = "[\(bar)] \(Int(share * 100))%  \(line)  \(Self.time(left)) left"
    } else {
      line = "\(packets) packets  \(line)"
    }
    FileHandle.standardError.write(Data("\r\(line)\u{1b}[K".utf8))
  }

  /// `950`, `12.3k`, `3.4M`
  private static func rate(_ value: Double) -> String {
    if value >= 1e6 { return "\(Double(Int(value / 1e5)) / 10)M" }
    if value >= 1e3 { return "\(Double(Int(value / 1e2)) / 10)k" }
    return "\(Int(value))"
  }

  /// `0:05`, `12:34`, `1:02:03`
  static func time(_ seconds: Int) -> String {
    let padded = { (value: Int) in value < 10 ? "0\(value)" : "\(value)" }
    return seconds >= 3600
      ? "\(seconds / 3600):\(padded(seconds / 60 % 60)):\(padded(seconds % 60))"
      : "\(seconds / 60):\(padded(seconds % 60))"
  }
}
