import Filtering
import NetworkTypes
import PolicyAnalysis
import RuleMatching
import VirtualNetworks

/// Looks for packets that a mutant judges otherwise, within a budget of work.
///
/// Where the mutant's lists answer otherwise is computed from the rules alone. Only packets that meet the lists so are then
/// looked at: with the lists open, those of them that nothing else stops tell the mutant from the original.
struct MutantSearch {
  enum Result {
    /// No packet tells the mutant from the original.
    case alike
    /// A flow that is there already does.
    case shown
    case found(TracedFlow)
    /// Packets differ, but none of those tried is told from others by its addresses.
    case givenUp
    /// The budget is used up.
    case cut
  }

  private let network: BoundaryNetwork
  private let analyzer: ReachAnalyzer
  private var opened: OpenedNetwork
  private let questions: PolicyQuestions
  private let images: AddressImages
  /// Steps of about a microsecond that may still be taken in all, and for one list.
  private(set) var workLeft: Int
  private var share = 0
  private var sideWork = 0
  private var passing = PolicyQuestions.Passing()
  private var balanced: DecidingPackets?
  /// What no packet asks the side's lists that nothing else stops.
  private var unmet = UnmetRegions()

  /// What looking at a packet costs, in steps.
  private static let traceCost = 5
  /// How many kinds of packets one look goes through, one look after the other.
  private let depths: [Int]
  /// How many kinds of packets the look goes through where all groups are open.
  private static let relaxedLimit = 20_000

  init(_ network: BoundaryNetwork, limit: Int, firstLook: Int) {
    depths = [firstLook, 20_000, .max]
    self.network = network
    analyzer = ReachAnalyzer(network.filter)
    questions = PolicyQuestions(network.network)
    opened = OpenedNetwork(network, analyzer, hasBalancers: questions.hasBalancers)
    images = AddressImages(network.network)
    workLeft = limit
  }

  var hasBalancers: Bool { questions.hasBalancers }

  /// Goes on to the mutants of another list.
  mutating func begin(_ side: BoundarySide, share: Int) {
    self.share = share
    sideWork = 0
    opened.begin(side)
    balanced = nil
    unmet = UnmetRegions()
    spend(side.work)
    passing = questions.questions(past: side.owner, side.direction, .everyService)
  }

  private mutating func spend(_ work: Int) {
    sideWork += work
    workLeft -= work
  }

  var isUsedUp: Bool { sideWork >= share || workLeft <= 0 }

  /// - Parameter port: Which port a new flow is from, where any will do.
  mutating func find(
    _ mutant: PolicyMutant, of side: BoundarySide, among crossings: [RuleTest.List: [Crossing]],
    from port: UInt16
  ) -> Result {
    if isUsedUp { return .cut }
    // No mutant takes all that is there for the others.
    let limit = max(1000, min(share - sideWork, workLeft) / 8)
    let (readings, differences, work, isCut) = side.lists(of: mutant, limit: limit)
    spend(work)
    if isCut { return .cut }
    if differences.isEmpty { return .alike }
    let filter = hasBalancers ? try? network.filter.applying(mutant.changes).0 : nil
    // AWS would refuse the change.
    if hasBalancers && filter == nil { return .alike }
    if hasBalancers { spend(200) }
    for (list, difference) in differences.sorted(by: { $0.key < $1.key }) {
      guard let reading = readings[list] else { continue }
      // Looking at one whether it meets the difference.
      let cost = 1 + difference.parts.count
      for (position, crossing) in (crossings[list] ?? []).enumerated() {
        if position.isMultiple(of: 32) {
          spend(cost)
          if isUsedUp { return .cut }
        }
        guard crossing.meets(difference) else { continue }
        spend(1)
        if let filter {
          spend(2 * Self.traceCost)
          if crossing.flow(network.filter).isChanged(by: filter) { return .shown }
        } else if !crossing.isPlain || crossing.isChanged(by: reading) {
          if crossing.isPlain && readings.count == 1 { return .shown }
          // Other lists may have changed as well.
          spend(Self.traceCost)
          if crossing.flow(network.filter).isChanged(by: readings) { return .shown }
        }
      }
    }
    let network = network
    var trial = SearchTrial(port: port) { request, isAnsweredAnyway in
      let flow = TracedFlow(request, isAnsweredAnyway: isAnsweredAnyway, network.filter)
      if filter.map({ flow.isChanged(by: $0) }) ?? flow.isChanged(by: readings) { return .changed(flow) }
      return filter == nil && flow.isAnsweredOtherwise(by: readings) ? .stopped : .unasked
    }
    look(for: differences, in: side, &trial)
    if let filter, trial.found == nil { lookThroughBalancers(for: differences, in: side, filter, &trial) }
    if let found = trial.found { return .found(found) }
    if trial.isCut { return .cut }
    return trial.isGivenUp ? .givenUp : .alike
  }

  // MARK: Looking

