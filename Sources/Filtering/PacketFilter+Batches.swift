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
    verdicts.removeAll(keepingCapacity: true)
    var flows = tracker.takeFlows()
    var start = 0
    while start < batch.packets.count {
      let end = min(start + Self.stride, batch.packets.count)
      flows.removeAll(keepingCapacity: true)
      for index in start..<end {
        let packet = batch.packets[index]
        var flow = name(packet, tracker.seed)
        if tracker.shards.count > 1 {
          // Fragments and errors go by what they belong to.
          flow.shard = UInt8(
            truncatingIfNeeded: packet.isFragment || packet.fields.contains(.quote)
              ? shard(of: packet, batch.quote(of: packet), in: tracker)
              : Self.shard(flow.pair, of: tracker.shards.count))
        }
        flows.append(flow)
      }
      tracker.touch(flows)
      for index in start..<end {
        let flow = flows[index - start]
        let shard = Int(flow.shard)
        let verdict = evaluate(
          batch.packets[index], flow, quoting: batch.quote(of: batch.packets[index]),
          in: &tracker.shards[shard])
        verdicts.append(tracker.number(verdict, of: shard))
      }
      start = end
    }
    tracker.flows = flows
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
      flows.removeAll(keepingCapacity: true)
      for position in start..<end {
        flows.append(name(batch.packets[Int(shard.places[position])], shard.v4.seed))
      }
      shard.memory.prefetched &+= shard.touch(flows)
      for position in start..<end {
        let packet = batch.packets[Int(shard.places[position])]
        shard.verdicts.append(
          evaluate(packet, flows[position - start], quoting: batch.quote(of: packet), in: &shard))
      }
      start = end
    }
    shard.memory.flows = flows
  }

  @inline(__always)
  private func evaluate(
    _ packet: PacketSummary, _ flow: NamedFlow<IPv4Address>, quoting quote: QuotedPacket?,
    in shard: inout TrackerShard
  ) -> Verdict {
    packet.isPlainIPv4
      ? evaluate(packet, flow, quoting: quote, in: &shard.v4, &shard.memory)
      : evaluate(packet, quoting: quote, in: &shard)
  }

  /// The name of a packet's flow; of an IPv6 flow no more than what is needed to fetch for it.
  @inline(__always)
  private func name(_ packet: PacketSummary, _ seed: UInt64) -> NamedFlow<IPv4Address> {
    switch packet.addresses {
    case .v4(let source, let destination):
      let ends = canonical(source, destination)
      var flow = NamedFlow(FlowIdentity(packet, ends), seed: seed)
      flow.pair = Self.pair(ends.source, ends.destination)
      return flow
    case .v6(let source, let destination):
      let hash = NamedFlow(FlowIdentity(packet, FlowEnds(source, destination)), seed: seed).hash
      var flow = NamedFlow(FlowIdentity(packet, FlowEnds(IPv4Address.zero, .zero)), hash: hash, isIPv6: true)
      flow.pair = Self.pair(source, destination)
      return flow
    }
  }

  /// The shard that has the packet's flow.
  func shard(of packet: PacketSummary, _ quote: QuotedPacket?, in tracker: borrowing ConnectionTracker) -> Int
  {
    // Later fragments quote nothing: those of an error go together.
    let pair = packet.isFragment ? packet.addresses : quote?.addresses ?? packet.addresses
    let number =
      switch canonical(pair) {
      case .v4(let source, let destination): Self.pair(source, destination)
      case .v6(let source, let destination): Self.pair(source, destination)
      }
    return Self.shard(number, of: tracker.shards.count)
  }

  @inline(__always)
  private static func shard(_ pair: UInt64, of count: Int) -> Int {
    Int(((pair &* 0x9e37_79b9_7f4a_7c15) >> 32 &* UInt64(count)) >> 32)
  }

  /// A number of two addresses in either order.
  @inline(__always)
  private static func pair(_ source: IPv4Address, _ destination: IPv4Address) -> UInt64 {
    UInt64(source.rawValue) &+ UInt64(destination.rawValue)
  }

  @inline(__always)
  private static func pair(_ source: IPv6Address, _ destination: IPv6Address) -> UInt64 {
    (source.high &+ destination.high) &* 31 &+ source.low &+ destination.low
  }
}

extension PacketSummary {
  /// Whether the packet is IPv4 and neither cut nor a fragment: nothing but its flow decides.
  @inline(__always)
  fileprivate var isPlainIPv4: Bool {
    guard case .v4 = addresses else { return false }
    return stop == nil && hasAddresses && !isFragment
  }
}
