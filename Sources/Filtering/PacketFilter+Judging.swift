import NetworkTypes
import RuleMatching

/// What a walk concluded, interned.
struct Judgement: Sendable {
  var packetClass: PacketClass
  var outcome: UInt32
  /// Whether groups track the flow anywhere on the path (semantics CT-4, CT-6).
  var isTracked = true
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

  var packetClass: PacketClass { verdict.packetClass }

  func connection(lastSeen: Int64, initiatorIsLow: Bool) -> Connection {
    Connection(
      lastSeen: lastSeen, forward: forward, reverse: reverse, phase: phase, initiatorIsLow: initiatorIsLow,
      isTracked: isTracked, admission: forward)
  }
}

extension PacketFilter {
  /// Judges the first packet of a flow.
  ///
  /// - Parameter knownBefore: Whether the flow was seen earlier and has expired or closed: then nothing is assumed
  ///   about who began it (semantics CT-19).
  func judgeFirst<Address>(
    _ packet: PacketSummary, _ identity: FlowIdentity<Address>, knownBefore: Bool,
    _ memory: inout TrackerMemory
  ) -> FlowStart {
    let header = PacketHeader(packet)
    let isMidstream =
      packet.ipProtocol == .tcp && !packet.tcpFlags.isBareSYN && !packet.tcpFlags.contains(.rst)
    guard isMidstream, midstream == .loose, !knownBefore else {
      return start(judge(header, relation: .new, reusing: &memory), packet, isMidstream: isMidstream)
    }
    // The side with the lower port is more likely the server; a SYN-ACK settles it.
    let answersFirst = packet.tcpFlags.contains(.syn) || packet.sourcePort < packet.destinationPort
    var asSent: Judgement?
    if !answersFirst {
      let judgement = judge(header, relation: .new, reusing: &memory)
      if judgement.packetClass != .deny { return start(judgement, packet, isMidstream: true) }
      asSent = judgement
    }
    let request = judge(header.request, relation: .new, reusing: &memory)
    if request.packetClass == .allow || request.packetClass == .unknown {
      let reply = judgeReply(header, reusing: &memory)
      return start(request, packet, reply: reply)
    }
    return start(asSent ?? judge(header, relation: .new, reusing: &memory), packet, isMidstream: true)
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
    let phase: ConnectionPhase =
      if judgement.packetClass == .deny {
        .denied
      } else {
        switch packet.ipProtocol {
        case .tcp:
          isMidstream || reply != nil
            ? TCPTransitions.next(.established, TCPEvent(packet.tcpFlags), fromInitiator: reply == nil)
            : .synSent
        case .udp: .udpRequest
        case .icmp, .icmpv6: .icmp
        default: .other
        }
      }
    return FlowStart(
      verdict: Verdict(
        shown.packetClass, state: state, outcome: OutcomeID(rawValue: shown.outcome), beginsFlow: true,
        beginsDirection: true),
      isForward: reply == nil, forward: judgement.outcome, reverse: reply?.outcome ?? Connection.unjudged,
      phase: phase, isTracked: judgement.isTracked)
  }

  /// Judges a further packet of an admitted flow whose outcome is not known yet.
  ///
  /// - Parameter admission: How its beginning was judged, if the rules have changed since: where the flow is tracked it
  ///   lives on, where it is not the rules are asked again (semantics CT-8, CT-9).
  func rejudge(
    _ packet: PacketSummary, _ isForward: Bool, admission: UInt32?, _ memory: inout TrackerMemory
  ) -> UInt32 {
    let header = PacketHeader(packet)
    if let admission, isForward || !memory.outcomes[Int(admission)].isTranslated {
      let tracked = trackedInterfaces(memory.outcomes[Int(admission)])
      return judge(header, relation: .partOfFlow(trackedAt: tracked), reusing: &memory).outcome
    }
    return isForward
      ? judge(header, relation: .new, reusing: &memory).outcome : judgeReply(header, reusing: &memory).outcome
  }

  // MARK: Walks

