import NetworkTypes

/// Looks the first matching rule up in a table over the classes of the rules' partition.
///
/// A lookup is a search among address intervals, a search among service intervals and one read, whatever the number of
/// rules; nothing is allocated.
public struct CompiledRules: RuleMatcher {
  private let v4: FamilyTable<IPv4Address>
  private let v6: FamilyTable<IPv6Address>

  /// What one family's table may hold (4 MiB of it); most policies need a few thousand cells.
  public static let defaultCellLimit = 1 << 20

  public init(_ rules: [ResolvedRule]) { self.init(rules, cellLimit: Self.defaultCellLimit) }

  /// Compiles `rules`. A family whose table would pass `cellLimit` cells keeps a list of rules for each address class
  /// and scans it: the answers are the same.
  public init(_ rules: [ResolvedRule], cellLimit: Int) {
    let partition = RulePartition(rules)
    v4 = FamilyTable(partition.v4, partition.services, rules: rules, cellLimit: cellLimit)
    v6 = FamilyTable(partition.v6, partition.services, rules: rules, cellLimit: cellLimit)
  }

  /// How many cells the tables of both families have; zero for a family that is scanned.
  public var cellCount: Int { v4.cellCount + v6.cellCount }

  /// Index of the first rule that matches traffic with `remote`, or -1.
  public func firstMatch(remote: IPv4Address, service: ServiceKey) -> Int32 { v4.firstMatch(remote, service) }

  /// Index of the first rule that matches traffic with `remote`, or -1.
  public func firstMatch(remote: IPv6Address, service: ServiceKey) -> Int32 { v6.firstMatch(remote, service) }

  public func firstMatch(remote: IPAddress, service: ServiceKey) -> Int? {
    let rule =
      switch remote {
      case .v4(let address): v4.firstMatch(address, service)
      case .v6(let address): v6.firstMatch(address, service)
      }
    return rule < 0 ? nil : Int(rule)
  }

  public func possibleMatches(remote: IPAddress, services: ClosedRange<ServiceKey>) -> [Int?] {
    switch remote {
    case .v4(let address): v4.possibleMatches(address, services)
    case .v6(let address): v6.possibleMatches(address, services)
    }
  }
}
