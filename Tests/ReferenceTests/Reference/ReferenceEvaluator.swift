import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// The semantics, written as plainly as they read: lists are searched from end to end and nothing is kept but flows.
struct ReferenceEvaluator {
  let world: ReferenceNetwork
  let timers: IdleTimers
  private var flows: [FlowName: Flow] = [:]
  private var fragments: [FragmentName: (answer: ReferenceAnswer, time: CaptureTime)] = [:]

  private struct FragmentName: Hashable {
    var addresses: AddressPair
    var ipProtocol: IPProtocol
    var identification: UInt32
  }

  init(_ network: VirtualNetwork, timers: IdleTimers) {
    world = ReferenceNetwork(network: network)
    self.timers = timers
  }

  /// Judges one packet; packets come in order of time.
  mutating func judge(_ packet: PacketSummary, quoting quote: QuotedPacket? = nil) -> ReferenceAnswer {
    let fragment = FragmentName(
      addresses: packet.addresses, ipProtocol: packet.ipProtocol,
      identification: packet.fragmentIdentification)
    // NACL-18; how long a datagram's fragments are awaited is Linux's 30 s.
    if packet.isLaterFragment, let (first, time) = fragments[fragment],
      packet.time <= time.advanced(bySeconds: 30)
    {
      var answer = first
      if answer.state == .new && answer.packetClass != .deny { answer.state = .established }
      return answer
    }
    let answer = judgeWhole(packet, quote)
    if packet.isFragment && !packet.isLaterFragment { fragments[fragment] = (answer, packet.time) }
    return answer
  }

  private mutating func judgeWhole(_ packet: PacketSummary, _ quote: QuotedPacket?) -> ReferenceAnswer {
    let header = Header(packet)
    switch world.beginning(of: header) {
    case .exempt: return ReferenceAnswer(packetClass: .exempt, state: .none)
    case .unplaced: return ReferenceAnswer(packetClass: .unplaced, state: .none)
    case .unknown: return ReferenceAnswer(packetClass: .unknown, state: .new, stage: .placement)
    case .refused(let stage, let code):
      rememberDenied(packet, header)
      return ReferenceAnswer(packetClass: .deny, state: .new, stage: stage, code: code)
    case .at(let place, let header):
      if let quote, let answer = judgeError(packet, header, place, about: quote) { return answer }
      if packet.isLaterFragment { return judgeNew(packet, header, place, name: nil) }
      return judgeInFlow(packet, header, place)
    }
  }

  // MARK: Flows

  private mutating func judgeInFlow(
    _ packet: PacketSummary, _ header: Header, _ place: Place
  ) -> ReferenceAnswer {
    guard let (name, isAnswer) = flowName(header) else { return judgeNew(packet, header, place, name: nil) }
    for (key, fromBeginner) in [(name, true), (name.reversed, false)] {
      guard let flow = flows[key], !(isAnswer && fromBeginner) else { continue }
      if packet.time > flow.lastSeen.advanced(bySeconds: flow.idleLimit(timers)) {
        flows[key] = nil
        continue
      }
      if flow.isDenied {
        // A connection that was not admitted: whatever comes is judged by the rules, except where the refused packet
        // had got by (CT-1), and only another SYN or a packet of the side that was refused can begin it.
        let begins =
          fromBeginner
          || (packet.ipProtocol == .tcp
            ? packet.tcpFlags.contains(.syn) && !packet.tcpFlags.contains(.ack) : !isAnswer)
        if fromBeginner { flows[key]?.lastSeen = packet.time }
        if begins && !fromBeginner { flows[key] = nil }
        var answer = judgeNew(
          packet, header, place, name: begins && !(fromBeginner && packet.isFragment) ? name : nil,
          remembered: fromBeginner ? [] : flow.trackedAt)
        if !begins && answer.state == .untracked { answer.state = .new }
        // What is stopped on its way back never met the interface that tracks the flow.
        if !begins && answer.packetClass != .deny { flows[key]?.lastSeen = packet.time }
        // Stopped on its way to an interface that tracks the flow, it takes nothing away from it there.
        if begins && !fromBeginner && answer.packetClass == .deny && !flow.trackedAt.isEmpty {
          flows[name] = nil
          flows[key] = flow
        }
        return answer
      }
      if flow.phase == .closed && !flow.isUntracked {
        if packet.tcpFlags.contains(.syn) && !packet.tcpFlags.contains(.ack) {
          flows[key] = nil
          continue
        }
        // CT-25
        return ReferenceAnswer(packetClass: .deny, state: .none)
      }
      var isForgotten = false
      if let limit = flow.gatewayLimit, packet.time > flow.lastSeen.advanced(bySeconds: limit) {
        // AD-17: the gateway answers a segment with a reset; anything else begins anew.
        guard packet.ipProtocol == .tcp, !packet.tcpFlags.contains(.syn) || packet.tcpFlags.contains(.ack)
        else {
          flows[key] = nil
          continue
        }
        isForgotten = true
      }
      return continueFlow(packet, header, place, key, fromBeginner, isForgotten: isForgotten)
    }
    return judgeNew(packet, header, place, name: isAnswer ? nil : name)
  }

