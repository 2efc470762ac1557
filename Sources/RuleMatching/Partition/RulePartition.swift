import NetworkTypes
import PrefixTables

/// The classes of remote addresses of one family.
public typealias AddressClasses<Address: SearchableAddress> = FieldClasses<Address>
/// The classes of protocol and port (or ICMP type and code).
public typealias ServiceClasses = FieldClasses<ServiceKey>

/// The cut of everything that rules look at into classes on which each of them is constant.
///
/// Two packets whose remote addresses are of one class and whose services are of one class are the same to every rule
/// of the list. A claim about every packet is therefore a claim about the witnesses of every pair of classes.
public struct RulePartition: Sendable {
  public let ruleCount: Int
  public let v4: AddressClasses<IPv4Address>
  public let v6: AddressClasses<IPv6Address>
  public let services: ServiceClasses

  /// Cuts by the prefixes and the traffic of `rules`; costs O(n log n) in the number of prefixes and rules.
  public init(_ rules: [ResolvedRule]) {
    // Without a limit there is always a partition.
    self = RulePartition(rules, memberLimit: .max)!
  }

  /// Cuts, or is nil if the classes of one field would list more than `memberLimit` rules in all.
  init?(_ rules: [ResolvedRule], memberLimit: Int) {
    ruleCount = rules.count
    var v4: [FieldBorder<IPv4Address>] = []
    var v6: [FieldBorder<IPv6Address>] = []
    var services: [FieldBorder<ServiceKey>] = []
    services.reserveCapacity(2 * rules.count)
    for (index, rule) in rules.enumerated() {
      let number = Int32(index)
      for prefix in rule.prefixes {
        switch prefix {
        case .v4(let prefix): v4.appendBorders(prefix.first, after: prefix.last.next, of: number)
        case .v6(let prefix): v6.appendBorders(prefix.first, after: prefix.last.next, of: number)
        }
      }
      let range = rule.traffic.services
      let after = ServiceKey(rawValue: range.upperBound.rawValue + 1)
      services.appendBorders(range.lowerBound, after: after <= .last ? after : nil, of: number)
    }
    guard let v4 = FieldClasses(first: .zero, borders: v4, memberLimit: memberLimit),
      let v6 = FieldClasses(first: .zero, borders: v6, memberLimit: memberLimit),
      let services = FieldClasses(first: ServiceKey.first, borders: services, memberLimit: memberLimit)
    else { return nil }
    self.v4 = v4
    self.v6 = v6
    self.services = services
  }
}

extension Array {
  fileprivate mutating func appendBorders<Key: SearchKey>(_ first: Key, after: Key?, of rule: Int32)
  where Element == FieldBorder<Key> {
    append(FieldBorder(key: first, rule: rule, begins: true))
    if let after { append(FieldBorder(key: after, rule: rule, begins: false)) }
  }
}
