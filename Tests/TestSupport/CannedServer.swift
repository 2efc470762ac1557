import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// An HTTP server on loopback that says what it was told to say, whatever it is asked.
public final class CannedServer: @unchecked Sendable {
  public let port: UInt16
  private let listener: Int32
  private let lock = NSLock()
  private var answers: [String?]
  private var got: [String] = []

  /// - Parameter answers: Whole answers in order, the last one for all that is left; nil is silence.
  public init(_ answers: String?...) throws {
    self.answers = answers
    #if canImport(Glibc)
      let stream = Int32(SOCK_STREAM.rawValue)
    #else
      let stream = SOCK_STREAM
    #endif
    listener = socket(AF_INET, stream, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = listener
    let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
          && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard isOpen else { throw CocoaError(.fileReadUnknown) }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [weak self] in
      while true {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0, let self else { return }
        Thread.detachNewThread { self.serve(connection) }
      }
    }
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }

  /// `http://127.0.0.1:…`
  public var address: String { "http://127.0.0.1:\(port)" }

  /// What was asked so far, head and body.
  public var requests: [String] { lock.withLock { got } }

  private func serve(_ connection: Int32) {
    let handle = FileHandle(fileDescriptor: connection, closeOnDealloc: true)
    var data = Data()
    while !Self.isComplete(data) {
      let more = handle.availableData
      guard !more.isEmpty else { break }
      data += more
    }
    let answer = lock.withLock {
      got.append(String(decoding: data, as: UTF8.self))
      return answers.count > 1 ? answers.removeFirst() : answers[0]
    }
    guard let answer else {
      // Until the other side gives up.
      _ = try? handle.readToEnd()
      return
    }
    try? handle.write(contentsOf: Data(answer.utf8))
  }

  private static func isComplete(_ data: Data) -> Bool {
    let text = String(decoding: data, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return false }
    let length = text[..<end.lowerBound].split(separator: "\r\n").first {
      $0.lowercased().hasPrefix("content-length:")
    }
    return text[end.upperBound...].utf8.count >= (length?.split(separator: " ").last.flatMap { Int($0) } ?? 0)
  }

  /// An answer with a body.
  public static func answer(_ status: Int, _ headers: [String] = [], _ body: String = "") -> String {
    let lines =
      ["HTTP/1.1 \(status) Said", "Content-Length: \(body.utf8.count)", "Connection: close"] + headers
    return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
  }
}
