import CaptureFiles
import Filtering
import NetworkTypes
import TrafficAudit
import WireFormat

/// Live traffic from a device to a report, batch by batch.
struct WatchRun: ~Copyable {
  private let device: String
  private var capture: LiveCapture
  private let decoder: PacketDecoder
  private var auditor: Auditor
  private var batch = PacketBatch()
  private var description: AuditReport.CaptureDescription
  private let warnings: [String]

  init(
    device: String, filter expression: String?, _ filter: PacketFilter, decapsulates: Bool, warnings: [String]
  ) throws(CaptureError) {
    self.device = device
    capture = try LiveCapture(device: device, filter: expression)
    decoder = PacketDecoder(decapsulates: decapsulates)
    auditor = Auditor(filter)
    description = AuditReport.CaptureDescription(
      path: device, format: "live", linkType: capture.linkType.name)
    self.warnings = warnings
  }

  /// Judges what has come; false if nothing has.
  mutating func advance() throws(CaptureError) -> Bool {
    try capture.advance()
    guard let first = capture.records.first, let last = capture.records.last else { return false }
    batch.removeAll()
    Self.decode(capture, with: decoder, into: &batch)
    auditor.audit(batch)
    description.packets += capture.records.count
    description.bytes += capture.records.reduce(0) { $0 + Int($1.wireLength) }
    description.firstTime = description.firstTime ?? first.time
    description.lastTime = last.time
    return true
  }

  /// Lends the capture as a whole, for its bytes.
  private static func decode(
    _ capture: borrowing LiveCapture, with decoder: PacketDecoder, into batch: inout PacketBatch
  ) {
    decoder.decode(capture.bytes.span, capture.records, into: &batch)
  }

  var drops: Int { capture.drops }

  /// What was judged so far.
  var report: AuditReport {
    var report = AuditReport(auditor, captures: [description], warnings: warnings)
    report.complete(from: auditor.filter.network, auditor.filter)
    if drops > 0 {
      report.warnings.append(
        "the system dropped \(drops) packets because they came faster than they were judged: counts are too low"
      )
    }
    return report
  }
}
