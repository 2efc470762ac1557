import NetworkTypes

/// The flows that an audit has seen, and the outcomes that their packets had.
///
/// Its shards are independent of each other: workers that each have some of them judge in parallel, without locks.
public struct ConnectionTracker: Sendable {
  package var shards: [TrackerShard]
  /// Every outcome so far, in the order in which packets met them; ``Verdict/outcome`` is an index into it.
  public var outcomes: [PathOutcome] { list.outcomes }
  private var list = OutcomeList()
  /// The direction of each outcome's decisive step.
  private var directions: [Direction] = []
  /// The shard of each packet of the latest batch.
  var dealt: [UInt8] = []
  /// How many verdicts of each shard were collected.
  private var collected: [Int]
  /// The seed of all tables.
  let seed = UInt64.random(in: .min ... .max)
  /// Names of a part of a batch's flows, kept for their memory.
  var flows: [NamedFlow<IPv4Address>] = []
  /// Keeps the reads that only fetch memory from being optimised away.
  private var prefetched: UInt64 = 0

  static var unnumbered: UInt32 { .max }

  /// The most flows of one family that are kept where nobody says otherwise: 40 bytes each in IPv4, 64 in IPv6.
  public static let defaultLimit = 1 << 23

  /// Makes an empty tracker.
  ///
  /// - Parameters:
  ///   - limit: The most flows of one family that are kept at once, an equal share in each shard. When a shard is full
  ///     even after expired ones are dropped, packets of further flows are still judged, each as the first of its flow,
  ///     and counted in ``untrackedForLackOfRoom``.
  ///   - shards: Into how many parts flows are dealt, 255 at most. Verdicts do not depend on it, but where the table is
  ///     full.
  public init(timers: IdleTimers = .nitro, limit: Int = defaultLimit, shards: Int = 1) {
    let count = min(max(shards, 1), 255)
    let shard = TrackerShard(timers: timers, limit: max(limit / count, 1), seed: seed)
    self.shards = (0..<count).map { _ in shard }
    collected = Array(repeating: 0, count: count)
  }

  /// Packets that began a flow for which there was no room.
  public var untrackedForLackOfRoom: Int { shards.reduce(0) { $0 + $1.memory.untrackedForLackOfRoom } }
  /// Flows held now, expired ones that nothing has met since among them.
  public var flowCount: Int { shards.reduce(0) { $0 + $1.v4.count + $1.v6.count } }

  /// Bytes of the tables that hold the flows.
  public var byteCount: Int { shards.reduce(0) { $0 + $1.v4.byteCount + $1.v6.byteCount } }

  /// Flows that security groups track at each of some times, should no packet come: admitted, tracked, neither closed
  /// nor expired. Looks at every flow once.
  public func trackedFlowCounts(at times: [CaptureTime]) -> [Int] {
    if times.count == 1 {
      let now = times[0].nanoseconds
      return [
        shards.reduce(0) { sum, shard in
          let timers = shard.memory.timers
          return sum + shard.v4.expiries(timers).count { $0 >= now }
            + shard.v6.expiries(timers).count { $0 >= now }
        }
      ]
    }
    let ends = shards.flatMap { shard in
      Array(shard.v4.expiries(shard.memory.timers)) + shard.v6.expiries(shard.memory.timers)
    }.sorted()
    return times.map { time in
      var (low, high) = (0, ends.count)
      while low < high {
        let middle = (low + high) / 2
        if ends[middle] < time.nanoseconds { low = middle + 1 } else { high = middle }
      }
      return ends.count - low
    }
  }

  /// Tells the tracker that further packets are judged by another filter, made from the same network with other rules.
  ///
  /// Tracked flows live on where they are tracked, untracked ones are asked again, ACLs and routes act at once
  /// (semantics CT-8 to CT-10). Outcomes from before keep the meaning that the earlier filter gives them.
  public mutating func rulesChanged() {
    for index in shards.indices {
      shards[index].v4.markStale()
      shards[index].v6.markStale()
    }
  }

  /// Which way the packet passed the interface at which the outcome was settled.
  public func direction(of outcome: OutcomeID) -> Direction { directions[Int(outcome.rawValue)] }

  public subscript(outcome: OutcomeID) -> PathOutcome { list[Int(outcome.rawValue)] }

  /// Lends the shards to workers; they must come back before the tracker is used again.
  package mutating func lendShards() -> [TrackerShard] {
    let lent = shards
    shards = []
    return lent
  }

  package mutating func takeBack(_ lent: [TrackerShard]) { shards = lent }

  /// Lends the memory for the names of flows.
  mutating func takeFlows() -> [NamedFlow<IPv4Address>] {
    let flows = flows
    self.flows = []
    return flows
  }

