import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// One record of a flow log: a five-tuple at one interface, in one direction, within one interval (semantics FL-1).
public struct FlowLogRecord: Sendable, Hashable {
  public var passage: FlowPassage
  public var packets = 0
  /// Bytes of IP packets, their headers included.
  public var bytes = 0
  public var first: CaptureTime
  public var last: CaptureTime
  /// FIN 1, SYN 2, RST 4, SYN-ACK 18, of all packets together (semantics FL-9).
  public var tcpFlags: UInt16 = 0
  public var isAccepted: Bool
  /// How far from the interface its packets were captured.
  var distance = PassageFinder.Distance.none
}

/// Sums up judged packets as VPC Flow Logs would.
///
/// Not recorded, as AWS does not: the platform's own services (semantics FL-13), and whatever passes no interface of the
/// network; also not what the model cannot tell of an interface. What a capture of both sides of a NAT gateway shows at the
/// gateway's interface is recorded as shown there, and not once more as told by the other side. Memory is bounded by ``recordLimit``: when an interval
/// has more records, those so far are closed early and their flows begin further ones.
public struct FlowLogRecorder: Sendable {
  /// Records of one interval that are kept open.
  public static let recordLimit = 1 << 20
  package var limit = Self.recordLimit

  private var finder: PassageFinder
  /// Nanoseconds of an interval.
  private let interval: Int64
  private var window: Int64?
  private var records: [FlowLogRecord] = []
  private var slots: [FlowKey: Int] = [:]
  /// Where the packets of a flow and direction are counted.
  private var slotsOfPackets: [PacketKey: [Int]] = [:]
  /// Records whose interval is over, and those of them that may still give way to packets shown soon after.
  private var copies = TranslatedCopies()
  /// Records to be taken, by intervals and in order of their first packets.
  private var closed: [FlowLogRecord] = []

  private struct PacketKey: Hashable {
    var addresses: AddressPair
    var sourcePort: UInt16
    var service: ServiceKey
    var outcome: OutcomeID
  }

  private struct FlowKey: Hashable {
    var interface: InterfaceIndex
    var direction: Direction
    var isAccepted: Bool
    var distance: PassageFinder.Distance
    var source: IPAddress
    var destination: IPAddress
    var sourcePort: UInt16
    var service: ServiceKey
  }

  /// - Parameter seconds: The longest interval that a record covers: AWS offers 60 and 600.
  public init(_ filter: PacketFilter, _ network: VirtualNetwork, interval seconds: Int = 600) {
    finder = PassageFinder(filter, network)
    interval = Int64(max(seconds, 1)) * 1_000_000_000
  }

  /// Goes on with a filter that follows a change of the network; take the records so far first.
  public mutating func goOn(with filter: PacketFilter) {
    finder = PassageFinder(filter, filter.network)
    slotsOfPackets.removeAll()
    copies = TranslatedCopies()
  }

  /// Counts a packet; `length` is that of its IP packet.
  public mutating func count(
    _ packet: PacketSummary, length: Int, _ verdict: Verdict, tracker: ConnectionTracker
  ) {
    guard packet.hasAddresses, [.allow, .deny, .unknown].contains(verdict.packetClass) else { return }
    let now = packet.time.nanoseconds / interval
    // A packet from before the interval belongs to what was closed already: it is counted in the current one.
    if let window, now > window { close() }
    window = max(window ?? now, now)
    if copies.areHeld(until: packet.time) { closed += copies.release(before: records) }
    let header = PacketHeader(packet)
    let key = PacketKey(
      addresses: packet.addresses, sourcePort: packet.sourcePort, service: header.service,
      outcome: verdict.outcome)
    let places: [Int]
    if let known = slotsOfPackets[key] {
      places = known
    } else {
      if records.count >= limit || slotsOfPackets.count >= limit { close() }
      places = open(finder.passages(of: header, tracker[verdict.outcome]), of: header, at: packet.time)
      slotsOfPackets[key] = places
    }
    for place in places { records[place].count(packet, length) }
  }

  /// The records of the passages that can be told, opened where they are not.
  private mutating func open(
    _ passages: [FlowPassage], of header: PacketHeader, at time: CaptureTime
  ) -> [Int] {
    var places: [Int] = []
    for passage in passages {
      guard let isAccepted = passage.isAccepted else { continue }
      let hasPorts = passage.header.ipProtocol.hasPorts
      let distance = finder.distance(of: passage, from: header)
      let key = FlowKey(
        interface: passage.interface, direction: passage.direction, isAccepted: isAccepted,
        distance: distance,
        source: passage.header.source, destination: passage.header.destination,
        sourcePort: hasPorts ? passage.header.sourcePort : 0,
        service: hasPorts
          ? passage.header.service : ServiceKey(rawValue: passage.header.service.rawValue & 0xff_0000))
      if let known = slots[key] {
        if !places.contains(known) { places.append(known) }
        continue
      }
      slots[key] = records.count
      places.append(records.count)
      records.append(
        FlowLogRecord(
          passage: passage, first: time, last: time, isAccepted: isAccepted, distance: distance))
    }
    return places
  }

  /// Ends the interval.
  private mutating func close() {
    closed += copies.release(before: records)
    closed += copies.hold(
      records.enumerated().sorted {
        ($0.element.first, $0.offset) < ($1.element.first, $1.offset)
      }.map(\.element))
    records.removeAll(keepingCapacity: true)
    slots.removeAll(keepingCapacity: true)
    slotsOfPackets.removeAll(keepingCapacity: true)
  }

  /// Takes the records whose interval is over, or all of them if the traffic has ended.
  public mutating func take(all isEnd: Bool = false) -> [FlowLogRecord] {
    if isEnd {
      close()
      closed += copies.release(before: [])
    }
    defer { closed = [] }
    return closed
  }
}

extension FlowLogRecord {
  fileprivate mutating func count(_ packet: PacketSummary, _ length: Int) {
    packets += 1
    bytes += length
    first = min(first, packet.time)
    last = max(last, packet.time)
    guard packet.ipProtocol == .tcp else { return }
    let flags = packet.tcpFlags
    if flags.contains(.syn) { tcpFlags |= flags.contains(.ack) ? 18 : 2 }
    if flags.contains(.fin) { tcpFlags |= 1 }
    if flags.contains(.rst) { tcpFlags |= 4 }
  }
}
