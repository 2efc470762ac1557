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
  private var current: [UInt64: Sighting] = [:]
  private var previous: [UInt64: Sighting] = [:]
  private var began: Int64?

  /// The verdict of the packet that this one is a copy of; nil for one of its own, which ``note(_:at:_:)`` wants to know of.
  ///
  /// - Parameter isForwarded: Whether the interface is on the packet's way only, so that it mirrors it twice, and its receiver
  ///   once more.
  mutating func take(copy outer: OuterPacket, at time: Int64, isForwarded: Bool = false) -> Verdict? {
    turn(at: time)
    let isLate = current[outer.digest] == nil
    guard var first = isLate ? previous[outer.digest] : current[outer.digest],
      first.mirror != outer.addresses.source, Self.areClose(time, first.time)
    else { return nil }
    if isForwarded { return first.verdict }
    first.count -= 1
    let rest = first.count > 0 ? first : nil
    if isLate { previous[outer.digest] = rest } else { current[outer.digest] = rest }
    return first.verdict
  }

  /// Takes note of a packet that is no copy: another interface may show one.
  mutating func note(_ outer: OuterPacket, at time: Int64, _ verdict: Verdict) {
    let mirror = outer.addresses.source
    if let known = current[outer.digest], known.mirror == mirror {
      current[outer.digest] = Sighting(mirror: mirror, time: time, count: known.count + 1, verdict: verdict)
    } else if current[outer.digest] != nil || current.count < Self.limit {
      current[outer.digest] = Sighting(mirror: mirror, time: time, count: 1, verdict: verdict)
    }
  }

  private mutating func turn(at time: Int64) {
    if let began, Self.areClose(time, began) { return }
    previous = current
    current.removeAll(keepingCapacity: true)
    began = time
  }

  /// Whether two times are within a window: clocks may also be set back.
  private static func areClose(_ left: Int64, _ right: Int64) -> Bool {
    let (difference, overflow) = left.subtractingReportingOverflow(right)
    return !overflow && difference.magnitude <= UInt64(window)
  }
}
