import NetworkTypes
import RuleMatching
import VirtualNetworks

extension PacketFilter {
  /// Answers one question: the same walk that audits run, with every step recorded and every blocker found.
  public func trace(_ question: TraceQuestion) -> TraceAnswer {
    trace(question, findsEveryBlocker: true)
  }

  /// The same; unless every blocker is wanted, what comes after the first one is left out.
  package func trace(_ question: TraceQuestion, findsEveryBlocker: Bool) -> TraceAnswer {
    let header: PacketHeader
    switch self.header(of: question) {
    case .found(let found): header = found
    case .without(let end): return unanswerable(question, end)
    }
    if let local = sameHostAnswer(question, header) { return local }
    switch origin(of: question, header) {
    case .enters(let origin, let placed): return walk(question, from: origin, placed, findsEveryBlocker)
    case .platform(let interface):
      return single(
        header, .allow, PathStep(.placement, .platformService, .unfiltered, .egress, interface: interface))
    case .unknown(let interface, let missing):
      return single(
        header, .unknown,
        PathStep(
          .placement, .networkInterface, .unknown, .egress, interface: interface, missing: missing))
    case .nowhere: return answerOfNobody(header)
    }
  }

  /// Neither end belongs to an interface of the input.
  private func answerOfNobody(_ header: PacketHeader) -> TraceAnswer {
    let ends = [header.source, header.destination]
    if ends.allSatisfy(isFree) {
      // From the internet to the internet: nothing of the network is asked.
      return single(header, .allow, PathStep(.placement, .internet, .unfiltered, .egress))
    }
    let isInside = ends.contains { compiled.network.vpc(containing: $0) != nil }
    let missing: MissingPiece = isInside ? .interfaceOfAddress : .network
    return single(header, .unknown, PathStep(.placement, .outside, .unknown, .egress, missing: missing))
  }

  /// Follows a packet as it stands in a capture, and its answer if it has one: placed as audits place it, with every
  /// blocker. nil where the network is not asked, or where the packet enters is not known.
  public func trace(captured header: PacketHeader) -> TraceAnswer? {
    trace(captured: header, isRoundTrip: nil, findsEveryBlocker: true)
  }

  /// The same; without its answer if no round trip is asked for, and no further than the first blocker unless every one is
  /// wanted.
  package func trace(
    captured header: PacketHeader, isRoundTrip: Bool?, findsEveryBlocker: Bool
  ) -> TraceAnswer? {
    guard
      case .enters(let origin, let placed) = compiled.network.place(header, at: captureInterface, compiled)
    else { return nil }
    let question = TraceQuestion(
      from: .address(header.source), to: .address(header.destination), service: header.service,
      sourcePort: header.sourcePort, isRoundTrip: isRoundTrip)
    return walk(question, from: origin, placed, findsEveryBlocker)
  }

  private func single(_ header: PacketHeader, _ verdict: PacketClass, _ step: PathStep) -> TraceAnswer {
    TraceAnswer(
      verdict: verdict, header: header, steps: [TraceStep(way: .request, step: step, header: header)])
  }

  // MARK: Ends

  private enum QuestionHeader {
    case found(PacketHeader)
    /// An end has no address of the other's family.
    case without(TraceQuestion.End)
  }

  /// The packet that the question asks about.
  private func header(of question: TraceQuestion) -> QuestionHeader {
    let wantsV6 =
      question.service.ipProtocol == .icmpv6 || isV6Only(question.from) || isV6Only(question.to)
    guard let source = address(of: question.from, v6: wantsV6, asPublic: false) else {
      return .without(question.from)
    }
    guard let destination = address(of: question.to, v6: wantsV6, asPublic: isOfInternet(question.from)),
      AddressPair(source: source, destination: destination) != nil
    else { return .without(question.to) }
    return .found(
      PacketHeader(
        source: source, destination: destination, service: question.service, sourcePort: question.sourcePort))
  }

  /// No packet can be made of the question: one end has no address that the other could write to.
  private func unanswerable(_ question: TraceQuestion, _ end: TraceQuestion.End) -> TraceAnswer {
    let nobody = PacketHeader(
      source: .v4(.zero), destination: .v4(.zero), service: question.service, sourcePort: question.sourcePort)
    var interface: InterfaceIndex?
    if case .interface(let own) = end { interface = own }
    return TraceAnswer(withoutAddress: nobody, interface: interface)
  }

  private func isV6Only(_ end: TraceQuestion.End) -> Bool {
    guard case .address(let address) = end else { return false }
    return address.family == .v6
  }

