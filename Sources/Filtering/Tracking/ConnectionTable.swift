import NetworkTypes

/// What is remembered of one flow, whichever family.
struct Connection: Sendable {
  var lastSeen: Int64
  /// Outcome of the initiator's packets.
  var forward: UInt32
  /// Outcome of the responder's packets; `unjudged` until the first one.
  var reverse: UInt32
  var phase: ConnectionPhase
  /// Whether the initiator has the low end of the key.
  var initiatorIsLow: Bool
  /// Whether groups track the flow anywhere on its path (semantics CT-4).
  var isTracked: Bool
  /// Whether the first packet was stopped. Interfaces that it had got by track it all the same, and its repetitions
  /// need no second judgement.
  var isDenied: Bool
  /// Idle timers of gateways on the flow's path, which run beside those of its interfaces.
  var gatewayTimers: GatewayTimers
  /// How the packet that began the flow was judged, under the rules of that time.
  var admission: UInt32
  /// Whether the rules have changed since the flow began, and since each direction was judged.
  var hasChangedRules = false
  var isForwardStale = false
  var isReverseStale = false
  /// Set once its place may be reused: a connection can be reached by several keys.
  var isForgotten = false

  static var unjudged: UInt32 { .max }
}

/// An open-addressing hash table from flow keys to connections.
///
/// Keys lie in slots of their own so that probing touches few cache lines; connections keep their place while slots
/// move. Forgetting is lazy: an expired connection is noticed when it is met, or swept when the table would grow.
struct ConnectionTable<Address: TrackedAddress>: Sendable {
  private struct Slot: Sendable {
    var key: FlowKey<Address>
    /// Position in `connections` plus one; 0 for an empty slot.
    var position: UInt32
    /// Whether this key's low end is the high end of the key that the connection was made with.
    var isFlipped = false
  }

  /// Where a key led: a connection, and whether its ends stand the other way round in this key.
  struct Match {
    var position: Int
    var isFlipped: Bool
  }

  private var slots: [Slot]
  private var mask: Int
  private var used = 0
  /// Connections by position; a position stays valid until its connection is forgotten.
  var connections: [Connection] = []
  private var free: [UInt32] = []
  /// The most connections that are kept at once.
  let capacityLimit: Int
  /// When a full table may be swept again: a sweep looks at every slot.
  private var nextSweep = Int64.min
  /// Makes slots unpredictable, so that no capture can be written to fill one chain; answers never depend on it.
  private let seed = UInt64.random(in: .min ... .max)

  init(capacityLimit: Int) {
    self.capacityLimit = capacityLimit
    slots = Array(repeating: Self.emptySlot, count: 1024)
    mask = 1023
  }

  private static var emptySlot: Slot {
    Slot(
      key: FlowKey(
        lowAddress: .zero, highAddress: .zero, lowPort: 0, highPort: 0, ipProtocol: IPProtocol(rawValue: 0),
        kind: 0), position: 0)
  }

  /// Connections that are held, expired ones that nobody has met since among them.
  var count: Int { used }

  /// When tracked connections that are neither closed nor denied expire.
  func expiries(_ timers: IdleTimers) -> some Sequence<Int64> {
    connections.lazy.filter { connection in
      connection.isTracked && !connection.isForgotten && !connection.isDenied && connection.phase != .closed
    }.map { $0.lastSeen.addingReportingOverflow(timers.limit($0.phase)).partialValue }
  }

  /// The key's connection, or nil.
  func find(_ key: FlowKey<Address>) -> Match? {
    var index = Int(truncatingIfNeeded: key.tableHash(seed)) & mask
    while slots[index].position != 0 {
      if slots[index].key == key {
        return Match(position: Int(slots[index].position) - 1, isFlipped: slots[index].isFlipped)
      }
      index = (index + 1) & mask
    }
    return nil
  }

  /// Reads the key's first slot, to bring it into the cache.
  @inline(__always)
  func touchSlot(_ key: FlowKey<Address>) -> UInt64 {
    UInt64(slots[Int(truncatingIfNeeded: key.tableHash(seed)) & mask].position)
  }

