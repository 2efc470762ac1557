import Foundation
import Locks
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// One request and its answer: no redirect is followed, and waiting costs next to nothing.
final class HTTPExchange: NSObject, URLSessionDataDelegate, Sendable {
  /// What a server said.
  struct Answer: Sendable {
    var status = 0
    /// Where a redirect leads.
    var location: String?
    var text = ""
  }

  private struct State {
    var body: [UInt8] = []
    var outcome: Result<Answer, AlarmCourier.Failure>?
  }

  /// Bytes of an answer that are kept: enough for what an error says of itself.
  private static let bodyLimit = 4096
  private let state = Guarded(State())
  private let isDone = DispatchSemaphore(value: 0)

  /// Sends a request and waits for its answer; blocks.
  static func answer(
    to request: URLRequest, within seconds: Double, stop: DeliveryStop
  ) throws(AlarmCourier.Failure) -> Answer {
    let exchange = HTTPExchange()
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = seconds
    configuration.timeoutIntervalForResource = seconds
    let session = URLSession(configuration: configuration, delegate: exchange, delegateQueue: nil)
    defer { session.invalidateAndCancel() }
    session.dataTask(with: request).resume()
    exchange.wait(seconds, session, stop)
    guard let outcome = exchange.state.withLock({ $0.outcome }) else { throw silence(seconds) }
    return try outcome.get()
  }

  private static func silence(_ seconds: Double) -> AlarmCourier.Failure {
    AlarmCourier.Failure(reason: "no answer within \(seconds.inSeconds)")
  }

  // MARK: What the session tells

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) { completionHandler(nil) }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    state.withLock { $0.body += data.prefix(Self.bodyLimit - $0.body.count) }
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    let response = task.response as? HTTPURLResponse
    let limit = session.configuration.timeoutIntervalForRequest
    state.withLock { state in
      guard state.outcome == nil else { return }
      if let response, error == nil {
        state.outcome = .success(
          Answer(
            status: response.statusCode, location: response.value(forHTTPHeaderField: "Location"),
            text: String(decoding: state.body, as: UTF8.self)))
      } else {
        state.outcome = .failure(Self.failure(error, within: limit))
      }
    }
    isDone.signal()
  }

  private static func failure(_ error: (any Error)?, within seconds: Double) -> AlarmCourier.Failure {
    guard let error = error as NSError? else {
      return AlarmCourier.Failure(reason: "the answer is not HTTP")
    }
    if error.code == NSURLErrorTimedOut { return silence(seconds) }
    let said = error.userInfo[NSLocalizedDescriptionKey] as? String
    return AlarmCourier.Failure(reason: said ?? error.localizedDescription)
  }

  // MARK: Waiting

  private func wait(_ seconds: Double, _ session: URLSession, _ stop: DeliveryStop) {
    // What is answered at once is not held up.
    if isDone.wait(timeout: .now() + 0.1) == .success { return }
    let calm = SessionCalm(session)
    defer { calm?.end() }
    // The session itself ends what takes too long.
    let end = Date(timeIntervalSinceNow: seconds + 1)
    while !stop.isRequested, Date() < end {
      if isDone.wait(timeout: .now() + 0.05) == .success { return }
    }
  }
}

/// Keeps a session of Foundation for Linux from spinning while it waits for an answer.
///
/// It asks the system to wake it as soon as a connection can be written to, and goes on asking when everything is
/// written (Swift 6.3: `MultiHandle.swift` makes a source of write events and cancels it with the connection only), so
/// a server that is silent keeps a core busy. No setting changes that. Its events are handled one after the other on a
/// queue: pauses stand between them. That queue is served by one that all sessions have together, which turns to another
/// session only when this one has nothing to do: so there is a moment without a pause, too. Where the queue is not found
/// nothing is done, and nothing is lost.
private final class SessionCalm: Sendable {
  private let queue: DispatchQueue
  private let isOver = Atomic<Bool>(false)

  init?(_ session: URLSession) {
    let queue = Mirror(reflecting: session).children.first { $0.label == "workQueue" }?.value
    guard let queue = queue as? DispatchQueue else { return nil }
    self.queue = queue
    pause()
  }

  func end() { isOver.store(true, ordering: .relaxed) }

  private func pause() {
    queue.async { [self] in
      Thread.sleep(forTimeInterval: 0.05)
      if isOver.load(ordering: .relaxed) { return }
      DispatchQueue.global().asyncAfter(deadline: .now() + 0.002) { [self] in
        if !isOver.load(ordering: .relaxed) { pause() }
      }
    }
  }
}
