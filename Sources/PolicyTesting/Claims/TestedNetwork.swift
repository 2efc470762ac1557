import Filtering
import PolicyAnalysis
import PolicyFormats
import VirtualNetworks

/// A network made ready for tests: read once, shared by all tests of it.
public struct TestedNetwork: Sendable {
  public let network: VirtualNetwork
  public let filter: PacketFilter
  public let analyzer: ReachAnalyzer
  public let resolver: SelectorResolver
  /// As a command line names it; empty for a network that was built in code.
  public let paths: [String]

  public init(_ network: VirtualNetwork, paths: [String] = []) {
    self.init(filter: PacketFilter(network), paths: paths)
  }

  init(filter: PacketFilter, paths: [String]) {
    network = filter.network
    self.filter = filter
    analyzer = ReachAnalyzer(filter)
    resolver = SelectorResolver(filter.network)
    self.paths = paths
  }

  /// The same network with other rules in some lists; nothing else may differ.
  func following(_ filter: PacketFilter, changing lists: Set<RuleTest.List>) -> TestedNetwork {
    TestedNetwork(filter, analyzer.following(filter, changing: lists), resolver, paths: paths)
  }

  private init(
    _ filter: PacketFilter, _ analyzer: ReachAnalyzer, _ resolver: SelectorResolver, paths: [String]
  ) {
    network = filter.network
    self.filter = filter
    self.analyzer = analyzer
    self.resolver = resolver
    self.paths = paths
  }

  /// Reads a network; one that contradicts itself is no ground for a claim and an error.
  public init(paths: [String]) throws(TestedNetworkError) {
    let network: VirtualNetwork
    do {
      network = try NetworkReader().read(paths: paths)
    } catch {
      // Of several lines the first sums up, and each of the others is a problem of its own.
      let lines = "\(error)".split(separator: "\n").map { $0.drop { $0 == " " } }
      throw TestedNetworkError(problems: (lines.count > 1 ? lines.dropFirst() : lines[...]).map(String.init))
    }
    try self.init(checking: network, paths: paths)
  }

  /// The same for a network that is read already.
  public init(checking network: VirtualNetwork, paths: [String]) throws(TestedNetworkError) {
    let errors = network.problems.filter { $0.severity == .error }.map(\.text)
    guard errors.isEmpty else { throw TestedNetworkError(problems: errors) }
    self.init(network, paths: paths)
  }
}

/// Why no test can be made of a network.
public struct TestedNetworkError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence each; never empty.
  public var problems: [String]

  public init(problems: [String]) { self.problems = problems }

  public var description: String {
    guard problems.count > 1 else { return problems.first ?? "" }
    let shown = problems.prefix(10).map { "\n  " + $0 }.joined()
    return "the network has \(problems.count) errors:" + shown
      + (problems.count > 10 ? "\n  and \(problems.count - 10) more" : "")
  }
}
