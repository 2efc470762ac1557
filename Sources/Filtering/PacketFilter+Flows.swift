import NetworkTypes
import RuleMatching

extension PacketFilter {
  /// Judges a packet that has ports, or that needs none, in the table of its family.
  func evaluate<Address: TrackedAddress>(
    _ packet: PacketSummary, _ ends: FlowEnds<Address>, quoting quote: QuotedPacket?,
    in table: inout ConnectionTable<Address>, _ memory: inout TrackerMemory
  ) -> Verdict {
    let identity = FlowIdentity(packet, ends)
    if identity.isError {
      return evaluateError(packet, quoting: quote, in: &table, &memory)
    }
    if let match = table.find(identity.key) {
      return meet(packet, identity, at: match, in: &table, &memory)
    }
    return begin(packet, identity, in: &table, &memory)
  }

  /// A packet whose key is in the table: of that flow, or the first of another one after it.
  @inline(__always)
  private func meet<Address>(
    _ packet: PacketSummary, _ identity: FlowIdentity<Address>, at match: ConnectionTable<Address>.Match,
    in table: inout ConnectionTable<Address>, _ memory: inout TrackerMemory
  ) -> Verdict {
    let position = match.position
    let isForward = (table.connections[position].initiatorIsLow != match.isFlipped) == identity.fromLow
    let idle = packet.time.nanoseconds &- table.connections[position].lastSeen
    if idle <= memory.timers.limit(table.connections[position].phase) {
      let verdict =
        idle <= table.connections[position].gatewayTimers.limit(packet.ipProtocol)
        ? continueFlow(packet, identity, isForward, at: position, in: &table, &memory)
        : meetForgotten(packet, isForward, at: position, in: &table, &memory)
      if let verdict { return verdict }
      if table.connections[position].isDenied && !isForward {
        let tracked = trackedInterfaces(table.connections[position], memory)
        return beginAgain(packet, identity, at: match, trackedAt: tracked, in: &table, &memory)
      }
    }
    return beginAgain(packet, identity, at: match, trackedAt: [], in: &table, &memory)
  }

  /// A packet of a known flow; nil when it begins a new flow under the old key.
  @inline(__always)
  private func continueFlow<Address>(
    _ packet: PacketSummary, _ identity: FlowIdentity<Address>, _ isForward: Bool, at position: Int,
    in table: inout ConnectionTable<Address>, _ memory: inout TrackerMemory
  ) -> Verdict? {
    let phase = table.connections[position].phase
    if table.connections[position].isDenied {
      let begins = packet.ipProtocol == .tcp ? packet.tcpFlags.isBareSYN : !identity.isICMPAnswer
      return isForward || !begins
        ? repeatDenied(packet, isForward, at: position, in: &table, &memory) : nil
    }
    if packet.ipProtocol == .tcp && table.connections[position].isTracked {
      let event = TCPEvent(packet.tcpFlags)
      if phase == .closed {
        if event == .syn && packet.tcpFlags.isBareSYN { return nil }
        return rejectLate(packet, isForward, at: position, in: &table, &memory)
      }
      table.connections[position].phase = TCPTransitions.next(phase, event, fromInitiator: isForward)
    } else {
      table.connections[position].phase = phase.afterDatagram(fromInitiator: isForward)
    }
    table.connections[position].lastSeen = packet.time.nanoseconds
    var outcome = isForward ? table.connections[position].forward : table.connections[position].reverse
    let isStale =
      isForward ? table.connections[position].isForwardStale : table.connections[position].isReverseStale
    var beginsDirection = false
    if outcome == Connection.unjudged || isStale || packet.isFragment {
      beginsDirection = outcome == Connection.unjudged
      outcome = rejudge(
        packet, isForward, admission: table.connections[position].admission,
        hasChangedRules: table.connections[position].hasChangedRules, &memory)
      if !packet.isFragment { table.connections[position].store(outcome, isForward: isForward) }
    }
    let packetClass = memory.classes[Int(outcome)]
    let state: FlowState =
      packetClass == .exempt ? .none : table.connections[position].isTracked ? .established : .untracked
    return Verdict(
      packetClass, state: state, outcome: OutcomeID(rawValue: outcome), beginsDirection: beginsDirection)
  }