  /// A connection whose first packet was stopped where it began.
  private mutating func rememberDenied(_ packet: PacketSummary, _ header: Header) {
    guard packet.ipProtocol == .tcp, !packet.isFragment, let (name, _) = flowName(header) else { return }
    let isAnswerToTracked = flows[name.reversed].map { $0.isDenied && !$0.trackedAt.isEmpty } ?? false
    if isAnswerToTracked && packet.tcpFlags.contains(.syn) && !packet.tcpFlags.contains(.ack) { return }
    let known = flows[name] == nil ? name.reversed : name
    if let flow = flows[known], packet.time <= flow.lastSeen.advanced(bySeconds: flow.idleLimit(timers)) {
      if known == name { flows[known]?.lastSeen = packet.time }
      return
    }
    flows[known] = nil
    flows[name] = Flow(
      begin: .internet, header: header, legs: [], meetings: [], isTrackedAnyway: false, isLost: true,
      isDenied: true,
      lastSeen: packet.time)
  }

  private mutating func continueFlow(
    _ packet: PacketSummary, _ header: Header, _ place: Place, _ key: FlowName, _ fromBeginner: Bool,
    isForgotten: Bool
  ) -> ReferenceAnswer {
    var flow = flows[key]!
    var way = Way(world)
    way.isForgotten = isForgotten
    way.remembered = flow.trackedAt
    let state: FlowState = flow.isUntracked ? .untracked : .established
    var answer = outcome(state) {
      try Self.walk(&way, header, place, flow, fromBeginner)
    } doubts: {
      way.doubts
    }
    // Whether the packet that it answers came at all is not known.
    if flow.isDoubtful && !fromBeginner && answer.packetClass == .allow { answer.packetClass = .unknown }
    if isForgotten { return answer }
    // The groups see a packet even if something stops it elsewhere.
    flow.see(packet, fromBeginner: fromBeginner)
    flows[key] = flow
    return answer
  }

  private static func walk(
    _ way: inout Way, _ packet: Header, _ place: Place, _ flow: Flow, _ fromBeginner: Bool
  ) throws {
    way.isKnown = true
    if flow.isLost && !fromBeginner {
      // Whoever was written to beyond the network's description may answer.
      way.isReply = true
      way.isExpectedFromElsewhere = true
      let begin = if case .interface = place { place } else { Place.otherNetwork }
      let seenBeyond = flow.legs.last?.received.source ?? flow.header.source
      try way.go(from: begin, packet.between(packet.source, seenBeyond))
      try way.comeBack(over: flow.legs, packet)
    } else if fromBeginner {
      try way.go(from: flow.begin, packet.between(flow.header.source, flow.header.destination))
    } else {
      try way.comeBack(over: flow.legs, packet)
    }
  }

  private mutating func judgeNew(
    _ packet: PacketSummary, _ header: Header, _ place: Place, name: FlowName?,
    remembered: Set<ResourceID> = []
  ) -> ReferenceAnswer {
    var way = Way(world)
    way.remembered = remembered
    var isLost = false
    var answer = outcome(.new) {
      do {
        try way.go(from: place, header)
      } catch WayEnd.lost {
        isLost = true
      }
    } doubts: {
      way.doubts
    }
    var flow = Flow(
      begin: place, header: header, legs: way.legs, meetings: way.meetings,
      isTrackedAnyway: way.meetsTrackingGateway,
      isLost: isLost, lastSeen: packet.time)
    if packet.ipProtocol == .tcp { flow.phase = Phase(first: packet.tcpFlags) }
    if flow.isUntracked { answer.state = .untracked }
    flow.isDoubtful = answer.packetClass == .unknown
    guard let name, answer.packetClass != .deny || !packet.isFragment else { return answer }
    flow.isDenied = answer.packetClass == .deny
    if answer.packetClass != .deny && flow.phase == .closed { return answer }
    if answer.packetClass != .deny || flow.isDenied { flows[name] = flow }
    return answer
  }

