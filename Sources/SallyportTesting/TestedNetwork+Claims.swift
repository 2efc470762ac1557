import Filtering
import NetworkTypes
import PolicyFormats
import PolicyTesting
import VirtualNetworks

extension TestedNetwork {
  /// Reads a network: a folder of `aws ec2 describe-*` outputs, one such file, or a YAML network.
  ///
  /// A network with errors is no ground for a claim, and an error.
  public init(contentsOf path: String) throws(TestedNetworkError) { try self.init(paths: [path]) }

  /// Reads a network that is written as YAML; `file` is what problems call the text.
  public init(yaml text: String, file: String = "network.yaml") throws(TestedNetworkError) {
    let network: VirtualNetwork
    do {
      network = try VirtualNetwork(yaml: text, file: file)
    } catch { throw TestedNetworkError(problems: ["\(error)"]) }
    try self.init(checking: network, paths: [])
  }

  /// Whether every packet of the traffic gets from each of the ends to each of the others, and its reply back.
  ///
  /// ```swift
  /// #expect(network.allows("tcp/443", from: "internet", to: ["web-1", "web-2"], fromPort: 1024...65535).holds)
  /// ```
  /// - Parameters:
  ///   - traffic: `tcp/443`, `tcp/8000-8100`, `udp/any`, `icmp`, a protocol's number, `any`; or several of them.
  ///   - from: Ids, names with `*`, `sg/NAME`, `subnet/NAME`, addresses, blocks, `internet`; or several of them.
  ///   - fromPort: Source ports of TCP and UDP; every one unless named.
  ///   - roundTrip: Whether replies must come back, too; nil: where replies are usual.
  public func allows(
    _ traffic: Words, from: Words, to: Words, fromPort: ClosedRange<UInt16> = 0...65535,
    roundTrip: Bool? = nil
  ) -> ClaimResult {
    check(.allow, traffic, from, to, [], fromPort, roundTrip)
  }

  /// Whether no packet of the traffic gets from any of the ends to any of the others.
  ///
  /// - Parameter because: Codes of which each packet must have met one; any reason will do unless named.
  public func denies(
    _ traffic: Words, from: Words, to: Words, because: [ReachabilityCode] = [],
    fromPort: ClosedRange<UInt16> = 0...65535, roundTrip: Bool? = nil
  ) -> ClaimResult {
    check(.deny, traffic, from, to, because, fromPort, roundTrip)
  }

  private func check(
    _ expectation: PolicyClaim.Expectation, _ traffic: Words, _ from: Words, _ to: Words,
    _ because: [ReachabilityCode], _ fromPort: ClosedRange<UInt16>, _ roundTrip: Bool?
  ) -> ClaimResult {
    var failures: [TestFailure] = []
    do {
      let sources = try Self.selectors(from, "from")
      let destinations = try Self.selectors(to, "to")
      if traffic.all.isEmpty { throw WordError(reason: "no traffic, expected \(ClaimTraffic.expected)") }
      for word in traffic.all {
        guard let services = ClaimTraffic(word) else {
          throw WordError(reason: "found \"\(word)\", expected \(ClaimTraffic.expected)")
        }
        let claim = PolicyClaim(
          expectation, services, from: sources, to: destinations, because: because,
          sourcePorts: IntervalSet(
            IntervalSet.Key(fromPort.lowerBound)...IntervalSet.Key(fromPort.upperBound)),
          isRoundTrip: roundTrip)
        if let failure = try failure(of: claim) { failures.append(failure) }
      }
    } catch { return ClaimResult(failures: failures, problem: "\(error)") }
    return ClaimResult(failures: failures)
  }

  private static func selectors(_ words: Words, _ label: String) throws -> [Selector] {
    if words.all.isEmpty {
      throw WordError(reason: "\(label): no selector, expected a name, an id or an address")
    }
    return try words.all.map { try Selector($0) }
  }
}

private struct WordError: Error, CustomStringConvertible {
  var reason: String
  var description: String { reason }
}
