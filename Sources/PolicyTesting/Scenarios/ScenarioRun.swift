import Filtering
import NetworkTypes
import PolicyFormats
import RuleMatching
import VirtualNetworks

/// A network while a scenario happens in it: packets, changes and time, one after the other.
public struct ScenarioRun {
  private var filter: PacketFilter
  private var resolver: SelectorResolver
  /// The network as the scenario found it: what has gone from it is still known by name.
  private let beginning: TestedNetwork
  /// Public addresses that interfaces have had in the course of it.
  private var given: Set<IPv4Address> = []
  private var tracker: ConnectionTracker
  private var now = CaptureTime(nanoseconds: 0)
  /// The rules that decided of packets with an expectation.
  public private(set) var deciders: Set<RuleIndex> = []
  /// Between two packets that follow each other.
  private static let pace: Int64 = 1_000_000

  public init(_ network: TestedNetwork, timers: IdleTimers = .nitro) {
    beginning = network
    filter = network.filter
    resolver = network.resolver
    tracker = ConnectionTracker(timers: timers, limit: 1 << 16)
  }

  /// Runs all steps; throws at a step that cannot be made.
  public mutating func failures(of steps: [ScenarioStep]) throws(YAMLProblem) -> [TestFailure] {
    var failures: [TestFailure] = []
    for step in steps {
      switch step.action {
      case .wait(let nanoseconds): now.nanoseconds += nanoseconds
      case .change(let change):
        do {
          (filter, _) = try filter.applying(try change.resolved(in: filter.network))
        } catch { throw YAMLProblem(at: step.location, "\(error)") }
        tracker.rulesChanged()
        if case .associate(let address, _) = change { given.insert(address) }
        resolver = SelectorResolver(filter.network)
      case .send(let packet, let expectation):
        if let failure = try send(packet, expectation, at: step.location) { failures.append(failure) }
      }
    }
    return failures
  }

  private mutating func send(
    _ packet: ScenarioPacket, _ expectation: ScenarioExpectation?, at location: SourceLocation
  ) throws(YAMLProblem) -> TestFailure? {
    let summary = try summary(of: packet)
    now.nanoseconds += Self.pace
    let verdict = filter.evaluate(summary, tracking: &tracker)
    guard let expectation else { return nil }
    let outcome = tracker[verdict.outcome]
    deciders.formUnion(outcome.steps.compactMap(\.rule))
    let header = PacketHeader(summary)
    let packetClass = isToNobody(header, verdict.packetClass) ? .deny : verdict.packetClass
    let isMet =
      switch (expectation.fate, packetClass) {
      case (.allow, .allow), (.allow, .exempt), (.unknown, .unknown): true
      case (.deny, .deny):
        expectation.because.isEmpty || !codes(outcome, header).isDisjoint(with: expectation.because)
      default: false
      }
    if isMet { return nil }
    var failure = TestFailure(
      "\(expectation.fate.rawValue) \(packet.words)", at: location,
      finding: finding(packetClass, expectation))
    failure.packet = PacketWords.name(of: header.ipProtocol) + " " + Self.ends(header)
    failure.explanation =
      verdict.packetClass == .unplaced && packetClass == .deny
      ? "no interface has the address any more" : filter.explain(outcome, for: header)
    if let step = outcome.decisiveStep {
      failure.stage = step.stage.description
      failure.code = step.code?.rawValue
      failure.resource = filter.subject(of: step).map { filter.title(of: $0) }
      failure.rule = filter.ruleName(of: step)
    }
    if verdict.packetClass == .unknown { failure.missing = [filter.explain(outcome, for: header)] }
    return failure
  }

  /// Whether a packet goes to, or as from, an address that the network has lost since the scenario began.
  private func isToNobody(_ header: PacketHeader, _ packetClass: PacketClass) -> Bool {
    packetClass == .unplaced
      && [header.source, header.destination].contains { address in
        if case .v4(let own) = address, given.contains(own) { return true }
        return !beginning.filter.holders(of: address).isEmpty
      }
  }

  /// The codes of all that stops a packet, as claims know them: what decided, and what would have stopped it next.
  private func codes(_ outcome: PathOutcome, _ header: PacketHeader) -> Set<ReachabilityCode> {
    var codes = Set(outcome.steps.compactMap(\.code))
    let traced = filter.trace(captured: header)?.blockers.filter { $0.way == .request } ?? []
    codes.formUnion(traced.compactMap(\.step.code))
    return codes
  }

