import NetworkTypes
import RuleMatching

/// What a walk concluded, interned.
struct Judgement: Sendable {
  var packetClass: PacketClass
  var outcome: UInt32
  /// Whether groups track the flow anywhere on the path (semantics CT-4, CT-6).
  var isTracked = true
  /// Idle timers of the gateways on the path.
  var gatewayTimers = GatewayTimers.none
}

/// A flow's beginning: the verdict of the packet that showed it, and what to remember.
struct FlowStart: Sendable {
  var verdict: Verdict
  /// Whether the packet came from the flow's initiator.
  var isForward: Bool
  var forward: UInt32
  var reverse: UInt32
  var phase: ConnectionPhase
  var isTracked: Bool
  var isDenied: Bool
  var gatewayTimers: GatewayTimers

  var packetClass: PacketClass { verdict.packetClass }

  func connection(lastSeen: Int64, initiatorIsLow: Bool) -> Connection {
    var flags: Connection.Flags = []
    if initiatorIsLow { flags.insert(.initiatorIsLow) }
    if isTracked { flags.insert(.tracked) }
    if isDenied { flags.insert(.denied) }
    return Connection(
      lastSeen: lastSeen, forward: forward, reverse: reverse, admission: forward, phase: phase,
      gatewayTimers: gatewayTimers, flags: flags)
  }
}

extension PacketFilter {
  /// Judges the first packet of a flow.
  ///
  /// - Parameter knownBefore: Whether the flow was seen earlier and has expired or closed: then nothing is assumed
  ///   about who began it (semantics CT-19).
  func judgeFirst(
    _ packet: PacketSummary, knownBefore: Bool, trackedAt tracked: [InterfaceIndex] = [],
    _ memory: inout TrackerMemory
  ) -> FlowStart {
    let header = PacketHeader(packet)
    let isMidstream =
      packet.ipProtocol == .tcp && !packet.tcpFlags.isBareSYN && !packet.tcpFlags.contains(.rst)
    guard isMidstream, midstream == .loose, !knownBefore else {
      let judgement =
        tracked.isEmpty
        ? judgeNew(header, reusing: &memory)
        : judge(header, relation: .new(trackedAt: tracked), reusing: &memory)
      return start(judgement, packet, isMidstream: isMidstream)
    }
    // The side with the lower port is more likely the server; a SYN-ACK settles it.
    let answersFirst = packet.tcpFlags.contains(.syn) || packet.sourcePort < packet.destinationPort
    var asSent: Judgement?
    if !answersFirst {
      let judgement = judgeNew(header, reusing: &memory)
      if judgement.packetClass != .deny { return start(judgement, packet, isMidstream: true) }
      asSent = judgement
    }
    let request = judgeNew(header.request, reusing: &memory)
    if request.packetClass == .allow || request.packetClass == .unknown {
      let reply = judgeAnswer(header, admission: request.outcome, reusing: &memory)
      return start(request, packet, reply: reply)
    }
    return start(asSent ?? judgeNew(header, reusing: &memory), packet, isMidstream: true)
  }

  /// What is remembered of a flow that `judgement` lets begin, or of one that it stops.
  private func start(
    _ judgement: Judgement, _ packet: PacketSummary, isMidstream: Bool = false, reply: Judgement? = nil
  ) -> FlowStart {
    let shown = reply ?? judgement
    let state: FlowState =
      switch shown.packetClass {
      case .exempt, .unplaced, .undecoded: .none
      default: !judgement.isTracked ? .untracked : reply != nil ? .established : .new
      }
    let isDenied = judgement.packetClass == .deny
    let phase: ConnectionPhase =
      switch packet.ipProtocol {
      case .tcp where packet.tcpFlags.contains(.rst): .closed
      case .tcp:
        (isMidstream || reply != nil) && !isDenied
          ? TCPTransitions.next(.established, TCPEvent(packet.tcpFlags), fromInitiator: reply == nil)
          : .synSent
      case .udp: .udpRequest
      case .icmp, .icmpv6: .icmp
      default: .other
      }
    return FlowStart(
      verdict: Verdict(
        shown.packetClass, state: state, outcome: OutcomeID(rawValue: shown.outcome), beginsFlow: true,
        beginsDirection: true),
      isForward: reply == nil, forward: judgement.outcome, reverse: reply?.outcome ?? Connection.unjudged,
      phase: phase, isTracked: judgement.isTracked, isDenied: isDenied,
      gatewayTimers: judgement.gatewayTimers)
  }

