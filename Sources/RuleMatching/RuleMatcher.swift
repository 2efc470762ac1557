import NetworkTypes

/// Finds the first rule of a list, in the order of the input, that matches.
///
/// Allow sets and ordered lists need the same answer: for a set of allow rules any match allows, and the first one is
/// the one reported.
public protocol RuleMatcher: Sendable {
  init(_ rules: [ResolvedRule])
  /// Index of the first rule that matches traffic with `remote`, or nil.
  func firstMatch(remote: IPAddress, service: ServiceKey) -> Int?
  /// What ``firstMatch(remote:service:)`` answers over all of `services`: each answer once, in ascending order, nil
  /// ("no rule") last. Not for the hot path.
  func possibleMatches(remote: IPAddress, services: ClosedRange<ServiceKey>) -> [Int?]
}

/// What is known of the first match of a packet whose ports, or ICMP type and code, are not (a later fragment, a
/// packet cut short).
public enum PortlessMatch: Hashable, Sendable {
  /// No rule matches, whatever the ports.
  case never
  /// This rule is the first match, whatever the ports.
  case always(Int)
  /// It depends on the ports. The answers are in ascending order, nil ("no rule") last: an allow set without nil among
  /// them allows all the same, and an ordered list decides if the actions agree.
  case depends([Int?])
}

extension RuleMatcher {
  /// The first match of a packet of `ipProtocol` whose ports are not known.
  public func portlessMatch(remote: IPAddress, ipProtocol: IPProtocol) -> PortlessMatch {
    let matches = possibleMatches(remote: remote, services: ServiceKey.all(of: ipProtocol))
    switch matches.first {
    case .some(nil), nil: return .never
    case .some(let rule?): return matches.count == 1 ? .always(rule) : .depends(matches)
    }
  }
}

/// The answers of `firstMatch` over `services`, asked once in every run of keys on which `borders` are constant.
///
/// `borders` are the ranges of keys that the rules in question speak of.
func distinctMatches(
  over services: ClosedRange<ServiceKey>, borders: some Sequence<ClosedRange<ServiceKey>>,
  firstMatch: (ServiceKey) -> Int?
) -> [Int?] {
  var keys: Set<ServiceKey> = [services.lowerBound]
  for range in borders {
    for key in [range.lowerBound, ServiceKey(rawValue: range.upperBound.rawValue + 1)]
    where services.contains(key) {
      keys.insert(key)
    }
  }
  return Set(keys.map(firstMatch)).sorted { ($0 ?? .max) < ($1 ?? .max) }
}
