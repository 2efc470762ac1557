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
  ///
  /// - Parameter sinks: What counts besides; its periods end with the clock.
  mutating func advance(_ sinks: inout AuditSinks) throws -> Bool {
    try capture.advance()
    guard let first = capture.records.first, let last = capture.records.last else { return false }
    batch.removeAll()
    Self.decode(capture, with: decoder, into: &batch)
    try audit(&sinks)
    description.packets += capture.records.count
    description.bytes += capture.records.reduce(0) { $0 + Int($1.wireLength) }
    description.firstTime = description.firstTime ?? first.time
    description.lastTime = last.time
    return true
  }

  /// Judges the batch: what comes before the end of a period, then what comes after.
  private mutating func audit(_ sinks: inout AuditSinks) throws {
    guard let end = sinks.boundary, batch.packets.contains(where: { $0.time >= end }) else {
      auditor.audit(batch)
      return try sinks.count(batch, auditor)
    }
    var part = PacketBatch()
    for (index, packet) in batch.packets.enumerated() {
      if let end = sinks.boundary, packet.time >= end {
        auditor.audit(part)
        try sinks.count(part, auditor)
        part.removeAll()
        while let end = sinks.boundary, packet.time >= end { try sinks.reach(packet.time, auditor) }
      }
      part.append(batch, at: index)
    }
    auditor.audit(part)
    try sinks.count(part, auditor)
  }

  /// Ends periods that are over, though no packet has come since; answers scrapes.
  mutating func reach(_ time: CaptureTime, _ sinks: inout AuditSinks) throws {
    // Packets are handed over a moment after their time.
    let settled = CaptureTime(nanoseconds: time.nanoseconds - 1_000_000_000)
    if let end = sinks.boundary, settled >= end { try sinks.reach(settled, auditor) }
    sinks.scrapes?.answer(at: time, auditor, drops: drops)
  }

  /// Ends the open period.
  func finish(_ sinks: inout AuditSinks) throws { try sinks.finish(auditor) }

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
