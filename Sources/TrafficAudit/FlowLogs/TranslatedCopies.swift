import Filtering
import NetworkTypes
import VirtualNetworks

/// Leaves out records that a farther copy of packets tells of where the capture shows a nearer one.
///
/// A capture of both sides of a NAT gateway has every packet twice, with other addresses and perhaps another port: once at the
/// instance, from which what passed the gateway's interface is derived, and once at that interface (semantics FL-11), or beyond
/// the internet gateway with a public address. Records give way to those of packets captured nearer to the interface
/// (``PassageFinder/Distance``), by direction, protocol and remote end, of the same interval or within ``window`` of it: either
/// copy may come first, and an interval may end between the two. Where the nearer ones show less than half as many packets, as
/// a capture at the gateway that is shorter than the one at the instance, they give way themselves.
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

    init(_ record: FlowLogRecord) {
      let passage = record.passage
      interface = passage.interface
      direction = passage.direction
      ipProtocol = passage.header.ipProtocol
      remote = passage.remote
      remotePort = passage.remotePort
    }
  }

  /// What was shown where an interval ends: how many packets how near.
  private struct Edge {
    var time: CaptureTime
    private var packets = Array(repeating: 0, count: PassageFinder.Distance.allCases.count)

    init(time: CaptureTime) { self.time = time }

    /// Counts a record, and keeps one of the two times.
    mutating func add(
      _ record: FlowLogRecord, at time: CaptureTime, keeping choose: (CaptureTime, CaptureTime) -> CaptureTime
    ) {
      self.time = choose(self.time, time)
      packets[Int(record.distance.rawValue)] += record.packets
    }

    /// Whether nearer copies show at least half as much as a record tells.
    func hides(_ record: FlowLogRecord) -> Bool {
      packets.prefix(Int(record.distance.rawValue)).contains { $0 > 0 && 2 * $0 >= record.packets }
    }
  }

  /// Records of the latest interval, in order, as long as some of them may give way to packets of the next.
  private var held: [FlowLogRecord] = []
  /// Until when there may be such packets.
  private var end = CaptureTime(nanoseconds: .min)
  /// What was shown last of the interval before the one that is held, and when.
  private var before: [Way: Edge] = [:]

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
    let ways = held.map(Way.init)
    defer {
      remember(ways)
      held = []
    }
    guard held.contains(where: { $0.distance != .none }) else { return held }
    let none = Array(repeating: 0, count: PassageFinder.Distance.allCases.count)
    var shown: [Way: [Int]] = [:]
    for (record, way) in zip(held, ways) {
      shown[way, default: none][Int(record.distance.rawValue)] += record.packets
    }
    let chosen = shown.mapValues { counts in
      counts.indices.reduce(into: 0) { best, place in if counts[place] > 2 * counts[best] { best = place } }
    }
    var after: [Way: Edge] = [:]
    for record in next where record.first <= end {
      after[Way(record), default: Edge(time: record.first)].add(record, at: record.first, keeping: min)
    }
    return zip(held, ways).filter { record, way in
      if let place = chosen[way], place != record.distance.rawValue { return false }
      if let edge = before[way], edge.hides(record),
        record.first <= edge.time.advanced(byNanoseconds: Self.window)
      {
        return false
      }
      if let edge = after[way], edge.hides(record),
        edge.time <= record.last.advanced(byNanoseconds: Self.window)
      {
        return false
      }
      return true
    }.map(\.0)
  }

  /// Keeps what the next interval may give way to: what was shown within ``window`` of the end of this one.
  private mutating func remember(_ ways: [Way]) {
    before.removeAll(keepingCapacity: true)
    guard let last = held.lazy.map(\.last).max() else { return }
    for (record, way) in zip(held, ways) where last <= record.last.advanced(byNanoseconds: Self.window) {
      before[way, default: Edge(time: record.last)].add(record, at: record.last, keeping: max)
    }
  }
}
