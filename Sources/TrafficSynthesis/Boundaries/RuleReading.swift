import Filtering
import NetworkTypes
import RuleMatching

/// A list of rules as sets, to be asked about one packet and to be changed without compiling anything.
struct RuleReading {
  struct Line {
    var remotes: RemoteSet
    var services: ClosedRange<IntervalSet.Key>
    var allows = true
    /// Whether it refers to a group, and counts only where group identity does (semantics SG-29).
    var isReference = false
  }

  /// Where the input lacks a rule's peers.
  struct OpenLine {
    var line: Line
    /// The rule that it belongs to.
    var position: Int
    /// Whether it is for senders only that no interface has.
    var isForNobodys: Bool
  }

  /// What a list says of a packet; the graver the greater.
  enum Answer: UInt8, Comparable {
    case allow, unknown, deny

    static func < (left: Answer, right: Answer) -> Bool { left.rawValue < right.rawValue }
  }

  private(set) var lines: [Line]
  private(set) var open: [OpenLine]
  /// Whether the first line that matches decides; otherwise any does, and all of them allow.
  let isOrdered: Bool
  let hasReferences: Bool

  /// - Parameter isReference: Whether a rule, by its place in the catalogue, refers to a group.
  init(_ tested: TestedRules, isReference: (RuleIndex) -> Bool) {
    lines = tested.rules.indices.map { position in
      Line(
        remotes: RemoteSet(tested.rules[position].prefixes),
        services: tested.rules[position].traffic.services.keys,
        allows: tested.allows?[position] ?? true, isReference: isReference(tested.indices[position]))
    }
    open = tested.open.compactMap { open in
      tested.indices.firstIndex(of: open.index).map { position in
        OpenLine(
          line: Line(
            remotes: open.within.isEmpty ? .everything : RemoteSet(open.within),
            services: open.traffic.services.keys, isReference: open.isReference),
          position: position, isForNobodys: open.isForNobodys)
      }
    }
    isOrdered = tested.allows != nil
    hasReferences = lines.contains(where: \.isReference) || open.contains(where: \.line.isReference)
  }

  /// What the list says of a packet; of one that may have several services what it says of all, or that it is not known.
  func answer(_ point: PolicyPoint) -> Answer {
    guard point.services.count > 1 else { return answer(point, point.services.lowerBound) }
    var answers: Set<Answer> = []
    var rest = IntervalSet(point.services)
    for line in lines where !rest.isEmpty && counts(line, point) {
      let meant = rest.intersection(IntervalSet(line.services))
      if meant.isEmpty { continue }
      answers.insert(line.allows ? .allow : .deny)
      rest = rest.subtracting(meant)
    }
    answers.formUnion(rest.runs.map { answer(point, $0.lowerBound) })
    return answers.count == 1 ? answers.first ?? .deny : .unknown
  }

  private func counts(_ line: Line, _ point: PolicyPoint) -> Bool {
    (point.countsReferences || !line.isReference)
      && line.remotes[point.remote.family].contains(point.remote.key)
  }

  private func answer(_ point: PolicyPoint, _ service: IntervalSet.Key) -> Answer {
    if let match = lines.first(where: { $0.services.contains(service) && counts($0, point) }) {
      return match.allows ? .allow : .deny
    }
    let isOpen = open.contains {
      (point.isNobodys || !$0.isForNobodys) && $0.line.services.contains(service) && counts($0.line, point)
    }
    return isOpen ? .unknown : .deny
  }

  /// The list with another rule in one place; nil: with none.
  ///
  /// - Parameter keepsBlocks: Whether the other rule is about the same addresses.
  func replacing(
    _ position: Int, by rule: ResolvedRule?, allows: Bool? = nil, keepsBlocks: Bool = false
  ) -> RuleReading {
    var changed = self
    guard let rule else {
      changed.lines[position].remotes = .nothing
      changed.open.removeAll { $0.position == position }
      return changed
    }
    changed.lines[position].services = rule.traffic.services.keys
    if !keepsBlocks { changed.lines[position].remotes = RemoteSet(rule.prefixes) }
    if let allows { changed.lines[position].allows = allows }
    for index in changed.open.indices where changed.open[index].position == position {
      changed.open[index].line.services = rule.traffic.services.keys
    }
    return changed
  }
}

/// What of a packet a list of rules is asked about.
struct PolicyPoint {
  var remote: IPAddress
  /// One, or all that it may have.
  var services: ClosedRange<IntervalSet.Key>
  /// Whether references to groups count.
  var countsReferences: Bool
  /// Whether no interface has the remote address.
  var isNobodys: Bool
}

/// Remote addresses of both families.
struct RemoteSet: Equatable {
  var v4: IntervalSet
  var v6: IntervalSet

  static let nothing = RemoteSet(v4: .empty, v6: .empty)
  static let everything = RemoteSet(v4: .everything(.v4), v6: .everything(.v6))

  init(v4: IntervalSet, v6: IntervalSet) {
    self.v4 = v4
    self.v6 = v6
  }

  init(_ prefixes: [IPPrefix]) {
    self.init(v4: IntervalSet(.v4, prefixes), v6: IntervalSet(.v6, prefixes))
  }

  subscript(family: IPFamily) -> IntervalSet { family == .v4 ? v4 : v6 }

  var runCount: Int { v4.runs.count + v6.runs.count }
}
