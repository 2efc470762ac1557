import Foundation
import MetricAlarms
import ReportFormats
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Tells targets of alarms: tries again with back-off, and says what could not be delivered.
public struct AlarmCourier: Sendable {
  /// Seconds before the second, third, … try.
  public var delays: [Double] = [0.5, 1, 2]
  /// Seconds that one try may take.
  public var timeout: Double = 10
  public var credentials: AWSCredentials?
  /// Where SNS is instead of at AWS.
  public var endpoint: URL?

  public init(credentials: AWSCredentials? = nil, endpoint: URL? = nil) {
    self.credentials = credentials
    self.endpoint = endpoint
  }

  /// A message that nobody got.
  public struct Loss: Error, Sendable, CustomStringConvertible {
    public var target: String
    public var alarm: String
    public var tries: Int
    public var reason: String

    public var description: String {
      "alarm \(alarm): not delivered to \(target) in \(tries) tr\(tries == 1 ? "y" : "ies"): \(reason)"
    }
  }

  /// Why one try failed, and whether another may succeed.
  struct Failure: Error {
    var reason: String
    var isFinal = false
  }

  /// Delivers a change to one of its actions; blocks until that is done or given up.
  public func deliver(_ transition: AlarmTransition, to action: String) throws(Loss) {
    guard let target = AlarmTarget(action) else {
      throw Loss(
        target: action, alarm: transition.alarm.name, tries: 0,
        reason: "not a target that is known here; expected \(AlarmTarget.expected)")
    }
    var tries = 0
    while true {
      tries += 1
      do {
        try attempt(transition, target)
        return
      } catch {
        guard !error.isFinal, tries <= delays.count else {
          throw Loss(target: action, alarm: transition.alarm.name, tries: tries, reason: error.reason)
        }
        Thread.sleep(forTimeInterval: delays[tries - 1])
      }
    }
  }

  private func attempt(_ transition: AlarmTransition, _ target: AlarmTarget) throws(Failure) {
    switch target {
    case .command(let command): try run(command, AlarmMessage(transition))
    case .file(let path): try append(AlarmMessage(transition).body + "\n", to: path)
    case .http(let url):
      var request = URLRequest(url: url, timeoutInterval: timeout)
      request.httpMethod = "POST"
      request.setValue("application/json", forHTTPHeaderField: "Content-Type")
      request.httpBody = Data(AlarmMessage(transition).body.utf8)
      try send(request)
    case .topic(let arn, let region):
      try send(try publication(of: AlarmMessage(transition, topic: arn), to: arn, region))
    }
  }

  // MARK: Commands and files

