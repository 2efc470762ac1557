import Filtering
import NetworkTypes
import TestSupport
import VirtualNetworks

/// A filter with its tracker: packets go in one by one, in order of time.
struct Scene {
  private(set) var filter: PacketFilter
  var tracker: ConnectionTracker

  init(
    _ network: SemanticsNetwork, timers: IdleTimers = .nitro, midstream: PacketFilter.MidstreamPolicy = .loose
  ) {
    filter = PacketFilter(network.network, midstream: midstream)
    tracker = ConnectionTracker(timers: timers)
  }

  /// Goes on with other rules.
  mutating func change(to network: SemanticsNetwork) {
    filter = PacketFilter(network.network, midstream: filter.midstream)
    tracker.rulesChanged()
  }

  /// Goes on with a network that was changed in one thing.
  mutating func change(_ change: NetworkChange) throws {
    filter = try filter.applying(change).0
    tracker.rulesChanged()
  }

  /// What one packet's judgement says, in words.
  struct Answer: CustomStringConvertible {
    var packetClass: PacketClass
    var state: FlowState
    var code: ReachabilityCode?
    var stage: EvaluationStage?
    var interface: String?
    var rule: String?
    var missing: MissingPiece?
    var explanation: String

    var description: String { "\(packetClass) \(state) at \(stage.map { "\($0)" } ?? "-") \(explanation)" }
  }

  /// Judges a packet.
  mutating func send(_ packet: PacketSummary, quoting quote: QuotedPacket? = nil) -> Answer {
    let verdict = filter.evaluate(packet, quoting: quote, tracking: &tracker)
    let outcome = tracker[verdict.outcome]
    let step = outcome.decisiveStep
    return Answer(
      packetClass: verdict.packetClass, state: verdict.state, code: step?.code, stage: step?.stage,
      interface: step?.interface.map { filter.id(of: $0).rawValue }, rule: filter.ruleText(of: outcome),
      missing: step?.missing, explanation: filter.explain(outcome, for: PacketHeader(packet)))
  }
}
