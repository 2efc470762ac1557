import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Tells packets from their copies on the other side of a translation, so that each is counted once at an interface.
///
/// A capture of both sides of a NAT gateway, load balancer or internet gateway has a packet several times, with other addresses
/// and perhaps another port; from each copy it is derived what passed the gateway's interface (semantics FL-11). Of copies within
/// ``window`` of each other, either of which may come first, the one captured nearest to the interface counts. Which packets may
/// be copies is told by a ``Way``; of several the oldest is taken, as packets of one way keep their order.
struct TranslatedCopies: Sendable {
  /// Between a packet and its copy at most, in nanoseconds: less than the second between two pings.
  static let window: Int64 = 500_000_000
  /// Packets whose copies are waited for, or that copies are looked for among.
  static let limit = 1 << 20
  var capacity = Self.limit

  /// What a packet and its copies have in common at an interface: what it is there, but for a port that was chosen for it.
  struct Way: Hashable, Sendable {
    var interface: InterfaceIndex
    var direction: Direction
    /// What was stopped before the other side has no copy there.
    var isAccepted: Bool
    var source: IPAddress
    var destination: IPAddress
    /// 0 where the protocol has no ports, and where a gateway's choice takes the port's place.
    var sourcePort: UInt16
    var service: ServiceKey
  }

  /// Where a packet is counted.
  struct Count: Sendable {
    /// The number of the interval.
    var interval: Int
    var record: Int
    var bytes: Int
  }

  /// What becomes of a packet.
  enum Answer {
    /// It is none that was seen: it counts.
    case another
    /// A nearer copy of it, or one of an interval that is over, counts already.
    case copy(of: Count)
    /// It counts in place of a farther copy.
    case nearer(than: Count)
  }

  private struct Sighting: Sendable {
    var time: CaptureTime
    /// From how far it was seen, one bit each.
    var distances: UInt8
    var nearest: PassageFinder.Distance
    var count: Count
  }

  /// The latest packets of a way, in order.
  private struct Lane: Sendable {
    var sightings: [Sighting] = []
    /// The first of them that is not too old.
    var head = 0
    /// By distance, the first that may not have been seen from there: each is passed once.
    var next = SIMD4<Int>(repeating: 0)

    var count: Int { sightings.count - head }

    /// Returns how many were forgotten.
    mutating func forget(before time: CaptureTime) -> Int {
      let old = head
      while head < sightings.count, sightings[head].time < time { head += 1 }
      let forgotten = head - old
      guard head > 32, head * 2 > sightings.count else { return forgotten }
      sightings.removeFirst(head)
      next = next &- head
      head = 0
      return forgotten
    }
  }

  private var lanes: [Lane] = []
  private var lanesOfWays: [Way: Int] = [:]
  /// Packets in all lanes.
  private var kept = 0
  /// Records of intervals up to this one are no longer here.
  var released = -1

  /// The number of a way, until the next ``forgetWays(before:)``.
  mutating func lane(of way: Way) -> Int {
    if let known = lanesOfWays[way] { return known }
    lanesOfWays[way] = lanes.count
    lanes.append(Lane())
    return lanes.count - 1
  }

  /// Takes a packet that would be counted at a place.
  mutating func take(
    _ count: Count, on lane: Int, from distance: PassageFinder.Distance, at time: CaptureTime
  ) -> Answer {
    let earliest = time.advanced(byNanoseconds: -Self.window)
    kept -= lanes[lane].forget(before: earliest)
    let (slot, bit) = (Int(distance.rawValue), UInt8(1) << distance.rawValue)
    var place = max(lanes[lane].next[slot], lanes[lane].head)
    while place < lanes[lane].sightings.count, lanes[lane].sightings[place].distances & bit != 0 {
      place += 1
    }
    lanes[lane].next[slot] = place
    guard place < lanes[lane].sightings.count,
      lanes[lane].sightings[place].time <= time.advanced(byNanoseconds: Self.window)
    else {
      if kept >= capacity { makeRoom(before: earliest) }
      kept += 1
      lanes[lane].sightings.append(Sighting(time: time, distances: bit, nearest: distance, count: count))
      return .another
    }
    let found = lanes[lane].sightings[place]
    lanes[lane].sightings[place].distances |= bit
    guard distance < found.nearest, found.count.interval > released else { return .copy(of: found.count) }
    lanes[lane].sightings[place].nearest = distance
    lanes[lane].sightings[place].count = count
    return .nearer(than: found.count)
  }

  /// Forgets everything, and that records are here of any interval up to this one.
  mutating func forget(released: Int) {
    (lanes, lanesOfWays, kept) = ([], [:], 0)
    self.released = released
  }

  /// Forgets packets that are too old, and all of them if that does not help: their copies will count as well.
  private mutating func makeRoom(before time: CaptureTime) {
    for lane in lanes.indices { kept -= lanes[lane].forget(before: time) }
    guard kept > capacity / 2 else { return }
    for lane in lanes.indices { lanes[lane] = Lane() }
    kept = 0
  }

  /// Forgets ways that have had no packet since a time.
  mutating func forgetWays(before time: CaptureTime) {
    let old = lanes
    lanes = []
    kept = 0
    lanesOfWays = lanesOfWays.filter { _, lane in old[lane].sightings.last.map { $0.time >= time } ?? false }
    for (way, lane) in lanesOfWays {
      lanesOfWays[way] = lanes.count
      lanes.append(old[lane])
      kept += old[lane].count
    }
  }
}