  private func run(_ command: String, _ message: AlarmMessage) throws(Failure) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command]
    var environment = ProcessInfo.processInfo.environment
    environment["SALLYPORT_ALARM"] = message.transition.alarm.name
    environment["SALLYPORT_STATE"] = message.transition.new.rawValue
    process.environment = environment
    let input = Pipe()
    process.standardInput = input
    process.standardOutput = FileHandle.standardError
    do {
      try process.run()
      // A command that does not read its input is no failure.
      try? input.fileHandleForWriting.write(contentsOf: Data((message.body + "\n").utf8))
      try? input.fileHandleForWriting.close()
    } catch {
      throw Failure(reason: "\(error.localizedDescription)")
    }
    let deadline = Date(timeIntervalSinceNow: timeout)
    while process.isRunning && Date() < deadline { Thread.sleep(forTimeInterval: 0.01) }
    if process.isRunning {
      process.terminate()
      throw Failure(reason: "the command took longer than \(Int(timeout)) s")
    }
    if process.terminationStatus != 0 {
      throw Failure(reason: "the command ended with exit code \(process.terminationStatus)")
    }
  }

  private func append(_ text: String, to path: String) throws(Failure) {
    do {
      if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(fileURLWithPath: path)) }
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      defer { try? handle.close() }
      try handle.seekToEnd()
      try handle.write(contentsOf: Data(text.utf8))
    } catch {
      throw Failure(reason: "\(error.localizedDescription)")
    }
  }

  // MARK: HTTP

  /// `Publish` of the Query API, signed (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
  private func publication(
    of message: AlarmMessage, to topic: String, _ region: String
  ) throws(Failure) -> URLRequest {
    guard let credentials else {
      throw Failure(
        reason: "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", isFinal: true)
    }
    guard let url = endpoint ?? URL(string: "https://sns.\(region).amazonaws.com/"), let host = url.host
    else {
      throw Failure(reason: "\(region) is no Region", isFinal: true)
    }
    var fields = [
      ("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", topic), ("Subject", message.subject),
      ("Message", message.body),
    ]
    if topic.hasSuffix(".fifo") {
      let arn = message.transition.alarm.arn ?? message.transition.alarm.name
      let time = message.transition.time.nanoseconds
      fields.append(("MessageGroupId", SignatureV4.digest(arn)))
      fields.append(
        ("MessageDeduplicationId", SignatureV4.digest("\(arn) \(message.transition.new) \(time)")))
    }
    let body = fields.map { "\($0)=\(SignatureV4.encoded($1))" }.joined(separator: "&")
    let type = "application/x-www-form-urlencoded; charset=utf-8"
    let headers = SignatureV4(credentials, region: region, service: "sns").headers(
      method: "POST", host: url.port.map { "\(host):\($0)" } ?? host, path: url.path.isEmpty ? "/" : url.path,
      headers: ["content-type": type], body: Array(body.utf8), time: Self.now)
    var request = URLRequest(url: url, timeoutInterval: timeout)
    request.httpMethod = "POST"
    request.httpBody = Data(body.utf8)
    for (name, value) in headers where name != "host" { request.setValue(value, forHTTPHeaderField: name) }
    return request
  }

  /// `20150830T123600Z`
  private static var now: String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "UTC")
    formatter.dateFormat = "yyyyMMdd'T'HHmmss'Z'"
    return formatter.string(from: Date())
  }

  private func send(_ request: URLRequest) throws(Failure) {
    let answer = HTTPAnswer()
    let task = URLSession.shared.dataTask(with: request) { data, response, error in
      answer.set(
        status: (response as? HTTPURLResponse)?.statusCode, body: data, error: error?.localizedDescription)
    }
    task.resume()
    let (status, body, error) = answer.wait(seconds: timeout + 1)
    guard let status else {
      task.cancel()
      throw Failure(reason: error ?? "no answer within \(Int(timeout)) s")
    }
    if (200..<300).contains(status) { return }
    // What was refused will be refused again, unless it came too early or too often.
    let isFinal = (400..<500).contains(status) && ![408, 425, 429].contains(status)
    let text = body.map { String(decoding: $0.prefix(200), as: UTF8.self) } ?? ""
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    throw Failure(reason: "HTTP status \(status)" + (words.isEmpty ? "" : ": \(words)"), isFinal: isFinal)
  }
}

/// An answer that another thread brings.
private final class HTTPAnswer: Sendable {
  private struct Content {
    var isDone = false
    var status: Int?
    var body: Data?
    var error: String?
  }

  private let content = Mutex(Content())

  func set(status: Int?, body: Data?, error: String?) {
    content.withLock { $0 = Content(isDone: true, status: status, body: body, error: error) }
  }

  func wait(seconds: Double) -> (status: Int?, body: Data?, error: String?) {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while !content.withLock({ $0.isDone }) && Date() < deadline { Thread.sleep(forTimeInterval: 0.005) }
    return content.withLock { ($0.status, $0.body, $0.error) }
  }
}

extension SignatureV4 {
  /// A short name for a text: what FIFO topics group and tell messages apart by (semantics AL-11).
  static func digest(_ text: String) -> String { hash(Array(text.utf8)) }
}