  /// Touches the slots that packets will ask for. Nothing else is done here, and the reads do not depend on each other:
  /// the processor has many of them under way at once.
  mutating func touch(_ flows: [NamedFlow<IPv4Address>]) {
    var sum: UInt64 = 0
    do {
      let (flows, shards) = (flows.span, shards.span)
      for index in flows.indices {
        let shard = Int(flows[index].shard)
        let hash = flows[index].hash
        sum &+= flows[index].isIPv6 ? shards[shard].v6.touch(hash) : shards[shard].v4.touch(hash)
      }
    }
    prefetched &+= sum
  }

  /// Numbers the outcomes of a part of a batch among those of all shards.
  mutating func number(_ verdicts: inout [Verdict], _ part: Range<Int>, _ flows: [NamedFlow<IPv4Address>]) {
    var verdicts = verdicts.mutableSpan
    let flows = flows.span
    for index in part {
      verdicts[index].outcome = number(
        verdicts[index].outcome, of: Int(flows[index &- part.lowerBound].shard))
    }
  }

  /// Puts the verdicts of all shards on a batch of `count` packets into the batch's order.
  package mutating func collect(_ count: Int, into verdicts: inout [Verdict]) {
    verdicts.removeAll(keepingCapacity: true)
    for shard in shards.indices { collected[shard] = 0 }
    for index in 0..<count {
      let shard = Int(dealt[index])
      let verdict = shards[shard].verdicts[collected[shard]]
      collected[shard] += 1
      verdicts.append(number(verdict, of: shard))
    }
  }

  /// The verdict with its outcome's number among all shards'. Numbers are given in the order of packets, so that they
  /// depend neither on shards nor on who judged when.
  @inline(__always)
  mutating func number(_ verdict: Verdict, of shard: Int) -> Verdict {
    var verdict = verdict
    verdict.outcome = number(verdict.outcome, of: shard)
    return verdict
  }

  @inline(__always)
  private mutating func number(_ outcome: OutcomeID, of shard: Int) -> OutcomeID {
    let local = Int(outcome.rawValue)
    let number = local < shards[shard].numbers.count ? shards[shard].numbers[local] : Self.unnumbered
    return OutcomeID(rawValue: number == Self.unnumbered ? self.number(local, of: shard) : number)
  }

  @inline(never)
  private mutating func number(_ local: Int, of shard: Int) -> UInt32 {
    while shards[shard].numbers.count <= local { shards[shard].numbers.append(Self.unnumbered) }
    let outcome = shards[shard].memory.outcomes[local]
    let number: UInt32
    if let known = list.number(of: outcome) {
      number = known
    } else {
      number = list.append(outcome)
      directions.append(outcome.decisiveStep?.direction ?? .ingress)
    }
    shards[shard].numbers[local] = number
    return number
  }
}

/// What a shard keeps besides the two tables.
struct TrackerMemory: Sendable {
  let timers: IdleTimers
  /// The same by phase.
  let limits: PhaseLimits
  var fragments = FragmentTable()
  var untrackedForLackOfRoom = 0
  private(set) var outcomes = OutcomeList()
  /// The class of each outcome, so that a hit reads one byte.
  private(set) var classes: [PacketClass] = []
  /// For each outcome that let a flow begin without changing its packets where that was delivered, else nil.
  private var plainEnds: [InterfaceIndex?] = []
  /// Keeps the reads that only fetch memory from being optimised away.
  var prefetched: UInt64 = 0
  /// Lent to walks and taken back, so that judging a new flow allocates nothing once it has grown.
  var stepBuffer: [PathStep] = []

  /// What was concluded of packets that began flows, and of the first answers to them.
  var memo = JudgementMemo()

  /// Names of a part of a batch's flows, kept for their memory.
  var flows: [NamedFlow<IPv4Address>] = []

  init(timers: IdleTimers) {
    self.timers = timers
    limits = PhaseLimits(timers)
  }

  /// The index of an outcome, added if it is new.
  mutating func intern(_ outcome: PathOutcome) -> UInt32 {
    if let number = outcomes.number(of: outcome) { return number }
    classes.append(outcome.packetClass)
    plainEnds.append(nil)
    return outcomes.append(outcome.compact)
  }

  /// Where a packet of this outcome was delivered as it was sent: its answer need not look for its way. nil where that
  /// is not known.
  func plainEnd(of outcome: UInt32) -> InterfaceIndex? { plainEnds[Int(outcome)] }

  mutating func setPlainEnd(of outcome: UInt32, _ interface: InterfaceIndex) {
    plainEnds[Int(outcome)] = interface
  }

  /// The verdict on a packet of a known flow.
  @inline(__always)
  func known(_ outcome: UInt32, isTracked: Bool) -> Verdict {
    let packetClass = classes[Int(outcome)]
    let state: FlowState = packetClass == .exempt ? .none : isTracked ? .established : .untracked
    return Verdict(packetClass, state: state, outcome: OutcomeID(rawValue: outcome))
  }

  /// Lends the memory for the names of flows.
  mutating func takeFlows() -> [NamedFlow<IPv4Address>] {
    let flows = flows
    self.flows = []
    return flows
  }
}
