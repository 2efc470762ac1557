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
    var flows = tracker.memory.takeFlows()
    verdicts.removeAll(keepingCapacity: true)
    var start = 0
    while start < batch.packets.count {
      let part = start..<min(start + Self.stride, batch.packets.count)
      name(batch, part, tracker, into: &flows)
      tracker.memory.prefetched &+= tracker.touch(flows)
      for index in part {
        let packet = batch.packets[index]
        let verdict =
          if packet.isPlainIPv4 {
            evaluate(
              packet, flows[index - start], quoting: batch.quote(of: packet), in: &tracker.v4,
              &tracker.memory)
          } else {
            evaluate(packet, quoting: batch.quote(of: packet), tracking: &tracker)
          }
        verdicts.append(verdict)
      }
      start = part.upperBound
    }
    tracker.memory.flows = flows
  }

  /// Names the IPv4 flows of a part of a batch.
  private func name(
    _ batch: PacketBatch, _ part: Range<Int>, _ tracker: borrowing ConnectionTracker,
    into flows: inout [NamedFlow<IPv4Address>]
  ) {
    flows.removeAll(keepingCapacity: true)
    for index in part {
      let packet = batch.packets[index]
      switch packet.addresses {
      case .v4(let source, let destination):
        flows.append(tracker.v4.name(FlowIdentity(packet, canonical(source, destination))))
      case .v6(let source, let destination):
        let flow = tracker.v6.name(FlowIdentity(packet, FlowEnds(source, destination)))
        flows.append(NamedFlow(FlowIdentity(packet, FlowEnds(.zero, .zero)), hash: flow.hash, isIPv6: true))
      }
    }
  }
}

extension ConnectionTracker {
  /// Touches the slots that packets will ask for. Nothing else is done here, and the reads do not depend on each other:
  /// the processor has many of them under way at once.
  fileprivate func touch(_ flows: [NamedFlow<IPv4Address>]) -> UInt64 {
    var sum: UInt64 = 0
    for index in flows.indices {
      let flow = flows[index]
      sum &+= flow.isIPv6 ? v6.touch(flow.hash) : v4.touch(flow.hash)
    }
    return sum
  }
}

extension PacketSummary {
  /// Whether the packet is IPv4 and neither cut nor a fragment: nothing but its flow decides.
  fileprivate var isPlainIPv4: Bool {
    guard case .v4 = addresses else { return false }
    return stop == nil && hasAddresses && !isFragment
  }
}
