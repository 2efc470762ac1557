import Filtering
import NetworkTypes
import RuleMatching

/// Packets, bytes and flows.
public struct Tally: Sendable, Hashable {
  public var packets = 0
  /// Original lengths on the wire.
  public var bytes = 0
  public var flows = 0

  public init() {}

  @inline(__always)
  mutating func count(_ length: Int, _ beginsFlow: Bool) {
    packets &+= 1
    bytes &+= length
    flows &+= beginsFlow ? 1 : 0
  }

  mutating func add(_ other: Tally) {
    packets += other.packets
    bytes += other.bytes
    flows += other.flows
  }
}

/// What an audit counts: by outcome, and for denials by who was denied what.
///
/// Arrays indexed by outcome; a denied packet costs one look-up of its group.
public struct Tallies: Sendable {
  /// A denial as reports group it.
  public struct DenialKey: Hashable, Sendable {
    public var outcome: OutcomeID
    /// The other end's /24 or /64, or the whole family once ``Tallies/denialGroupLimit`` is reached.
    public var remote: IPPrefix
    public var ipProtocol: IPProtocol
    /// Destination port, or type and code for ICMP; 0 where it does not apply or is not told apart any more.
    public var port: UInt16
  }

  /// What is counted of one group of denials.
  public struct Denial: Sendable {
    public var tally = Tally()
    public var firstFrame: Int
    /// The first packet, for the explanation.
    public var example: PacketHeader
    /// The other end if it was always the same one.
    public var onlyRemote: IPAddress?
    /// What the filter said that judged the first packet; nil while that filter is still in use.
    var explanation: String?
  }

  /// How many groups of denials are told apart by remote block and port; further ones are counted per outcome,
  /// family and protocol, so that memory stays bounded whatever the traffic.
  public static let denialGroupLimit = 200_000

  /// By outcome.
  public private(set) var byOutcome: [Tally] = []
  public private(set) var denials: [(key: DenialKey, value: Denial)] = []
  private var denialPlaces: [DenialKey: Int] = [:]
  /// Where denials that were counted lately stand, by a hash of their keys: most are counted many times.
  private var recentDenials = Array(repeating: -1, count: 1 << 14)
  /// Groups whose remote and port are not told apart because there were too many.
  public private(set) var foldedDenials = 0
  /// Frames so far.
  public private(set) var frames = 0

  /// Groups of denials whose explanations are settled.
  private var explained = 0

  init() {}

  /// Puts into words what a filter said, before another takes its place.
  mutating func explainDenials(_ tracker: ConnectionTracker, _ filter: PacketFilter) {
    guard explained < denials.count else { return }
    for place in denials.indices where denials[place].value.explanation == nil {
      let (key, denial) = denials[place]
      denials[place].value.explanation = filter.explain(tracker[key.outcome], for: denial.example)
    }
    explained = denials.count
  }

  /// Packets that were taken out of tunnels, copies among them.
  public private(set) var mirrored = 0
  /// Second copies of mirrored packets, which have a frame and are counted nowhere else.
  public private(set) var duplicates = 0

  mutating func countMirrored() { mirrored += 1 }

  mutating func countDuplicate() {
    frames += 1
    duplicates += 1
  }

  /// Whether any packet had an outcome.
  subscript(outcome: OutcomeID) -> Tally {
    let index = Int(outcome.rawValue)
    return index < byOutcome.count ? byOutcome[index] : Tally()
  }

  /// Counts a batch of judged packets as the next frames.
  mutating func count(_ packets: [PacketSummary], _ verdicts: [Verdict], tracker: ConnectionTracker) {
    while byOutcome.count < tracker.outcomes.count { byOutcome.append(Tally()) }
    var denied = 0
    do {
      var tallies = byOutcome.mutableSpan
      let (packets, verdicts) = (packets.span, verdicts.span)
      for index in packets.indices {
        let verdict = verdicts[index]
        tallies[Int(verdict.outcome.rawValue)].count(Int(packets[index].wireLength), verdict.beginsFlow)
        if verdict.packetClass == .deny { denied &+= 1 }
      }
    }
    if denied > 0 {
      for index in packets.indices where verdicts[index].packetClass == .deny {
        countDenial(packets[index], verdicts[index], frame: frames + index + 1, tracker: tracker)
      }
    }
    frames += packets.count
  }

  /// Counts one judged packet as the next frame.
  mutating func count(_ packet: PacketSummary, _ verdict: Verdict, tracker: ConnectionTracker) {
    frames += 1
    let index = Int(verdict.outcome.rawValue)
    while byOutcome.count <= index { byOutcome.append(Tally()) }
    byOutcome[index].count(Int(packet.wireLength), verdict.beginsFlow)
    if verdict.packetClass == .deny { countDenial(packet, verdict, frame: frames, tracker: tracker) }
  }

  private mutating func countDenial(
    _ packet: PacketSummary, _ verdict: Verdict, frame: Int, tracker: ConnectionTracker
  ) {
    let direction = tracker.direction(of: verdict.outcome)
    let remote = direction == .egress ? packet.addresses.destination : packet.addresses.source
    let header = PacketHeader(packet)
    let key = DenialKey(
      outcome: verdict.outcome, remote: IPPrefix(remote, length: remote.family == .v4 ? 24 : 64),
      ipProtocol: packet.ipProtocol, port: header.hasTransport ? header.service.port : 0)
    let recent = key.recentPlace & (recentDenials.count - 1)
    var place = recentDenials[recent]
    if place < 0 || denials[place].key != key {
      place = self.place(of: key, header, remote, frame)
      recentDenials[recent] = place
    }
    denials[place].value.count(Int(packet.wireLength), remote, beginsFlow: verdict.beginsDirection)
  }

  /// Where a group of denials stands, added if it is new and folded into a wider one if there are too many.
  private mutating func place(
    of key: DenialKey, _ example: PacketHeader, _ remote: IPAddress, _ frame: Int
  ) -> Int {
    if let place = denialPlaces[key] { return place }
    var key = key
    if denials.count >= Self.denialGroupLimit {
      key.remote = remote.family == .v4 ? .v4(.everything) : .v6(.everything)
      key.port = 0
      if let place = denialPlaces[key] { return place }
      foldedDenials += 1
    }
    denialPlaces[key] = denials.count
    denials.append((key, Denial(firstFrame: frame, example: example, onlyRemote: remote)))
    return denials.count - 1
  }
}

extension Tallies.DenialKey {
  /// Spreads keys; nothing depends on it but time.
  fileprivate var recentPlace: Int {
    let block: UInt64 =
      switch remote {
      case .v4(let prefix): UInt64(prefix.address.rawValue)
      case .v6(let prefix): prefix.address.high
      }
    let sum = block &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(outcome.rawValue) << 32 &+ UInt64(port) << 8
    return Int(truncatingIfNeeded: ((sum &+ UInt64(ipProtocol.rawValue)) &* 0x9e37_79b9_7f4a_7c15) >> 40)
  }
}

extension Tallies.Denial {
  fileprivate mutating func count(_ bytes: Int, _ remote: IPAddress, beginsFlow: Bool) {
    tally.packets += 1
    tally.bytes += bytes
    if beginsFlow { tally.flows += 1 }
    if onlyRemote != remote { onlyRemote = nil }
  }
}
