import Foundation

/// Whom to tell of an alarm.
public enum AlarmTarget: Sendable, Hashable {
  /// A shell command, which gets the message on standard input.
  case command(String)
  /// A file to which the message is added as a line.
  case file(String)
  /// An endpoint that gets the message with POST.
  case http(URL)
  /// An SNS topic.
  case topic(arn: String, region: String)

  /// Reads `command:…`, `file:…`, `http://…`, `https://…` or `arn:aws:sns:…`; nil for anything else.
  public init?(_ text: String) {
    func rest(_ prefix: String) -> String? {
      guard text.hasPrefix(prefix), text.utf8.count > prefix.utf8.count else { return nil }
      return String(text.dropFirst(prefix.count))
    }
    if let command = rest("command:") {
      self = .command(command)
    } else if let path = rest("file:") {
      self = .file(path)
    } else if rest("http://") != nil || rest("https://") != nil {
      guard let url = URL(string: text), url.host != nil else { return nil }
      self = .http(url)
    } else {
      let fields = text.split(separator: ":", omittingEmptySubsequences: false)
      guard fields.count == 6, fields[0] == "arn", fields[2] == "sns", !fields[3].isEmpty, !fields[5].isEmpty
      else {
        return nil
      }
      self = .topic(arn: text, region: String(fields[3]))
    }
  }

  /// What an action must look like.
  public static let expected = "command:…, file:…, http://…, https://… or arn:aws:sns:…"
}
