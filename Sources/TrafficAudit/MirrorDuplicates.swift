import Filtering
import NetworkTypes

/// Finds further copies of mirrored packets.
///
/// A VPC whose interfaces are all mirrored shows a packet between two of them twice: once at the sender, once at the
/// receiver, with the mirroring interface as the source of the tunnel (semantics TM-1, TM-3); one on its way shows it twice
/// more, in and out. Copies are told by a digest of what is inside, and each interface's are counted: there were as many
/// packets as the interface shows that has the most within ``window``, so that what was really sent twice stays, in
/// whatever order copies come.
package struct MirrorDuplicates: Sendable {
  /// Nanoseconds between a packet and its copy at most: mirrors may be late and out of order (semantics TM-13).
  package static let window: Int64 = 1_000_000_000
  /// Packets that are remembered, at ends and on their way each; of more within one window the first are forgotten.
  package static let limit = 1 << 18
  /// Interfaces that are told apart of one packet; what further ones show are copies.
  static let mirrorLimit = 8
  /// Packets that are remembered for longer than a window, so that clocks may jump to and fro.
  static let least = 4096

  /// Packets of one digest, and how many of them each interface showed.
  private struct Sighting: Sendable {
    /// Packets that were taken for ones of their own.
    var packets: UInt32 = 0
    /// When the last of them came, and as the how manieth of all.
    var time: Int64
    var number = 0
    /// How it was judged.
    var verdict: Verdict
    var first: Count
    var second: Count?
    /// Of the third interface and further ones.
    var others: [Count] = []

    struct Count: Sendable {
      var mirror: IPAddress
      var copies: UInt32 = 0

      mutating func count() -> UInt32 {
        copies += 1
        return copies
      }
    }

    /// Counts one more copy at an interface; how many there are, or nil for one interface too many.
    mutating func count(_ mirror: IPAddress) -> UInt32? {
      if first.mirror == mirror { return first.count() }
      if second == nil { second = Count(mirror: mirror) }
      if second?.mirror == mirror { return second?.count() }
      if let place = others.firstIndex(where: { $0.mirror == mirror }) { return others[place].count() }
      guard others.count < MirrorDuplicates.mirrorLimit - 2 else { return nil }
      others.append(Count(mirror: mirror, copies: 1))
      return 1
    }
  }

  /// What interfaces of one kind showed, in order of arrival.
  private struct Sightings: Sendable {
    /// How often such an interface shows one packet.
    let times: UInt32
    private var known: [UInt64: Sighting] = [:]
    /// Digests in the order of their latest packets, from `oldest` on; the first of them has the number `passed`.
    private var order: [UInt64] = []
    private var oldest = 0
    private var passed = 0

    init(times: UInt32) { self.times = times }

    /// The verdict of the latest packet with this digest, if that is not long ago.
    func verdict(of digest: UInt64, at time: Int64) -> Verdict? {
      guard let sighting = known[digest], MirrorDuplicates.areClose(time, sighting.time) else { return nil }
      return sighting.verdict
    }

    /// Counts a copy; the verdict of its packet, or nil if it is a further packet.
    mutating func take(_ digest: UInt64, at mirror: IPAddress, _ time: Int64) -> Verdict? {
      guard let place = known.index(forKey: digest),
        MirrorDuplicates.areClose(time, known.values[place].time)
      else { return nil }
      let copies = known.values[place].count(mirror) ?? 0
      if copies > times * known.values[place].packets { return nil }
      return known.values[place].verdict
    }

    mutating func note(_ digest: UInt64, at mirror: IPAddress, _ time: Int64, _ verdict: Verdict) {
      if let place = known.index(forKey: digest), MirrorDuplicates.areClose(time, known.values[place].time) {
        known.values[place].packets += 1
        known.values[place].time = time
        known.values[place].verdict = verdict
        known.values[place].number = passed + order.count
      } else {
        known[digest] = Sighting(
          packets: 1, time: time, number: passed + order.count, verdict: verdict,
          first: .init(mirror: mirror, copies: 1))
      }
      order.append(digest)
      forget(at: time)
    }

    /// Forgets what no copy can come of any more: two packets for each new one at most, since a time may be wrong.
    private mutating func forget(at time: Int64) {
      for _ in 0..<2 {
        let count = order.count - oldest
        guard count > MirrorDuplicates.least else { break }
        let digest = order[oldest]
        if let sighting = known[digest], sighting.number == passed + oldest {
          guard count > MirrorDuplicates.limit || !MirrorDuplicates.areClose(time, sighting.time) else {
            break
          }
          known[digest] = nil
        }
        oldest += 1
      }
      if oldest > MirrorDuplicates.least && oldest * 2 > order.count {
        order.removeFirst(oldest)
        passed += oldest
        oldest = 0
      }
    }
  }

  private var ends = Sightings(times: 1)
  /// What interfaces on the way showed before an end did, each packet in and out: no end's packet is a copy of it.
  private var forwarders = Sightings(times: 2)

  /// The verdict of the packet that this one is a copy of; nil for one of its own, which ``note(_:at:_:isForwarded:)`` wants to
  /// know of.
  ///
  /// - Parameter isForwarded: Whether the interface is on the packet's way only, so that it mirrors it twice. Once an end
  ///   showed the packet, whatever such interfaces show of it are copies.
  mutating func take(copy outer: OuterPacket, at time: Int64, isForwarded: Bool = false) -> Verdict? {
    let mirror = outer.addresses.source
    guard isForwarded else { return ends.take(outer.digest, at: mirror, time) }
    return ends.verdict(of: outer.digest, at: time) ?? forwarders.take(outer.digest, at: mirror, time)
  }

  /// Takes note of a packet that is no copy: another interface may show one.
  mutating func note(_ outer: OuterPacket, at time: Int64, _ verdict: Verdict, isForwarded: Bool = false) {
    let mirror = outer.addresses.source
    if isForwarded {
      forwarders.note(outer.digest, at: mirror, time, verdict)
    } else {
      ends.note(outer.digest, at: mirror, time, verdict)
    }
  }

  /// Whether two times are within a window: clocks may also be set back.
  private static func areClose(_ left: Int64, _ right: Int64) -> Bool {
    let (difference, overflow) = left.subtractingReportingOverflow(right)
    return !overflow && difference.magnitude <= UInt64(window)
  }
}
