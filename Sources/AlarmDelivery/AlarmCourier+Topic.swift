import Foundation
import MetricAlarms
import ReportFormats

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// SNS.
extension AlarmCourier {
  /// Errors of AWS that pass, whatever the status that they come with
  /// (https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html, https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
  private static let passing: Set<String> = [
    "Throttling", "ThrottlingException", "Throttled", "ThrottledException", "RequestThrottled",
    "RequestThrottledException", "TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded",
    "SlowDown", "PriorRequestNotComplete", "RequestTimeout", "RequestTimeoutException", "InternalError",
    "InternalFailure", "ServiceUnavailable", "KMSThrottling", "KMSThrottlingException",
  ]

  func publish(_ message: AlarmMessage, to topic: AlarmTopic) throws(Failure) {
    let answer = try HTTPExchange.answer(to: publication(of: message, to: topic), within: timeout, stop: stop)
    guard var failure = answer.failure else { return }
    if !(300..<400).contains(answer.status), let code = answer.element("Code") {
      failure.reason =
        "HTTP status \(answer.status): \(code)" + (answer.element("Message").map { ": \($0)" } ?? "")
      if Self.passing.contains(code) { failure.isFinal = false }
    }
    throw failure
  }

  /// `Publish` of the Query API, signed (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
  private func publication(
    of message: AlarmMessage, to topic: AlarmTopic
  ) throws(Failure) -> URLRequest {
    guard let credentials else {
      throw Failure(
        reason: "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", isFinal: true)
    }
    guard let url = endpoint ?? URL(string: "https://\(topic.host)/"), let host = url.host else {
      throw Failure(reason: "\(endpoint?.absoluteString ?? topic.host) is no place to send to", isFinal: true)
    }
    var fields = [
      ("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", topic.arn), ("Subject", message.subject),
      ("Message", message.body),
    ]
    if topic.arn.hasSuffix(".fifo") {
      let arn = message.transition.alarm.arn ?? message.transition.alarm.name
      let time = message.transition.time.nanoseconds
      fields.append(("MessageGroupId", SignatureV4.digest(arn)))
      fields.append(
        ("MessageDeduplicationId", SignatureV4.digest("\(arn) \(message.transition.new) \(time)")))
    }
    let body = fields.map { "\($0)=\(SignatureV4.encoded($1))" }.joined(separator: "&")
    let type = "application/x-www-form-urlencoded; charset=utf-8"
    let headers = SignatureV4(credentials, region: topic.region, service: "sns").headers(
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
}

extension SignatureV4 {
  /// A short name for a text: what FIFO topics group and tell messages apart by (semantics AL-11).
  static func digest(_ text: String) -> String { hash(Array(text.utf8)) }
}

extension HTTPExchange.Answer {
  /// What stands in the first element of this name: `<Code>Throttling</Code>`.
  func element(_ name: String) -> String? {
    guard let start = text.range(of: "<\(name)>"),
      let end = text.range(of: "</\(name)>", range: start.upperBound..<text.endIndex)
    else { return nil }
    let words = text[start.upperBound..<end.lowerBound].split(whereSeparator: \.isWhitespace)
    return words.isEmpty ? nil : String(words.joined(separator: " ").prefix(200))
  }
}
