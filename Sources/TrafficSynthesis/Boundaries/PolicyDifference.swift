import NetworkTypes
import PolicyAnalysis

/// Remote addresses of one family with services: all their combinations.
struct PolicyRegion {
  var family: IPFamily
  var remotes: IntervalSet
  var services: IntervalSet

  /// What of the region a line of a list matches, and what it does not.
  func split(by line: RuleReading.Line) -> (inside: PolicyRegion?, outside: [PolicyRegion]) {
    split(by: line.remotes[family], IntervalSet(line.services))
  }

  func subtracting(_ other: PolicyRegion) -> [PolicyRegion] {
    family == other.family ? split(by: other.remotes, other.services).outside : [self]
  }

  private func split(
    by remotes: IntervalSet, _ meant: IntervalSet
  ) -> (inside: PolicyRegion?, outside: [PolicyRegion]) {
    if services.isDisjoint(with: meant) { return (nil, [self]) }
    let common = self.remotes.intersection(remotes)
    if common.isEmpty { return (nil, [self]) }
    var outside: [PolicyRegion] = []
    let otherRemotes = self.remotes.subtracting(common)
    if !otherRemotes.isEmpty {
      outside.append(PolicyRegion(family: family, remotes: otherRemotes, services: services))
    }
    let otherServices = services.subtracting(meant)
    if !otherServices.isEmpty {
      outside.append(PolicyRegion(family: family, remotes: common, services: otherServices))
    }
    return (PolicyRegion(family: family, remotes: common, services: services.intersection(meant)), outside)
  }
}

/// All that two versions of a list answer otherwise, as regions that do not overlap.
struct PolicyDifference {
  struct Part {
    var region: PolicyRegion
    /// Whether only where references to groups count, or do not; nil: in either case.
    var onlyWithReferences: Bool?
    var isForNobodys = false
  }

  private(set) var parts: [Part] = []
  /// What it took, in steps of about a microsecond.
  private(set) var work = 0
  /// Whether it would have taken more than the limit, and was given up.
  private(set) var isCut = false
  private let limit: Int

  /// Beyond that many regions nothing more is cut off: then the parts hold some that differs in nothing.
  private static let regionLimit = 1024

  /// - Parameters:
  ///   - positions: The lines that may differ.
  ///   - limit: How much work it may take.
  init(_ before: RuleReading, _ after: RuleReading, at positions: [Int], limit: Int = .max) {
    self.limit = limit
    defer { if isCut { parts = [] } }
    if before.isOrdered {
      findOrdered(before, after, positions)
    } else if before.hasReferences {
      findUnordered(before, after, positions, withReferences: true)
      findUnordered(before, after, positions, withReferences: false)
    } else {
      findUnordered(before, after, positions, withReferences: nil)
    }
  }

  // MARK: Any match allows

  private mutating func findUnordered(
    _ before: RuleReading, _ after: RuleReading, _ positions: [Int], withReferences: Bool?
  ) {
    func counts(_ line: RuleReading.Line) -> Bool { withReferences != false || !line.isReference }
    for position in positions where counts(before.lines[position]) {
      var regions = symmetricDifference(before.lines[position], after.lines[position])
      for other in before.lines.indices where other != position && counts(before.lines[other]) {
        regions = cut(regions, by: before.lines[other])
        if regions.isEmpty || isUsedUp() { break }
      }
      parts += regions.map { Part(region: $0, onlyWithReferences: withReferences) }
    }
    for open in before.open where positions.contains(open.position) && counts(open.line) {
      let now = after.open.first { $0.position == open.position && $0.isForNobodys == open.isForNobodys }
      let gone = RuleReading.Line(remotes: .nothing, services: open.line.services)
      var regions = symmetricDifference(open.line, now?.line ?? gone)
      for line in before.lines where counts(line) && !isUsedUp() { regions = cut(regions, by: line) }
      for position in positions where counts(after.lines[position]) {
        regions = cut(regions, by: after.lines[position])
      }
      for other in before.open
      where other.position != open.position && counts(other.line)
        && (open.isForNobodys || !other.isForNobodys)
      {
        regions = cut(regions, by: other.line)
      }
      parts += regions.map {
        Part(region: $0, onlyWithReferences: withReferences, isForNobodys: open.isForNobodys)
      }
    }
  }

