import CaptureFiles
import Filtering
import NetworkTypes
import ReportFormats
import TrafficAudit
import VirtualNetworks
import WireFormat

/// One audit from bytes to report: connects captures, decoder, auditor and verdict records, batch by batch.
struct AuditRun {
  private let network: VirtualNetwork
  private var auditor: Auditor
  private let decoder: PacketDecoder
  private var batch = PacketBatch()
  private var captures: [AuditReport.CaptureDescription] = []
  private var warnings: [String]
  /// Whether a capture could not be read, or not to its end.
  private(set) var failed = false
  /// Whether somebody asked to stop.
  private(set) var wasInterrupted = false

  init(
    _ network: VirtualNetwork, _ filter: PacketFilter, timers: IdleTimers, decapsulates: Bool,
    warnings: [String]
  ) {
    self.network = network
    decoder = PacketDecoder(decapsulates: decapsulates)
    auditor = Auditor(filter, tracker: ConnectionTracker(timers: timers))
    self.warnings = warnings
  }

  var report: AuditReport {
    var report = AuditReport(auditor, captures: captures, warnings: warnings)
    report.complete(from: network, auditor.filter)
    if wasInterrupted {
      report.warnings.insert(
        "INTERRUPTED: the audit was stopped before the end of the captures; the report covers what was read",
        at: 0)
    }
    return report
  }

  /// Whether any capture was one.
  var hasCaptures: Bool { !captures.isEmpty }

  /// Audits captures in order of their first packets' times; what cannot be read is reported and passed over.
  ///
  /// Throws a ``CaptureError`` if `expression` is no filter, and what writing records throws.
  mutating func audit(
    _ paths: [String], filter expression: String?, records: inout VerdictRecords?, progress: inout ProgressBar
  ) throws {
    var inputs: [CaptureInput] = []
    for path in paths {
      do {
        inputs.append(try CaptureInput(path: path, filter: expression))
      } catch {
        if case .filter = error { throw error }
        note(error)
        // A capture that is cut within its first bytes is still one.
        if error.isCut {
          captures.append(.init(path: path, format: "pcap", linkType: "", isTruncated: true))
        }
      }
    }
    // Captures without packets come last; equal times keep the order in which they were given.
    let ordered = inputs.enumerated().sorted { left, right in
      let (a, b) = (left.element.start?.nanoseconds ?? .max, right.element.start?.nanoseconds ?? .max)
      return (a, left.offset) < (b, right.offset)
    }.map(\.element)
    progress.begin(totalBytes: Self.totalBytes(ordered))
    for input in ordered where !wasInterrupted {
      try audit(input, &records, &progress)
      if let failure = input.failure, !wasInterrupted { note(failure) }
      captures.append(description(of: input))
      progress.finish(bytes: input.bytesRead)
    }
    progress.wipe()
    noteOverlaps()
  }

  private mutating func audit(
    _ input: CaptureInput, _ records: inout VerdictRecords?, _ progress: inout ProgressBar
  ) throws {
    while input.next(into: &batch, decoder: decoder) {
      auditor.audit(batch)
      try records?.write(batch, auditor)
      progress.advance(packets: batch.packets.count, bytes: input.bytesRead)
      if Interruption.isRequested { break }
    }
    wasInterrupted = Interruption.isRequested
  }

  /// What was not read because somebody asked to stop is not a cut.
  private func description(of input: CaptureInput) -> AuditReport.CaptureDescription {
    var description = input.description
    if wasInterrupted { description.isTruncated = false }
    return description
  }

  private mutating func note(_ error: CaptureError) {
    failed = true
    warnings.append(error.description)
    StandardError.report(error)
  }

  /// Captures that overlap in time are audited one after the other: replies may come before their requests.
  private mutating func noteOverlaps() {
    for (earlier, later) in zip(captures, captures.dropFirst()) {
      guard let end = earlier.lastTime, let start = later.firstTime, start < end else { continue }
      warnings.append(
        "\(later.path) begins before \(earlier.path) ends: they were audited one after the other, not merged "
          + "by time (mergecap merges captures)")
    }
  }

  private static func totalBytes(_ inputs: [CaptureInput]) -> UInt64? {
    var total: UInt64 = 0
    for input in inputs {
      guard let bytes = input.totalBytes else { return nil }
      total += bytes
    }
    return total
  }
}

/// Verdict records on their way to a file.
struct VerdictRecords {
  private var writer: VerdictWriter
  private let output: Output

  init(_ writer: VerdictWriter, _ output: Output) throws {
    self.writer = writer
    self.output = output
    try output.write { writer.begin(&$0) }
  }

  mutating func write(_ batch: PacketBatch, _ auditor: Auditor) throws {
    try output.write { writer.append(batch, auditor.verdicts, tracker: auditor.tracker, to: &$0) }
  }
}
