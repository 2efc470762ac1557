import Filtering
import NetworkTypes
import TrafficAudit
import VirtualNetworks
import WireFormat

extension Benchmark {
  /// What flows cost: their first packets, packets of flows that are known, and an audit of both from bytes on.
  ///
  /// Frames are made as they are asked for, and not in the time that is measured: memory is the tracker's, whatever the
  /// number of packets.
  mutating func tracking(
    _ traffic: SyntheticTraffic, flows: Int, _ filter: PacketFilter
  ) -> [StageMeasurement] {
    // With a million flows one round has packets enough.
    let rounds = flows < 1_000_000 ? rounds : 1
    let known = max(flows, 200_000)
    func measurement(_ stage: StageMeasurement.Stage, _ matcher: String, packets: Int) -> StageMeasurement {
      StageMeasurement(
        stage, matcher: matcher, interfaces: filter.interfaceCount, flows: flows, packets: packets)
    }
    let decoder = PacketDecoder()
    var frames = BenchmarkFrames()
    var batch = PacketBatch()
    var verdicts: [Verdict] = []
    func make(_ places: Range<Int>, after start: Int) {
      frames.removeAll()
      traffic.append(places.lowerBound + start..<places.upperBound + start, flows: flows, to: &frames)
    }
    func decode() {
      batch.removeAll()
      decoder.decode(frames.bytes.span, frames.records, into: &batch)
    }

    var tracker = ConnectionTracker()
    var first = measurement(.firstPackets, "empty tracker", packets: flows)
    timer.measure(
      &first, rounds: rounds, warmsUp: false, prepare: { tracker = ConnectionTracker(limit: 2 * flows) },
      prepareRun: { run in
        make(run, after: 0)
        decode()
      }, run: { _ in filter.evaluate(batch, tracking: &tracker, into: &verdicts) })
    for start in stride(from: 0, to: flows, by: StageTimer.runLength) {
      make(start..<min(start + StageTimer.runLength, flows), after: flows)
      decode()
      filter.evaluate(batch, tracking: &tracker, into: &verdicts)
    }
    var tracking = measurement(.tracking, "known flows", packets: known)
    tracking.bytes = tracker.byteCount
    timer.measure(
      &tracking, rounds: rounds, warmsUp: false,
      prepareRun: { run in
        make(run, after: 2 * flows)
        decode()
      }, run: { _ in filter.evaluate(batch, tracking: &tracker, into: &verdicts) })
    // Two trackers at once would be twice the memory.
    tracker = ConnectionTracker()
    var auditor = Auditor(filter)
    var audit = measurement(.audit, "from bytes", packets: 2 * flows + known)
    timer.measure(
      &audit, rounds: rounds, warmsUp: false,
      prepare: { auditor = Auditor(filter, tracker: ConnectionTracker(limit: 2 * flows)) },
      prepareRun: { make($0, after: 0) },
      run: { _ in
        decode()
        auditor.audit(batch)
      })
    return [first, tracking, audit]
  }
}