  /// Reads the connection in the key's first slot, to bring it into the cache.
  @inline(__always)
  func touchConnection(_ key: FlowKey<Address>) -> UInt64 {
    let position = slots[Int(truncatingIfNeeded: key.tableHash(seed)) & mask].position
    return position == 0 ? 0 : UInt64(truncatingIfNeeded: connections[Int(position) - 1].lastSeen)
  }

  /// Adds a connection under a key that is not in the table; nil when the table is full even after a sweep.
  mutating func insert(
    _ key: FlowKey<Address>, _ connection: Connection, now: Int64, timers: IdleTimers
  ) -> Int? {
    if (used + 1) * 4 > slots.count * 3 || used >= capacityLimit {
      makeRoom(now: now, timers: timers)
      if used >= capacityLimit { return nil }
    }
    let position: Int
    if let reused = free.popLast() {
      position = Int(reused)
      connections[position] = connection
    } else {
      position = connections.count
      connections.append(connection)
    }
    place(Slot(key: key, position: UInt32(position) + 1))
    used += 1
    return position
  }

  /// Lets a second key lead to a connection: the same flow seen on the other side of a translation.
  mutating func addAlias(_ key: FlowKey<Address>, of match: Match, now: Int64, timers: IdleTimers) {
    if (used + 1) * 4 > slots.count * 3 || used >= capacityLimit {
      makeRoom(now: now, timers: timers)
      if used >= capacityLimit || connections[match.position].isForgotten { return }
    }
    place(Slot(key: key, position: UInt32(match.position) + 1, isFlipped: match.isFlipped))
    used += 1
  }

  private mutating func place(_ slot: Slot) {
    var index = Int(truncatingIfNeeded: slot.key.tableHash(seed)) & mask
    while slots[index].position != 0 { index = (index + 1) & mask }
    slots[index] = slot
  }

  /// Makes every flow be judged again at its next packet: tracked ones live on, denied ones are forgotten.
  mutating func markStale() {
    for position in connections.indices {
      if connections[position].isDenied { connections[position].lastSeen = .min / 2 }
      connections[position].hasChangedRules = true
      connections[position].isForwardStale = true
      connections[position].isReverseStale = true
    }
  }

  /// Sweeps, but of a full table at most once a second of the capture's time.
  private mutating func makeRoom(now: Int64, timers: IdleTimers) {
    guard used < capacityLimit || now >= nextSweep else { return }
    sweep(now: now, timers: timers)
    nextSweep = now &+ 1_000_000_000
  }

  /// Drops expired connections, and doubles the slots unless that freed half of them.
  private mutating func sweep(now: Int64, timers: IdleTimers) {
    var kept: [Slot] = []
    kept.reserveCapacity(used)
    for slot in slots where slot.position != 0 {
      let position = Int(slot.position) - 1
      if connections[position].isForgotten { continue }
      if now &- connections[position].lastSeen > timers.limit(connections[position].phase) {
        connections[position].isForgotten = true
        free.append(slot.position - 1)
      } else {
        kept.append(slot)
      }
    }
    let size = kept.count * 2 > slots.count ? slots.count * 2 : slots.count
    slots = Array(repeating: Self.emptySlot, count: size)
    mask = size - 1
    used = kept.count
    for slot in kept { place(slot) }
  }
}

extension FlowKey {
  /// A hash for tables that hold keys of captures: multiply-and-fold over the packed key.
  @inline(__always)
  func tableHash(_ seed: UInt64) -> UInt64 {
    let ports =
      UInt64(lowPort) << 48 | UInt64(highPort) << 32 | UInt64(ipProtocol.rawValue) << 8 | UInt64(kind)
    return Self.mix(
      lowAddress.hashBits &+ 0x9e37_79b9_7f4a_7c15 &* highAddress.hashBits ^ seed,
      ports ^ (seed << 32 | seed >> 32))
  }

  @inline(__always)
  private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = (left ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(by: right ^ 0xe703_7ed1_a0b4_28db)
    let folded = product.high ^ product.low
    let again = folded.multipliedFullWidth(by: 0x8ebc_6af0_9c88_c6e3)
    return again.high ^ again.low
  }
}

extension FixedWidthAddress {
  @inline(__always)
  fileprivate var hashBits: UInt64 {
    switch wrapped {
    case .v4(let address): UInt64(address.rawValue)
    case .v6(let address): address.high &* 0xff51_afd7_ed55_8ccd ^ address.low
    }
  }
}
