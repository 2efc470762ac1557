import NetworkTypes

/// The interface that mirrored a packet.
public struct MirrorSource: Sendable, Hashable {
  public var interface: InterfaceIndex
  /// Whether the interface has one of the packet's addresses: it sent or received it, and did not forward it.
  public var isEnd: Bool
}

extension PacketFilter {
  /// The interface at which a packet was mirrored, by the tunnel's source, which is the interface's primary address
  /// (semantics TM-3).
  ///
  /// nil where no interface has that address, or several of which not just one has one of the packet's as well.
  public func mirror(of packet: PacketSummary, at source: IPAddress) -> MirrorSource? {
    let owners = compiled.network.addresses.owners(of: source).filter { !$0.isPublic }.map(\.interface)
    guard !owners.isEmpty, packet.hasAddresses else { return nil }
    let ends = [packet.addresses.source, packet.addresses.destination].flatMap {
      compiled.network.addresses.owners(of: $0).map(\.interface)
    }
    let mirrors = owners.filter(ends.contains)
    if mirrors.count == 1 { return MirrorSource(interface: mirrors[0], isEnd: true) }
    return owners.count == 1 ? MirrorSource(interface: owners[0], isEnd: false) : nil
  }

  /// Judges a packet that an interface mirrored of which it is neither the sender nor the receiver, as one captured there.
  ///
  /// The check of addresses or what the instance does decides, whatever came before, so no flow begins or goes on by it: the
  /// ends' own copies are judged as if this one had not been seen.
  ///
  /// - Parameter beginsFlow: Whether it is counted as a flow's first packet.
  public func evaluateForwarded(
    _ packet: PacketSummary, at interface: InterfaceIndex, beginsFlow: Bool,
    tracking tracker: inout ConnectionTracker
  ) -> Verdict {
    let shard = tracker.shards.count == 1 ? 0 : shard(of: packet, nil, among: tracker.shards.count)
    let judgement = seen(by: interface).judge(
      PacketHeader(packet), relation: .new, reusing: &tracker.shards[shard].memory)
    let isCounted = beginsFlow && judgement.packetClass.isJudged
    let verdict = Verdict(
      judgement.packetClass, state: judgement.packetClass.isJudged ? .new : .none,
      outcome: OutcomeID(rawValue: judgement.outcome), beginsFlow: isCounted, beginsDirection: isCounted)
    return tracker.number(verdict, of: shard)
  }
}
