import FlyingFox
import Foundation
import Locks
import ReportFormats

/// Where scrapes wait for the thread that counts packets, which alone knows the counts and answers all at once.
final class ScrapeDesk: HTTPHandler {
  private struct Waiting {
    var isClosed = false
    var asked: [CheckedContinuation<Data?, Never>] = []
  }

  private let waiting = Guarded(Waiting())
  /// Scrapes that wait at once; further ones are refused.
  static let limit = 64

  var isAsked: Bool { waiting.withLock { !$0.asked.isEmpty } }

  func answer(_ text: Data) {
    let asked = waiting.withLock { waiting in
      defer { waiting.asked.removeAll() }
      return waiting.asked
    }
    for one in asked { one.resume(returning: text) }
  }

  func close() {
    let asked = waiting.withLock { waiting in
      waiting.isClosed = true
      defer { waiting.asked.removeAll() }
      return waiting.asked
    }
    for one in asked { one.resume(returning: nil) }
  }

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    guard request.path == "/metrics" || request.path == "/" else {
      return Self.plain(.notFound, "expected /metrics\n")
    }
    guard request.method == .GET || request.method == .HEAD else {
      return Self.plain(.methodNotAllowed, "expected GET\n")
    }
    let text = await withCheckedContinuation { continuation in
      let isRefused = waiting.withLock { waiting in
        if waiting.isClosed || waiting.asked.count >= Self.limit { return true }
        waiting.asked.append(continuation)
        return false
      }
      if isRefused { continuation.resume(returning: nil) }
    }
    guard let text else { return Self.plain(.serviceUnavailable, "the watch is busy or over\n") }
    let body = request.method == .HEAD ? Data() : text
    return HTTPResponse(statusCode: .ok, headers: [.contentType: OpenMetricsText.contentType], body: body)
  }

  private static func plain(_ code: HTTPStatusCode, _ text: String) -> HTTPResponse {
    HTTPResponse(
      statusCode: code, headers: [.contentType: "text/plain; charset=utf-8"], body: Data(text.utf8))
  }
}
