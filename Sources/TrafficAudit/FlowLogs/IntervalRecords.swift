import NetworkTypes

/// The records of one interval, as long as packets are added to them or found to be copies.
struct IntervalRecords: Sendable {
  private struct Entry: Sendable {
    var record: FlowLogRecord
    /// Whether packets of it were captured with the ports of this record.
    var isShown = false
    /// The record of nearer copies of its packets, and of how many there were such.
    var shown: Int?
    var copies = 0
  }

  /// Which interval it is, in the order in which they were begun.
  let number: Int
  private var entries: [Entry] = []
  /// The time of the last packet that a nearer copy may take the place of.
  private(set) var lastFarther: CaptureTime?

  init(number: Int) { self.number = number }

  var count: Int { entries.count }

  /// Opens a record without packets and returns its place.
  mutating func open(_ record: FlowLogRecord) -> Int {
    entries.append(Entry(record: record))
    return entries.count - 1
  }

  mutating func count(
    _ packet: PacketSummary, _ length: Int, at place: Int, from distance: PassageFinder.Distance
  ) {
    entries[place].record.count(packet, length)
    if distance != .translation { entries[place].isShown = true }
    if distance != .none { lastFarther = max(lastFarther ?? packet.time, packet.time) }
  }

  /// Takes back a packet that is counted in another place.
  mutating func remove(_ count: TranslatedCopies.Count) {
    entries[count.record].record.packets -= 1
    entries[count.record].record.bytes -= count.bytes
  }

  /// Notes that a packet of a record has a nearer copy in another.
  mutating func note(copyOf place: Int, in nearer: Int) {
    guard place != nearer else { return }
    entries[place].shown = nearer
    entries[place].copies += 1
  }

  /// The records in order of their first packets.
  ///
  /// The rest of a flow most of whose packets are shown nearer is told with them: it is the same flow with the port that the
  /// gateway chose.
  func finished() -> [FlowLogRecord] {
    var entries = entries
    for (place, entry) in entries.enumerated() where !entry.isShown && entry.record.packets > 0 {
      guard let nearer = entry.shown, entries[nearer].isShown, entry.copies >= entry.record.packets else {
        continue
      }
      entries[nearer].record.join(entry.record)
      entries[place].record.packets = 0
    }
    return entries.enumerated().filter { $0.element.record.packets > 0 }.sorted {
      ($0.element.record.first, $0.offset) < ($1.element.record.first, $1.offset)
    }.map(\.element.record)
  }
}

extension FlowLogRecord {
  fileprivate mutating func count(_ packet: PacketSummary, _ length: Int) {
    if packets == 0 { (first, last, tcpFlags) = (packet.time, packet.time, 0) }
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

  fileprivate mutating func join(_ other: FlowLogRecord) {
    guard packets > 0 else {
      self = other.with(passage)
      return
    }
    packets += other.packets
    bytes += other.bytes
    first = min(first, other.first)
    last = max(last, other.last)
    tcpFlags |= other.tcpFlags
  }

  private func with(_ passage: FlowPassage) -> FlowLogRecord {
    var record = self
    record.passage = passage
    return record
  }
}
