import CaptureFiles
import Filtering
import NetworkTypes
import PolicyFormats
import ReportFormats
import TrafficAudit
import TrafficCosts
import VirtualNetworks
import WireFormat

/// One audit from bytes to report: connects captures, decoder, auditor and what is written beside the report,
/// batch by batch.
struct AuditRun {
  private let events: EventFile?
  private var timeline: Timeline?
  private var auditor: Auditor
  private let decoder: PacketDecoder
  private var captures: [AuditReport.CaptureDescription] = []
  private var warnings: [String]
  /// Whether a capture could not be read, or not to its end.
  private(set) var failed = false
  /// Whether somebody asked to stop.
  private(set) var wasInterrupted = false
  /// Whether captures may still grow, so that to be stopped is the way to end.
  private let follows: Bool
  private let batchSize: Int

  init(
    _ filter: PacketFilter, timers: IdleTimers, decapsulates: Bool, keepsDuplicates: Bool = false,
    follows: Bool = false, events: EventFile? = nil, workers: Int = 1, warnings: [String]
  ) {
    self.follows = follows
    // Enough for each worker to be worth waking; what is small stays in the cache until it is judged.
    batchSize = workers > 1 ? 8192 : 512
    self.events = events
    decoder = PacketDecoder(decapsulates: decapsulates)
    auditor = Auditor(filter, timers: timers, keepsDuplicates: keepsDuplicates, workers: workers)
    self.warnings = warnings
  }

  var report: AuditReport {
    var report = AuditReport(auditor, captures: captures, warnings: warnings)
    report.changes = timeline?.changes ?? []
    report.complete(from: auditor.filter.network, auditor.filter)
    report.warnings += timeline?.warnings ?? []
    if wasInterrupted && !follows {
      report.warnings.insert(
        "INTERRUPTED: the audit was stopped before the end of the captures; the report covers what was read",
        at: 0)
    }
    return report
  }

  /// What was audited costs this.
  func costs(_ prices: PriceList) -> CostReport { CostReport(auditor, prices: prices) }

  /// Whether any capture was one.
  var hasCaptures: Bool { !captures.isEmpty }

  /// Audits captures in order of time; what cannot be read is reported and passed over.
  ///
  /// Throws a ``CaptureError`` if `expression` is no filter, what the events throw, and what writing records throws.
  mutating func audit(
    _ paths: [String], filter expression: String?, sinks: inout AuditSinks, progress: inout ProgressBar
  ) throws {
    // Reports name captures that begin together by path: the order on the command line, which a shell or a script may
    // choose, decides nothing.
    let inputs = try open(paths.sorted(), expression)
    let first = inputs.compactMap(\.start).min()
    if let first { sinks.begin(at: first) }
    let start = first ?? CaptureTime(nanoseconds: 0)
    timeline = try events.map { Timeline(try $0.timeline(of: auditor.filter.network, start: start)) }
    progress.begin(totalBytes: follows ? nil : Self.totalBytes(inputs))
    let merge = CaptureMerge(inputs, decoder: decoder)
    var finished: [CaptureInput] = []
    // Nobody needs the bytes of packets that are judged, or stops between two of them: the next ones are read meanwhile.
    let readsAhead = batchSize > 512 && sinks.files.isEmpty && sinks.boundary == nil && timeline == nil
    var isRead = false
    var hasMore = false
    while !wasInterrupted, isRead ? hasMore : merge.next() {
      isRead = false
      if readsAhead {
        let batch = merge.takeBatch()
        auditor.audit(batch) {
          hasMore = merge.next()
          isRead = true
        }
        merge.giveBack(batch)
        read(&finished, merge, batch.packets.count, &progress)
        continue
      }
      if let next = next(sinks), merge.batch.packets.contains(where: { $0.time >= next }) {
        try auditParts(merge, &sinks)
      } else {
        auditor.audit(merge.batch)
        try sinks.take(merge.batch, of: merge, auditor)
      }
      read(&finished, merge, merge.batch.packets.count, &progress)
    }
    wasInterrupted = Interruption.isRequested
    describe(inputs, begun: finished + merge.takeFinished() + merge.begun)
    sinks.alarms?.takesOpenPeriod = !wasInterrupted
    try sinks.finish(auditor)
    progress.wipe()
  }

  /// Takes note of what was read, and of whether somebody asked to stop.
  private mutating func read(
    _ finished: inout [CaptureInput], _ merge: CaptureMerge, _ count: Int, _ progress: inout ProgressBar
  ) {
    progress.advance(packets: count, bytes: merge.bytesRead)
    for input in merge.takeFinished() {
      finished.append(input)
      progress.finish(bytes: input.bytesRead)
    }
    wasInterrupted = Interruption.isRequested
  }

