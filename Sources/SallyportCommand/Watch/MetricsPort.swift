import Dispatch
import FlyingFox
import FlyingSocks
import Foundation
import Locks

/// Serves `/metrics` on 127.0.0.1, and there only.
final class MetricsPort: Sendable {
  /// The port could not be taken.
  struct Failure: Error, CustomStringConvertible {
    var port: UInt16
    var reason: String

    var description: String { "--metrics-port \(port): 127.0.0.1:\(port) cannot be taken: \(reason)" }
  }

  private let desk: ScrapeDesk
  private let task: Task<Void, Never>
  /// The port that was taken: another than the one given only if that was 0.
  let number: UInt16

  /// Takes a port, any free one for 0, and serves until ``close()``.
  init(port: UInt16) throws {
    let desk = ScrapeDesk()
    let server = HTTPServer(
      address: try .inet(ip4: "127.0.0.1", port: port), logger: .disabled, handler: desk)
    let start = Start()
    let task = Task {
      do { try await server.run() } catch {
        start.tell(.failure(Failure(port: port, reason: Self.reason(error))))
      }
    }
    Task {
      try? await server.waitUntilListening(timeout: 5)
      if case .ip4(_, let number)? = await server.listeningAddress {
        start.tell(.success(number))
      } else {
        start.tell(.failure(Failure(port: port, reason: "no answer of the system within 5 s")))
      }
    }
    number = try start.wait()
    self.desk = desk
    self.task = task
  }

  var address: String { "http://127.0.0.1:\(number)/metrics" }

  /// Whether somebody waits for an answer.
  var isAsked: Bool { desk.isAsked }

  /// Answers everybody who waits.
  func answer(_ text: Data) { desk.answer(text) }

  /// Ends; who still waits is told so.
  func close() {
    desk.close()
    task.cancel()
  }

  private static func reason(_ error: any Error) -> String {
    if case .failed(_, _, let message)? = error as? SocketError { return message }
    return error.localizedDescription
  }

  /// What came of the attempt to listen, for a thread that waits for it.
  private final class Start: Sendable {
    private let outcome = Guarded<Result<UInt16, Failure>?>(nil)
    private let isKnown = DispatchSemaphore(value: 0)

    /// The first one counts.
    func tell(_ result: Result<UInt16, Failure>) {
      outcome.withLock { if $0 == nil { $0 = result } }
      isKnown.signal()
    }

    func wait() throws(Failure) -> UInt16 {
      isKnown.wait()
      guard let result = outcome.withLock({ $0 }) else { return 0 }
      return try result.get()
    }
  }
}
