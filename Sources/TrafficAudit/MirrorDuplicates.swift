import NetworkTypes

/// Finds second copies of mirrored packets.
///
/// A VPC whose interfaces are all mirrored shows a packet between two of them twice: once at the sender, once at the
/// receiver, with the mirroring interface as the source of the tunnel (semantics TM-1, TM-3). Copies are told by a digest
/// of what is inside; only one that another interface mirrored within ``window`` is a copy, so that what was really sent
/// twice stays.
public struct MirrorDuplicates: Sendable {
  /// Nanoseconds between a packet and its copy at most: mirrors may be late and out of order (semantics TM-13).
  public static let window: Int64 = 1_000_000_000
  /// Packets whose copies are waited for in one window; further ones are taken for packets of their own.
  public static let limit = 1 << 18

  private struct Sighting: Sendable {
    var mirror: IPAddress
    var time: Int64
  }

  /// Packets of the window under way and of the one before.
  private var current: [UInt64: Sighting] = [:]
  private var previous: [UInt64: Sighting] = [:]
  private var began: Int64 = .min

  public init() {}

  /// Puts the places of copies in `batch` into `places`, in order.
  public mutating func find(in batch: PacketBatch, into places: inout [Int]) {
    places.removeAll(keepingCapacity: true)
    for outer in batch.outers {
      let time = batch.packets[outer.index].time.nanoseconds
      turn(at: time)
      if isCopy(outer, at: time) { places.append(outer.index) }
    }
  }

  /// Whether another interface mirrored the same packet before; then both are done with.
  private mutating func isCopy(_ outer: OuterPacket, at time: Int64) -> Bool {
    let mirror = outer.addresses.source
    if let first = current[outer.digest] ?? previous[outer.digest], first.mirror != mirror,
      abs(time &- first.time) <= Self.window
    {
      current[outer.digest] = nil
      previous[outer.digest] = nil
      return true
    }
    if current.count < Self.limit { current[outer.digest] = Sighting(mirror: mirror, time: time) }
    return false
  }

  private mutating func turn(at time: Int64) {
    guard began == .min || time &- began > Self.window else { return }
    previous = current
    current.removeAll(keepingCapacity: true)
    began = time
  }
}