  private mutating func look(
    for differences: [RuleTest.List: PolicyDifference], in side: BoundarySide, _ trial: inout SearchTrial
  ) {
    spend(differences.values.reduce(0) { $0 + $1.parts.count })
    let revision = ReachRevision(of: analyzer, differences.mapValues(\.marks))
    let scopes = SearchScope.scopes(of: differences) { list, part in
      spend(unmet.count(for: list) / 8)
      return !unmet.contains(part.region, for: list)
    }
    var places = scopes.indices.flatMap { scope in
      scopes[scope].questions(
        passing, side.direction, images, mayMeetAnswersToDenied: side.mayMeetAnswersToDenied
      ).map { SearchPlace(question: $0, scope: scope) }
    }
    var isMet = Array(repeating: false, count: scopes.count)
    // A short look everywhere before a long one anywhere; and packets that people meet first.
    for (round, depth) in depths.enumerated() where !places.isEmpty {
      if round == 1 { narrow(&places, scopes, revision) }
      var rest: [SearchPlace] = []
      for isUsual in depth == .max ? [false] : [true, false] {
        for place in places {
          guard let question = isUsual ? SearchScope.usual(place.question) : place.question else { continue }
          guard
            let open = round == 0 ? opened.open : opened.open(for: images.services(alike: question.services))
          else { return }
          spend(opened.takeWork())
          trial.isCut = trial.isCut || isUsedUp
          if isUsedUp { return }
          let limit = min(depth, affordableTraces / 2)
          let (met, judged) = (trial.met, trial.judged)
          trial.begin()
          let cost = open.visitMarked(scopes[place.scope].marks, of: revision, in: question, limit: limit) {
            trial.attempt($0, isAnswer: question.isOfAnswersToDenied)
          }
          spend(cost, traces: trial.judged - judged)
          if trial.found != nil { return }
          if trial.met > met { isMet[place.scope] = true }
          // What is not usual is all there is.
          if cost.isCut && !isUsual { rest.append(place) }
        }
      }
      places = rest
    }
    trial.isCut = trial.isCut || !places.isEmpty
    for place in places { isMet[place.scope] = true }
    for (scope, isMet) in zip(scopes, isMet) where !isMet { unmet.insert(scope.parts) }
  }

  /// Leaves of some places what is met where all groups are open: a look at that is short.
  private mutating func narrow(
    _ places: inout [SearchPlace], _ scopes: [SearchScope], _ revision: ReachRevision
  ) {
    guard let relaxed = opened.relaxed else { return }
    spend(opened.takeWork())
    places = places.compactMap { place in
      if isUsedUp { return place }
      var met = PacketBounds()
      let limit = min(Self.relaxedLimit, affordableTraces / 2)
      let cost = relaxed.visitMarked(
        scopes[place.scope].marks, of: revision, in: place.question, limit: limit
      ) {
        met.add($0.packets)
        return true
      }
      spend(cost)
      return cost.isCut ? place : met.isEmpty ? nil : place.within(met)
    }
  }

  private mutating func spend(_ cost: ReachAnalyzer.SearchCost, traces: Int = 0) {
    spend(20 + cost.boxes + cost.work + Self.traceCost * (cost.traces + traces))
  }

  private var affordableTraces: Int { max(2, min(share - sideWork, workLeft) / Self.traceCost) }

  // MARK: Balancers

  /// Looks among packets to load balancers, which go on to others than they are addressed to.
  private mutating func lookThroughBalancers(
    for differences: [RuleTest.List: PolicyDifference], in side: BoundarySide, _ filter: PacketFilter,
    _ trial: inout SearchTrial
  ) {
    guard let question = passing.balanced, let open = opened.open else { return }
    let lists = Set(side.lists.keys)
    if balanced == nil, let closed = try? network.filter.applying(side.extremes.closed).0 {
      let made = DecidingPackets(
        open: open, closed: ReachContrast(analyzer.following(closed, changing: lists), lists: nil),
        lists: lists, questions: [question], limit: max(1, affordableTraces / 2))
      spend(500 + 2 * Self.traceCost * made.kindCount)
      balanced = made
    }
    guard let balanced else { return }
    trial.isCut = trial.isCut || balanced.isCut
    let contrast = ReachContrast(analyzer.following(filter, changing: lists), lists: nil)
    let regions = differences.sorted { $0.key < $1.key }.flatMap { $0.value.parts.map(\.region) }
    trial.begin()
    for (box, question) in balanced.packets(in: regions) {
      guard trial.found == nil && !trial.isGivenUp else { return }
      guard !isUsedUp else {
        trial.isCut = true
        return
      }
      let limit = max(1, affordableTraces / 2)
      let count = try? analyzer.visitContrasts(to: contrast, within: [box], of: question, limit: limit) {
        region, _ in trial.attempt(region)
      }
      spend(2 * Self.traceCost * (count ?? limit))
    }
  }
}