  private func isOfInternet(_ end: TraceQuestion.End) -> Bool {
    switch end {
    case .internet: true
    case .interface: false
    case .address(let address): isFree(address)
    }
  }

  private func address(of end: TraceQuestion.End, v6: Bool, asPublic: Bool) -> IPAddress? {
    switch end {
    case .address(let address): return address
    case .internet: return v6 ? freeAddressV6.map(IPAddress.v6) : freeAddressV4.map(IPAddress.v4)
    case .interface(let interface):
      let model = compiled.network.model.networkInterfaces[interface.int]
      if v6 { return model.ipv6Addresses.first.map(IPAddress.v6) }
      guard let primary = model.ipv4Addresses.first else {
        return model.ipv6Addresses.first.map(IPAddress.v6)
      }
      return .v4(asPublic ? primary.publicAddress ?? primary.address : primary.address)
    }
  }

  private var freeAddressV4: IPv4Address? {
    (0..<255).lazy.map { IPv4Address(rawValue: 0x0808_0808 &+ 0x0101_0101 &* $0) }.first { isFree(.v4($0)) }
  }

  private var freeAddressV6: IPv6Address? {
    (0..<255).lazy.map { IPv6Address(high: 0x2001_4860_4860_0000 &+ $0 << 32, low: 0x8888) }
      .first { isFree(.v6($0)) }
  }

  /// Whether an address is of the internet: neither the network's own nor special.
  private func isFree(_ address: IPAddress) -> Bool {
    address.isGlobal && compiled.network.vpc(containing: address) == nil
      && compiled.network.addresses.owners(of: address).isEmpty
  }

  // MARK: Where it starts

  private func origin(of question: TraceQuestion, _ header: PacketHeader) -> Placement {
    switch question.entersAt {
    case .internet: return fromInternet(header)
    case .interface(let interface): return .enters(sender(interface), header)
    case .vpc(let id):
      guard let owner = owner(of: header.destination, in: id) else { return .enters(.internet, header) }
      return .enters(.outside(to: owner, missing: nil), header)
    case .subnet(let id):
      guard let subnet = compiled.network.index.subnets[id] else { return .nowhere }
      return .enters(.subnet(subnet), header)
    case nil: break
    }
    if case .interface(let interface) = question.from {
      if compiled.exemption(at: interface, header.destination, header) != nil {
        return .platform(interface)
      }
      return .enters(sender(interface), header)
    }
    if case .internet = question.from { return fromInternet(header) }
    // A bare address of the internet comes from there, and private addresses are not reached from there.
    if isOfInternet(question.from) { return fromInternet(header) }
    let placement = compiled.network.place(header, at: captureInterface, compiled)
    guard case .enters(.internet, _) = placement, header.source.isPrivate,
      let receiver = compiled.network.addresses.owners(of: header.destination).first
    else { return placement }
    // A private asker that nobody here has: not on the internet, but in a network that the input lacks.
    if receiver.isPublic {
      let isInside = compiled.network.vpc(containing: header.source) != nil
      return .unknown(receiver.interface, isInside ? .interfaceOfAddress : .network)
    }
    return .enters(.outside(to: receiver.interface, missing: .network), header)
  }

  private func fromInternet(_ header: PacketHeader) -> Placement {
    // Amazon's addresses are interfaces', and one that nobody here has leads to nobody here.
    let staysThere = isFree(header.destination) && !AmazonBlocks.contains(header.destination)
    return staysThere ? .nowhere : .enters(.internet, header)
  }

  private func sender(_ interface: InterfaceIndex) -> PathWalk.Origin {
    compiled.network.interfaces[interface.int].natGateway == nil
      ? .interface(interface) : .natGateway(interface)
  }

  private func owner(of address: IPAddress, in vpc: ResourceID) -> InterfaceIndex? {
    compiled.network.addresses.owners(of: address).first {
      compiled.network.model.networkInterfaces[$0.interface.int].vpc == vpc
    }?.interface
  }

  /// Between addresses of one instance nothing leaves it, whatever the groups say.
  private func sameHostAnswer(_ question: TraceQuestion, _ header: PacketHeader) -> TraceAnswer? {
    let network = compiled.network
    let sources = network.addresses.owners(of: header.source).filter { !$0.isPublic }
    let destinations = network.addresses.owners(of: header.destination).filter { !$0.isPublic }
    guard sources.count == 1, destinations.count == 1 else { return nil }
    let source = sources[0].interface
    let destination = destinations[0].interface
    let instance = network.model.networkInterfaces[source.int].instance
    let isSame =
      source == destination
      || instance != nil && network.model.networkInterfaces[destination.int].instance == instance
    guard isSame else { return nil }
    return single(
      header, .allow, PathStep(.placement, .networkInterface, .unfiltered, .egress, interface: source))
  }

