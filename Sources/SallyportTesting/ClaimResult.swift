import PolicyTesting
import ReportFormats

/// Whether a claim holds, and for which packet it does not.
///
/// A failed expectation prints the result, so that it says why:
///
/// ```swift
/// #expect(network.denies("tcp/any", from: "internet", to: "db-1").holds)
/// ```
public struct ClaimResult: Sendable, Hashable {
  /// One for each kind of traffic for which the claim does not hold.
  public var failures: [TestFailure]
  /// Why the claim cannot be checked: a name that nothing has, traffic that is none. Such a claim does not hold.
  public var problem: String?

  init(failures: [TestFailure] = [], problem: String? = nil) {
    self.failures = failures
    self.problem = problem
  }

  /// Whether every packet of the claim meets the fate that is claimed.
  public var holds: Bool { failures.isEmpty && problem == nil }
}

extension ClaimResult: CustomStringConvertible {
  /// `holds`, or for each failure the packet, what decided it and the command that shows its way.
  public var description: String {
    if let problem { return "cannot be checked: \(problem)" }
    return failures.isEmpty ? "holds" : failures.map(\.sentences).joined(separator: "\n\n")
  }
}

extension ClaimResult: CustomDebugStringConvertible {
  public var debugDescription: String { description }
}
