import Foundation
import Locks

/// A line on standard error with how many of some things are done and the time left; nothing until work takes long.
final class CountBar: Sendable {
  private let isShown: Bool
  private let noun: String
  private let began = ContinuousClock.now
  private let printed = Guarded<ContinuousClock.Instant?>(nil)

  init(_ mode: ProgressBar.Mode, _ noun: String) {
    isShown = mode == .always || mode == .auto && Terminal.isTerminal(.standardError)
    self.noun = noun
  }

  /// May be called by several threads.
  func show(_ done: Int, of total: Int) {
    guard isShown, total > 0 else { return }
    let now = ContinuousClock.now
    let elapsed = now - began
    printed.withLock { printed in
      guard elapsed >= .milliseconds(500), printed.map({ now - $0 >= .milliseconds(100) }) ?? true else {
        return
      }
      printed = now
      let line = line(done, of: total, after: elapsed)
      FileHandle.standardError.write(Data("\r\(line)\u{1b}[K".utf8))
    }
  }

  /// The line; how long it takes can be told once something is done.
  func line(_ done: Int, of total: Int, after elapsed: Duration) -> String {
    let share = min(1, max(0, Double(done) / Double(max(1, total))))
    let filled = Int(share * 24)
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 24 - filled)
    let line = "[\(bar)] \(Int(share * 100))%  \(done) of \(total) \(noun)"
    if share == 0 { return line }
    let left = ProgressBar.time(Int((elapsed / .seconds(1) / share * (1 - share)).rounded(.up)))
    return "\(line)  \(left) left"
  }

  /// Removes the line.
  func wipe() {
    printed.withLock { printed in
      if printed != nil { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
      printed = nil
    }
  }
}
