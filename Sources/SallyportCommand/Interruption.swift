import CaptureFiles
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Ctrl-C, and where it is asked for SIGTERM: work stops at the next batch and shows what it has; a second time the program ends at once, unless messages
/// are on their way: those are given up first.
enum Interruption {
  static var isRequested: Bool { ReadingStop.isRequested }

  private static let number = Atomic<Int32>(0)

  /// The first signal that asked for it; nil where none did.
  static var signal: Int32? {
    let number = number.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// Takes these signals from now on.
  static func listen(to signals: [Int32] = [SIGINT]) {
    // Made before any handler can ask for it.
    _ = signal
    for number in signals {
      EndingSignals.take(number) { number in
        Interruption.note(number)
        ReadingStop.request()
        EndingSignals.take(number) { number in GivingUp.takeOrEnd(number) }
      }
    }
  }

  private static func note(_ signal: Int32) {
    _ = number.compareExchange(expected: 0, desired: signal, ordering: .relaxed)
  }
}

/// A signal while messages are on their way: they are given up, and said to be; one more ends the program at once.
enum GivingUp {
  private static let isPossible = Atomic<Bool>(false)
  private static let number = Atomic<Int32>(0)

  /// The signal that asked for it; nil where none did.
  static var signal: Int32? {
    let number = number.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// From now on there is something that can be given up.
  static func begin() {
    if signal == nil { isPossible.store(true, ordering: .relaxed) }
  }

  /// From now on these signals mean that, whatever they meant before.
  static func listen() {
    begin()
    for number in [SIGINT, SIGTERM] where !EndingSignals.isIgnored(number) {
      EndingSignals.take(number) { number in GivingUp.takeOrEnd(number) }
    }
  }

  /// There is nothing more to give up.
  static func end() { isPossible.store(false, ordering: .relaxed) }

  /// What a handler does.
  static func takeOrEnd(_ number: Int32) {
    if isPossible.exchange(false, ordering: .relaxed) {
      self.number.store(number, ordering: .relaxed)
    } else {
      EndingSignals.end(number)
    }
  }
}