  /// Walks a packet through the network and interns what happened.
  func judge(
    _ header: PacketHeader, relation: PathWalk.Relation, reusing memory: inout TrackerMemory
  ) -> Judgement {
    switch compiled.network.place(header, at: captureInterface, compiled) {
    case .enters(let origin, let header):
      var walk = PathWalk(compiled, header, relation: relation, reusing: memory.takeSteps())
      walk.run(from: origin)
      return conclude(walk, &memory)
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
  /// - Parameter header: The answer as it was captured.
  func judgeReply(_ header: PacketHeader, reusing memory: inout TrackerMemory) -> Judgement {
    judgeReply(header, to: header.request, reusing: &memory)
  }

  /// The same for an answer that is not the mirror image of what it answers: an ICMP error about `request`.
  private func judgeReply(
    _ header: PacketHeader, to request: PacketHeader, reusing memory: inout TrackerMemory
  ) -> Judgement {
    guard
      case .enters(let origin, let placed) = compiled.network.place(request, at: captureInterface, compiled)
    else {
      return judge(request, relation: .reply, reusing: &memory)
    }
    // The request was whole, or it would not have been translated (semantics AD-18).
    var whole = placed
    whole.isFragment = false
    var forward = PathWalk(compiled, whole, relation: .new, reusing: memory.takeSteps())
    forward.run(from: origin)
    let translations = forward.translations
    let delivery = forward.delivery
    var answer = header
    answer.source = request.destination == header.source ? forward.header.destination : header.source
    answer.destination = forward.header.source
    if header.service == request.reply.service { answer.service = forward.header.reply.service }
    memory.stepBuffer = forward.takeSteps()
    var back = PathWalk(compiled, answer, relation: .reply, reusing: memory.takeSteps())
    back.translations = translations
    switch delivery {
    case .interface(let interface):
      // A router on the way is not the host that the request reached.
      let isRouter = compiled.network.addresses.owners(of: answer.source).isEmpty && answer.source.isGlobal
      back.run(from: isRouter ? .internet : .interface(interface))
    case .internet: back.run(from: .internet)
    case .outside, .platformService, nil:
      if let interface = translations.last?.interface ?? origin.interface {
        back.run(from: .outside(to: interface, missing: nil))
      } else {
        back.run(from: .internet)
      }
    }
    return conclude(back, &memory)
  }

  private func conclude(_ walk: consuming PathWalk, _ memory: inout TrackerMemory) -> Judgement {
    let packetClass = walk.packetClass
    let isTracked = walk.isTracked
    let outcome = PathOutcome(packetClass, steps: walk.takeSteps())
    let id = memory.intern(outcome)
    return Judgement(packetClass: packetClass, outcome: id, isTracked: isTracked)
  }

  // MARK: ICMP errors

  /// An ICMP error belongs to the flow that it quotes where that is tracked; otherwise rules decide (semantics CT-22).
  func evaluateError<Address>(
    _ packet: PacketSummary, quoting quote: QuotedPacket?, in table: inout ConnectionTable<Address>,
    _ memory: inout TrackerMemory
  ) -> Verdict {
    let header = PacketHeader(packet)
    if let quote, quote.hasTransport || !(quote.ipProtocol.hasPorts || quote.ipProtocol.hasICMPKind),
      let (match, isForward) = findQuoted(quote, in: table),
      packet.time.nanoseconds &- table.connections[match.position].lastSeen
        <= memory.timers.limit(table.connections[match.position].phase),
      table.connections[match.position].isTracked,
      ![.denied, .closed].contains(table.connections[match.position].phase)
    {
      let admission = memory.outcomes[Int(table.connections[match.position].forward)]
      let judgement =
        isForward && admission.isTranslated && comesFromBeyond(header.source, quote)
        ? judgeReply(header, to: PacketHeader(quote), reusing: &memory)
        : judge(header, relation: .partOfFlow(trackedAt: trackedInterfaces(admission)), reusing: &memory)
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
    guard !compiled.network.addresses.owners(of: source).isEmpty else { return source.isGlobal }
    return privateAddress(of: source) == privateAddress(of: quote.addresses.destination)
  }

  /// The private address behind a public one; any other address as it is.
  private func privateAddress(of address: IPAddress) -> IPAddress {
    guard case .v4(let publicAddress) = address else { return address }
    return compiled.network.addresses.privateAddress(of: publicAddress).map(IPAddress.v4) ?? address
  }

  /// The flow that an error quotes a packet of, and whether that packet was its initiator's.
  private func findQuoted<Address>(
    _ quote: QuotedPacket, in table: ConnectionTable<Address>
  ) -> (match: ConnectionTable<Address>.Match, isForward: Bool)? {
    var pair = quote.addresses
    if case .v4(let source, let destination) = pair {
      pair = .v4(
        source: compiled.network.addresses.privateAddress(of: source) ?? source,
        destination: compiled.network.addresses.privateAddress(of: destination) ?? destination)
    }
    guard let ends = Address.ends(of: pair) else { return nil }
    let identity = FlowIdentity(
      ends, ipProtocol: quote.ipProtocol, sourcePort: quote.sourcePort, destinationPort: quote.destinationPort
    )
    return table.find(identity.key).map { match in
      let initiatorIsLow = table.connections[match.position].initiatorIsLow != match.isFlipped
      return (match, initiatorIsLow == identity.fromLow)
    }
  }

  /// Interfaces whose groups let the flow begin, and which track it.
  func trackedInterfaces(_ outcome: PathOutcome) -> [InterfaceIndex] {
    outcome.steps.filter { $0.isAdmission && $0.tracksFlow }.compactMap(\.interface)
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
