import Filtering
import NetworkTypes
import PolicyAnalysis
import VirtualNetworks

/// A statement about every packet of a question: all of them get through, or none of them does.
public struct PolicyClaim: Sendable, Hashable {
  public enum Expectation: String, Sendable, Hashable {
    case allow, deny
  }

  public var expectation: Expectation
  public var from: [Selector]
  public var to: [Selector]
  public var traffic: ClaimTraffic
  /// Codes of which each denied packet must have met one; empty: any reason will do.
  public var because: [ReachabilityCode]
  /// Source ports of TCP and UDP.
  public var sourcePorts: IntervalSet
  /// Whether replies must come back too; nil: where replies are usual.
  public var isRoundTrip: Bool?
  /// Where the claim was written.
  public var location: SourceLocation

  public init(
    _ expectation: Expectation, _ traffic: ClaimTraffic, from: [Selector], to: [Selector],
    because: [ReachabilityCode] = [], sourcePorts: IntervalSet = .everyPort, isRoundTrip: Bool? = nil,
    location: SourceLocation = SourceLocation()
  ) {
    self.expectation = expectation
    self.traffic = traffic
    self.from = from
    self.to = to
    self.because = because
    self.sourcePorts = sourcePorts
    self.isRoundTrip = isRoundTrip
    self.location = location
  }

  /// `deny tcp/any from internet, web-* to db-1`
  public var words: String {
    "\(expectation.rawValue) \(traffic.text) from \(from.map(\.text).joined(separator: ", "))"
      + " to \(to.map(\.text).joined(separator: ", "))"
  }

  /// The claim's packets in a network; throws if a selector stands for nothing there.
  public func question(in resolver: SelectorResolver) throws(SelectorError) -> ReachQuestion {
    var sources: [ReachQuestion.End] = []
    for selector in from { sources += ReachQuestion.End.covered(by: try resolver.coverage(of: selector)) }
    var destinations: [ReachQuestion.End] = []
    for selector in to { destinations += ReachQuestion.End.covered(by: try resolver.coverage(of: selector)) }
    // What may not be reached may not be reached by any of its addresses.
    return ReachQuestion(
      from: sources, to: destinations, services: traffic.services, sourcePorts: sourcePorts,
      isRoundTrip: isRoundTrip, includesPublicAddresses: expectation == .deny)
  }
}
