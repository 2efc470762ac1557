import Filtering
import NetworkTypes

/// Finds second copies of mirrored packets.
///
/// A VPC whose interfaces are all mirrored shows a packet between two of them twice: once at the sender, once at the
/// receiver, with the mirroring interface as the source of the tunnel (semantics TM-1, TM-3). Copies are told by a digest
/// of what is inside; only one that another interface mirrored within ``window`` is a copy, so that what was really sent
/// twice stays.
package struct MirrorDuplicates: Sendable {
  /// Nanoseconds between a packet and its copy at most: mirrors may be late and out of order (semantics TM-13).
  package static let window: Int64 = 1_000_000_000
  /// Packets whose copies are waited for in one window; further ones are taken for packets of their own.
  package static let limit = 1 << 18

  /// Packets of one digest that one interface mirrored, and no other yet.
  private struct Sighting: Sendable {
    var mirror: IPAddress
    var time: Int64
    var count: Int
    /// How the last of them was judged.
    var verdict: Verdict
  }

  /// Packets of the window under way and of the one before.
  private struct Sightings: Sendable {
    private var current: [UInt64: Sighting] = [:]
    private var previous: [UInt64: Sighting] = [:]

    subscript(digest: UInt64) -> Sighting? { current[digest] ?? previous[digest] }

    /// Puts another sighting, or none, in the place of the one that was found.
    mutating func replace(_ digest: UInt64, by rest: Sighting?) {
      if current[digest] == nil { previous[digest] = rest } else { current[digest] = rest }
    }

    mutating func note(_ digest: UInt64, by mirror: IPAddress, at time: Int64, _ verdict: Verdict) {
      var sighting = Sighting(mirror: mirror, time: time, count: 1, verdict: verdict)
      if let known = current[digest] {
        if known.mirror == mirror { sighting.count += known.count }
      } else if current.count >= MirrorDuplicates.limit {
        return
      }
      current[digest] = sighting
    }

    mutating func turn() {
      previous = current
      current.removeAll(keepingCapacity: true)
    }
  }

  private var ends = Sightings()
  /// What interfaces on the way showed before an end did: no end's packet is a copy of it.
  private var forwarders = Sightings()
  private var began: Int64?

  /// The verdict of the packet that this one is a copy of; nil for one of its own, which ``note(_:at:_:isForwarded:)`` wants to
  /// know of.
  ///
  /// - Parameter isForwarded: Whether the interface is on the packet's way only, so that it mirrors it twice, and its receiver
  ///   once more.
  mutating func take(copy outer: OuterPacket, at time: Int64, isForwarded: Bool = false) -> Verdict? {
    turn(at: time)
    let (digest, mirror) = (outer.digest, outer.addresses.source)
    if var first = ends[digest], first.mirror != mirror, Self.areClose(time, first.time) {
      if isForwarded { return first.verdict }
      first.count -= 1
      ends.replace(digest, by: first.count > 0 ? first : nil)
      return first.verdict
    }
    guard isForwarded, let first = forwarders[digest], Self.areClose(time, first.time) else { return nil }
    // In and out again; a third time it is another packet.
    if first.mirror == mirror { forwarders.replace(digest, by: nil) }
    return first.verdict
  }

  /// Takes note of a packet that is no copy: another interface may show one.
  mutating func note(_ outer: OuterPacket, at time: Int64, _ verdict: Verdict, isForwarded: Bool = false) {
    let (digest, mirror) = (outer.digest, outer.addresses.source)
    if isForwarded {
      forwarders.note(digest, by: mirror, at: time, verdict)
    } else {
      ends.note(digest, by: mirror, at: time, verdict)
    }
  }

  private mutating func turn(at time: Int64) {
    if let began, Self.areClose(time, began) { return }
    ends.turn()
    forwarders.turn()
    began = time
  }

  /// Whether two times are within a window: clocks may also be set back.
  private static func areClose(_ left: Int64, _ right: Int64) -> Bool {
    let (difference, overflow) = left.subtractingReportingOverflow(right)
    return !overflow && difference.magnitude <= UInt64(window)
  }
}
