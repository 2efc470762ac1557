import Filtering
import NetworkTypes
import RuleMatching

/// Judges batches of decoded packets and keeps count.
public struct Auditor: Sendable {
  public private(set) var filter: PacketFilter
  public private(set) var tracker: ConnectionTracker
  public private(set) var tallies = Tallies()
  /// Verdicts of the latest batch, in its order.
  public private(set) var verdicts: [Verdict] = []
  /// Places in the latest batch of second copies of mirrored packets, which are not counted.
  public private(set) var duplicates: [Int] = []
  /// nil where every copy counts.
  private var mirrors: MirrorDuplicates?
  private var tunnels = TunnelEnds()
  /// nil where one thread does everything.
  private let workers: Workers?

  /// An auditor that judges alone, with a tracker of the caller's.
  ///
  /// - Parameter keepsDuplicates: Whether a packet that was mirrored at both of its interfaces counts twice.
  public init(
    _ filter: PacketFilter, tracker: ConnectionTracker = ConnectionTracker(), keepsDuplicates: Bool = false
  ) {
    self.init(filter, tracker: tracker, keepsDuplicates: keepsDuplicates, workers: nil)
  }

  /// An auditor that judges large batches by several threads at once; what it says does not depend on their number.
  public init(
    _ filter: PacketFilter, timers: IdleTimers, keepsDuplicates: Bool = false, workers: Int
  ) {
    self.init(
      filter, tracker: ConnectionTracker(timers: timers, shards: Workers.shards),
      keepsDuplicates: keepsDuplicates, workers: workers > 1 ? Workers(count: workers) : nil)
  }

  private init(
    _ filter: PacketFilter, tracker: ConnectionTracker, keepsDuplicates: Bool, workers: Workers?
  ) {
    self.filter = filter
    self.tracker = tracker
    self.workers = workers
    mirrors = keepsDuplicates ? nil : MirrorDuplicates()
  }

  /// Judges a batch; its packets' frame numbers go on from those of the batch before.
  ///
  /// Allocates nothing per packet once every outcome has been met.
  ///
  /// - Parameter other: What is done once, before the batch is judged or while it is: reading on.
  public mutating func audit(_ batch: PacketBatch, while other: () -> Void = {}) {
    guard batch.outers.isEmpty else {
      other()
      return auditMirrored(batch)
    }
    if !duplicates.isEmpty { duplicates.removeAll() }
    if let workers, batch.packets.count >= Workers.smallestBatch {
      filter.deal(batch, among: &tracker)
      workers.judge(batch, by: filter, in: &tracker, other)
      tracker.collect(batch.packets.count, into: &verdicts)
    } else {
      other()
      filter.evaluate(batch, tracking: &tracker, into: &verdicts)
    }
    tallies.count(batch.packets, verdicts, tracker: tracker)
  }

  /// Goes on with a filter that follows a change of the network (``PacketFilter/applying(_:)``).
  ///
  /// Denials so far keep the explanation that held for them; flows go on as tracking has it (semantics CT-8, CT-9).
  public mutating func goOn(with filter: PacketFilter) {
    tallies.explainDenials(tracker, self.filter)
    self.filter = filter
    tracker.rulesChanged()
  }

  /// Judges a batch that has mirrored packets: those at the interface that mirrored them (semantics TM-3, S25).
  private mutating func auditMirrored(_ batch: PacketBatch) {
    duplicates.removeAll(keepingCapacity: true)
    verdicts.removeAll(keepingCapacity: true)
    var outers = batch.outers[...]
    for index in batch.packets.indices {
      let packet = batch.packets[index]
      let outer = outers.first?.index == index ? outers.popFirst() : nil
      if outer != nil { tallies.countMirrored() }
      // A copy is the same packet: it passes no interface once more, and no flow goes on by it.
      let mirror = outer.flatMap { source(of: packet, in: $0) }
      if let outer,
        let verdict = mirrors?.take(
          copy: outer, at: packet.time.nanoseconds, isForwarded: mirror?.isEnd == false)
      {
        duplicates.append(index)
        verdicts.append(verdict)
        tallies.countDuplicate()
        continue
      }
      let verdict = judge(packet, quoting: batch.quote(of: packet), mirroredAt: mirror)
      verdicts.append(verdict)
      tallies.count(packet, verdict, tracker: tracker)
      if let outer {
        mirrors?.note(outer, at: packet.time.nanoseconds, verdict, isForwarded: mirror?.isEnd == false)
      }
    }
  }

  /// Where a packet was mirrored; nil where it is to be placed by its addresses, as any other.
  private mutating func source(of packet: PacketSummary, in outer: OuterPacket) -> MirrorSource? {
    let isOverlay = tunnels.note(outer.addresses)
    // Whoever says where the packets were captured is believed.
    guard filter.captureInterface == nil,
      let mirror = filter.mirror(of: packet, at: outer.addresses.source)
    else { return nil }
    // What an interface neither sent nor received may also be a tunnel of its own: of an overlay, or a balancer's.
    return mirror.isEnd || outer.isVXLAN && !isOverlay ? mirror : nil
  }

  private mutating func judge(
    _ packet: PacketSummary, quoting quote: QuotedPacket?, mirroredAt mirror: MirrorSource?
  ) -> Verdict {
    guard let mirror else { return filter.evaluate(packet, quoting: quote, tracking: &tracker) }
    if mirror.isEnd || packet.stop != nil {
      return filter.seen(by: mirror.interface).evaluate(packet, quoting: quote, tracking: &tracker)
    }
    return filter.evaluateForwarded(
      packet, at: mirror.interface, beginsFlow: tunnels.beginsFlow(packet), tracking: &tracker)
  }
}