  /// A packet of a flow that a gateway on its way has forgotten while interfaces still track it: a segment is refused
  /// there (semantics AD-17, CT-15), anything else begins a new flow: nil.
  private func meetForgotten<Address>(
    _ packet: PacketSummary, _ isForward: Bool, at position: Int, in table: inout ConnectionTable<Address>,
    _ memory: inout TrackerMemory
  ) -> Verdict? {
    guard packet.ipProtocol == .tcp, !packet.tcpFlags.isBareSYN else { return nil }
    let admission = table.connections[position].admission
    let judgement = judgeForgotten(packet, isForward, admission: admission, &memory)
    return Verdict(
      judgement.packetClass, state: .established, outcome: OutcomeID(rawValue: judgement.outcome))
  }

  /// A further packet of a flow whose first was stopped: stopped likewise, or, in the other direction, judged by the
  /// rules of those interfaces that did not let that first packet out, without beginning anything.
  private func repeatDenied<Address>(
    _ packet: PacketSummary, _ isForward: Bool, at position: Int, in table: inout ConnectionTable<Address>,
    _ memory: inout TrackerMemory
  ) -> Verdict {
    table.connections[position].lastSeen = packet.time.nanoseconds
    if isForward && packet.ipProtocol == .tcp && !packet.isFragment {
      let phase: ConnectionPhase = packet.tcpFlags.contains(.rst) ? .closed : .synSent
      // Where the refused connection is tracked decides what its answers pass.
      if phase != table.connections[position].phase {
        table.connections[position].reverse = Connection.unjudged
      }
      table.connections[position].phase = phase
    }
    var outcome = isForward ? table.connections[position].forward : table.connections[position].reverse
    let beginsDirection = outcome == Connection.unjudged
    if beginsDirection || packet.isFragment {
      let tracked = isForward ? [] : trackedInterfaces(table.connections[position], memory)
      outcome =
        judge(PacketHeader(packet), relation: .new(trackedAt: tracked), reusing: &memory).outcome
      if !packet.isFragment { table.connections[position].reverse = outcome }
    }
    let packetClass = memory.classes[Int(outcome)]
    return Verdict(
      packetClass, state: packetClass == .exempt ? .none : .new, outcome: OutcomeID(rawValue: outcome),
      beginsDirection: beginsDirection)
  }

  /// A segment of a connection that was closed: rejected whatever the rules say of new ones (semantics CT-25).
  private func rejectLate<Address>(
    _ packet: PacketSummary, _ isForward: Bool, at position: Int, in table: inout ConnectionTable<Address>,
    _ memory: inout TrackerMemory
  ) -> Verdict {
    let judged = isForward ? table.connections[position].forward : table.connections[position].reverse
    let steps = judged == Connection.unjudged ? [] : memory.outcomes[Int(judged)].steps
    let tracked = trackedInterfaces(memory.outcomes[Int(table.connections[position].admission)])
    let group = steps.first { step in
      step.element == .securityGroup && (step.interface.map { tracked.contains($0) } ?? false)
    }
    let step = PathStep(
      group?.stage ?? .destinationSecurityGroup, .connection, .deny, group?.direction ?? .ingress,
      interface: group?.interface, code: .groupRulesMismatch)
    let outcome = memory.intern(PathOutcome(.deny, steps: [step]))
    return Verdict(.deny, state: .none, outcome: OutcomeID(rawValue: outcome))
  }

  // MARK: Beginning

