import NetworkTypes

/// Whom to tell of an alarm.
public enum AlarmTarget: Sendable, Hashable {
  /// A shell command, which gets the message on standard input.
  case command(String)
  /// A file to which the message is added as a line.
  case file(String)
  /// An endpoint that gets the message with POST: an http or https URL.
  case http(String)
  /// An SNS topic.
  case topic(AlarmTopic)

  /// Reads `command:…`, `file:…`, `http://…`, `https://…` or `arn:aws:sns:…`; throws what is wrong with anything else.
  public init(parsing text: String) throws(AlarmTargetProblem) {
    let scheme = text.prefix { $0 != ":" }
    let rest = text.dropFirst(scheme.count + 1)
    switch scheme.lowercased() {
    case "command" where rest.contains(where: { !$0.isWhitespace }): self = .command(String(rest))
    case "command": throw AlarmTargetProblem(text, expected: "a command after command:")
    case "file" where rest.contains(where: { !$0.isWhitespace }): self = .file(String(rest))
    case "file": throw AlarmTargetProblem(text, expected: "a path after file:")
    case "http", "https":
      guard Self.isEndpoint(text) else { throw AlarmTargetProblem(text, expected: Self.expectedEndpoint) }
      self = .http(text)
    case "arn": self = .topic(try AlarmTopic(parsing: text))
    default: throw AlarmTargetProblem(text, expected: Self.expected)
    }
  }

  /// The same; nil for what is no target.
  public init?(_ text: String) {
    do throws(AlarmTargetProblem) { try self.init(parsing: text) } catch { return nil }
  }

  /// What an action must look like.
  public static let expected = "command:…, file:…, http://…, https://… or arn:aws:sns:…"

  /// What the address of an endpoint must look like.
  public static let expectedEndpoint = "an http:// or https:// URL with a host"

  /// Whether a text is the address of an endpoint: `http://127.0.0.1:8080/hook`, `https://[::1]/`.
  public static func isEndpoint(_ text: String) -> Bool {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
      !text.contains(where: { "\"<>\\^`{|}".contains($0) })
    else { return false }
    let scheme = text.prefix { $0 != ":" }
    let rest = text.dropFirst(scheme.count)
    guard ["http", "https"].contains(scheme.lowercased()), rest.hasPrefix("://") else { return false }
    let authority = rest.dropFirst(3).prefix { !"/?#".contains($0) }
    // What stands before an @ is whom to log in as.
    let place = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    let host: Substring
    if place.hasPrefix("[") {
      host = place.prefix { $0 != "]" }.dropFirst()
      guard place.dropFirst(host.count + 1).first == "]", IPv6Address(host) != nil else { return false }
      return isPort(place.dropFirst(host.count + 2))
    }
    host = place.prefix { $0 != ":" }
    return !host.isEmpty && !host.contains(where: { "[]%".contains($0) })
      && isPort(place.dropFirst(host.count))
  }

  /// Whether a text is nothing, or a colon and a port.
  private static func isPort(_ text: Substring) -> Bool {
    guard let colon = text.first else { return true }
    guard colon == ":", text.dropFirst().allSatisfy({ ("0"..."9").contains($0) }) else { return false }
    return UInt16(text.dropFirst()).map { $0 > 0 } ?? false
  }
}

/// An SNS topic, by its ARN.
public struct AlarmTopic: Sendable, Hashable {
  public let arn: String
  public let region: String
  /// Where AWS takes messages for it.
  public let host: String

  /// Domains of AWS's partitions (botocore's `partitions.json`).
  private static let domains = [
    "aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com",
    "aws-eusc": "amazonaws.eu", "aws-iso": "c2s.ic.gov", "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk", "aws-iso-f": "csp.hci.ic.gov",
  ]

  /// Reads `arn:aws:sns:eu-west-1:123456789012:ops`.
  ///
  /// The Region becomes part of a host name, so it may be letters, digits and hyphens only.
  public init(parsing text: String) throws(AlarmTargetProblem) {
    let fields = text.split(separator: ":", omittingEmptySubsequences: false)
    guard fields.count == 6, fields[0] == "arn", fields[2] == "sns", !fields[5].isEmpty else {
      throw AlarmTargetProblem(
        text, expected: "the ARN of an SNS topic: arn:aws:sns:eu-west-1:123456789012:ops")
    }
    guard let domain = Self.domains[String(fields[1])] else {
      throw AlarmTargetProblem(
        text,
        expected:
          "a partition of AWS (\(Self.domains.keys.sorted().joined(separator: ", "))), not \"\(fields[1])\"")
    }
    let region = fields[3]
    let isRegion = region.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        || byte == 0x2d
    }
    guard !region.isEmpty, isRegion, !region.hasPrefix("-"), !region.hasSuffix("-"), region.utf8.count <= 63
    else {
      throw AlarmTargetProblem(
        text, expected: "a Region of letters, digits and hyphens such as eu-west-1, not \"\(region)\"")
    }
    arn = text
    self.region = String(region)
    host = "sns.\(region).\(domain)"
  }
}

/// Why a text is no target of an alarm.
public struct AlarmTargetProblem: Error, Sendable, Hashable, CustomStringConvertible {
  public var found: String
  public var expected: String

  init(_ text: String, expected: String) {
    found = "\"\(text)\""
    self.expected = expected
  }

  public var description: String { "found \(found), expected \(expected)" }
}