  /// What one of two lines matches that differ in one respect.
  private mutating func symmetricDifference(
    _ one: RuleReading.Line, _ other: RuleReading.Line
  ) -> [PolicyRegion] {
    work += 1 + (one.remotes.runCount + other.remotes.runCount) / Self.runsPerStep
    let services = IntervalSet(one.services).symmetricDifference(IntervalSet(other.services))
    return [IPFamily.v4, .v6].flatMap { family -> [PolicyRegion] in
      let remotes = one.remotes[family].symmetricDifference(other.remotes[family])
      let common = one.remotes[family].intersection(other.remotes[family])
      return [
        PolicyRegion(family: family, remotes: remotes, services: IntervalSet(one.services)),
        PolicyRegion(family: family, remotes: common, services: services),
      ].filter { !$0.remotes.isEmpty && !$0.services.isEmpty }
    }
  }

  private mutating func cut(_ regions: [PolicyRegion], by line: RuleReading.Line) -> [PolicyRegion] {
    work += cost(of: regions, line)
    return isUsedUp() || regions.count > Self.regionLimit
      ? regions : regions.flatMap { $0.split(by: line).outside }
  }

  // MARK: Work

  /// How many runs of sets are gone through in about a microsecond.
  private static let runsPerStep = 128

  private mutating func isUsedUp() -> Bool {
    if work > limit { isCut = true }
    return isCut
  }

  private func cost(of regions: [PolicyRegion], _ line: RuleReading.Line) -> Int {
    regions.reduce(regions.count) {
      $0 + ($1.remotes.runs.count + line.remotes[$1.family].runs.count + $1.services.runs.count)
        / Self.runsPerStep
    }
  }

  // MARK: The first match decides

  private mutating func findOrdered(_ before: RuleReading, _ after: RuleReading, _ positions: [Int]) {
    guard let first = positions.min() else { return }
    var regions: [PolicyRegion] = []
    for position in positions {
      let (old, new) = (before.lines[position], after.lines[position])
      let nothing = RuleReading.Line(remotes: .nothing, services: old.services)
      let touched =
        positions.count == 1 && old.allows == new.allows
        ? symmetricDifference(old, new)
        : symmetricDifference(old, nothing) + symmetricDifference(new, nothing)
      for region in touched {
        // Lines before the first that differs take what is theirs from both.
        var own = [region]
        for earlier in before.lines[..<first] where !own.isEmpty { own = cut(own, by: earlier) }
        for other in regions where !own.isEmpty && !isUsedUp() {
          work += own.count
          own = own.flatMap { $0.subtracting(other) }
        }
        regions += own
      }
    }
    for (region, allows) in decisions(of: regions, by: before, from: first) where !isUsedUp() {
      for (inner, allowsNow) in decisions(of: [region], by: after, from: first) where allowsNow != allows {
        parts.append(Part(region: inner, onlyWithReferences: nil))
      }
    }
  }

  private mutating func decisions(
    of regions: [PolicyRegion], by list: RuleReading, from first: Int
  ) -> [(region: PolicyRegion, allows: Bool)] {
    var rest = regions
    var decided: [(PolicyRegion, Bool)] = []
    for line in list.lines[first...] where !rest.isEmpty && !isUsedUp() {
      work += cost(of: rest, line)
      var next: [PolicyRegion] = []
      for region in rest {
        let (inside, outside) = region.split(by: line)
        if let inside { decided.append((inside, line.allows)) }
        next += outside
      }
      rest = next
    }
    return decided + rest.map { ($0, false) }
  }
}

extension IntervalSet {
  fileprivate func symmetricDifference(_ other: IntervalSet) -> IntervalSet {
    self == other ? .empty : subtracting(other).union(other.subtracting(self))
  }
}
