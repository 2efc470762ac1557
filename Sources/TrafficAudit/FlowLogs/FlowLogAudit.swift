import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Compares what a flow log recorded with what the network's rules predict.
public struct FlowLogAudit: Sendable {
  /// What the rules say of a record at its interface.
  public enum Prediction: String, Sendable, Hashable, CaseIterable {
    case accept = "ACCEPT"
    case reject = "REJECT"
    /// The packets would be stopped before they come to the interface.
    case stoppedBefore = "stopped before"
    /// The platform's own traffic, which is not logged.
    case exempt
    /// The model lacks what decides.
    case unknown
    /// The interface is not in the network.
    case noInterface = "no such interface"
    /// Neither end is an address of the interface.
    case notPlaced = "not placed"
  }

  /// Records that disagree in the same way.
  public struct Disagreement: Sendable, Hashable {
    public var isAccepted: Bool
    public var prediction: Prediction
    public var interface: ResourceID?
    public var interfaceName: String?
    public var direction: Direction?
    public var remote: IPPrefix
    public var ipProtocol: IPProtocol
    /// Destination port; nil where the protocol has none, or where it is a client's.
    public var port: UInt16?
    public var records = 0
    public var packets = 0
    public var bytes = 0
    public var firstLine: Int
    public var explanation: String
    /// What may be behind it, likeliest first.
    public var reasons: [String]
  }

  public struct Report: Sendable {
    public var records = 0
    /// Records that say REJECT, whatever the rules say.
    public var rejected = 0
    /// Lines that say NODATA.
    public var withoutTraffic = 0
    /// Lines that say SKIPDATA: of their intervals the log lacks records.
    public var skipped = 0
    public var acceptedAsPredicted = 0
    public var rejectedAsPredicted = 0
    /// Records of which nothing can be predicted, by why.
    public var notPredicted: [Prediction: Int] = [:]
    /// Records of interfaces that the network does not have, by interface; of many only the first
    /// ``FlowLogAudit/interfaceLimit``.
    public var absentInterfaces: [ResourceID: Int] = [:]
    /// Most records first.
    public var disagreements: [Disagreement] = []

    public init() {}

    public var agreements: Int { acceptedAsPredicted + rejectedAsPredicted }
    /// Records of packets that were stopped, or that the rules would stop.
    public var denied: Int {
      rejected + disagreements.reduce(0) { $0 + ($1.isAccepted ? $1.records : 0) }
    }
    /// Records of which the network does not have the interface, or neither of the ends there.
    public var unplaced: Int { notPredicted[.noInterface, default: 0] + notPredicted[.notPlaced, default: 0] }
    public var disagreeing: Int { disagreements.reduce(0) { $0 + $1.records } }
  }

  private let filter: PacketFilter
  private let finder: PassageFinder
  private let network: VirtualNetwork
  private let interfaces: [ResourceID: InterfaceIndex]
  private var tracker = ConnectionTracker()
  private var pings: Set<AddressPair> = []
  /// Pairs of addresses whose pings are remembered; of further ones each record is a ping and none an answer.
  public static let pingLimit = 1 << 20
  package var rememberedPings = Self.pingLimit
  private var groups: [GroupKey: Disagreement] = [:]
  public private(set) var report = Report()

  private struct GroupKey: Hashable {
    var isAccepted: Bool
    var prediction: Prediction
    var interface: ResourceID?
    var direction: Direction?
    var remote: IPPrefix
    var ipProtocol: IPProtocol
    var port: UInt16?
  }

  /// Absent interfaces that are told apart.
  public static let interfaceLimit = 1000
  /// Groups that are told apart by remote and port; further ones are put together.
  public static let groupLimit = 100_000
  package var limit = Self.groupLimit

  public init(_ filter: PacketFilter, _ network: VirtualNetwork) {
    self.filter = filter
    self.network = network
    finder = PassageFinder(filter, network)
    interfaces = Dictionary(
      network.networkInterfaces.enumerated().map { ($0.element.id, InterfaceIndex($0.offset)) },
      uniquingKeysWith: { first, _ in first })
  }

  public mutating func countRecordWithoutTraffic() { report.withoutTraffic += 1 }

  public mutating func countSkippedRecords() { report.skipped += 1 }

  /// Judges entries; those of one call are put in order of time, requests before their answers.
  public mutating func audit(_ entries: [FlowLogEntry]) {
    let ordered = entries.sorted { left, right in
      (left.start, left.looksLikeAnswer ? 1 : 0, left.line) < (
        right.start, right.looksLikeAnswer ? 1 : 0, right.line
      )
    }
    for entry in ordered { judge(entry) }
  }

  /// The report with its disagreements in order.
  public func finished() -> Report {
    var report = report
    report.disagreements = groups.values.sorted {
      ($1.records, $0.firstLine) < ($0.records, $1.firstLine)
    }
    return report
  }