  /// Judges a further packet of an admitted flow whose outcome is not known yet.
  ///
  /// If the rules have changed since the flow began, it lives on where it is tracked, and where it is not the rules
  /// are asked again (semantics CT-8, CT-9).
  func rejudge(
    _ packet: PacketSummary, _ isForward: Bool, _ connection: Connection, _ memory: inout TrackerMemory
  ) -> UInt32 {
    let header = PacketHeader(packet)
    let admission = memory.outcomes[Int(connection.admission)]
    let tracked = connection.hasChangedRules ? trackedInterfaces(admission) : nil
    guard isForward else {
      guard tracked != nil else {
        return judgeAnswer(header, admission: connection.admission, reusing: &memory).outcome
      }
      return judgeReply(
        header, admission: connection.admission, trackedAt: tracked, reusing: &memory
      ).outcome
    }
    let answered = admission.steps.filter { $0.action == .established }
    let relation =
      tracked.map { PathWalk.Relation.partOfFlow(trackedAt: $0) }
      ?? .new(trackedAt: answered.compactMap(\.interface))
    return judge(header, relation: relation, reusing: &memory).outcome
  }

  /// Judges a segment of a connection that gateways on its way have forgotten, though its interfaces may not have.
  func judgeForgotten(
    _ packet: PacketSummary, _ isForward: Bool, _ connection: Connection, _ memory: inout TrackerMemory
  ) -> Judgement {
    let tracked = trackedInterfaces(memory.outcomes[Int(connection.admission)])
    let header = PacketHeader(packet)
    return isForward
      ? judge(header, relation: .partOfFlow(trackedAt: tracked), isForgotten: true, reusing: &memory)
      : judgeReply(
        header, admission: connection.admission, trackedAt: tracked, isForgotten: true, reusing: &memory)
  }

  // MARK: Remembered walks

  /// Judges a packet that begins a flow.
  func judgeNew(_ header: PacketHeader, reusing memory: inout TrackerMemory) -> Judgement {
    guard let key = memory.memo.key(header, self) else {
      return judge(header, relation: .new, reusing: &memory)
    }
    if let known = memory.memo[key] { return known }
    let judgement = judge(header, relation: .new, reusing: &memory)
    memory.memo.remember(judgement, key)
    return judgement
  }

  /// Judges an answer to a packet under the rules by which that was judged.
  private func judgeAnswer(
    _ header: PacketHeader, admission: UInt32, reusing memory: inout TrackerMemory
  ) -> Judgement {
    guard let key = memory.memo.key(header, answering: admission, self) else {
      return judgeReply(header, admission: admission, reusing: &memory)
    }
    if let known = memory.memo[key] { return known }
    let judgement = judgeReply(header, admission: admission, reusing: &memory)
    memory.memo.remember(judgement, key)
    return judgement
  }

  // MARK: Walks

  /// Walks a packet through the network and interns what happened.
  func judge(
    _ header: PacketHeader, relation: PathWalk.Relation, isForgotten: Bool = false,
    reusing memory: inout TrackerMemory
  ) -> Judgement {
    switch compiled.network.place(header, at: captureInterface, compiled) {
    case .enters(let origin, let placed):
      var walk = PathWalk(compiled, placed, relation: relation, reusing: memory.takeSteps())
      walk.isForgottenByGateways = isForgotten
      walk.run(from: origin)
      let end = placed == header ? walk.plainEnd(of: header) : nil
      let judgement = conclude(&walk, &memory)
      if let end { memory.setPlainEnd(of: judgement.outcome, end) }
      return judgement
    case .platform(let interface):
      let step = PathStep(.placement, .platformService, .unfiltered, .egress, interface: interface)
      return Judgement(
        packetClass: .exempt, outcome: memory.intern(PathOutcome(.exempt, steps: [step])), isTracked: false)
    case .unknown(let interface, let missing):
      let step = PathStep(
        .placement, .networkInterface, .unknown, .ingress, interface: interface, missing: missing)
      return Judgement(packetClass: .unknown, outcome: memory.intern(PathOutcome(.unknown, steps: [step])))
    case .nowhere:
      return Judgement(
        packetClass: .unplaced, outcome: memory.intern(PathOutcome(.unplaced)), isTracked: false)
    }
  }

