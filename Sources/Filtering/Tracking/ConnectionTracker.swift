import NetworkTypes

/// The flows that one worker has seen, and the outcomes that their packets had.
///
/// Not shared between threads: parallel audits give each worker its own and shard packets by address pair.
public struct ConnectionTracker: Sendable {
  var v4: ConnectionTable<IPv4Address>
  var v6: ConnectionTable<IPv6Address>
  var memory: TrackerMemory

  /// The most flows of one family that are kept where nobody says otherwise: 40 bytes each in IPv4, 64 in IPv6.
  public static let defaultLimit = 1 << 23

  /// Makes an empty tracker.
  ///
  /// - Parameter limit: The most flows of one family that are kept at once. When it is reached even after expired ones
  ///   are dropped, packets of further flows are still judged, each as the first of its flow, and counted in
  ///   ``untrackedForLackOfRoom``.
  public init(timers: IdleTimers = .nitro, limit: Int = defaultLimit) {
    v4 = ConnectionTable(capacityLimit: limit)
    v6 = ConnectionTable(capacityLimit: limit)
    memory = TrackerMemory(timers: timers)
  }

  /// Every outcome so far; ``Verdict/outcome`` is an index into it.
  public var outcomes: [PathOutcome] { memory.outcomes }
  /// Packets that began a flow for which there was no room.
  public var untrackedForLackOfRoom: Int { memory.untrackedForLackOfRoom }
  /// Flows held now, expired ones that nothing has met since among them.
  public var flowCount: Int { v4.count + v6.count }

  /// Flows that security groups track at each of some times, should no packet come: admitted, tracked, neither closed
  /// nor expired. Looks at every flow once.
  public func trackedFlowCounts(at times: [CaptureTime]) -> [Int] {
    if times.count == 1 {
      let now = times[0].nanoseconds
      return [v4.expiries(memory.timers).count { $0 >= now } + v6.expiries(memory.timers).count { $0 >= now }]
    }
    let ends = (Array(v4.expiries(memory.timers)) + v6.expiries(memory.timers)).sorted()
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
    v4.markStale()
    v6.markStale()
  }

  /// Which way the packet passed the interface at which the outcome was settled.
  public func direction(of outcome: OutcomeID) -> Direction {
    memory.directions[Int(outcome.rawValue)]
  }

  public subscript(outcome: OutcomeID) -> PathOutcome { memory.outcomes[Int(outcome.rawValue)] }
}

/// What a tracker keeps besides the two tables.
struct TrackerMemory: Sendable {
  let timers: IdleTimers
  /// The same by phase.
  let limits: PhaseLimits
  var fragments = FragmentTable()
  var untrackedForLackOfRoom = 0
  private(set) var outcomes: [PathOutcome] = []
  /// The class of each outcome, so that a hit reads one byte.
  private(set) var classes: [PacketClass] = []
  /// The direction of each outcome's decisive step.
  private(set) var directions: [Direction] = []
  private var ids: [PathOutcome: UInt32] = [:]
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
    if let id = ids[outcome] { return id }
    let id = UInt32(outcomes.count)
    ids[outcome] = id
    outcomes.append(outcome)
    classes.append(outcome.packetClass)
    directions.append(outcome.decisiveStep?.direction ?? .ingress)
    return id
  }

  /// Lends the memory for the names of flows.
  mutating func takeFlows() -> [NamedFlow<IPv4Address>] {
    let flows = flows
    self.flows = []
    return flows
  }
}
