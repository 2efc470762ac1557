import NetworkTypes

/// An open-addressing hash table from flow keys to connections, one slot a flow: 40 bytes in IPv4, 64 in IPv6.
///
/// Key and connection lie together, so that meeting a flow costs one place in memory. Forgetting is lazy: an expired
/// connection is noticed when it is met, or swept when the table would grow.
struct ConnectionTable<Address: TrackedAddress>: Sendable {
  private struct Slot: Sendable {
    var key: Address.Key
    var connection: Connection
  }

  private var slots: [Slot]
  private var mask: Int
  /// Connections that are held, expired ones that nobody has met since among them.
  private(set) var count = 0
  /// The most connections that are kept at once.
  let capacityLimit: Int
  /// When a full table may be swept again: a sweep looks at every slot.
  private var nextSweep = Int64.min
  /// Makes slots unpredictable, so that no capture can be written to fill one chain; answers never depend on it.
  let seed: UInt64

  init(capacityLimit: Int, seed: UInt64) {
    self.capacityLimit = capacityLimit
    self.seed = seed
    slots = Array(repeating: Self.emptySlot, count: 1024)
    mask = 1023
  }

  private static var emptySlot: Slot {
    Slot(key: Address.Key(), connection: Connection())
  }

  var byteCount: Int { slots.count * MemoryLayout<Slot>.stride }

  /// The slot where the search for a key of this hash begins.
  @inline(__always)
  private func firstSlot(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & mask }

  /// Hashes a flow's key once, for whatever is asked of the table about it.
  @inline(__always)
  func name(_ identity: FlowIdentity<Address>) -> NamedFlow<Address> {
    NamedFlow(identity, seed: seed)
  }

  /// When tracked connections that are neither closed nor denied expire.
  func expiries(_ timers: IdleTimers) -> some Sequence<Int64> {
    slots.lazy.map(\.connection).filter { connection in
      connection.isHeld && connection.isTracked && !connection.isDenied
        && connection.phase != .closed
    }.map { $0.lastSeen.addingReportingOverflow(timers.limit($0.phase)).partialValue }
  }

  /// The slot of the flow's connection, or nil. Valid until the next insertion.
  @inline(__always)
  func find(_ flow: NamedFlow<Address>) -> Int? {
    var index = firstSlot(flow.hash)
    while slots[index].connection.isHeld {
      if slots[index].key == flow.identity.key { return index }
      index = (index &+ 1) & mask
    }
    return nil
  }

  /// Takes note of a packet of a known flow where nothing is to be asked about it; nil where something is.
  ///
  /// The same as what ``PacketFilter`` does of such packets one by one: nearly every packet is one.
  @inline(__always)
  mutating func goOn(
    _ flow: NamedFlow<Address>, _ time: Int64, _ flags: TCPFlags, _ memory: borrowing TrackerMemory
  ) -> Verdict? {
    guard let slot = find(flow) else { return nil }
    let isForward = slots[slot].connection.initiatorIsLow == flow.identity.fromLow
    let idle = time &- slots[slot].connection.lastSeen
    guard idle <= memory.limits[slots[slot].connection.phase] else { return nil }
    if isForward && slots[slot].connection.isDenied {
      slots[slot].connection.noteRepeated(time, flags, flow.identity.key.ipProtocol)
      return Verdict(
        .deny, state: .new, outcome: OutcomeID(rawValue: slots[slot].connection.forward))
    }
    guard
      let outcome = slots[slot].connection.settledOutcome(isForward: isForward),
      let phase = slots[slot].connection.phase(
        after: flags, flow.identity.key.ipProtocol, isForward: isForward)
    else { return nil }
    slots[slot].connection.note(time, phase)
    return memory.known(outcome, isTracked: slots[slot].connection.isTracked)
  }

  /// The connection in a slot that ``find(_:)`` gave.
  subscript(slot: Int) -> Connection {
    @inline(__always) get { slots[slot].connection }
    @inline(__always) set { slots[slot].connection = newValue }
  }

  /// Reads both ends of the first slot that a hash leads to, to bring it into the cache.
  @inline(__always)
  func touch(_ hash: UInt64) -> UInt64 {
    let index = firstSlot(hash)
    return slots[index].key.firstBits &+ UInt64(slots[index].connection.flags.rawValue)
  }

  /// Adds a connection under a key that is not in the table; false when the table is full even after a sweep.
  mutating func insert(
    _ flow: NamedFlow<Address>, _ connection: Connection, now: Int64, timers: IdleTimers
  ) -> Bool {
    if (count + 1) * 4 > slots.count * 3 || count >= capacityLimit {
      makeRoom(now: now, timers: timers)
      if count >= capacityLimit { return false }
    }
    place(Slot(key: flow.identity.key, connection: connection), flow.hash)
    count += 1
    return true
  }

  private mutating func place(_ slot: Slot, _ hash: UInt64) {
    var index = firstSlot(hash)
    while slots[index].connection.isHeld { index = (index + 1) & mask }
    slots[index] = slot
  }

  /// Makes every flow be judged again at its next packet.
  mutating func markStale() {
    for index in slots.indices where slots[index].connection.isHeld { slots[index].connection.markStale() }
  }

  /// Sweeps, but of a full table at most once a second of the capture's time.
  private mutating func makeRoom(now: Int64, timers: IdleTimers) {
    guard count < capacityLimit || now >= nextSweep else { return }
    sweep(now: now, timers: timers)
    nextSweep = now &+ 1_000_000_000
  }

  /// Drops expired connections, and doubles the slots unless that freed half of them.
  private mutating func sweep(now: Int64, timers: IdleTimers) {
    let old = slots
    func isKept(_ slot: Slot) -> Bool {
      slot.connection.isHeld && now &- slot.connection.lastSeen <= timers.limit(slot.connection.phase)
    }
    count = old.count(where: isKept)
    let size = count * 2 > old.count ? old.count * 2 : old.count
    slots = Array(repeating: Self.emptySlot, count: size)
    mask = size - 1
    for slot in old where isKept(slot) { place(slot, slot.key.hash(seed)) }
  }
}