  // MARK: There and back

  private func walk(
    _ question: TraceQuestion, from origin: PathWalk.Origin, _ header: PacketHeader,
    _ findsEveryBlocker: Bool
  ) -> TraceAnswer {
    var forward = PathWalk(
      compiled, header, findsEveryBlocker: findsEveryBlocker, keepsHeaders: true)
    forward.run(from: origin)
    var steps = traced(forward, .request)
    if question.isRoundTrip, findsEveryBlocker || !forward.isDenied, let delivery = forward.delivery,
      delivery != .platformService
    {
      let isMissing = steps.contains { $0.step.missing == .interfaceOfAddress }
      steps += reply(to: forward, delivery, origin, asked: header).map { traced in
        // An asker whom the input lacks may be there to be answered as well.
        isMissing && traced.step.code == .noPossibleDestination && traced.header.destination == header.source
          ? TraceStep(way: .reply, step: traced.step.unknown(.interfaceOfAddress), header: traced.header)
          : traced
      }
    }
    let isDenied = steps.contains { $0.step.action == .deny }
    let isUnknown = steps.contains { $0.step.action == .unknown }
    return TraceAnswer(
      verdict: isDenied ? .deny : isUnknown ? .unknown : .allow, header: header, steps: steps)
  }

  /// The way of the answer: from where the packet ended, through the translations that it met.
  private func reply(
    to forward: PathWalk, _ delivery: PathWalk.Delivery, _ origin: PathWalk.Origin, asked: PacketHeader
  ) -> [TraceStep] {
    var back = PathWalk(
      compiled, forward.header.reply, relation: .reply, findsEveryBlocker: forward.findsEveryBlocker,
      keepsHeaders: true)
    back.translations = forward.translations
    switch delivery {
    case .interface(let interface): back.run(from: .interface(interface))
    case .internet: back.run(from: .internet)
    case .outside:
      guard let interface = forward.translations.last?.interface ?? origin.interface else {
        let step = PathStep(.placement, .outside, .unknown, .ingress, missing: .network)
        return [TraceStep(way: .reply, step: step, header: back.header)]
      }
      back.run(from: .outside(to: interface, missing: nil))
    case .platformService: break
    }
    var steps = traced(back, .reply)
    if let step = goesAstray(back, origin, asked) {
      steps.append(TraceStep(way: .reply, step: step, header: back.header))
    }
    return steps
  }

  private func traced(_ walk: PathWalk, _ way: TraceStep.Way) -> [TraceStep] {
    walk.steps.indices.map { position in
      TraceStep(
        way: way, step: walk.steps[position], header: walk.headers[position],
        countsReferences: walk.countsReferences[position], hasTranslatedPort: walk.translatedPorts[position])
    }
  }

  /// The denial of a reply that comes to somebody else, or from somebody else, whatever else may stop it.
  private func goesAstray(
    _ back: PathWalk, _ origin: PathWalk.Origin, _ asked: PacketHeader
  ) -> PathStep? {
    guard !back.isDenied || back.findsEveryBlocker, let delivery = back.delivery else { return nil }
    func astray(_ element: PathStep.Element, _ interface: InterfaceIndex?) -> PathStep {
      PathStep(.placement, element, .deny, .ingress, interface: interface, code: .noPath, leg: back.leg)
    }
    switch (origin, delivery) {
    case (.interface(let asker), .interface(let receiver)),
      (.natGateway(let asker), .interface(let receiver)):
      if asker != receiver { return astray(.networkInterface, receiver) }
      return back.header.source == asked.destination ? nil : astray(.connection, receiver)
    case (.interface, .internet), (.natGateway, .internet): return astray(.internet, nil)
    case (.internet, .interface(let receiver)): return astray(.networkInterface, receiver)
    case (.internet, .internet):
      return back.header.source == asked.destination ? nil : astray(.connection, nil)
    default: return nil
    }
  }
}

extension PathStep {
  /// The same step with another end: not known for lack of something.
  fileprivate func unknown(_ missing: MissingPiece) -> PathStep {
    PathStep(
      stage, element, .unknown, direction, interface: interface, resource: resource, missing: missing,
      leg: leg)
  }
}
