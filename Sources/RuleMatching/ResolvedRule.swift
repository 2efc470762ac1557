import NetworkTypes

/// A rule whose peer has been replaced by addresses: what matchers are built from, one for each source rule.
///
/// The index of a resolved rule in its list is the index that matchers answer with.
public struct ResolvedRule: Hashable, Sendable {
  public var traffic: TrafficMatch
  /// The peer's blocks; of either family, in any order, overlapping or not. Empty: matches nothing (a stale
  /// reference, semantics SG-28).
  public var prefixes: [IPPrefix]

  public init(_ traffic: TrafficMatch, prefixes: [IPPrefix]) {
    self.traffic = traffic
    self.prefixes = prefixes
  }

  /// Whether traffic with `remote` is meant; the specification that every compiled form is compared with.
  public func matches(remote: IPAddress, service: ServiceKey) -> Bool {
    traffic.matches(service) && prefixes.contains { $0.contains(remote) }
  }
}
