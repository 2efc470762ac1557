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
  private let questions: PolicyQuestions
  private let images: AddressImages
  /// Steps of about a microsecond that may still be taken in all, and for one list.
  private(set) var workLeft: Int
  private var share = 0
  private var sideWork = 0
  private var passing = PolicyQuestions.Passing()
  private var open: ReachAnalyzer?
  /// Lists of groups' rules that say the same, and kinds of packets by them.
  private let classes: [Int]
  private let cuts: FilterCuts
  private var balanced: DecidingPackets?

  /// What looking at a packet costs, in steps.
  private static let traceCost = 5
  /// Packets by which one mutant differs that are tried, since not all can be told from others in a capture.
  static let attemptLimit = 64
  /// How many kinds of packets one look goes through, one look after the other.
  private static let depths = [500, 20_000, .max]
  /// Regions of a mutant's difference that are looked at one by one; the others together.
  private static let scopeLimit = 8

  init(_ network: BoundaryNetwork, limit: Int) {
    self.network = network
    analyzer = ReachAnalyzer(network.filter)
    questions = PolicyQuestions(network.network)
    images = AddressImages(network.network)
    workLeft = limit
    classes = network.filter.policyClasses()
    cuts = network.filter.cuts(merging: classes)
  }

  var hasBalancers: Bool { questions.hasBalancers }

  /// Goes on to the mutants of another list.
  mutating func begin(_ side: BoundarySide, share: Int) {
    self.share = share
    sideWork = 0
    open = nil
    balanced = nil
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
          if TracedFlow(crossing.request, network.filter).isChanged(by: filter) { return .shown }
        } else if crossing.isChanged(by: reading) {
          if readings.count == 1 { return .shown }
          // Other lists have changed as well.
          spend(Self.traceCost)
          if TracedFlow(crossing.request, network.filter).isChanged(by: readings) { return .shown }
        }
      }
    }
    let network = network
    var trial = Trial(port: port) { header in
      let flow = TracedFlow(header, network.filter)
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

  /// The packets that were tried for one mutant.
  private struct Trial {
    enum Judgement {
      /// The mutant judges it otherwise.
      case changed(TracedFlow)
      /// The mutant's lists answer otherwise, but what becomes of it does not hang on them.
      case stopped
      /// The mutant's lists are asked nothing that they answer otherwise.
      case unasked
    }

    private(set) var found: TracedFlow?
    /// Packets that were judged in all.
    private(set) var judged = 0
    private(set) var isGivenUp = false
    var isCut = false
    private var attempts = 0
    private let port: UInt16
    private let judge: (PacketHeader) -> Judgement

    init(port: UInt16, judge: @escaping (PacketHeader) -> Judgement) {
      self.port = port
      self.judge = judge
    }

    /// Goes on to other packets.
    mutating func begin() { attempts = 0 }

    /// Tries a region's example; whether to go on.
    mutating func attempt(_ region: ReachRegion) -> Bool {
      guard case .address(let source) = region.witness.from,
        case .address(let destination) = region.witness.to
      else { return true }
      let service = region.witness.service
      let isAnyPort =
        !service.ipProtocol.hasPorts || ClientPorts.keys.isSubset(of: region.packets.sourcePorts)
      judged += 1
      let judgement = judge(
        PacketHeader(
          source: source, destination: destination, service: service,
          sourcePort: isAnyPort ? port : region.witness.sourcePort))
      switch judgement {
      case .changed(let flow):
        found = flow
        return false
      case .stopped: return true
      case .unasked:
        attempts += 1
        if attempts >= MutantSearch.attemptLimit { isGivenUp = true }
        return attempts < MutantSearch.attemptLimit
      }
    }
  }

  private mutating func look(
    for differences: [RuleTest.List: PolicyDifference], in side: BoundarySide, _ trial: inout Trial
  ) {
    guard let open = openAnalyzer(side) else { return }
    let scopes = Self.scopes(of: differences)
    spend(differences.values.reduce(0) { $0 + $1.parts.count })
    let revision = ReachRevision(of: analyzer, differences.mapValues(\.marks))
    // A short look everywhere before a long one anywhere; and packets that people meet first.
    for depth in Self.depths {
      var isThrough = true
      for isUsual in depth == .max ? [false] : [true, false] {
        for (scope, marks) in scopes {
          for question in scope.questions(passing, side.direction, images, isUsual: isUsual) {
            trial.isCut = trial.isCut || isUsedUp
            if isUsedUp { return }
            let limit = min(depth, affordableTraces / 2)
            let judged = trial.judged
            trial.begin()
            let cost = open.visitMarked(marks, of: revision, in: question, limit: limit) { trial.attempt($0) }
            spend(20 + cost.boxes + cost.work + Self.traceCost * (cost.traces + trial.judged - judged))
            if trial.found != nil { return }
            // What is not usual is all there is.
            if cost.isCut && !isUsual { isThrough = false }
          }
        }
      }
      if isThrough { return }
    }
    trial.isCut = true
  }

  private var affordableTraces: Int { max(2, min(share - sideWork, workLeft) / Self.traceCost) }

  private mutating func openAnalyzer(_ side: BoundarySide) -> ReachAnalyzer? {
    if open == nil, let filter = try? network.filter.applying(side.extremes.open).0 {
      let lists = Set(side.lists.keys)
      open = analyzer.following(filter, changing: lists, cuts: cuts(tellingApart: lists))
      spend(500)
    }
    return open
  }

  /// Kinds of packets, where others say the same as some lists, but not with other rules.
  private mutating func cuts(tellingApart lists: Set<RuleTest.List>) -> FilterCuts {
    var classes = classes
    var next = classes.count
    for case .policy(let position) in lists.sorted() {
      guard classes.count(where: { $0 == classes[position] }) > 1 else { continue }
      classes[position] = next
      next += 1
    }
    guard classes != self.classes else { return cuts }
    spend(2 * network.ends.count)
    return network.filter.cuts(merging: classes)
  }

  /// Where packets are looked for, with what to look for there.
  private static func scopes(
    of differences: [RuleTest.List: PolicyDifference]
  ) -> [(scope: SearchScope, marks: [RuleTest.List: [ReachMark]])] {
    let parts = differences.sorted { $0.key < $1.key }.flatMap { list, difference in
      difference.parts.map { (list: list, part: $0) }
    }
    var scopes = parts.prefix(scopeLimit).map { list, part in
      (
        scope: SearchScope(
          remotes: AddressSet(part.region.family, part.region.remotes), services: part.region.services),
        marks: [list: part.marks]
      )
    }
    let others = parts.dropFirst(scopeLimit)
    if others.isEmpty { return scopes }
    func remotes(_ family: IPFamily) -> IntervalSet {
      IntervalSet(others.filter { $0.part.region.family == family }.flatMap(\.part.region.remotes.runs))
    }
    let scope = SearchScope(
      remotes: AddressSet(v4: remotes(.v4), v6: remotes(.v6)),
      services: IntervalSet(others.flatMap(\.part.region.services.runs)))
    var marks: [RuleTest.List: [ReachMark]] = [:]
    for (list, part) in others { marks[list, default: []] += part.marks }
    scopes.append((scope, marks))
    return scopes
  }

  // MARK: Balancers

  /// Looks among packets to load balancers, which go on to others than they are addressed to.
  private mutating func lookThroughBalancers(
    for differences: [RuleTest.List: PolicyDifference], in side: BoundarySide, _ filter: PacketFilter,
    _ trial: inout Trial
  ) {
    guard let question = passing.balanced, let open else { return }
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
