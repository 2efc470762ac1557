import CaptureFiles
import Filtering
import NetworkTypes
import PolicyFormats
import ReportFormats
import TrafficAudit
import VirtualNetworks
import WireFormat

/// One audit from bytes to report: connects captures, decoder, auditor and verdict records, batch by batch.
struct AuditRun {
  private let events: EventFile?
  private var timeline: Timeline?
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
    _ filter: PacketFilter, timers: IdleTimers, decapsulates: Bool, events: EventFile? = nil,
    warnings: [String]
  ) {
    self.events = events
    decoder = PacketDecoder(decapsulates: decapsulates)
    auditor = Auditor(filter, tracker: ConnectionTracker(timers: timers))
    self.warnings = warnings
  }

  var report: AuditReport {
    var report = AuditReport(auditor, captures: captures, warnings: warnings)
    report.complete(from: auditor.filter.network, auditor.filter)
    report.changes = timeline?.changes ?? []
    report.warnings += timeline?.warnings ?? []
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
  /// Throws a ``CaptureError`` if `expression` is no filter, what the events throw, and what writing records throws.
  mutating func audit(
    _ paths: [String], filter expression: String?, sinks: inout AuditSinks, progress: inout ProgressBar
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
    let start = ordered.lazy.compactMap(\.start).first ?? CaptureTime(nanoseconds: 0)
    if let first = ordered.lazy.compactMap(\.start).first { sinks.begin(at: first) }
    timeline = try events.map { Timeline(try $0.timeline(of: auditor.filter.network, start: start)) }
    progress.begin(totalBytes: Self.totalBytes(ordered))
    for input in ordered where !wasInterrupted {
      try audit(input, &sinks, &progress)
      if let failure = input.failure, !wasInterrupted { note(failure) }
      captures.append(description(of: input))
      progress.finish(bytes: input.bytesRead)
    }
    try sinks.finish(auditor)
    progress.wipe()
    noteOverlaps()
  }

  private mutating func audit(
    _ input: CaptureInput, _ sinks: inout AuditSinks, _ progress: inout ProgressBar
  ) throws {
    while input.next(into: &batch, decoder: decoder) {
      if let next = next(sinks), batch.packets.contains(where: { $0.time >= next }) {
        try auditParts(&sinks)
      } else {
        auditor.audit(batch)
        try sinks.take(batch, auditor)
      }
      progress.advance(packets: batch.packets.count, bytes: input.bytesRead)
      if Interruption.isRequested { break }
    }
    wasInterrupted = Interruption.isRequested
  }

  /// When the network changes next, or a period of metrics ends.
  private func next(_ sinks: AuditSinks) -> CaptureTime? {
    [timeline?.nextTime, sinks.boundary].compactMap { $0 }.min()
  }

  /// Audits a batch during which the network changes or a period ends: what comes before that, then what comes after.
  private mutating func auditParts(_ sinks: inout AuditSinks) throws {
    var part = PacketBatch()
    part.quotes = batch.quotes
    for packet in batch.packets {
      while let next = next(sinks), packet.time >= next {
        auditor.audit(part)
        try sinks.take(part, auditor)
        part.packets.removeAll(keepingCapacity: true)
        if let event = timeline?.next(at: next) {
          try sinks.reach(next, auditor)
          try change(event, &sinks)
        } else {
          try sinks.reach(min(packet.time, timeline?.nextTime ?? packet.time), auditor)
        }
      }
      part.packets.append(packet)
    }
    auditor.audit(part)
    try sinks.take(part, auditor)
  }

  private mutating func change(_ event: NetworkEvent, _ sinks: inout AuditSinks) throws {
    do {
      let (filter, applied) = try auditor.filter.applying(event.changes)
      auditor.goOn(with: filter)
      sinks.goOn(with: auditor)
      timeline?.note(event, applied, frame: auditor.tallies.frames + 1)
    } catch {
      timeline?.note(event, error)
    }
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
