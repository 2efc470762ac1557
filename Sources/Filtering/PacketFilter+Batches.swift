import NetworkTypes

extension PacketFilter {
  /// Packets that are named and fetched for together: what is fetched for them stays in the innermost cache.
  private static var stride: Int { 128 }

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
      let part = start..<min(start + Self.stride, batch.packets.count)
      name(batch, part, in: tracker, into: &flows)
      tracker.touch(flows)
      judge(batch, part, flows, in: &tracker.shards, into: &verdicts)
      tracker.number(&verdicts, part, flows)
      start = part.upperBound
    }
    tracker.flows = flows
  }

  /// Names the flows of a part of a batch, and the shards that have them.
  private func name(
    _ batch: PacketBatch, _ part: Range<Int>, in tracker: borrowing ConnectionTracker,
    into flows: inout [NamedFlow<IPv4Address>]
  ) {
    let (seed, count) = (tracker.seed, tracker.shards.count)
    flows.removeAll(keepingCapacity: true)
    flows.append(addingCapacity: part.count) { output in
      let packets = batch.packets.span
      for index in part {
        if let ends = plainEnds(packets, index) {
          var flow = name(packets, index, ends, seed)
          flow.shard = UInt8(
            truncatingIfNeeded: Self.shard(Self.pair(ends.source, ends.destination), of: count))
          output.append(flow)
        } else {
          var flow = name(packets[index], seed)
          flow.shard = UInt8(
            truncatingIfNeeded: shard(of: packets[index], batch.quote(of: packets[index]), among: count))
          output.append(flow)
        }
      }
    }
  }

  /// Judges a part of a batch in its order; outcomes are numbered as the shards do.
  private func judge(
    _ batch: PacketBatch, _ part: Range<Int>, _ flows: [NamedFlow<IPv4Address>],
    in shards: inout [TrackerShard], into verdicts: inout [Verdict]
  ) {
    verdicts.append(addingCapacity: part.count) { output in
      let packets = batch.packets.span
      let flows = flows.span
      var shards = shards.mutableSpan
      for index in part {
        let flow = index &- part.lowerBound
        output.append(evaluate(packets, index, flows, flow, batch, in: &shards[Int(flows[flow].shard)]))
      }
    }
  }

  /// Tells each shard which packets of a batch are its own.
  package func deal(_ batch: PacketBatch, among tracker: inout ConnectionTracker) {
    let count = tracker.shards.count
    tracker.dealt.removeAll(keepingCapacity: true)
    for shard in tracker.shards.indices { tracker.shards[shard].places.removeAll(keepingCapacity: true) }
    for index in batch.packets.indices {
      let packet = batch.packets[index]
      let shard = count == 1 ? 0 : shard(of: packet, batch.quote(of: packet), among: count)
      tracker.dealt.append(UInt8(truncatingIfNeeded: shard))
      tracker.shards[shard].places.append(Int32(truncatingIfNeeded: index))
    }
  }

  /// Judges the packets that were dealt to a shard.
  package func judge(_ batch: PacketBatch, in shard: inout TrackerShard) {
    var flows = shard.memory.takeFlows()
    let places = shard.places
    let seed = shard.v4.seed
    let packets = batch.packets.span
    shard.verdicts.removeAll(keepingCapacity: true)
    var start = 0
    while start < places.count {
      let part = start..<min(start + Self.stride, places.count)
      flows.removeAll(keepingCapacity: true)
      for position in part {
        let index = Int(places[position])
        flows.append(
          plainEnds(packets, index).map { name(packets, index, $0, seed) } ?? name(packets[index], seed))
      }
      shard.memory.prefetched &+= shard.touch(flows)
      for position in part {
        shard.verdicts.append(
          evaluate(packets, Int(places[position]), flows.span, position - start, batch, in: &shard))
      }
      start = part.upperBound
    }
    shard.memory.flows = flows
  }

  @inline(__always)
  private func evaluate(
    _ packets: Span<PacketSummary>, _ index: Int, _ flows: Span<NamedFlow<IPv4Address>>, _ flow: Int,
    _ batch: PacketBatch, in shard: inout TrackerShard
  ) -> Verdict {
    if flows[flow].isPlain,
      let verdict = shard.v4.goOn(
        flows[flow], packets[index].time.nanoseconds, packets[index].tcpFlags, shard.memory)
    {
      return verdict
    }
    return evaluate(packets[index], flows[flow], quoting: batch.quote(of: packets[index]), in: &shard)
  }

  @inline(never)
  private func evaluate(
    _ packet: PacketSummary, _ flow: NamedFlow<IPv4Address>, quoting quote: QuotedPacket?,
    in shard: inout TrackerShard
  ) -> Verdict {
    packet.isPlainIPv4
      ? evaluate(packet, flow, quoting: quote, in: &shard.v4, &shard.memory)
      : evaluate(packet, quoting: quote, in: &shard)
  }

  /// The ends of the flow of a whole IPv4 packet of TCP or UDP, which nearly all are; nil for any other.
  @inline(__always)
  private func plainEnds(_ packets: Span<PacketSummary>, _ index: Int) -> FlowEnds<IPv4Address>? {
    guard case .v4(let source, let destination) = packets[index].addresses, packets[index].hasOnlyPorts else {
      return nil
    }
    return canonical(source, destination)
  }

  /// The name of the flow of such a packet.
  @inline(__always)
  private func name(
    _ packets: Span<PacketSummary>, _ index: Int, _ ends: FlowEnds<IPv4Address>, _ seed: UInt64
  ) -> NamedFlow<IPv4Address> {
    var flow = NamedFlow(
      FlowIdentity(
        ends, packets[index].ipProtocol, ports: packets[index].sourcePort, packets[index].destinationPort),
      seed: seed)
    flow.isPlain = true
    return flow
  }

  /// The name of a packet's flow; of an IPv6 flow no more than what is needed to fetch for it.
  @inline(never)
  private func name(_ packet: PacketSummary, _ seed: UInt64) -> NamedFlow<IPv4Address> {
    switch packet.addresses {
    case .v4(let source, let destination):
      return NamedFlow(FlowIdentity(packet, canonical(source, destination)), seed: seed)
    case .v6(let source, let destination):
      let hash = NamedFlow(FlowIdentity(packet, FlowEnds(source, destination)), seed: seed).hash
      return NamedFlow(
        FlowIdentity(packet, FlowEnds(IPv4Address.zero, .zero)), hash: hash, isIPv6: true)
    }
  }

  /// The shard that has the packet's flow.
  @inline(never)
  func shard(of packet: PacketSummary, _ quote: QuotedPacket?, among count: Int) -> Int {
    // Later fragments quote nothing: those of an error go together.
    let pair = packet.isFragment ? packet.addresses : quote?.addresses ?? packet.addresses
    let number =
      switch canonical(pair) {
      case .v4(let source, let destination): Self.pair(source, destination)
      case .v6(let source, let destination): Self.pair(source, destination)
      }
    return Self.shard(number, of: count)
  }

  @inline(__always)
  private static func shard(_ pair: UInt64, of count: Int) -> Int {
    Int(truncatingIfNeeded: ((pair &* 0x9e37_79b9_7f4a_7c15) >> 32 &* UInt64(count)) >> 32)
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

  /// Whether the packet is a whole one of TCP or UDP: its flow is known by its ports.
  @inline(__always)
  fileprivate var hasOnlyPorts: Bool {
    fields.intersection(Self.deciding) == Self.whole && stop == nil && ipProtocol.hasPorts
  }

  // Made once: an unoptimized build takes memory for each literal.
  private static let deciding: Fields = [.addresses, .transport, .fragment]
  private static let whole: Fields = [.addresses, .transport]
}
