import NetworkTypes

/// The flows between some pairs of addresses, and the outcomes that their packets had: what one worker changes while it
/// judges, and nobody else.
///
/// Shards are told apart by the pair of private addresses, so that fragments and both directions of a flow meet in one;
/// an ICMP error goes where the packet that it quotes went.
package struct TrackerShard: Sendable {
  var v4: ConnectionTable<IPv4Address>
  var v6: ConnectionTable<IPv6Address>
  var memory: TrackerMemory
  /// For each outcome its number among those of all shards, or ``ConnectionTracker/unnumbered``.
  var numbers: [UInt32] = []
  /// Places of the shard's packets in the latest batch.
  var places: [Int32] = []
  /// Verdicts on those packets, their outcomes numbered as the shard does.
  var verdicts: [Verdict] = []

  init(timers: IdleTimers, limit: Int, seed: UInt64) {
    v4 = ConnectionTable(capacityLimit: limit, seed: seed)
    v6 = ConnectionTable(capacityLimit: limit, seed: seed)
    memory = TrackerMemory(timers: timers)
  }

  /// Touches the slots that packets will ask for. Nothing else is done here, and the reads do not depend on each other:
  /// the processor has many of them under way at once.
  func touch(_ flows: [NamedFlow<IPv4Address>]) -> UInt64 {
    var sum: UInt64 = 0
    for index in flows.indices {
      let flow = flows[index]
      sum &+= flow.isIPv6 ? v6.touch(flow.hash) : v4.touch(flow.hash)
    }
    return sum
  }
}
