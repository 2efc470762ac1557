import Filtering
import NetworkTypes
import ReportFormats
import TrafficAudit

/// Something that an audit writes of its packets beside the report: told of each batch, in order.
protocol AuditSink: AnyObject {
  /// Takes a batch that `auditor` has just judged.
  ///
  /// - Parameter begin: The place of its first packet in the batch of `captures`, which lends the bytes.
  func take(_ batch: PacketBatch, at begin: Int, of captures: CaptureMerge, _ auditor: Auditor) throws
  /// The network has changed: further packets are judged by this filter.
  func goOn(with filter: PacketFilter) throws
  /// Writes what is left; the file gets its name afterwards.
  func finish() throws
}

/// Verdict records on their way to a file.
final class VerdictRecords: AuditSink {
  private var writer: VerdictWriter
  private let output: Output

  init(_ writer: VerdictWriter, _ output: Output) throws {
    self.writer = writer
    self.output = output
    try output.write { writer.begin(&$0) }
  }

  func take(_ batch: PacketBatch, at begin: Int, of captures: CaptureMerge, _ auditor: Auditor) throws {
    // A short batch may be all that a live source has for now: show it.
    try output.write(flushing: captures.isLive && batch.packets.count < 256) {
      writer.append(
        batch, auditor.verdicts, duplicates: auditor.duplicates, tracker: auditor.tracker, to: &$0)
    }
  }

  func goOn(with filter: PacketFilter) { writer.goOn(with: filter) }

  func finish() {}
}