  /// A flow that is not in the table, nor under the key that its private addresses give.
  private func begin<Address>(
    _ packet: PacketSummary, _ identity: FlowIdentity<Address>, in table: inout ConnectionTable<Address>,
    _ memory: inout TrackerMemory
  ) -> Verdict {
    let now = packet.time.nanoseconds
    if let canonical = canonicalIdentity(packet, Address.self), canonical.key != identity.key,
      let match = table.find(canonical.key)
    {
      // The same flow, seen on the other side of a one-to-one translation.
      let isFlipped = match.isFlipped != (canonical.fromLow != identity.fromLow)
      table.addAlias(
        identity.key, of: .init(position: match.position, isFlipped: isFlipped), now: now,
        timers: memory.timers)
      return meet(
        packet, identity, at: .init(position: match.position, isFlipped: isFlipped), in: &table, &memory)
    }
    let start = judgeFirst(packet, identity, knownBefore: false, &memory)
    if start.packetClass != .unplaced && mayBegin(packet, identity, start) {
      let connection = start.connection(lastSeen: now, initiatorIsLow: identity.fromLow == start.isForward)
      let key = canonicalIdentity(packet, Address.self) ?? identity
      let stored = key.fromLow == identity.fromLow ? connection : connection.withEndsSwapped
      if let position = table.insert(key.key, stored, now: now, timers: memory.timers) {
        if key.key != identity.key {
          table.addAlias(
            identity.key, of: .init(position: position, isFlipped: key.fromLow != identity.fromLow), now: now,
            timers: memory.timers)
        }
      } else {
        memory.untrackedForLackOfRoom += 1
      }
    }
    return start.verdict
  }

  /// Whether a packet is the first of something: an answer without its query (semantics CT-21) and a reset are not, and
  /// what stops a fragment need not stop whole packets (AD-18).
  private func mayBegin<Address>(
    _ packet: PacketSummary, _ identity: FlowIdentity<Address>, _ start: FlowStart
  ) -> Bool {
    if identity.isICMPAnswer { return false }
    if start.isDenied { return !packet.isFragment }
    return !(packet.ipProtocol == .tcp && packet.tcpFlags.contains(.rst))
  }

  /// A new flow under the key of one that has expired, closed or been denied.
  ///
  /// - Parameter tracked: Where the packet passes for an answer all the same.
  private func beginAgain<Address>(
    _ packet: PacketSummary, _ identity: FlowIdentity<Address>, at match: ConnectionTable<Address>.Match,
    trackedAt tracked: [InterfaceIndex], in table: inout ConnectionTable<Address>,
    _ memory: inout TrackerMemory
  ) -> Verdict {
    let start = judgeFirst(packet, identity, knownBefore: true, trackedAt: tracked, &memory)
    // What is stopped on its way to an interface that tracks the flow takes nothing away from it there.
    if start.isDenied && !tracked.isEmpty { return start.verdict }
    guard mayBegin(packet, identity, start) else {
      table.connections[match.position].lastSeen = .min / 2
      return start.verdict
    }
    let connection = start.connection(
      lastSeen: packet.time.nanoseconds, initiatorIsLow: identity.fromLow == start.isForward)
    table.connections[match.position] = match.isFlipped ? connection.withEndsSwapped : connection
    return start.verdict
  }

  /// The identity of the packet's flow with every public address replaced by its private one, so that both sides of
  /// an internet gateway's translation are one flow; nil if that is the packet's own.
  private func canonicalIdentity<Address>(_ packet: PacketSummary, _: Address.Type) -> FlowIdentity<Address>?
  {
    guard case .v4(let source, let destination) = packet.addresses else { return nil }
    let privateSource = compiled.network.addresses.privateAddress(of: source) ?? source
    let privateDestination = compiled.network.addresses.privateAddress(of: destination) ?? destination
    guard privateSource != source || privateDestination != destination else { return nil }
    return Address.ends(of: .v4(source: privateSource, destination: privateDestination)).map {
      FlowIdentity(packet, $0)
    }
  }
}

extension Connection {
  fileprivate mutating func store(_ outcome: UInt32, isForward: Bool) {
    if isForward {
      forward = outcome
      isForwardStale = false
    } else {
      reverse = outcome
      isReverseStale = false
    }
  }

  fileprivate var withEndsSwapped: Connection {
    var swapped = self
    swapped.initiatorIsLow.toggle()
    return swapped
  }
}

extension ConnectionPhase {
  /// The phase after a datagram of a flow without a state machine of its own (semantics CT-18).
  fileprivate func afterDatagram(fromInitiator isForward: Bool) -> ConnectionPhase {
    switch (self, isForward) {
    case (.udpRequest, false): .udpReplied
    case (.udpReplied, true): .udpAgain
    case (.udpAgain, false): .udpStream
    default: self
    }
  }
}

extension TCPFlags {
  /// Whether a segment asks for a new connection.
  var isBareSYN: Bool { contains(.syn) && !contains(.ack) && !contains(.rst) }
}
