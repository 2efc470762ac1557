import Synchronization

/// Ends reading from outside: what a signal handler calls, so that a reader that waits for a pipe wakes up.
///
/// A reader that is interrupted by the signal then sees the end of its input; nothing that was read is lost.
public enum ReadingStop {
  private static let requested = Atomic<Bool>(false)

  public static var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Asks every reader of the process to stop waiting; safe in a signal handler.
  public static func request() { requested.store(true, ordering: .relaxed) }
}
