import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Judges packets against a network: places them, tracks their flows, and asks groups, ACLs and routes.
///
/// Immutable and safe to share between threads; what changes from packet to packet is the ``ConnectionTracker``.
///
/// ```swift
/// let filter = PacketFilter(try VirtualNetwork(contentsOf: "network/"))
/// var tracker = ConnectionTracker()
/// let verdict = filter.evaluate(packet, tracking: &tracker)
/// ```
public struct PacketFilter: Sendable {
  /// How a TCP flow is judged that is first seen without its SYN (semantics CT-27).
  public enum MidstreamPolicy: String, Sendable, CaseIterable {
    /// As a connection begun by the side that the rules would let begin it.
    case loose
    /// As a new packet of the side that sent it.
    case strict
  }

  let compiled: CompiledReference
  public let midstream: MidstreamPolicy
  /// The interface at which the packets were captured, if that is known.
  public internal(set) var captureInterface: InterfaceIndex?

  /// Compiles a network. Cost: about 100 µs for each distinct set of 60 rules.
  public init(
    _ network: VirtualNetwork, midstream: MidstreamPolicy = .loose, captureInterface: ResourceID? = nil
  ) {
    let compiled = CompiledNetwork(network)
    self.compiled = CompiledReference(compiled)
    self.midstream = midstream
    self.captureInterface = captureInterface.flatMap { compiled.index.interfaces[$0] }.map(
      InterfaceIndex.init)
  }

  /// The same filter for packets that were captured at an interface.
  public func seen(by interface: InterfaceIndex?) -> PacketFilter {
    var filter = self
    filter.captureInterface = interface
    return filter
  }

  /// Judges one packet at its own time and remembers its flow.
  ///
  /// Packets must come in order of time. Cost: one table probe for a packet of a known flow; for the first packet of a
  /// flow in each direction a few searches where one of the same kinds was judged before, else a walk through the
  /// network, 1 to 3 µs.
  ///
  /// - Parameter quote: What the packet quotes, if it is an ICMP error.
  public func evaluate(
    _ packet: PacketSummary, quoting quote: QuotedPacket? = nil, tracking tracker: inout ConnectionTracker
  ) -> Verdict {
    let shard = tracker.shards.count == 1 ? 0 : shard(of: packet, quote, among: tracker.shards.count)
    let verdict = evaluate(packet, quoting: quote, in: &tracker.shards[shard])
    return tracker.number(verdict, of: shard)
  }

  /// Judges one packet in the shard that has its flow.
  func evaluate(
    _ packet: PacketSummary, quoting quote: QuotedPacket?, in shard: inout TrackerShard
  ) -> Verdict {
    if let stop = packet.stop, !packet.isLaterFragment {
      return Verdict(.undecoded, state: .none, outcome: shard.memory.undecoded(stop))
    }
    guard packet.hasAddresses else {
      return Verdict(.undecoded, state: .none, outcome: shard.memory.undecoded(DecodingStop(.link, .notIP)))
    }
    if packet.isLaterFragment { return evaluateLaterFragment(packet, in: &shard) }
    let verdict =
      switch packet.addresses {
      case .v4(let source, let destination):
        evaluate(
          packet, shard.v4.name(FlowIdentity(packet, canonical(source, destination))), quoting: quote,
          in: &shard.v4, &shard.memory)
      case .v6(let source, let destination):
        evaluate(
          packet, shard.v6.name(FlowIdentity(packet, FlowEnds(source, destination))), quoting: quote,
          in: &shard.v6, &shard.memory)
      }
    if packet.isFragment { shard.memory.fragments.record(packet, verdict) }
    return verdict
  }

  /// Both ends with their private addresses, where they have public ones too: what flows are known by.
  @inline(__always)
  func canonical(_ source: IPv4Address, _ destination: IPv4Address) -> FlowEnds<IPv4Address> {
    FlowEnds(
      compiled.network.addresses.canonical(source), compiled.network.addresses.canonical(destination))
  }

  /// The same for either family.
  func canonical(_ pair: AddressPair) -> AddressPair {
    guard case .v4(let source, let destination) = pair else { return pair }
    let ends = canonical(source, destination)
    return .v4(source: ends.source, destination: ends.destination)
  }

  /// A fragment without ports shares the verdict of the fragment that had them.
  private func evaluateLaterFragment(
    _ packet: PacketSummary, in shard: inout TrackerShard
  ) -> Verdict {
    if var verdict = shard.memory.fragments.verdict(for: packet) {
      verdict.beginsFlow = false
      verdict.beginsDirection = false
      if verdict.state == .new && verdict.packetClass != .deny { verdict.state = .established }
      return verdict
    }
    let judgement = judge(PacketHeader(packet), relation: .new, reusing: &shard.memory)
    return Verdict(
      judgement.packetClass, state: judgement.packetClass.isJudged ? .new : .none,
      outcome: OutcomeID(rawValue: judgement.outcome))
  }
}

/// Source and destination of one family.
struct FlowEnds<Address: TrackedAddress>: Sendable {
  var source: Address
  var destination: Address

  init(_ source: Address, _ destination: Address) {
    self.source = source
    self.destination = destination
  }
}

/// An address family that has a connection table of its own.
protocol TrackedAddress: FixedWidthAddress {
  associatedtype Key: FlowKey where Key.Address == Self
  /// The pair's ends if they are of this family.
  static func ends(of pair: AddressPair) -> FlowEnds<Self>?
}

extension IPv4Address: TrackedAddress {
  typealias Key = IPv4FlowKey

  static func ends(of pair: AddressPair) -> FlowEnds<IPv4Address>? {
    guard case .v4(let source, let destination) = pair else { return nil }
    return FlowEnds(source, destination)
  }
}

extension IPv6Address: TrackedAddress {
  typealias Key = IPv6FlowKey

  static func ends(of pair: AddressPair) -> FlowEnds<IPv6Address>? {
    guard case .v6(let source, let destination) = pair else { return nil }
    return FlowEnds(source, destination)
  }
}

extension TrackerMemory {
  mutating func undecoded(_ stop: DecodingStop) -> OutcomeID {
    OutcomeID(rawValue: intern(PathOutcome(.undecoded, stop: stop)))
  }
}
