import Filtering
import Locks
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Answers questions about every packet, exactly.
///
/// A question's packets are cut into boxes on which everything but rules is constant (``FilterCuts``). One packet of a
/// box is traced; the box is narrowed to the packets that every rule which was asked on the way treats alike, and what
/// was cut off is looked at in its turn. So each region has one fate, and every packet is in just one region.
///
/// ```swift
/// let analyzer = ReachAnalyzer(filter)
/// let regions = try analyzer.regions(of: question)
/// ```
public final class ReachAnalyzer: Sendable {
  public let filter: PacketFilter
  /// How many kinds of packets a question may tell apart.
  public static let kindLimit = 200_000

  let cuts: FilterCuts
  let interfaces: [NetworkInterface]
  let hosts: HostTable
  let internetV4, internetV6, outsideV4, outsideV6: IntervalSet
  private let rules = Guarded<[RuleTest.List: PreparedRules]>([:])

  /// Prepares a network; costs milliseconds for a thousand interfaces.
  public convenience init(_ filter: PacketFilter) { self.init(filter, cuts: filter.cuts()) }

  /// The same with kinds of packets as some cuts tell them apart.
  package init(_ filter: PacketFilter, cuts: FilterCuts) {
    self.filter = filter
    self.cuts = cuts
    interfaces = filter.network.networkInterfaces
    let hosts = HostTable(filter.network)
    self.hosts = hosts
    let v4 = ReachAnalyzer.foreign(.v4, filter.network, hosts)
    let v6 = ReachAnalyzer.foreign(.v6, filter.network, hosts)
    internetV4 = v4.subtracting(ReachAnalyzer.unroutable(.v4))
    internetV6 = v6.subtracting(ReachAnalyzer.unroutable(.v6))
    outsideV4 = v4.subtracting(ReachAnalyzer.local(.v4))
    outsideV6 = v6.subtracting(ReachAnalyzer.local(.v6))
  }

  /// Goes on with everything of another analyzer but some lists of rules.
  private init(
    _ filter: PacketFilter, like other: ReachAnalyzer, changing lists: Set<RuleTest.List>, cuts: FilterCuts
  ) {
    self.filter = filter
    self.cuts = cuts
    interfaces = other.interfaces
    hosts = other.hosts
    internetV4 = other.internetV4
    internetV6 = other.internetV6
    outsideV4 = other.outsideV4
    outsideV6 = other.outsideV6
    let known = other.rules.withLock { $0 }
    rules.withLock { $0 = known.filter { !lists.contains($0.key) } }
  }

  /// The analyzer for a filter that follows this one's after a change of nothing but rules of some lists.
  ///
  /// Costs next to nothing, since borders and hosts are what they were.
  ///
  /// - Parameter cuts: Other cuts of this analyzer's network.
  package func following(
    _ filter: PacketFilter, changing lists: Set<RuleTest.List>, cuts: FilterCuts? = nil
  ) -> ReachAnalyzer {
    ReachAnalyzer(filter, like: self, changing: lists, cuts: cuts ?? self.cuts)
  }

  /// What a question is answered for.
  public struct Detail: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// Every blocker of a region's packets is in its answer, not only the first.
    public static let everyBlocker = Detail(rawValue: 1)
    /// A region's packets are decided by the same rules, not only in the same way.
    public static let everyRule = Detail(rawValue: 2)
  }

  /// Cuts the question's packets into regions of one fate each.
  ///
  /// Throws if no packet is meant, or if there are more than ``kindLimit`` kinds of them.
  public func regions(of question: ReachQuestion, _ detail: Detail = []) throws(ReachError) -> [ReachRegion] {
    var regions: [ReachRegion] = []
    try visit(question, detail) { region in
      regions.append(region)
      return true
    }
    return regions
  }

  /// The first region whose packets are not all of `verdict`, or nil if there is none.
  public func counterexample(
    to verdict: PacketClass, in question: ReachQuestion, _ detail: Detail = []
  ) throws(ReachError) -> ReachRegion? {
    var found: ReachRegion?
    try visit(question, detail) { region in
      if region.verdict != verdict { found = region }
      return found == nil
    }
    return found
  }

  /// Hands over one region after the other until `body` has enough.
  public func visit(
    _ question: ReachQuestion, _ detail: Detail = [], limit: Int = ReachAnalyzer.kindLimit,
    _ body: (ReachRegion) -> Bool
  ) throws(ReachError) {
    let plan = ReachPlan(question, self)
    guard !plan.isEmpty else { throw .noPackets }
    for region in plan.silentRegions() {
      guard body(region) else { return }
    }
    var walk = ReachWalk(self, question, detail)
    var isAnybodyThere = !plan.pairsWithoutFamily.isEmpty
    var count = 0
    for box in plan.boxes {
      walk.begin(box)
      while let region = walk.next() {
        isAnybodyThere = true
        count += 1
        guard count <= limit else { throw .tooManyKinds(limit: limit) }
        guard body(region) else { return }
      }
    }
    guard isAnybodyThere else { throw .noPackets }
  }

  /// Hands over regions that meet one fate here and another by the rules of `other`, until `body` has enough.
  ///
  /// The two differ in the rules of some lists only. Returns how many kinds of packets were looked at, and throws as
  /// ``visit(_:_:limit:_:)`` does.
  @discardableResult
  package func visitContrasts(
    to other: ReachContrast, in question: ReachQuestion, limit: Int, boxLimit: Int = .max,
    _ body: (ReachRegion, _ verdictBeside: PacketClass) -> Bool
  ) throws(ReachError) -> Int {
    let plan = ReachPlan(question, self, limit: boxLimit, findsSilent: false)
    let count = try visitContrasts(to: other, within: plan.boxes, of: question, limit: limit, body)
    if plan.isCut { throw .tooManyKinds(limit: boxLimit) }
    return count
  }

  /// The same for those packets of the question that are in some boxes, which were cut from its own.
  @discardableResult
  package func visitContrasts(
    to other: ReachContrast, within boxes: [PacketBox], of question: ReachQuestion, limit: Int,
    _ body: (ReachRegion, _ verdictBeside: PacketClass) -> Bool
  ) throws(ReachError) -> Int {
    var walk = ReachWalk(self, question, [])
    var count = 0
    for box in boxes {
      walk.begin(box)
      while let (region, verdictBeside) = walk.next(beside: other) {
        count += 1
        guard count <= limit else { throw .tooManyKinds(limit: limit) }
        guard region.verdict == verdictBeside || body(region, verdictBeside) else { return count }
      }
    }
    return count
  }

  /// A list of rules with its sets ready to be cut by.
  func prepared(_ list: RuleTest.List) -> PreparedRules {
    if let known = rules.withLock({ $0[list] }) { return known }
    let made = PreparedRules(filter.rules(of: list))
    rules.withLock { $0[list] = made }
    return made
  }
}

