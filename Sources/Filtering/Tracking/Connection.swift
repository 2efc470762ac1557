import NetworkTypes

/// What is remembered of one flow, whichever family.
///
/// ```
///  0         8        12       16       20       21       22      23
/// +---------+--------+--------+---------+--------+--------+-------+
/// | last    | forward| reverse|admission| phase  | gateway| flags |
/// | seen    |        |        |         |        | timers |       |
/// +---------+--------+--------+---------+--------+--------+-------+
/// ```
struct Connection: Sendable {
  struct Flags: OptionSet, Sendable {
    var rawValue: UInt8
    /// The slot holds a connection.
    static var held: Self { Self(rawValue: 1) }
    static var initiatorIsLow: Self { Self(rawValue: 2) }
    static var tracked: Self { Self(rawValue: 4) }
    static var denied: Self { Self(rawValue: 8) }
    static var changedRules: Self { Self(rawValue: 16) }
    static var forwardStale: Self { Self(rawValue: 32) }
    static var reverseStale: Self { Self(rawValue: 64) }
  }

  var lastSeen: Int64
  /// Outcome of the initiator's packets.
  var forward: UInt32
  /// Outcome of the responder's packets; `unjudged` until the first one.
  var reverse: UInt32
  /// How the packet that began the flow was judged, under the rules of that time, or the one from which on more
  /// interfaces track it.
  var admission: UInt32
  var phase: ConnectionPhase
  /// Idle timers of gateways on the flow's path, which run beside those of its interfaces.
  var gatewayTimers: GatewayTimers
  private(set) var flags: Flags

  static var unjudged: UInt32 { .max }

  init(
    lastSeen: Int64, forward: UInt32, reverse: UInt32, admission: UInt32, phase: ConnectionPhase,
    gatewayTimers: GatewayTimers, flags: Flags
  ) {
    self.lastSeen = lastSeen
    self.forward = forward
    self.reverse = reverse
    self.admission = admission
    self.phase = phase
    self.gatewayTimers = gatewayTimers
    self.flags = flags.union(.held)
  }

  /// No connection.
  init() {
    self.init(
      lastSeen: 0, forward: 0, reverse: 0, admission: 0, phase: .other, gatewayTimers: .none, flags: [])
    flags = []
  }

  var isHeld: Bool { flags.contains(.held) }
  /// Whether the initiator has the low end of the key.
  var initiatorIsLow: Bool { flags.contains(.initiatorIsLow) }
  /// Whether groups track the flow anywhere on its path (semantics CT-4).
  var isTracked: Bool { flags.contains(.tracked) }
  /// Whether the first packet was stopped. Interfaces that it had got by track it all the same, and its repetitions
  /// need no second judgement.
  var isDenied: Bool { flags.contains(.denied) }
  /// Whether the rules have changed since the flow began.
  var hasChangedRules: Bool { flags.contains(.changedRules) }

  /// The outcome of one direction; nil if it has to be judged, for the first time or after the rules have changed.
  @inline(__always)
  func outcome(isForward: Bool) -> UInt32? {
    let outcome = isForward ? forward : reverse
    return outcome == Self.unjudged || flags.contains(isForward ? .forwardStale : .reverseStale)
      ? nil : outcome
  }

  /// The outcome of one direction of a flow that was admitted and that no gateway times out; nil if it has to be judged,
  /// or if more decides.
  @inline(__always)
  func settledOutcome(isForward: Bool) -> UInt32? {
    let outcome = isForward ? forward : reverse
    return outcome != Self.unjudged && gatewayTimers == .none
      && !flags.contains(.denied) && !flags.contains(isForward ? .forwardStale : .reverseStale)
      ? outcome : nil
  }

  /// The phase after a further packet of an admitted flow; nil where the connection is closed.
  @inline(__always)
  func phase(
    after segment: TCPFlags, _ ipProtocol: IPProtocol, isForward: Bool
  ) -> ConnectionPhase? {
    guard ipProtocol == .tcp && isTracked else { return phase.afterDatagram(fromInitiator: isForward) }
    // Nearly every segment is one of these.
    if phase == .established && segment.rawValue & TCPFlags.turning == 0 { return .established }
    return phase == .closed
      ? nil : TCPTransitions.next(phase, TCPEvent(segment), fromInitiator: isForward)
  }

  /// Takes note of a packet.
  @inline(__always)
  mutating func note(_ time: Int64, _ phase: ConnectionPhase) {
    lastSeen = time
    self.phase = phase
  }

  /// Takes note of a further packet like the one that was stopped.
  @inline(__always)
  mutating func noteRepeated(_ time: Int64, _ segment: TCPFlags, _ ipProtocol: IPProtocol) {
    lastSeen = time
    guard ipProtocol == .tcp else { return }
    let phase: ConnectionPhase = segment.contains(.rst) ? .closed : .synSent
    // Where the refused connection is tracked decides what its answers pass.
    if phase != self.phase { reverse = Self.unjudged }
    self.phase = phase
  }

  /// Whether a packet of this direction was judged before.
  func wasJudged(isForward: Bool) -> Bool { (isForward ? forward : reverse) != Self.unjudged }

  mutating func store(_ outcome: UInt32, isForward: Bool) {
    if isForward {
      forward = outcome
      flags.remove(.forwardStale)
    } else {
      reverse = outcome
      flags.remove(.reverseStale)
    }
  }

  /// Lets the flow live on by what `outcome` says, as if it had begun so; its answers are judged again.
  mutating func becomeTracked(by outcome: UInt32, _ phase: ConnectionPhase) {
    admission = outcome
    self.phase = phase
    flags.formUnion([.tracked, .reverseStale])
  }

  /// Makes both directions be judged again: tracked flows live on, denied ones are forgotten.
  mutating func markStale() {
    if isDenied { expire() }
    flags.formUnion([.changedRules, .forwardStale, .reverseStale])
  }

  /// Makes the connection older than any timer allows.
  mutating func expire() { lastSeen = .min / 2 }
}
