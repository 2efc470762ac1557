import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Entries of network ACLs.
extension NetworkLinter {
  func findings(of acl: NetworkACL) -> [LintFinding] {
    [Direction.ingress, .egress].flatMap { direction -> [LintFinding] in
      let entries = acl.entries(direction).filter { !$0.isFinalDeny }
      guard entries.count <= EntryOrder.limit else {
        return [
          LintFinding(
            .info, .notCompared, acl.id, at: acl.attributes.location,
            "the \(direction == .ingress ? "inbound" : "outbound") list has \(entries.count) entries; more than "
              + "\(EntryOrder.limit) are not compared", fix: "shorten the list")
        ]
      }
      return EntryOrder(entries).removable().map { index, kind in
        finding(entries[index], kind, entries, direction, acl)
      }
    }
  }

  private func finding(
    _ entry: NetworkACLEntry, _ kind: EntryOrder.Kind, _ entries: [NetworkACLEntry], _ direction: Direction,
    _ acl: NetworkACL
  ) -> LintFinding {
    let text = "\"\(Self.text(entry, direction))\""
    let number = String(entry.number)
    switch kind {
    case .shadowed(let by):
      return LintFinding(
        .warning, .shadowedRule, acl.id, rule: number, at: entry.location,
        "\(text) never decides: "
          + (by.map { "\"\(Self.text(entries[$0], direction))\" comes first and matches all of it" }
            ?? "entries before it together match all of it"),
        fix: "remove the entry, or give it a number below theirs")
    case .sameAsNext:
      return LintFinding(
        .warning, .redundantRule, acl.id, rule: number, at: entry.location,
        "\(text) changes nothing: what it decides, later entries decide in the same way",
        fix: "remove the entry")
    case .tooLate(let by):
      return LintFinding(
        .warning, .shadowedRule, acl.id, rule: number, at: entry.location,
        "\(text) stops nothing: \"\(Self.text(entries[by], direction))\" comes first and lets some of it through, "
          + "and the rest is denied anyway",
        fix: "give the entry a number below \(entries[by].number) if it is to stop that, or else remove it")
    case .sameAsFinalDeny:
      return LintFinding(
        .info, .redundantRule, acl.id, rule: number, at: entry.location,
        "\(text) changes nothing: what no entry allows is denied anyway",
        fix: "remove the entry, or keep it as a remark")
    }
  }

  static func text(_ entry: NetworkACLEntry, _ direction: Direction) -> String {
    NumberedMatch(
      number: entry.number, allows: entry.action == .allow,
      match: Match(entry.traffic, peer: .prefix(entry.prefix)), direction: direction
    ).text
  }
}

/// Which entries of an ordered list decide nothing, or nothing that would not be decided the same without them.
struct EntryOrder {
  /// Entries that are compared; the cells are quadratic in them.
  static let limit = 120

  enum Kind: Hashable {
    /// Never the first to match; `by` is an entry that comes before and holds it alone.
    case shadowed(by: Int?)
    case sameAsNext
    case sameAsFinalDeny
    /// A denial that comes after an entry (`by`) that allows some of what it matches.
    case tooLate(by: Int)
  }

  private let entries: [NetworkACLEntry]
  /// For each class of addresses and services, the entries that match it, in order.
  private let cells: [[Int]]

  init(_ entries: [NetworkACLEntry]) {
    self.entries = entries
    let partition = RulePartition(entries.map { ResolvedRule($0.traffic, prefixes: [$0.prefix]) })
    var cells: Set<[Int]> = []
    let services = (0..<partition.services.count).map { Set(partition.services.rules(ofClass: $0)) }
    let fields =
      (0..<partition.v4.count).map { partition.v4.rules(ofClass: $0) }
      + (0..<partition.v6.count).map { partition.v6.rules(ofClass: $0) }
    for field in fields where !field.isEmpty {
      for service in services { cells.insert(field.filter(service.contains).map(Int.init)) }
    }
    self.cells = cells.filter { !$0.isEmpty }.map { $0 }
  }

  /// Entries each of which can go alone, and all together; the last goes first, held against those that stay.
  func removable() -> [(index: Int, kind: Kind)] {
    let everyone = Array(repeating: true, count: entries.count)
    var isThere = everyone
    var found: [(Int, Kind)] = []
    for index in entries.indices.reversed() {
      let (decides, changes, meetsEntry) = effect(of: index, isThere)
      guard !changes, !effect(of: index, everyone).changes else { continue }
      isThere[index] = false
      let kind: Kind =
        if !decides {
          .shadowed(by: holder(of: index))
        } else if meetsEntry {
          .sameAsNext
        } else {
          exception(to: index).map { .tooLate(by: $0) } ?? .sameAsFinalDeny
        }
      found.append((index, kind))
    }
    return found.sorted { $0.0 < $1.0 }.map { (index: $0.0, kind: $0.1) }
  }

  /// Whether the entry is the first to match anything, whether anything would change without it, and whether another
  /// entry would take its place.
  private func effect(of index: Int, _ isThere: [Bool]) -> (decides: Bool, changes: Bool, meetsEntry: Bool) {
    var (decides, meetsEntry) = (false, false)
    for cell in cells {
      let active = cell.lazy.filter { isThere[$0] }
      guard active.first == index else { continue }
      decides = true
      let next = active.dropFirst().first
      if next != nil { meetsEntry = true }
      let action = next.map { entries[$0].action } ?? .deny
      if action != entries[index].action { return (true, true, meetsEntry) }
    }
    return (decides, false, meetsEntry)
  }

  /// An entry that comes before a denial and allows some of what it matches.
  private func exception(to index: Int) -> Int? {
    guard entries[index].action == .deny else { return nil }
    return cells.lazy.filter { $0.contains(index) }.compactMap(\.first)
      .filter { $0 < index && entries[$0].action == .allow }.min()
  }

  private func holder(of index: Int) -> Int? {
    let mine = entries[index].traffic.services
    return entries[..<index].firstIndex { entry in
      let services = entry.traffic.services
      return entry.prefix.contains(entries[index].prefix) && services.lowerBound <= mine.lowerBound
        && mine.upperBound <= services.upperBound
    }
  }
}
