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
}

/// Sums up judged packets as VPC Flow Logs would.
///
/// Not recorded, as AWS does not: the platform's own services (semantics FL-13), and whatever passes no interface of the
/// network; also not what the model cannot tell of an interface. Of a packet that the capture has on both sides of a translation
/// the copy nearest to an interface counts there (``TranslatedCopies``). Memory is bounded by ``recordLimit``: when an interval
/// has more records, those so far are closed early and their flows begin further ones.
public struct FlowLogRecorder: Sendable {
  /// Records of one interval that are kept open.
  public static let recordLimit = 1 << 20
  package var limit = Self.recordLimit
  /// Packets that are compared with their copies on the other side of a translation.
  public static let copyLimit = TranslatedCopies.limit
  package var rememberedCopies: Int {
    get { copies.capacity }
    set { copies.capacity = newValue }
  }

  private var finder: PassageFinder
  /// Nanoseconds of an interval.
  private let interval: Int64
  private var window: Int64?
  private var records = IntervalRecords(number: 0)
  /// The interval before, as long as some of its packets may turn out to be copies of later ones.
  private var held: IntervalRecords?
  private var slots: [FlowKey: Int] = [:]
  /// Where the packets of a flow and direction are counted.
  private var placesOfPackets: [PacketKey: [Place]] = [:]
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
    var source: IPAddress
    var destination: IPAddress
    var sourcePort: UInt16
    var service: ServiceKey
  }

  /// A record, and how its packets are told from copies of others.
  private struct Place {
    var record: Int
    /// nil where there can be no copies.
    var lane: Int?
    var distance: PassageFinder.Distance
  }

  /// - Parameter seconds: The longest interval that a record covers: AWS offers 60 and 600.
  public init(_ filter: PacketFilter, _ network: VirtualNetwork, interval seconds: Int = 600) {
    finder = PassageFinder(filter, network)
    interval = Int64(max(seconds, 1)) * 1_000_000_000
  }

  /// Goes on with a filter that follows a change of the network; take the records so far first.
  public mutating func goOn(with filter: PacketFilter) {
    finder = PassageFinder(filter, filter.network)
    placesOfPackets.removeAll()
    copies.forget(released: records.number - 1)
  }

  /// Counts a packet; `length` is that of its IP packet.
  public mutating func count(
    _ packet: PacketSummary, length: Int, _ verdict: Verdict, tracker: ConnectionTracker
  ) {
    guard packet.hasAddresses, [.allow, .deny, .unknown].contains(verdict.packetClass) else { return }
    let now = packet.time.nanoseconds / interval
    // A packet from before the interval belongs to what was closed already: it is counted in the current one.
    if let window, now > window { close(at: packet.time) }
    window = max(window ?? now, now)
    if let last = held?.lastFarther, packet.time > last.advanced(byNanoseconds: TranslatedCopies.window) {
      release()
    }
    let header = PacketHeader(packet)
    let key = PacketKey(
      addresses: packet.addresses, sourcePort: packet.sourcePort, service: header.service,
      outcome: verdict.outcome)
    let places: [Place]
    if let known = placesOfPackets[key] {
      places = known
    } else {
      if records.count >= limit || placesOfPackets.count >= limit { close(at: packet.time) }
      places = open(finder.passages(of: header, tracker[verdict.outcome]), of: header, at: packet.time)
      placesOfPackets[key] = places
    }
    for place in places { count(packet, length, at: place) }
  }

  private mutating func count(_ packet: PacketSummary, _ length: Int, at place: Place) {
    if let lane = place.lane {
      let own = TranslatedCopies.Count(interval: records.number, record: place.record, bytes: length)
      switch copies.take(own, on: lane, from: place.distance, at: packet.time) {
      case .another: break
      case .copy(of: let nearer):
        if nearer.interval == own.interval { records.note(copyOf: own.record, in: nearer.record) }
        return
      case .nearer(than: let farther):
        if farther.interval == own.interval {
          records.remove(farther)
          records.note(copyOf: farther.record, in: own.record)
        } else {
          held?.remove(farther)
        }
      }
    }
    records.count(packet, length, at: place.record, from: place.distance)
  }

  /// The records of the passages that can be told, opened where they are not.
  private mutating func open(
    _ passages: [FlowPassage], of header: PacketHeader, at time: CaptureTime
  ) -> [Place] {
    var places: [Place] = []
    for passage in passages {
      guard let isAccepted = passage.isAccepted else { continue }
      let hasPorts = passage.header.ipProtocol.hasPorts
      let key = FlowKey(
        interface: passage.interface, direction: passage.direction, isAccepted: isAccepted,
        source: passage.header.source, destination: passage.header.destination,
        sourcePort: hasPorts ? passage.header.sourcePort : 0,
        service: hasPorts
          ? passage.header.service : ServiceKey(rawValue: passage.header.service.rawValue & 0xff_0000))
      let record =
        slots[key]
        ?? records.open(FlowLogRecord(passage: passage, first: time, last: time, isAccepted: isAccepted))
      slots[key] = record
      if places.contains(where: { $0.record == record }) { continue }
      places.append(
        Place(
          record: record, lane: finder.way(of: passage, isAccepted).map { copies.lane(of: $0) },
          distance: finder.distance(of: passage, from: header)))
    }
    return places
  }

  /// Ends the interval.
  private mutating func close(at time: CaptureTime) {
    release()
    if records.lastFarther == nil { closed += records.finished() } else { held = records }
    if held == nil { copies.released = records.number }
    records = IntervalRecords(number: records.number + 1)
    slots.removeAll(keepingCapacity: true)
    placesOfPackets.removeAll(keepingCapacity: true)
    copies.forgetWays(before: time.advanced(byNanoseconds: -TranslatedCopies.window))
  }

  /// Hands out the interval that is held.
  private mutating func release() {
    guard let records = held else { return }
    closed += records.finished()
    copies.released = records.number
    held = nil
  }

  /// Takes the records whose interval is over, or all of them if the traffic has ended.
  public mutating func take(all isEnd: Bool = false) -> [FlowLogRecord] {
    if isEnd {
      close(at: CaptureTime(nanoseconds: .max))
      release()
    }
    defer { closed = [] }
    return closed
  }
}
