import NetworkTypes
import PrefixTables
import RuleMatching

/// Which rules of a list of permissions add nothing to the others.
///
/// A rule goes if in every class of addresses that it matches the others match all of its services. Rules go one after
/// the other, the narrowest first, each held against those that stay: all that go can go together, and afterwards no
/// other can.
struct RuleCover {
  /// Up to how many rules pairs of them are compared.
  static let pairLimit = 1000
  private let rules: [ResolvedRule]
  private let services: [ClosedRange<ServiceKey>]
  /// The families for all of which a rule is: bit 0 for IPv4, bit 1 for IPv6.
  private let everybody: [UInt8]
  /// For each rule the classes that it is in, as lists of the rules that are in them.
  private var classes: [[ArraySlice<Int32>]]

  init(_ rules: [ResolvedRule]) {
    self.rules = rules
    services = rules.map(\.traffic.services)
    everybody = rules.map { rule in
      rule.prefixes.reduce(0) { $1.isEverything ? $0 | ($1.family == .v4 ? 1 : 2) : $0 }
    }
    classes = Array(repeating: [], count: rules.count)
    let partition = RulePartition(rules)
    collect(partition.v4)
    collect(partition.v6)
  }

  private mutating func collect<Key: SearchKey>(_ field: FieldClasses<Key>) {
    for index in 0..<field.count {
      let members = field.rules(ofClass: index)
      for rule in members { classes[Int(rule)].append(members) }
    }
  }

  /// The rules that can go, each with one that holds it alone, if there is one.
  func removable(except kept: [Int]) -> [Int: Int?] {
    var isThere = Array(repeating: true, count: rules.count)
    let kept = Set(kept)
    var gone: [Int: Int?] = [:]
    // Of equal rules the last goes first.
    let sizes = rules.indices.map(size)
    let order = rules.indices.filter { !kept.contains($0) }.sorted { (sizes[$0], $1) < (sizes[$1], $0) }
    for rule in order where isCovered(rule, isThere) {
      isThere[rule] = false
      gone[rule] = .some(nil)
    }
    for rule in gone.keys { gone[rule] = rules.indices.first { isThere[$0] && holds($0, rule) } }
    return gone
  }

  private func size(_ rule: Int) -> Double {
    let width = Double(services[rule].upperBound.rawValue - services[rule].lowerBound.rawValue) + 1
    // Blocks of IPv4 and IPv6 are never compared with each other.
    let addresses = rules[rule].prefixes.reduce(0.0) { sum, prefix in
      sum + (prefix.family == .v4 ? Self.power(32 - prefix.length) : Self.power(128 - prefix.length))
    }
    return width * addresses
  }

  private static func power(_ exponent: Int) -> Double {
    Double(sign: .plus, exponent: exponent, significand: 1)
  }

  /// Whether rules that are there, others than this one, match everything that it matches.
  private func isCovered(_ rule: Int, _ isThere: [Bool]) -> Bool {
    let wanted = services[rule]
    // A rule for everybody makes flows untracked (semantics CT-4): only another one for everybody takes its place.
    let families = everybody[rule]
    return classes[rule].allSatisfy { members in
      var others: [ClosedRange<ServiceKey>] = []
      for member in members {
        let other = Int(member)
        guard services[other].overlaps(wanted), other != rule, isThere[other],
          everybody[other] & families == families
        else { continue }
        others.append(services[other])
      }
      return Self.covers(others, wanted)
    }
  }

  private static func covers(_ ranges: [ClosedRange<ServiceKey>], _ wanted: ClosedRange<ServiceKey>) -> Bool {
    var next = wanted.lowerBound.rawValue
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound.rawValue > next { return false }
      if range.upperBound >= wanted.upperBound { return true }
      next = max(next, range.upperBound.rawValue + 1)
    }
    return false
  }

  private func holds(_ other: Int, _ rule: Int) -> Bool {
    let (wide, narrow) = (services[other], services[rule])
    return wide.lowerBound <= narrow.lowerBound && narrow.upperBound <= wide.upperBound
      && rules[rule].prefixes.allSatisfy { mine in rules[other].prefixes.contains { $0.contains(mine) } }
  }
}
