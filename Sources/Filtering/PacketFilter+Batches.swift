import NetworkTypes

extension PacketFilter {
  /// Packets that are named and fetched for together: what is fetched for them stays in the innermost cache.
  private static var stride: Int { 64 }

  /// Judges a batch in its order and puts the verdicts into `verdicts`, replacing what is there.
  ///
  /// The same answers as ``evaluate(_:quoting:tracking:)`` packet by packet, but the flow table's lines are fetched for
  /// many packets at once: with more flows than the cache holds, waiting for memory is most of a packet's cost.
  public func evaluate(
    _ batch: PacketBatch, tracking tracker: inout ConnectionTracker, into verdicts: inout [Verdict]
  ) {
    deal(batch, among: &tracker)
    for shard in tracker.shards.indices { judge(batch, in: &tracker.shards[shard]) }
    tracker.collect(batch.packets.count, into: &verdicts)
  }

  /// Tells each shard which packets of a batch are its own.
  package func deal(_ batch: PacketBatch, among tracker: inout ConnectionTracker) {
    tracker.dealt.removeAll(keepingCapacity: true)
    for shard in tracker.shards.indices { tracker.shards[shard].places.removeAll(keepingCapacity: true) }
    for index in batch.packets.indices {
      let packet = batch.packets[index]
      let shard = tracker.shards.count == 1 ? 0 : shard(of: packet, batch.quote(of: packet), in: tracker)
      tracker.dealt.append(UInt8(truncatingIfNeeded: shard))
      tracker.shards[shard].places.append(Int32(truncatingIfNeeded: index))
    }
  }

  /// Judges the packets that were dealt to a shard.
  package func judge(_ batch: PacketBatch, in shard: inout TrackerShard) {
    var flows = shard.memory.takeFlows()
    shard.verdicts.removeAll(keepingCapacity: true)
    var start = 0
    while start < shard.places.count {
      let end = min(start + Self.stride, shard.places.count)
      name(batch, start..<end, shard, into: &flows)
      shard.memory.prefetched &+= shard.touch(flows)
      for position in start..<end {
        let packet = batch.packets[Int(shard.places[position])]
        let verdict =
          if packet.isPlainIPv4 {
            evaluate(
              packet, flows[position - start], quoting: batch.quote(of: packet), in: &shard.v4, &shard.memory)
          } else {
            evaluate(packet, quoting: batch.quote(of: packet), in: &shard)
          }
        shard.verdicts.append(verdict)
      }
      start = end
    }
    shard.memory.flows = flows
  }

  /// Names the IPv4 flows of some of a shard's packets.
  private func name(
    _ batch: PacketBatch, _ positions: Range<Int>, _ shard: borrowing TrackerShard,
    into flows: inout [NamedFlow<IPv4Address>]
  ) {
    flows.removeAll(keepingCapacity: true)
    for position in positions {
      let packet = batch.packets[Int(shard.places[position])]
      switch packet.addresses {
      case .v4(let source, let destination):
        flows.append(shard.v4.name(FlowIdentity(packet, canonical(source, destination))))
      case .v6(let source, let destination):
        let flow = shard.v6.name(FlowIdentity(packet, FlowEnds(source, destination)))
        flows.append(NamedFlow(FlowIdentity(packet, FlowEnds(.zero, .zero)), hash: flow.hash, isIPv6: true))
      }
    }
  }

  /// The shard that has the packet's flow.
  func shard(of packet: PacketSummary, _ quote: QuotedPacket?, in tracker: borrowing ConnectionTracker) -> Int
  {
    // Later fragments quote nothing: those of an error go together.
    let pair = packet.isFragment ? packet.addresses : quote?.addresses ?? packet.addresses
    let sum: UInt64 =
      switch canonical(pair) {
      case .v4(let source, let destination): UInt64(source.rawValue) &+ UInt64(destination.rawValue)
      case .v6(let source, let destination):
        (source.high &+ destination.high) &* 31 &+ source.low &+ destination.low
      }
    return Int(((sum &* 0x9e37_79b9_7f4a_7c15) >> 32) % UInt64(tracker.shards.count))
  }
}

extension PacketSummary {
  /// Whether the packet is IPv4 and neither cut nor a fragment: nothing but its flow decides.
  fileprivate var isPlainIPv4: Bool {
    guard case .v4 = addresses else { return false }
    return stop == nil && hasAddresses && !isFragment
  }
}
