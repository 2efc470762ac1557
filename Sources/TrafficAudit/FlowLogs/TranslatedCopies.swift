import Filtering
import NetworkTypes
import VirtualNetworks

/// Leaves out records that a farther copy of packets tells of where the capture shows a nearer one.
///
/// A capture of both sides of a NAT gateway has every packet twice, with other addresses and perhaps another port: once at the
/// instance, from which what passed the gateway's interface is derived, and once at that interface (semantics FL-11), or beyond
/// the internet gateway with a public address. Records give way to those of packets captured nearer to the interface
/// (``PassageFinder/Distance``), by direction, protocol and remote end, of the same interval or within ``window`` of it: either
/// copy may come first, and an interval may end between the two.
struct TranslatedCopies: Sendable {
  /// Between a packet and its copy at most, where an interval ends between them; in nanoseconds.
  static let window: Int64 = 1_000_000_000

  /// What a packet and its copy have in common.
  private struct Way: Hashable {
    var interface: InterfaceIndex
    var direction: Direction
    var ipProtocol: IPProtocol
    var remote: IPAddress
    var remotePort: UInt16
    var distance: PassageFinder.Distance

    init(_ record: FlowLogRecord) {
      let passage = record.passage
      let header = passage.header
      distance = record.distance
      interface = passage.interface
      direction = passage.direction
      ipProtocol = header.ipProtocol
      remote = passage.remote
      remotePort =
        !header.ipProtocol.hasPorts ? 0 : direction == .egress ? header.service.port : header.sourcePort
    }
  }

  /// Records of the latest interval, in order, as long as some of them may give way to packets of the next.
  private var held: [FlowLogRecord] = []
  /// Until when there may be such packets.
  private var end = CaptureTime(nanoseconds: .min)
  /// What was shown last of the interval before the one that is held, and when.
  private var before: [Way: CaptureTime] = [:]

  /// Takes an interval's records, in order, after those before were released; returns those of an interval that need not wait.
  mutating func hold(_ records: [FlowLogRecord]) -> [FlowLogRecord] {
    held = records
    let farther = records.lazy.filter { $0.distance != .none }
    guard let last = farther.map(\.last).max() else { return release(before: []) }
    end = last.advanced(byNanoseconds: Self.window)
    return []
  }

  /// Whether records are held, and need not be any longer once packets are of this time.
  func areHeld(until time: CaptureTime) -> Bool { !held.isEmpty && time > end }

  /// Hands out the records that are held, but for those that give way; `next` are those of the interval that follows.
  mutating func release(before next: [FlowLogRecord]) -> [FlowLogRecord] {
    guard !held.isEmpty else { return [] }
    defer {
      remember()
      held = []
    }
    guard held.contains(where: { $0.distance != .none }) else { return held }
    let shown = Set(held.lazy.map { Way($0) })
    var after: [Way: CaptureTime] = [:]
    for record in next where record.first <= end {
      let way = Way(record)
      after[way] = min(record.first, after[way] ?? record.first)
    }
    return held.filter { record in
      var way = Way(record)
      for distance in PassageFinder.Distance.allCases.prefix(Int(record.distance.rawValue)) {
        way.distance = distance
        if shown.contains(way) { return false }
        if let time = before[way], record.first <= time.advanced(byNanoseconds: Self.window) { return false }
        if let time = after[way], time <= record.last.advanced(byNanoseconds: Self.window) { return false }
      }
      return true
    }
  }

  /// Keeps what the next interval may give way to: what was shown within ``window`` of the end of this one.
  private mutating func remember() {
    before.removeAll(keepingCapacity: true)
    guard let last = held.lazy.map(\.last).max() else { return }
    for record in held where last <= record.last.advanced(byNanoseconds: Self.window) {
      let way = Way(record)
      before[way] = max(record.last, before[way] ?? record.last)
    }
  }
}
