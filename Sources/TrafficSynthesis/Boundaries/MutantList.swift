import NetworkTypes
import RuleMatching
import VirtualNetworks

/// The mutants of some rules, each made when it is its turn: an ACL has as many as it has pairs of entries.
struct MutantList: Sequence {
  /// How many there are.
  let count: Int
  private let ruleCount: Int
  /// The mutants of the rule in one place.
  private let edits: (Int) -> [PolicyMutant]
  /// The places that a rule may change with, and the mutant that does.
  private let swaps: (Int) -> Range<Int>
  private let swap: (Int, Int) -> PolicyMutant

  /// - Parameter resolved: What the group's rules mean in the network, by id.
  init(of group: SecurityGroup, _ direction: Direction, _ resolved: [String: ResolvedRule]) {
    let rules = group.rules(direction)
    let matches = Set(rules.map(\.match))
    let edits = { (position: Int) -> [PolicyMutant] in
      let rule = rules[position]
      return resolved[rule.id].map { group.mutants(of: rule, direction, resolved: $0, besides: matches) }
        ?? []
    }
    ruleCount = rules.count
    count = rules.indices.reduce(0) { $0 + edits($1).count }
    self.edits = edits
    swaps = { $0..<$0 }
    swap = { position, _ in PolicyMutant(changes: [], edits: []) }
  }

  init(of acl: NetworkACL, _ direction: Direction) {
    let entries = acl.entries(direction).filter { !$0.isFinalDeny }
    // Entries that do the same may change places unless one between them does otherwise.
    var contraries = Array(repeating: entries.count, count: entries.count)
    for position in entries.indices.dropLast().reversed() {
      contraries[position] =
        entries[position].action == entries[position + 1].action ? contraries[position + 1] : position + 1
    }
    let swaps = { [contraries] (position: Int) in contraries[position]..<entries.count }
    let edits = { (position: Int) in acl.mutants(of: entries[position], direction) }
    ruleCount = entries.count
    count = entries.indices.reduce(0) { $0 + edits($1).count + swaps($1).count }
    self.edits = edits
    self.swaps = swaps
    swap = { acl.swap(of: entries[$0], with: entries[$1], direction) }
  }

  func makeIterator() -> Iterator { Iterator(list: self) }

  struct Iterator: IteratorProtocol {
    fileprivate let list: MutantList
    private var rulesBegun = 0
    private var current: [PolicyMutant] = []
    private var used = 0
    private var swaps = 0..<0

    fileprivate init(list: MutantList) { self.list = list }

    mutating func next() -> PolicyMutant? {
      while true {
        if used < current.count {
          used += 1
          return current[used - 1]
        }
        if let other = swaps.popFirst() { return list.swap(rulesBegun - 1, other) }
        guard rulesBegun < list.ruleCount else { return nil }
        current = list.edits(rulesBegun)
        used = 0
        swaps = list.swaps(rulesBegun)
        rulesBegun += 1
      }
    }
  }
}