  private func outcome(
    _ state: FlowState, _ walk: () throws -> Void, doubts: () -> [EvaluationStage]
  ) -> ReferenceAnswer {
    do {
      try walk()
    } catch WayEnd.refused(let stage, let code) {
      return ReferenceAnswer(packetClass: .deny, state: state, stage: stage, code: code)
    } catch {}
    if let doubt = doubts().first {
      return ReferenceAnswer(packetClass: .unknown, state: state, stage: doubt)
    }
    return ReferenceAnswer(packetClass: .allow, state: state)
  }

  // MARK: ICMP errors

  /// CT-22, CT-23: an error about a packet of a tracked flow, on its way to that packet's sender. nil: no relation.
  private func judgeError(
    _ packet: PacketSummary, _ header: Header, _ place: Place, about quote: QuotedPacket
  ) -> ReferenceAnswer? {
    var quoted = header
    quoted.source = quote.addresses.source
    quoted.destination = quote.addresses.destination
    quoted.ipProtocol = quote.ipProtocol
    quoted.sourcePort = quote.sourcePort
    quoted.destinationPort = quote.destinationPort
    quoted.hasPorts = quote.hasTransport
    let receiver = world.canonical(header.destination)
    guard let (name, isAnswer) = flowName(quoted), receiver == world.canonical(quoted.source) else {
      return nil
    }
    for (key, quoteFromBeginner) in [(name, true), (name.reversed, false)] {
      guard let flow = flows[key], !(isAnswer && quoteFromBeginner) else { continue }
      if packet.time > flow.lastSeen.advanced(bySeconds: flow.idleLimit(timers)) { continue }
      if flow.isUntracked || flow.phase == .closed || flow.isDenied && flow.trackedAt.isEmpty { return nil }
      var way = Way(world)
      way.remembered = flow.trackedAt
      way.isKnown = !flow.isDenied
      let isOtherEnd = world.canonical(header.source) == world.canonical(quoted.destination)
      var answer = outcome(.related) {
        let isBeyond = flow.legs.last.map { $0.to == .internet && !$0.crossesEgressOnlyGateway } ?? false
        if quoteFromBeginner && !flow.isDenied
          && (isBeyond && world.isOfInternet(header.source) || isOtherEnd && flow.legs.count > 1)
        {
          // Back through the gateways that translated the quoted packet.
          try way.comeBack(over: flow.legs, header, from: isOtherEnd ? nil : header.source)
        } else {
          try way.go(from: place, header)
        }
      } doubts: {
        way.doubts
      }
      answer.isOpen = flow.isDoubtful
      return answer
    }
    return nil
  }

  // MARK: Names

  private func isError(_ header: Header) -> Bool {
    header.ipProtocol == .icmp
      ? [3, 4, 5, 11, 12].contains(header.icmpType) : (1...4).contains(header.icmpType)
  }

  /// The name of the flow that a packet belongs to or would begin, and whether it can only be an answer.
  private func flowName(_ header: Header) -> (FlowName, isAnswer: Bool)? {
    var name = FlowName(
      source: world.canonical(header.source), destination: world.canonical(header.destination),
      ipProtocol: header.ipProtocol)
    if header.ipProtocol.hasPorts {
      guard header.hasPorts else { return nil }
      name.sourcePort = header.sourcePort
      name.destinationPort = header.destinationPort
      return (name, false)
    }
    guard let replies = FlowName.replies[header.ipProtocol] else { return (name, false) }
    guard header.hasPorts else { return nil }
    if replies[header.icmpType] != nil {
      name.sourcePort = header.sourcePort
      name.destinationPort = UInt16(header.icmpType)
      return (name, false)
    }
    guard let query = replies.first(where: { $0.value == header.icmpType })?.key else {
      if isError(header) { return nil }
      // Nothing answers other messages: the two ways never share a name.
      name.sourcePort = header.destinationPort
      name.destinationPort = header.destinationPort &+ 1
      return (name, false)
    }
    // The answer's own name is the reverse of the query's.
    name.sourcePort = UInt16(query)
    name.destinationPort = header.sourcePort
    return (name, true)
  }
}
