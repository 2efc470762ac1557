import NetworkTypes

extension PacketFilter {
  /// Judges a batch in its order and puts the verdicts into `verdicts`, replacing what is there.
  ///
  /// The same answers as ``evaluate(_:quoting:tracking:)`` packet by packet, but the flow table's lines are fetched for
  /// the whole batch first: with more flows than the cache holds, waiting for memory is most of a packet's cost.
  public func evaluate(
    _ batch: PacketBatch, tracking tracker: inout ConnectionTracker, into verdicts: inout [Verdict]
  ) {
    tracker.memory.prefetched &+= prefetch(batch, tracker)
    verdicts.removeAll(keepingCapacity: true)
    for index in batch.packets.indices {
      let packet = batch.packets[index]
      verdicts.append(evaluate(packet, quoting: batch.quote(of: packet), tracking: &tracker))
    }
  }

  /// Touches the slots and connections that the batch's packets will ask for; the reads do not depend on each other,
  /// so the processor has many of them under way at once.
  private func prefetch(_ batch: PacketBatch, _ tracker: ConnectionTracker) -> UInt64 {
    var sum: UInt64 = 0
    for index in batch.packets.indices {
      let packet = batch.packets[index]
      switch packet.addresses {
      case .v4(let source, let destination):
        sum &+= tracker.v4.touchSlot(FlowIdentity(packet, FlowEnds(source, destination)).key)
      case .v6(let source, let destination):
        sum &+= tracker.v6.touchSlot(FlowIdentity(packet, FlowEnds(source, destination)).key)
      }
    }
    for index in batch.packets.indices {
      let packet = batch.packets[index]
      switch packet.addresses {
      case .v4(let source, let destination):
        sum &+= tracker.v4.touchConnection(FlowIdentity(packet, FlowEnds(source, destination)).key)
      case .v6(let source, let destination):
        sum &+= tracker.v6.touchConnection(FlowIdentity(packet, FlowEnds(source, destination)).key)
      }
    }
    return sum
  }
}
