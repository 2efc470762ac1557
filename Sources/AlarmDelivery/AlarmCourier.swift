import Foundation
import MetricAlarms
import ReportFormats

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Tells targets of alarms: tries again with back-off, and says what could not be delivered.
public struct AlarmCourier: Sendable {
  /// Seconds before the second, third, … try.
  public var delays: [Double] = [0.5, 1, 2]
  /// Seconds that one try may take.
  public var timeout = 10.0
  public var credentials: AWSCredentials?
  /// Where SNS is instead of at AWS.
  public var endpoint: URL?
  /// Ends deliveries that are under way.
  public let stop = DeliveryStop()

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

    public init(target: String, alarm: String, tries: Int, reason: String) {
      self.target = target
      self.alarm = alarm
      self.tries = tries
      self.reason = reason
    }

    public var description: String {
      let count = tries == 0 ? "" : " in \(tries) tr\(tries == 1 ? "y" : "ies")"
      return "alarm \(alarm): not delivered to \(target)\(count): \(reason)"
    }
  }

  /// Why one try failed, and whether another may succeed.
  struct Failure: Error {
    var reason: String
    var isFinal = false
  }

  /// Delivers a change to one of its actions; blocks until that is done or given up.
  public func deliver(_ transition: AlarmTransition, to action: String) throws(Loss) {
    var loss = Loss(target: action, alarm: transition.alarm.name, tries: 0, reason: "")
    let target: AlarmTarget
    do throws(AlarmTargetProblem) { target = try AlarmTarget(parsing: action) } catch {
      loss.reason = "expected \(error.expected)"
      throw loss
    }
    while !stop.isRequested {
      loss.tries += 1
      do throws(Failure) { return try attempt(transition, target) } catch {
        loss.reason = error.reason
        if stop.isRequested { break }
        guard !error.isFinal, loss.tries <= delays.count else { throw loss }
      }
      stop.sleep(seconds: delays[loss.tries - 1])
    }
    loss.reason = loss.reason.isEmpty ? "given up" : "\(loss.reason); given up"
    throw loss
  }

  private func attempt(_ transition: AlarmTransition, _ target: AlarmTarget) throws(Failure) {
    switch target {
    case .command(let line):
      let message = AlarmMessage(transition)
      try ShellCommand(
        line: line,
        variables: ["SALLYPORT_ALARM": transition.alarm.name, "SALLYPORT_STATE": transition.new.rawValue]
      ).run(input: Data((message.body + "\n").utf8), within: timeout, stop: stop)
    case .file(let path): try AlarmLog(path: path).append(AlarmMessage(transition).body + "\n")
    case .http(let text):
      guard let url = URL(string: text) else {
        throw Failure(reason: "expected \(AlarmTarget.expectedEndpoint)", isFinal: true)
      }
      var request = URLRequest(url: url, timeoutInterval: timeout)
      request.httpMethod = "POST"
      request.setValue("application/json", forHTTPHeaderField: "Content-Type")
      request.httpBody = Data(AlarmMessage(transition).body.utf8)
      let answer = try HTTPExchange.answer(to: request, within: timeout, stop: stop)
      if let failure = answer.failure { throw failure }
    case .topic(let topic): try publish(AlarmMessage(transition, topic: topic.arn), to: topic)
    }
  }
}

extension HTTPExchange.Answer {
  /// Why the message was not taken; nil where it was.
  var failure: AlarmCourier.Failure? {
    if (200..<300).contains(status) { return nil }
    // Who follows a redirect sends another request, without the message or to somebody who was not named.
    if (300..<400).contains(status) {
      let place = location.map { " to \($0)" } ?? ""
      return AlarmCourier.Failure(
        reason: "HTTP status \(status), a redirect\(place), which is not followed", isFinal: true)
    }
    // What was refused will be refused again, unless it came too early or too often.
    let isFinal = (400..<500).contains(status) && ![408, 425, 429].contains(status)
    let words = text.prefix(200).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return AlarmCourier.Failure(
      reason: "HTTP status \(status)" + (words.isEmpty ? "" : ": \(words)"), isFinal: isFinal)
  }
}