  private func finding(_ packetClass: PacketClass, _ expectation: ScenarioExpectation) -> String {
    switch packetClass {
    case .allow, .exempt: "the packet gets through"
    case .deny:
      expectation.fate == .deny ? "the packet is denied for another reason" : "the packet is denied"
    case .unknown: "what becomes of the packet is not known"
    case .unplaced, .undecoded: "the packet has nothing to do with the network: neither end belongs to it"
    }
  }

  private static func ends(_ header: PacketHeader) -> String {
    guard header.ipProtocol.hasPorts else { return "\(header.source) -> \(header.destination)" }
    return PacketWords.end(header.source, header.sourcePort) + " -> "
      + PacketWords.end(header.destination, header.service.port)
  }

  // MARK: Packets

  /// The packet as it is on the wire where it is sent.
  private func summary(of packet: ScenarioPacket) throws(YAMLProblem) -> PacketSummary {
    let source = try end(packet.from)
    let destination = try end(packet.to)
    let v6 = packet.ipProtocol == .icmpv6 || isV6(source) || isV6(destination)
    let from = try address(of: source, packet.from, v6: v6, asPublic: false)
    let to = try address(of: destination, packet.to, v6: v6, asPublic: isOutside(source))
    guard let pair = AddressPair(source: from, destination: to) else {
      throw YAMLProblem(
        at: packet.to.location, found: "\(to)", expected: "an address of the family of \(from)")
    }
    if packet.ipProtocol == (from.family == .v4 ? .icmpv6 : .icmp) {
      throw YAMLProblem(
        at: packet.from.location, found: "\(packet.ipProtocol) from \(from)",
        expected: from.family == .v4 ? "icmp" : "icmpv6")
    }
    var fields: PacketSummary.Fields = [.addresses]
    if packet.ipProtocol.hasPorts || packet.ipProtocol.hasICMPKind { fields.insert(.transport) }
    if packet.ipProtocol == .tcp { fields.insert(.tcpFlags) }
    return PacketSummary(
      addresses: pair, time: now, wireLength: 74, fields: fields, ipProtocol: packet.ipProtocol,
      sourcePort: packet.from.port ?? (packet.ipProtocol.hasICMPKind ? 1 : 0),
      destinationPort: packet.to.port ?? packet.icmp, tcpFlags: packet.tcpFlags)
  }

  /// What an end stands for, with the network that its position counts in.
  private struct Host {
    var end: SelectorEnd
    var network: VirtualNetwork
  }

  /// What a name stands for now, or stood for when the scenario began.
  private func end(_ end: ScenarioPacket.End) throws(YAMLProblem) -> Host {
    do {
      return Host(end: try resolver.end(of: end.selector), network: filter.network)
    } catch {
      if let gone = try? beginning.resolver.end(of: end.selector) {
        return Host(end: gone, network: beginning.network)
      }
      throw YAMLProblem(at: end.location, "\(error)")
    }
  }

  private func isV6(_ host: Host) -> Bool {
    switch host.end {
    case .address(let address): address.family == .v6
    case .interface(let position): host.network.networkInterfaces[position].ipv4Addresses.isEmpty
    case .internet: false
    }
  }

  private func isOutside(_ host: Host) -> Bool {
    switch host.end {
    case .internet: true
    case .interface: false
    case .address(let address):
      filter.holders(of: address).isEmpty && !filter.network.vpcs.contains { $0.contains(address) }
    }
  }

  private func address(
    of host: Host, _ written: ScenarioPacket.End, v6: Bool, asPublic: Bool
  ) throws(YAMLProblem) -> IPAddress {
    switch host.end {
    case .address(let address): return address
    case .internet:
      guard
        let example = (v6 ? ["2001:db8:ffff::7"] : ["203.0.113.7", "192.0.2.7"]).lazy.compactMap({
          IPAddress($0)
        })
        .first(where: { filter.holders(of: $0).isEmpty })
      else { throw YAMLProblem(at: written.location, found: "internet", expected: "an address") }
      return example
    case .interface(let position):
      let interface = host.network.networkInterfaces[position]
      if v6, let address = interface.ipv6Addresses.first { return .v6(address) }
      if !v6, let primary = interface.ipv4Addresses.first {
        guard asPublic else { return .v4(primary.address) }
        return .v4(primary.publicAddress ?? lostPublicAddress(of: interface) ?? primary.address)
      }
      throw YAMLProblem(
        at: written.location, "\"\(written.selector.text)\" has no IPv\(v6 ? 6 : 4) address")
    }
  }

  /// The public address by which hosts of the internet knew an interface.
  private func lostPublicAddress(of interface: NetworkInterface) -> IPv4Address? {
    beginning.network.networkInterfaces.first { $0.id == interface.id }?.ipv4Addresses.first?.publicAddress
  }
}
