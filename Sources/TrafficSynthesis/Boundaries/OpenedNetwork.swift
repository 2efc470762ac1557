import Filtering
import NetworkTypes
import PolicyAnalysis
import RuleMatching
import VirtualNetworks

/// A network with the lists of one side open: what comes past the rest of it tells mutants of the side.
struct OpenedNetwork {
  private let network: BoundaryNetwork
  private let hasBalancers: Bool
  private let analyzer: ReachAnalyzer
  /// Lists of groups' rules that say the same, and kinds of packets by them.
  private let classes: [Int]
  private let cuts: FilterCuts
  /// The network with all groups open.
  private lazy var ungrouped = Self.ungrouped(network.network)
  /// Rules of all groups, with their blocks.
  private let size: Int
  private var side: BoundarySide?
  private var made: Made?
  private var relaxation: ReachAnalyzer??
  private var work = 0

  private struct Made {
    var open: ReachAnalyzer
    var sharpened: [IntervalSet: ReachAnalyzer] = [:]
    var byClasses: [[Int]: ReachAnalyzer] = [:]
  }

  /// How many sets of services keep their kinds of packets.
  private static let memory = 256

  /// - Parameter hasBalancers: Whether groups are asked about other ports than packets have where they are sent.
  init(_ network: BoundaryNetwork, _ analyzer: ReachAnalyzer, hasBalancers: Bool) {
    self.hasBalancers = hasBalancers
    self.network = network
    self.analyzer = analyzer
    classes = network.filter.policyClasses()
    cuts = network.filter.cuts(merging: classes)
    size = network.network.securityGroups.reduce(0) { $0 + $1.inbound.count + $1.outbound.count }
  }

  mutating func begin(_ side: BoundarySide) {
    self.side = side
    made = nil
    relaxation = nil
  }

  /// What was done since the last call, in steps of about a microsecond.
  mutating func takeWork() -> Int {
    defer { work = 0 }
    return work
  }

  /// The network with the side's lists open.
  var open: ReachAnalyzer? {
    mutating get {
      if made == nil, let side, let filter = try? network.filter.applying(side.extremes.open).0 {
        work += 500
        let told = tellingListsApart(classes)
        made = Made(
          open: analyzer.following(
            filter, changing: lists, cuts: told == classes ? cuts : makeCuts(told)))
      }
      return made?.open
    }
  }

  /// The same for some services only: interfaces are of one kind whose groups say the same of these.
  mutating func open(for services: IntervalSet) -> ReachAnalyzer? {
    guard let open, !hasBalancers else { return open }
    if let known = made?.sharpened[services] { return known }
    work += 10 + size / 4
    let told = tellingListsApart(network.filter.policyClasses(within: services))
    let found = made?.byClasses[told] ?? open.following(open.filter, changing: [], cuts: makeCuts(told))
    if made?.sharpened.count == Self.memory {
      made?.sharpened = [:]
      made?.byClasses = [:]
    }
    made?.sharpened[services] = found
    made?.byClasses[told] = found
    return found
  }

  /// The network with the side's lists and all groups open, which lets pass whatever the network does with the former open,
  /// and has few kinds of packets; nil where that would say nothing.
  var relaxed: ReachAnalyzer? {
    mutating get {
      if let relaxation { return relaxation }
      relaxation = .some(makeRelaxed())
      return relaxation ?? nil
    }
  }

  private mutating func makeRelaxed() -> ReachAnalyzer? {
    guard let side, lists.allSatisfy(\.isACL), let filter = try? ungrouped.applying(side.extremes.open).0
    else {
      return nil
    }
    work += 500 + 4 * network.ends.count
    return ReachAnalyzer(filter, cuts: filter.cuts(merging: filter.policyClasses()))
  }

  private static func ungrouped(_ network: VirtualNetwork) -> PacketFilter {
    var network = network
    let everybody = [IPPrefix.v4(.everything), .v6(.everything)].map {
      SecurityGroupRule(id: "", match: Match(.all, peer: .prefix($0)))
    }
    for index in network.securityGroups.indices {
      network.securityGroups[index].inbound = everybody
      network.securityGroups[index].outbound = everybody
    }
    return PacketFilter(network)
  }

  private var lists: Set<RuleTest.List> { side.map { Set($0.lists.keys) } ?? [] }

  private mutating func makeCuts(_ classes: [Int]) -> FilterCuts {
    work += 2 * network.ends.count
    return network.filter.cuts(merging: classes)
  }

  /// Classes where the side's lists are in none with others: they say the same, but not with other rules.
  private func tellingListsApart(_ classes: [Int]) -> [Int] {
    var told = classes
    var next = classes.count
    for case .policy(let position) in lists.sorted() {
      guard told.count(where: { $0 == told[position] }) > 1 else { continue }
      told[position] = next
      next += 1
    }
    return told
  }
}

extension RuleTest.List {
  var isACL: Bool { if case .acl = self { true } else { false } }
}