  /// Walks the answer to an admitted packet back (semantics CT-1): first the packet forward, silently, to learn what
  /// translations it met, then the answer from where the packet ended.
  ///
  /// - Parameters:
  ///   - header: The answer as it was captured.
  ///   - admission: How what it answers was judged.
  ///   - request: What it answers, if that is not its mirror image: an ICMP error is about `request`.
  ///   - tracked: Where the flow is tracked, if the rules have changed since it began; nil where they have not, and
  ///     everybody who let it begin lets it be answered.
  ///   - isForgotten: Whether the gateways on the way have forgotten the flow.
  func judgeReply(
    _ header: PacketHeader, admission: UInt32, to request: PacketHeader? = nil,
    trackedAt tracked: [InterfaceIndex]? = nil,
    isForgotten: Bool = false, reusing memory: inout TrackerMemory
  ) -> Judgement {
    let request = request ?? header.request
    let relation = tracked.map { PathWalk.Relation.reply(trackedAt: $0) } ?? .reply
    guard
      case .enters(let origin, let placed) = compiled.network.place(request, at: captureInterface, compiled)
    else {
      return judge(request, relation: relation, reusing: &memory)
    }
    // Where nothing translates, the answer begins where the request ended, as it is. A request to the public address of a
    // host is one with the host's private address to the flow table, but takes another way.
    if tracked == nil, captureInterface == nil, placed == request, header.request == request,
      canonical(request.source) == request.source, canonical(request.destination) == request.destination,
      let end = memory.plainEnd(of: admission)
    {
      var back = PathWalk(compiled, header, relation: relation, reusing: memory.takeSteps())
      back.isForgottenByGateways = isForgotten
      back.run(from: isRouter(header.source) ? .internet : .interface(end))
      return conclude(&back, &memory)
    }
    // The request was whole, or it would not have been translated (semantics AD-18).
    var whole = placed
    whole.isFragment = false
    // Rules that have changed may stop the request now; where it went is still where its answer comes from.
    var forward = PathWalk(
      compiled, whole, relation: .admitted, findsEveryBlocker: tracked != nil, reusing: memory.takeSteps())
    forward.run(from: origin)
    let translations = forward.translations
    let delivery = forward.delivery
    var answer = header
    answer.source = request.destination == header.source ? forward.header.destination : header.source
    answer.destination = forward.header.source
    if header.service == request.reply.service { answer.service = forward.header.reply.service }
    memory.stepBuffer = forward.takeSteps()
    var back = PathWalk(compiled, answer, relation: relation, reusing: memory.takeSteps())
    back.translations = translations
    back.isForgottenByGateways = isForgotten
    switch delivery {
    case .interface(let interface):
      back.run(from: isRouter(answer.source) ? .internet : .interface(interface))
    case .internet: back.run(from: .internet)
    case .outside, .platformService, nil:
      if case .enters(.interface(let sender), let placed) = compiled.network.place(
        answer, at: captureInterface, compiled)
      {
        // Where the request went is not known, but who answers is.
        back.header = placed
        back.run(from: .interface(sender))
      } else if let interface = translations.last?.interface ?? origin.interface {
        back.run(from: .outside(to: interface, missing: nil))
      } else {
        back.run(from: .internet)
      }
    }
    // What is not known of the request is not known of its answer.
    if memory.classes[Int(admission)] == .unknown, !back.isDenied,
      let doubt = memory.outcomes[Int(admission)].steps.first(where: { $0.action == .unknown })
    {
      back.inherit(doubt)
    }
    return conclude(&back, &memory)
  }

  /// Whether a router on the way sent the packet, and not the host that the request reached.
  private func isRouter(_ source: IPAddress) -> Bool {
    source.isGlobal && compiled.owners(of: source).isEmpty
  }

  private func conclude(_ walk: inout PathWalk, _ memory: inout TrackerMemory) -> Judgement {
    let packetClass = walk.packetClass
    let isTracked = walk.isTracked
    let gatewayTimers = walk.gatewayTimers
    let outcome = PathOutcome(packetClass, steps: walk.takeSteps())
    let number = memory.intern(outcome)
    memory.stepBuffer = outcome.steps
    return Judgement(
      packetClass: packetClass, outcome: number, isTracked: isTracked, gatewayTimers: gatewayTimers)
  }

  // MARK: ICMP errors

