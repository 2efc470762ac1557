import CaptureFiles
import Filtering
import NetworkTypes
import ReportFormats
import TrafficAudit
import VirtualNetworks
import WireFormat

/// Flow log records on their way to a file.
final class FlowLogOutput: AuditSink {
  private var recorder: FlowLogRecorder
  private var writer: FlowLogWriter
  private let output: Output

  init(
    _ format: FlowLogFormat, interval: Int, _ filter: PacketFilter, _ network: VirtualNetwork,
    _ output: Output
  ) throws {
    recorder = FlowLogRecorder(filter, network, interval: interval)
    writer = FlowLogWriter(format, network)
    self.output = output
    try output.write { writer.begin(&$0) }
  }

  func take(_ batch: PacketBatch, at begin: Int, of captures: CaptureMerge, _ auditor: Auditor) throws {
    var outers = batch.outers[...]
    for index in auditor.verdicts.indices {
      let outer = outers.first?.index == index ? outers.popFirst() : nil
      if !auditor.duplicates.isEmpty && auditor.duplicates.contains(index) { continue }
      let packet = batch.packets[index]
      var length = Int(outer?.networkLength ?? packet.wireLength)
      if outer == nil, let origin = captures.origin(of: begin + index) {
        origin.input.lend { reader in
          let record = reader.records[origin.record]
          let frame = reader.bytes.extracting(record.offset..<record.offset + Int(record.capturedLength))
          length = PacketDecoder.networkLength(of: frame, record: record)
        }
      }
      recorder.count(packet, length: length, auditor.verdicts[index], tracker: auditor.tracker)
    }
    try write(recorder.take())
  }

  /// Intervals end with the network that they were recorded in.
  func goOn(with filter: PacketFilter) throws {
    try write(recorder.take(all: true))
    recorder.goOn(with: filter)
    writer = FlowLogWriter(writer.format, filter.network)
  }

  func finish() throws { try write(recorder.take(all: true)) }

  private func write(_ records: [FlowLogRecord]) throws {
    for record in records { try output.write { writer.append(record, to: &$0) } }
  }
}