/// The same network with other rules, to hold it against.
package struct ReachContrast: Sendable {
  package var analyzer: ReachAnalyzer
  /// The lists whose rules are others; nil if packets may be held against lists that traces do not name.
  package var lists: Set<RuleTest.List>?

  package init(_ analyzer: ReachAnalyzer, lists: Set<RuleTest.List>?) {
    self.analyzer = analyzer
    self.lists = lists
  }

  func mayDiffer(_ tests: [RuleTest]) -> Bool {
    guard let lists else { return true }
    return tests.contains { lists.contains($0.list) }
  }
}

/// Which host has an address, and what the address becomes at an internet gateway.
struct HostTable: Sendable {
  private var hosts: [IPAddress: Int32] = [:]
  private var hostsOfInterfaces: [Int32] = []
  private var shared: Set<IPAddress> = []
  private var images: [IPAddress: IPAddress] = [:]
  private var delegated: [(prefix: IPPrefix, host: Int32)] = []

  init(_ network: VirtualNetwork) {
    var numbers: [ResourceID: Int32] = [:]
    for interface in network.networkInterfaces {
      let id = interface.instance ?? interface.id
      let host = numbers[id] ?? Int32(numbers.count)
      numbers[id] = host
      hostsOfInterfaces.append(host)
      for address in interface.ipv4Addresses {
        add(.v4(address.address), host)
        guard let face = address.publicAddress else { continue }
        add(.v4(face), host)
        images[.v4(address.address)] = .v4(face)
        images[.v4(face)] = .v4(address.address)
      }
      for address in interface.ipv6Addresses { add(.v6(address), host) }
      delegated += interface.delegatedPrefixes.map { ($0, host) }
    }
  }

  private mutating func add(_ address: IPAddress, _ host: Int32) {
    if hosts.updateValue(host, forKey: address) != nil { shared.insert(address) }
  }

  /// The one host that has the address.
  func host(of address: IPAddress) -> Int32? {
    if let host = hosts[address] { return shared.contains(address) ? nil : host }
    return delegated.isEmpty ? nil : delegated.first { $0.prefix.contains(address) }?.host
  }

  func host(ofInterface position: Int) -> Int32 { hostsOfInterfaces[position] }

  /// The public address of a private one, and the other way round.
  func image(of address: IPAddress) -> IPAddress? { images[address] }

  var owned: some Sequence<IPAddress> { hosts.keys }
}

/// Rules as sets of keys.
struct PreparedRules: Sendable {
  struct Rule: Sendable {
    var v4: IntervalSet
    var v6: IntervalSet
    var services: ClosedRange<IntervalSet.Key>

    func remotes(_ family: IPFamily) -> IntervalSet { family == .v4 ? v4 : v6 }
  }

  var rules: [Rule]
  var indices: [RuleIndex]
  /// nil for groups.
  var allows: [Bool]?
  var open: [Rule]
  /// For each of `open` whether it is for senders only that no interface has.
  var areForNobodys: [Bool]

  init(_ tested: TestedRules) {
    rules = tested.rules.map { Rule($0.traffic, $0.prefixes) }
    indices = tested.indices
    allows = tested.allows
    areForNobodys = tested.open.map(\.isForNobodys)
    open = tested.open.map { open in
      Rule(open.traffic, open.within.isEmpty ? [.v4(.everything), .v6(.everything)] : open.within)
    }
  }
}

extension PreparedRules.Rule {
  init(_ traffic: TrafficMatch, _ prefixes: [IPPrefix]) {
    v4 = IntervalSet(.v4, prefixes)
    v6 = IntervalSet(.v6, prefixes)
    services = IntervalSet(traffic).runs[0]
  }
}
