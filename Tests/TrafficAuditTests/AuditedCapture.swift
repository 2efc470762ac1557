import CaptureFiles
import Filtering
import NetworkTypes
import PolicyFormats
import TestSupport
import TrafficAudit
import VirtualNetworks
import WireFormat

/// A capture of the bundled example, judged frame by frame.
struct AuditedCapture {
  let filter: PacketFilter
  private(set) var auditor: Auditor
  private(set) var packets: [PacketSummary] = []
  private(set) var verdicts: [Verdict] = []

  /// Audits a capture; `batchLimit` is how many packets come at once.
  init(
    _ capture: String = "captures/three-tier.pcap", network: String = "networks/three-tier",
    batchLimit: Int = 256
  ) throws {
    filter = PacketFilter(try VirtualNetwork(contentsOf: Environment.fixture(network)))
    auditor = Auditor(filter)
    var reader = try CaptureReader(path: Environment.fixture(capture))
    var batch = PacketBatch()
    while try reader.advance(limit: batchLimit) {
      batch.removeAll()
      PacketDecoder().decode(reader.bytes, reader.records, into: &batch)
      auditor.audit(batch)
      packets += batch.packets
      verdicts += auditor.verdicts
    }
  }

  var report: AuditReport { AuditReport(auditor) }

  /// The frames, from 1, that a BPF expression takes out of the capture.
  func frames(matching expression: String, capture: String = "captures/three-tier.pcap") throws -> [Int] {
    var reader = try CaptureReader(path: Environment.fixture(capture), filter: expression)
    var batch = PacketBatch()
    while try reader.advance() { PacketDecoder().decode(reader.bytes, reader.records, into: &batch) }
    // What the filter leaves is the capture with gaps: both are walked side by side.
    var frames: [Int] = []
    var frame = 0
    for packet in batch.packets {
      while frame < packets.count, !packet.isSame(as: packets[frame]) { frame += 1 }
      frame += 1
      frames.append(frame)
    }
    return frames
  }

  func outcome(_ frame: Int) -> PathOutcome { auditor.tracker[verdicts[frame - 1].outcome] }
}

extension PacketSummary {
  /// Whether both are the same frame of a capture; places of quotes differ from batch to batch.
  fileprivate func isSame(as other: PacketSummary) -> Bool {
    var (left, right) = (self, other)
    left.quote = 0
    right.quote = 0
    return left == right
  }
}
