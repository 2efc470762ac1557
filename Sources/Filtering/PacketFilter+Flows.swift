import NetworkTypes
import RuleMatching

extension PacketFilter {
  /// Judges a packet that has ports, or that needs none, in the table of its family.
  ///
  /// - Parameter flow: The packet's flow by its private addresses: both sides of an internet gateway's one-to-one
  ///   translation are one flow (semantics AD-12).
  @inline(__always)
  func evaluate<Address: TrackedAddress>(
    _ packet: PacketSummary, _ flow: NamedFlow<Address>, quoting quote: QuotedPacket?,
    in table: inout ConnectionTable<Address>, _ memory: inout TrackerMemory
  ) -> Verdict {
    let identity = flow.identity
    if identity.isError { return evaluateError(packet, quoting: quote, in: &table, &memory) }
    guard let slot = table.find(flow) else { return begin(packet, flow, in: &table, &memory) }
    let connection = table[slot]
    let isForward = connection.initiatorIsLow == identity.fromLow
    let idle = packet.time.nanoseconds &- connection.lastSeen
    var answered: [InterfaceIndex] = []
    if idle <= memory.limits[connection.phase] {
      if connection.isDenied {
        let begins = packet.ipProtocol == .tcp ? packet.tcpFlags.isBareSYN : !identity.isICMPAnswer
        if isForward || !begins { return repeatDenied(packet, isForward, at: slot, in: &table, &memory) }
        answered = trackedInterfaces(connection, memory)
      } else if idle > connection.gatewayTimers.limit(packet.ipProtocol) {
        if let verdict = meetForgotten(packet, isForward, connection, &memory) { return verdict }
      } else if let verdict = continueFlow(packet, isForward, connection, at: slot, in: &table, &memory) {
        return verdict
      }
    }
    return beginAgain(packet, identity, at: slot, trackedAt: answered, in: &table, &memory)
  }

  /// A packet of a known flow; nil when it begins a new flow under the old key.
  @inline(__always)
  private func continueFlow<Address>(
    _ packet: PacketSummary, _ isForward: Bool, _ known: Connection, at slot: Int,
    in table: inout ConnectionTable<Address>, _ memory: inout TrackerMemory
  ) -> Verdict? {
    var connection = known
    guard let phase = known.phase(after: packet.tcpFlags, packet.ipProtocol, isForward: isForward) else {
      if packet.tcpFlags.isBareSYN { return nil }
      return rejectLate(isForward, connection, &memory)
    }
    connection.note(packet.time.nanoseconds, phase)
    var beginsDirection = false
    let outcome: UInt32
    if let judged = connection.outcome(isForward: isForward), !packet.isFragment {
      outcome = judged
    } else {
      beginsDirection = !connection.wasJudged(isForward: isForward)
      outcome = rejudge(packet, isForward, connection, &memory)
      if !packet.isFragment {
        connection.store(outcome, isForward: isForward)
        if isForward { track(&connection, outcome, packet, memory) }
      }
    }
    table[slot] = connection
    var verdict = memory.known(outcome, isTracked: connection.isTracked)
    verdict.beginsDirection = beginsDirection
    return verdict
  }

  /// Takes note of interfaces that track a flow since its initiator's packet was asked for again: rules that hold now
  /// track what open ones, which they replaced, did not (semantics CT-4, CT-9).
  private func track(
    _ connection: inout Connection, _ outcome: UInt32, _ packet: PacketSummary, _ memory: TrackerMemory
  ) {
    guard connection.hasChangedRules, memory.classes[Int(outcome)] == .allow else { return }
    let now = trackedInterfaces(memory.outcomes[Int(outcome)])
    let before = trackedInterfaces(memory.outcomes[Int(connection.admission)])
    guard now.contains(where: { !before.contains($0) }) else { return }
    let phase =
      connection.isTracked || packet.ipProtocol != .tcp
      ? connection.phase : TCPTransitions.next(.established, TCPEvent(packet.tcpFlags), fromInitiator: true)
    connection.becomeTracked(by: outcome, phase)
  }

