import Filtering
import NetworkTypes
import VirtualNetworks

/// Packets that a walk over every packet tells from others where they are held against a list, as if a rule did.
package struct ReachMark: Sendable {
  let rule: PreparedRules.Rule
  private let onlyWithReferences: Bool?
  private let isForNobodys: Bool

  /// - Parameters:
  ///   - remotes: The remote addresses that are meant.
  ///   - services: What they are asked for.
  ///   - onlyWithReferences: Whether only packets are meant for which references to groups count, or only such for which
  ///     they do not; nil: both.
  ///   - isForNobodys: Whether only senders are meant that no interface has.
  package init(
    _ remotes: AddressSet, _ services: ClosedRange<IntervalSet.Key>, onlyWithReferences: Bool? = nil,
    isForNobodys: Bool = false
  ) {
    rule = PreparedRules.Rule(v4: remotes.v4, v6: remotes.v6, services: services)
    self.onlyWithReferences = onlyWithReferences
    self.isForNobodys = isForNobodys
  }

  func counts(where countsReferences: Bool, isHeld: Bool) -> Bool {
    (onlyWithReferences.map { $0 == countsReferences } ?? true) && !(isForNobodys && isHeld)
  }
}

/// Lists of rules that are others now.
package struct ReachRevision: Sendable {
  /// The analyzer of the lists as they were.
  let original: ReachAnalyzer
  /// All that they answer otherwise now.
  let marks: [RuleTest.List: [ReachMark]]

  package init(of original: ReachAnalyzer, _ marks: [RuleTest.List: [ReachMark]]) {
    self.original = original
    self.marks = marks
  }
}

extension ReachAnalyzer {
  /// What a search for marked packets cost, and whether it was cut short.
  package struct SearchCost: Sendable {
    /// Boxes that were laid out.
    package var boxes = 0
    /// Packets that were traced.
    package var traces = 0
    /// What it took besides, in steps of about a microsecond.
    package var work = 0
    package var isCut = false
  }

  /// How many runs of sets are gone through in about a microsecond.
  private static let runsPerStep = 128

  /// Hands over regions that marks hold and that nothing denies, until `body` has enough; packets are placed as audits
  /// place them.
  ///
  /// - Parameters:
  ///   - revision: The lists that are others now: regions of packets that they are asked about more than once are alike in
  ///     every answer.
  ///   - limit: How many boxes are laid out, and how many packets traced.
  package func visitMarked(
    _ marks: [RuleTest.List: [ReachMark]], of revision: ReachRevision, in question: ReachQuestion, limit: Int,
    _ body: (ReachRegion) -> Bool
  ) -> SearchCost {
    let plan = ReachPlan(question, self, limit: limit, findsSilent: false)
    var cost = SearchCost(boxes: plan.boxes.count, work: plan.work, isCut: plan.isCut)
    var walk = ReachWalk(self, question, [])
    walk.marks = marks
    walk.revision = revision
    walk.isCaptured = true
    let (product, isOver) = limit.multipliedReportingOverflow(by: 4 * Self.runsPerStep)
    let maxRuns = isOver ? Int.max : product
    boxes: for box in plan.boxes {
      walk.begin(box)
      while cost.traces < limit, walk.runCount <= maxRuns, let region = walk.next() {
        cost.traces += 1
        if walk.isMarked, region.verdict != .deny, !body(region) { break boxes }
      }
      guard cost.traces < limit, walk.runCount <= maxRuns else {
        cost.isCut = true
        break
      }
    }
    cost.work += walk.runCount / Self.runsPerStep
    return cost
  }
}
