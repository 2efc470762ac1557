import NetworkTypes

/// Asks every rule in turn: the specification that ``CompiledRules`` is compared with.
public struct LinearRules: RuleMatcher {
  public let rules: [ResolvedRule]

  public init(_ rules: [ResolvedRule]) { self.rules = rules }

  public func firstMatch(remote: IPAddress, service: ServiceKey) -> Int? {
    rules.firstIndex { $0.matches(remote: remote, service: service) }
  }

  public func possibleMatches(remote: IPAddress, services: ClosedRange<ServiceKey>) -> [Int?] {
    distinctMatches(over: services, borders: rules.map(\.traffic.services)) {
      firstMatch(remote: remote, service: $0)
    }
  }
}