  /// A packet of a flow that a gateway on its way has forgotten while interfaces still track it: a segment is refused
  /// there (semantics AD-17, CT-15), anything else begins a new flow: nil.
  private func meetForgotten(
    _ packet: PacketSummary, _ isForward: Bool, _ connection: Connection, _ memory: inout TrackerMemory
  ) -> Verdict? {
    guard packet.ipProtocol == .tcp, !packet.tcpFlags.isBareSYN else { return nil }
    let judgement = judgeForgotten(packet, isForward, connection, &memory)
    return Verdict(
      judgement.packetClass, state: .established, outcome: OutcomeID(rawValue: judgement.outcome))
  }

  /// A further packet of a flow whose first was stopped: stopped likewise, or, in the other direction, judged by the
  /// rules of those interfaces that did not let that first packet out, without beginning anything.
  private func repeatDenied<Address>(
    _ packet: PacketSummary, _ isForward: Bool, at slot: Int, in table: inout ConnectionTable<Address>,
    _ memory: inout TrackerMemory
  ) -> Verdict {
    var connection = table[slot]
    if isForward && !packet.isFragment {
      connection.noteRepeated(packet.time.nanoseconds, packet.tcpFlags, packet.ipProtocol)
    }
    var outcome = isForward ? connection.forward : connection.reverse
    let beginsDirection = outcome == Connection.unjudged
    if beginsDirection || packet.isFragment {
      let tracked = isForward ? [] : trackedInterfaces(connection, memory)
      outcome =
        judge(PacketHeader(packet), relation: .new(trackedAt: tracked), reusing: &memory).outcome
      if !packet.isFragment { connection.reverse = outcome }
    }
    let packetClass = memory.classes[Int(outcome)]
    // What is stopped on its way back never met the interface that tracks the flow.
    if isForward || packetClass != .deny { connection.lastSeen = packet.time.nanoseconds }
    table[slot] = connection
    return Verdict(
      packetClass, state: packetClass == .exempt ? .none : .new, outcome: OutcomeID(rawValue: outcome),
      beginsDirection: beginsDirection)
  }

  /// A segment of a connection that was closed: rejected whatever the rules say of new ones (semantics CT-25).
  private func rejectLate(
    _ isForward: Bool, _ connection: Connection, _ memory: inout TrackerMemory
  ) -> Verdict {
    let judged = isForward ? connection.forward : connection.reverse
    let steps = judged == Connection.unjudged ? [] : memory.outcomes[Int(judged)].steps
    let tracked = trackedInterfaces(memory.outcomes[Int(connection.admission)])
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

  /// A flow that is not in the table.
  private func begin<Address>(
    _ packet: PacketSummary, _ flow: NamedFlow<Address>, in table: inout ConnectionTable<Address>,
    _ memory: inout TrackerMemory
  ) -> Verdict {
    let now = packet.time.nanoseconds
    let identity = flow.identity
    let start = judgeFirst(packet, knownBefore: false, &memory)
    if start.packetClass != .unplaced && mayBegin(packet, identity, start) {
      let connection = start.connection(lastSeen: now, initiatorIsLow: identity.fromLow == start.isForward)
      if !table.insert(flow, connection, now: now, timers: memory.timers) {
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
    _ packet: PacketSummary, _ identity: FlowIdentity<Address>, at slot: Int,
    trackedAt tracked: [InterfaceIndex], in table: inout ConnectionTable<Address>,
    _ memory: inout TrackerMemory
  ) -> Verdict {
    let start = judgeFirst(packet, knownBefore: true, trackedAt: tracked, &memory)
    // What is stopped on its way to an interface that tracks the flow takes nothing away from it there.
    if start.isDenied && !tracked.isEmpty { return start.verdict }
    guard mayBegin(packet, identity, start) else {
      table[slot].expire()
      return start.verdict
    }
    table[slot] = start.connection(
      lastSeen: packet.time.nanoseconds, initiatorIsLow: identity.fromLow == start.isForward)
    return start.verdict
  }
}

extension TCPFlags {
  /// The flags of segments that may bring a connection to another phase.
  static var turning: UInt16 { syn.rawValue | fin.rawValue | rst.rawValue }

  /// Whether a segment asks for a new connection.
  var isBareSYN: Bool { contains(.syn) && !contains(.ack) && !contains(.rst) }
}