  private mutating func judge(_ entry: FlowLogEntry) {
    report.records += 1
    if !entry.isAccepted { report.rejected += 1 }
    let (prediction, place) = predict(entry)
    switch (prediction, entry.isAccepted) {
    case (.accept, true): report.acceptedAsPredicted += 1
    case (.reject, false): report.rejectedAsPredicted += 1
    case (.accept, false), (.reject, true), (.stoppedBefore, _): count(entry, prediction, place)
    case (.exempt, _), (.unknown, _), (.noInterface, _), (.notPlaced, _):
      report.notPredicted[prediction, default: 0] += 1
      guard prediction == .noInterface, let id = entry.interface else { return }
      if report.absentInterfaces[id] != nil || report.absentInterfaces.count < Self.interfaceLimit {
        report.absentInterfaces[id, default: 0] += 1
      }
    }
  }

  // MARK: Prediction

  /// Where a record was made, and how the packet was judged that stands for it.
  private struct Place {
    var interface: InterfaceIndex
    var direction: Direction
    var packet: PacketSummary
    var judge: Judge
  }

  private enum Judge {
    case path(OutcomeID)
    /// The ACL of a NAT gateway's subnet.
    case gateway(subnet: Int)
  }

  private mutating func predict(_ entry: FlowLogEntry) -> (Prediction, Place?) {
    guard let interface = place(of: entry) else {
      return (entry.interface == nil ? .notPlaced : .noInterface, nil)
    }
    guard let direction = entry.direction ?? direction(of: entry, at: interface) else {
      return (.notPlaced, nil)
    }
    let packet = packet(standingFor: entry)
    if let subnet = gatewaySubnet(of: interface) {
      let place = Place(
        interface: interface, direction: direction, packet: packet, judge: .gateway(subnet: subnet))
      let answer = gatewayAnswer(subnet, direction, packet)
      return (answer?.allows ?? true ? .accept : .reject, place)
    }
    let verdict = filter.seen(by: interface).evaluate(packet, tracking: &tracker)
    let place = Place(
      interface: interface, direction: direction, packet: packet, judge: .path(verdict.outcome))
    let outcome = tracker[verdict.outcome]
    switch verdict.packetClass {
    case .exempt: return (.exempt, place)
    case .unplaced, .undecoded: return (.notPlaced, place)
    case .allow, .deny, .unknown: break
    }
    let passages = finder.passages(of: PacketHeader(packet), outcome)
    guard let passage = passages.first(where: { $0.interface == interface && $0.direction == direction })
    else {
      return (verdict.packetClass == .deny ? .stoppedBefore : .unknown, place)
    }
    return (passage.isAccepted.map { $0 ? .accept : .reject } ?? .unknown, place)
  }

  /// The subnet by whose ACL alone a NAT gateway's interface records packets, as it has no groups; nil for other
  /// interfaces, and where the ACL is not in the input. What the gateway itself does not take is not told by the log.
  private func gatewaySubnet(of interface: InterfaceIndex) -> Int? {
    let model = network.networkInterfaces[Int(interface.rawValue)]
    guard model.kind == .natGateway, let subnet = filter.subnet(of: interface),
      filter.aclEntries(ofSubnet: subnet, .ingress) != nil
    else { return nil }
    return subnet
  }

  /// What the ACL of a NAT gateway's subnet says of a packet; nil for neighbours, which do not cross its border.
  private func gatewayAnswer(
    _ subnet: Int, _ direction: Direction, _ packet: PacketSummary
  ) -> (allows: Bool, explanation: String)? {
    let header = PacketHeader(packet)
    guard !network.subnets[subnet].contains(header.remote(direction)) else { return nil }
    return filter.aclAnswer(ofSubnet: subnet, direction, to: header)
  }

  private func place(of entry: FlowLogEntry) -> InterfaceIndex? {
    if let id = entry.interface { return interfaces[id] }
    let position = network.networkInterfaces.firstIndex { interface in
      [entry.shown.source, entry.shown.destination].contains { interface.has($0) }
    }
    return position.map { InterfaceIndex($0) }
  }

  private func direction(of entry: FlowLogEntry, at interface: InterfaceIndex) -> Direction? {
    let model = network.networkInterfaces[Int(interface.rawValue)]
    if model.has(entry.shown.source) { return .egress }
    return model.has(entry.shown.destination) ? .ingress : nil
  }

  /// A packet that would be logged so.
  private mutating func packet(standingFor entry: FlowLogEntry) -> PacketSummary {
    var packet = PacketSummary(
      addresses: entry.addresses, time: CaptureTime(nanoseconds: 0).advanced(bySeconds: entry.start),
      wireLength: 0, fields: [.addresses, .transport], ipProtocol: entry.ipProtocol,
      sourcePort: entry.sourcePort,
      destinationPort: entry.destinationPort)
    switch entry.ipProtocol {
    case .tcp: packet.tcpFlags = flags(of: entry)
    case .icmp, .icmpv6:
      // Types are not in the log (semantics FL-4): pings, as nearly all of it is, and their answers.
      let (request, reply): (UInt16, UInt16) = entry.ipProtocol == .icmp ? (8, 0) : (128, 129)
      let isAnswer = pings.contains(entry.addresses.reversed)
      if !isAnswer && pings.count < rememberedPings { pings.insert(entry.addresses) }
      packet.sourcePort = 1
      packet.destinationPort = (isAnswer ? reply : request) << 8
    default: break
    }
    return packet
  }

