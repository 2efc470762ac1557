/// Something in a network's description that is wrong, missing or not supported.
public struct ModelProblem: Sendable, Hashable {
  public enum Severity: String, Sendable, Hashable, CaseIterable {
    /// Contradicts itself or the cloud's rules: verdicts that touch it cannot be trusted.
    case error
    /// Read, but not modelled, or suspicious; verdicts that hang on it are unknown.
    case warning
    /// Worth knowing with `-v`.
    case note
  }

  public var severity: Severity
  /// A stable word for programs: `unknown_reference`, `invalid_cidr`, `reversed_ports`, …
  public var code: String
  public var resource: ResourceID?
  public var location: SourceLocation
  /// What was found and what was expected, one sentence.
  public var message: String

  public init(
    _ severity: Severity, code: String, resource: ResourceID? = nil, location: SourceLocation, message: String
  ) {
    self.severity = severity
    self.code = code
    self.resource = resource
    self.location = location
    self.message = message
  }
}

extension ModelProblem {
  /// The place and the message: `network.yaml:12:5: sg-1 is not there`.
  package var text: String {
    let place = location.description
    return place.isEmpty ? message : "\(place): \(message)"
  }
}
