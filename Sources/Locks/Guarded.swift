#if SALLYPORT_VISIBLE_LOCKS
  import Foundation

  /// A value that one thread at a time may use: ``Synchronization/Mutex``'s interface over a lock that ThreadSanitizer sees.
  ///
  /// In builds for ThreadSanitizer only (`Scripts/test-sanitized`): what `Mutex` waits in it does not see on Linux (Swift 6.3.1), and
  /// two threads that take turns pass for a race.
  @safe package final class Guarded<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private nonisolated(unsafe) var value: Value

    package init(_ value: consuming sending Value) { unsafe self.value = value }

    package func withLock<Result, Failure: Error>(
      _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
      lock.lock()
      defer { lock.unlock() }
      return unsafe try body(&value)
    }
  }
#else
  import Synchronization

  /// A value that one thread at a time may use.
  package typealias Guarded<Value: ~Copyable> = Mutex<Value>
#endif