  /// Says of each capture that was begun what was read of it, in order of time.
  private mutating func describe(_ inputs: [CaptureInput], begun: [CaptureInput]) {
    for input in inputs where begun.contains(where: { $0 === input }) {
      if let failure = failure(of: input) { note(failure) }
      captures.append(description(of: input))
    }
    captures = captures.enumerated().sorted { left, right in
      let (a, b) = (left.element.firstTime?.nanoseconds ?? .max, right.element.firstTime?.nanoseconds ?? .max)
      return (a, left.offset) < (b, right.offset)
    }.map(\.element)
  }

  private mutating func open(_ paths: [String], _ expression: String?) throws(CaptureError) -> [CaptureInput]
  {
    var inputs: [CaptureInput] = []
    for (position, path) in paths.enumerated() {
      do {
        inputs.append(
          try CaptureInput(path: path, filter: expression, follows: follows, batchSize: batchSize))
      } catch {
        if case .filter = error { throw error }
        // Nothing came of it before.
        if Interruption.isRequested { break }
        if case .crowding = error {
          // Some files must be left for what is written.
          let spared = inputs.suffix(Self.spareFiles)
          inputs.removeLast(spared.count)
          noteCrowding(
            first: spared.first?.path ?? path, count: spared.count + paths.count - position, of: paths)
          break
        }
        note(error)
        // A capture that is cut within its first bytes is still one.
        if error.isCut {
          captures.append(.init(path: path, format: "pcap", linkType: "", isTruncated: true))
        }
      }
    }
    return inputs
  }

  /// When the network changes next, or a period of metrics ends.
  private func next(_ sinks: AuditSinks) -> CaptureTime? {
    [timeline?.nextTime, sinks.boundary].compactMap { $0 }.min()
  }

  /// Audits a batch during which the network changes or a period ends: what comes before that, then what comes after.
  private mutating func auditParts(_ merge: CaptureMerge, _ sinks: inout AuditSinks) throws {
    var part = PacketBatch()
    var begin = 0
    for (index, packet) in merge.batch.packets.enumerated() {
      while let next = next(sinks), packet.time >= next {
        auditor.audit(part)
        try sinks.take(part, at: begin, of: merge, auditor)
        part.removeAll()
        begin = index
        if timeline?.nextTime == next {
          try sinks.reach(next, auditor)
          try change(before: packet.time, &sinks)
        } else {
          try sinks.reach(min(packet.time, timeline?.nextTime ?? packet.time), auditor)
        }
      }
      part.append(merge.batch, at: index)
    }
    auditor.audit(part)
    try sinks.take(part, at: begin, of: merge, auditor)
  }

  /// Makes all changes that are due before a packet's time and before a period ends.
  private mutating func change(before time: CaptureTime, _ sinks: inout AuditSinks) throws {
    var revision = PacketFilter.Revision(of: auditor.filter)
    var isChanged = false
    repeat {
      guard let event = timeline?.next(at: time) else { break }
      do {
        let applied = try revision.apply(event.changes)
        timeline?.note(event, applied, frame: auditor.tallies.frames + 1)
        isChanged = true
      } catch {
        timeline?.note(event, error)
      }
    } while timeline?.nextTime.map { due in sinks.boundary.map { due < $0 } ?? true } ?? false
    guard isChanged else { return }
    auditor.goOn(with: auditor.filter.revised(by: revision))
    try sinks.goOn(with: auditor)
  }

  /// What is wrong with a capture; not that it ends early where somebody asked to stop.
  private func failure(of input: CaptureInput) -> CaptureError? {
    if wasInterrupted, case .truncation? = input.failure { return nil }
    return input.failure
  }

  private func description(of input: CaptureInput) -> AuditReport.CaptureDescription {
    var description = input.description
    if wasInterrupted && failure(of: input) == nil { description.isTruncated = false }
    return description
  }

  private mutating func note(_ error: CaptureError) {
    note(error.description)
  }

  private mutating func note(_ problem: String) {
    failed = true
    warnings.append(problem)
    StandardError.report(problem)
  }

  /// All captures are open at once, to be put in order of time.
  private mutating func noteCrowding(first: String, count: Int, of paths: [String]) {
    note(
      "\(first)\(count > 1 ? " and \(count - 1) more" : "") of \(paths.count) captures left out: the process may not "
        + "have more files open (ulimit -Hn); audit them in several runs, or merge them first (mergecap)")
  }

  /// Files that are left for outputs where the process may not have more of them open.
  private static let spareFiles = 8

  private static func totalBytes(_ inputs: [CaptureInput]) -> UInt64? {
    var total: UInt64 = 0
    for input in inputs {
      guard let bytes = input.totalBytes else { return nil }
      total += bytes
    }
    return total
  }
}