  /// An ICMP error belongs to the flow that it quotes where that is tracked; otherwise rules decide (semantics CT-22).
  func evaluateError<Address>(
    _ packet: PacketSummary, quoting quote: QuotedPacket?, in table: inout ConnectionTable<Address>,
    _ memory: inout TrackerMemory
  ) -> Verdict {
    let header = PacketHeader(packet)
    if let quote, quote.hasTransport || !(quote.ipProtocol.hasPorts || quote.ipProtocol.hasICMPKind),
      let (connection, isForward) = findQuoted(quote, in: table),
      packet.time.nanoseconds &- connection.lastSeen <= memory.limits[connection.phase],
      connection.isTracked, connection.phase != .closed,
      case let tracked = trackedInterfaces(connection, memory), !connection.isDenied || !tracked.isEmpty
    {
      let admission = memory.outcomes[Int(connection.admission)]
      let judgement =
        isForward && admission.isTranslated && !connection.isDenied && comesFromBeyond(header.source, quote)
        ? judgeReply(
          header, admission: connection.admission, to: PacketHeader(quote),
          trackedAt: connection.hasChangedRules ? tracked : nil,
          reusing: &memory)
        : judge(
          header, relation: connection.isDenied ? .new(trackedAt: tracked) : .partOfFlow(trackedAt: tracked),
          reusing: &memory)
      return Verdict(
        judgement.packetClass, state: judgement.packetClass.isJudged ? .related : .none,
        outcome: OutcomeID(rawValue: judgement.outcome))
    }
    let judgement = judge(header, relation: .new, reusing: &memory)
    return Verdict(
      judgement.packetClass, state: judgement.packetClass.isJudged ? .new : .none,
      outcome: OutcomeID(rawValue: judgement.outcome), beginsFlow: judgement.packetClass != .unplaced,
      beginsDirection: true)
  }

  /// Whether an error was sent by the other end of the flow, or by a router outside of the network on the way there.
  private func comesFromBeyond(_ source: IPAddress, _ quote: QuotedPacket) -> Bool {
    guard !compiled.owners(of: source).isEmpty else { return source.isGlobal }
    return canonical(source) == canonical(quote.addresses.destination)
  }

  /// The private address behind a public one; any other address as it is.
  private func canonical(_ address: IPAddress) -> IPAddress {
    guard case .v4(let address) = address else { return address }
    return .v4(compiled.network.addresses.canonical(address))
  }

  /// The flow that an error quotes a packet of, and whether that packet was its initiator's.
  private func findQuoted<Address>(
    _ quote: QuotedPacket, in table: ConnectionTable<Address>
  ) -> (connection: Connection, isForward: Bool)? {
    guard let ends = Address.ends(of: canonical(quote.addresses)) else { return nil }
    let identity = FlowIdentity(
      ends, ipProtocol: quote.ipProtocol, sourcePort: quote.sourcePort, destinationPort: quote.destinationPort
    )
    return table.find(table.name(identity)).map { slot in
      (table[slot], table[slot].initiatorIsLow == identity.fromLow)
    }
  }

  /// Interfaces that track the flow; none once it is closed.
  func trackedInterfaces(_ connection: Connection, _ memory: TrackerMemory) -> [InterfaceIndex] {
    connection.phase == .closed ? [] : trackedInterfaces(memory.outcomes[Int(connection.admission)])
  }

  /// Interfaces whose groups let the flow begin, and which track it.
  func trackedInterfaces(_ outcome: PathOutcome) -> [InterfaceIndex] {
    outcome.steps.filter(\.isTracking).compactMap(\.interface)
  }
}

extension PacketClass {
  /// Whether packets of this class are judged at all, so that tracking says something of them.
  var isJudged: Bool { self == .allow || self == .deny || self == .unknown }
}

extension PathOutcome {
  /// Whether a NAT gateway or a load balancer changed addresses on the way; only the reply's own walk undoes that.
  fileprivate var isTranslated: Bool {
    steps.contains { $0.element == .gateway && $0.action == .translate && $0.leg > 0 }
  }
}

extension PathWalk.Origin {
  /// The interface that sends, or that receives what comes from a network that the model does not hold.
  var interface: InterfaceIndex? {
    switch self {
    case .interface(let interface), .natGateway(let interface), .outside(let interface, _): interface
    case .internet, .subnet: nil
    }
  }
}

extension TrackerMemory {
  /// Lends the step buffer to a walk.
  mutating func takeSteps() -> [PathStep] {
    let steps = stepBuffer
    stepBuffer = []
    return steps
  }
}
