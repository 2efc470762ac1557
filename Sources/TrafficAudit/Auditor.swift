import Filtering
import NetworkTypes
import RuleMatching

/// Judges batches of decoded packets and keeps count; one worker's share of an audit.
public struct Auditor: Sendable {
  public private(set) var filter: PacketFilter
  public private(set) var tracker: ConnectionTracker
  public private(set) var tallies = Tallies()
  /// Verdicts of the latest batch, in its order.
  public private(set) var verdicts: [Verdict] = []

  public init(_ filter: PacketFilter, tracker: ConnectionTracker = ConnectionTracker()) {
    self.filter = filter
    self.tracker = tracker
  }

  /// Judges a batch; its packets' frame numbers go on from those of the batch before.
  ///
  /// Allocates nothing per packet once every outcome has been met.
  public mutating func audit(_ batch: PacketBatch) {
    filter.evaluate(batch, tracking: &tracker, into: &verdicts)
    for index in batch.packets.indices {
      tallies.count(batch.packets[index], verdicts[index], tracker: tracker)
    }
  }

  /// Goes on with a filter that follows a change of the network (``PacketFilter/applying(_:)``).
  ///
  /// Denials so far keep the explanation that held for them; flows go on as tracking has it (semantics CT-8, CT-9).
  public mutating func goOn(with filter: PacketFilter) {
    tallies.explainDenials(tracker, self.filter)
    self.filter = filter
    tracker.rulesChanged()
  }
}