  private func flags(of entry: FlowLogEntry) -> TCPFlags {
    if let mask = entry.tcpFlags {
      if mask & 18 == 18 { return [.syn, .ack] }
      return mask & 2 != 0 ? .syn : .ack
    }
    return entry.looksLikeAnswer ? [.syn, .ack] : .syn
  }

  // MARK: Disagreements

  private mutating func count(_ entry: FlowLogEntry, _ prediction: Prediction, _ place: Place?) {
    let direction = place?.direction ?? entry.direction
    let remote = direction == .egress ? entry.addresses.destination : entry.addresses.source
    let isService = entry.ipProtocol.hasPorts && !entry.looksLikeAnswer
    var key = GroupKey(
      isAccepted: entry.isAccepted, prediction: prediction, interface: entry.interface, direction: direction,
      remote: IPPrefix(remote, length: remote.family == .v4 ? 24 : 64), ipProtocol: entry.ipProtocol,
      port: isService ? entry.destinationPort : nil)
    if groups.count >= limit && groups[key] == nil {
      key.remote = remote.family == .v4 ? .v4(.everything) : .v6(.everything)
      key.port = nil
    }
    var group =
      groups[key]
      ?? Disagreement(
        isAccepted: key.isAccepted, prediction: prediction, interface: key.interface,
        interfaceName: key.interface.flatMap { filter.name(of: $0) }, direction: direction,
        remote: key.remote,
        ipProtocol: key.ipProtocol, port: key.port, firstLine: entry.line,
        explanation: place.map { explain($0, prediction) } ?? "",
        reasons: reasons(entry, prediction, place))
    group.records += 1
    // A line may say anything: two counts near the largest number must not end the audit.
    group.packets =
      group.packets.addingReportingOverflow(entry.packets).overflow ? .max : group.packets + entry.packets
    group.bytes = group.bytes.addingReportingOverflow(entry.bytes).overflow ? .max : group.bytes + entry.bytes
    group.firstLine = min(group.firstLine, entry.line)
    groups[key] = group
  }

  private func explain(_ place: Place, _ prediction: Prediction) -> String {
    let outcome: PathOutcome
    switch place.judge {
    case .gateway(let subnet):
      let remote = PacketHeader(place.packet).remote(place.direction)
      return gatewayAnswer(subnet, place.direction, place.packet)?.explanation
        ?? "\(remote) is in the NAT gateway's own subnet, so that nothing filters here"
    case .path(let id): outcome = tracker[id]
    }
    if outcome.packetClass == .deny { return filter.explain(outcome, for: PacketHeader(place.packet)) }
    let admission = outcome.steps.last { step in
      step.interface == place.interface && step.direction == place.direction && step.rule != nil
    }
    return admission.map { filter.explain($0, for: PacketHeader(place.packet)) } ?? "nothing stops it here"
  }

  private static let otherType =
    "it was another ICMP type than a ping, or an error about a tracked flow: the log does not tell"

  private func reasons(
    _ entry: FlowLogEntry, _ prediction: Prediction, _ place: Place?
  ) -> [String] {
    var reasons: [String] = []
    if let reason = entry.rejectReason {
      reasons.append(
        reason == "BPA" ? "VPC Block Public Access rejected it" : "the log gives the reason \(reason)")
    }
    if let place, case .gateway(let subnet) = place.judge {
      guard gatewayAnswer(subnet, place.direction, place.packet) != nil else {
        return reasons + [
          "the network was another when the log was written: in this one no rule can reject it"
        ]
      }
      // No groups, no tracking: of the rules only the ACL decides.
      if entry.ipProtocol.hasICMPKind {
        reasons.append("it was another ICMP type than a ping: the log does not tell")
      }
      return reasons + ["the ACL was changed after the log was written"]
    }
    switch (prediction, entry.isAccepted) {
    case (.accept, _):
      if entry.ipProtocol == .tcp && (entry.tcpFlags.map { $0 & 2 == 0 } ?? entry.looksLikeAnswer) {
        reasons.append(
          "segments that came after the connection was closed are rejected whatever the rules say")
      }
      if entry.ipProtocol.hasICMPKind { reasons.append(Self.otherType) }
      reasons.append("a group or ACL was changed after the log was written")
      if entry.ipProtocol == .udp {
        reasons.append("an answer that came after its flow was forgotten (30 s)")
      }
    case (.stoppedBefore, _):
      reasons.append("the rules on the way here were changed after the log was written")
      reasons.append("the packets come another way than the routes tell")
    default:
      if entry.ipProtocol.hasICMPKind { reasons.append(Self.otherType) }
      reasons.append("a group or ACL was changed after the log was written")
      if entry.ipProtocol == .tcp && entry.tcpFlags.map({ $0 & 2 == 0 }) ?? true {
        reasons.append("the connection was begun before the log, by the other side or under older rules")
      }
      if entry.looksLikeAnswer { reasons.append("the log does not have the request that it answers") }
    }
    return reasons
  }
}
