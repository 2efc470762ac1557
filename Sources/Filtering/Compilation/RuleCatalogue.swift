import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Every rule, ACL entry and route of a network in one list, so that a verdict can name one by a number.
public struct RuleCatalogue: Sendable {
  /// One line of policy, with the resource that holds it.
  public struct Entry: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
      case groupRule
      case aclEntry
      case route
    }

    public var kind: Kind
    /// The group, ACL or route table.
    public var owner: ResourceID
    /// `sgr-…`, an ACL entry's number, a route's destination.
    public var id: String
    public var direction: Direction
    /// The rule as text: `tcp 443 from 0.0.0.0/0`.
    public var text: String
    /// The group or prefix list that the rule names as its peer.
    public var peer: ResourceID?
  }

  public private(set) var entries: [Entry] = []
  /// Rules that a change took away: their numbers stay theirs, so that earlier verdicts keep their meaning.
  public private(set) var removed: Set<RuleIndex> = []

  init() {}

  /// The number of a line that stands in the place of `old` now: its own if it was there, or was taken away earlier.
  mutating func renew(_ entries: [Entry], inPlaceOf old: [RuleIndex]) -> [RuleIndex] {
    guard let first = entries.first ?? old.first.map({ self[$0] }) else { return [] }
    var known: [Entry: RuleIndex] = [:]
    // Only lines of the same owner may come back.
    for index in removed where self[index].owner == first.owner { known[self[index]] = index }
    for index in old { known[self[index]] = index }
    removed.formUnion(old)
    return entries.map { entry in
      guard let index = known.removeValue(forKey: entry) else { return add(entry) }
      removed.remove(index)
      return index
    }
  }

  /// Adds an entry and returns its index.
  mutating func add(_ entry: Entry) -> RuleIndex {
    entries.append(entry)
    return RuleIndex(entries.count - 1)
  }

  public subscript(index: RuleIndex) -> Entry { entries[index.int] }

  /// Rules of groups, then entries of ACLs, in the order of the input; what changes have added stands with its like.
  public var inReportOrder: [RuleIndex] {
    struct Place: Hashable {
      var owner: ResourceID
      var direction: Direction
    }
    var places: [Place: Int] = [:]
    var keyed: [(kind: Int, place: Int, index: Int)] = []
    for (index, entry) in entries.enumerated() where entry.kind != .route {
      let place = Place(owner: entry.owner, direction: entry.direction)
      let first = places[place] ?? index
      places[place] = first
      keyed.append((entry.kind == .groupRule ? 0 : 1, first, index))
    }
    return keyed.sorted { ($0.kind, $0.place, $0.index) < ($1.kind, $1.place, $1.index) }.map {
      RuleIndex($0.index)
    }
  }
}

/// The ids of everything that a path may name, interfaces first.
struct ResourceCatalogue: Sendable {
  private(set) var ids: [ResourceID] = []
  private var indices: [ResourceID: ResourceIndex] = [:]

  /// The index of a resource, added if it is new.
  mutating func index(of id: ResourceID) -> ResourceIndex {
    if let index = indices[id] { return index }
    let index = ResourceIndex(ids.count)
    ids.append(id)
    indices[id] = index
    return index
  }

  subscript(index: ResourceIndex) -> ResourceID { ids[index.int] }
}
