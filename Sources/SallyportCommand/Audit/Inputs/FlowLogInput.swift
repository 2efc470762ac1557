import CaptureFiles
import TrafficAudit

/// Reads flow logs and has them compared with the rules.
struct FlowLogInput {
  private var audit: FlowLogAudit
  /// The fields of files that do not begin with their names.
  private let format: FlowLogFormat
  /// Whether an input could not be read, or a line of one is not a record.
  private(set) var failed = false
  private(set) var warnings: [String] = []

  /// Records that are put in order of time together; of longer logs each such part is.
  private static let sortLimit = 2_000_000
  /// Lines that are complained of one by one.
  private static let complaintLimit = 10

  init(_ audit: FlowLogAudit, format: FlowLogFormat) {
    self.audit = audit
    self.format = format
  }

  var report: FlowLogAudit.Report { audit.finished() }

  /// Reads a file to its end, or to what stops it; bad lines are reported and passed over.
  mutating func read(_ path: String) {
    var log = Log(name: path == "-" ? "standard input" : path, fields: format)
    do throws(CaptureError) {
      var lines = try InputLines(path: path)
      let foreign = try lines.foreignContent()
      while let bytes = try lines.next(), !Interruption.isRequested {
        let text = String(decoding: Self.unmarked(bytes), as: UTF8.self)
        if text.allSatisfy({ $0 == " " || $0 == "\t" }) { continue }
        if let foreign, !log.isBegun, !log.isLegible(text) {
          complain(
            "\(log.name): is \(foreign.name), expected a flow log"
              + (foreign.adviceForFlowLogs.map { " (\($0))" } ?? ""))
          break
        }
        take(text, lines.number, of: &log)
      }
      if lines.number == 0 { throw .emptiness(input: path) }
    } catch {
      miss(error, log.name)
    }
    audit.audit(log.entries)
    endLack(of: &log, before: nil)
    conclude(log)
  }

  /// A line without the byte-order mark that it may begin with: the first of a file, or of one of those put together.
  private static func unmarked(_ line: [UInt8]) -> ArraySlice<UInt8> {
    line.first == 0xef && line.starts(with: [0xef, 0xbb, 0xbf]) ? line[3...] : line[...]
  }

  /// A file that is being read.
  private struct Log {
    var name: String
    var fields: FlowLogFormat
    /// The line that named the fields.
    var names: String?
    var isBegun = false
    /// Where records begin that cannot be judged, and the fields that they lack.
    var lack: (line: Int, isFirst: Bool, fields: String)?
    var lacks = 0
    var entries: [FlowLogEntry] = []
    var faults = 0

    /// Whether a first line names fields, or is a record.
    func isLegible(_ text: String) -> Bool {
      if FlowLogFormat.header(text) != nil { return true }
      do throws(FlowLogEntry.Fault) { _ = try FlowLogLine(text, fields, line: 1) } catch { return false }
      return true
    }
  }

  /// Takes a line: a record, or the fields of those that follow.
  private mutating func take(_ text: String, _ number: Int, of log: inout Log) {
    let isFirst = !log.isBegun
    log.isBegun = true
    // Files that were put together name their fields again, and perhaps in another order.
    if let names = log.names, names == text { return }
    let header = isFirst ? FlowLogFormat.header(text) : FlowLogFormat.headerWithin(text)
    if let header {
      endLack(of: &log, before: number)
      log.fields = header.format
      log.names = text
      if let unknown = header.unknown.first, warnings.count < Self.complaintLimit {
        warnings.append(
          "\(log.name): line \(number): '\(unknown)' is no field of flow logs and was passed over")
      }
    }
    if isFirst || header != nil, !log.fields.missing.isEmpty {
      let missing = log.fields.missing.map { "${\($0.rawValue)}" }.joined(separator: ", ")
      log.lack = (number, isFirst, missing)
    }
    if header != nil || log.lack != nil { return }
    do throws(FlowLogEntry.Fault) {
      switch try FlowLogLine(text, log.fields, line: number) {
      case .record(let entry): log.entries.append(entry)
      case .noTraffic: audit.countRecordWithoutTraffic()
      case .skipped: audit.countSkippedRecords()
      }
    } catch {
      log.faults += 1
      if log.faults <= Self.complaintLimit { StandardError.report("\(log.name): line \(number): \(error)") }
    }
    if log.entries.count >= Self.sortLimit {
      audit.audit(log.entries)
      log.entries.removeAll(keepingCapacity: true)
    }
  }

  /// Says of which records fields were lacking, now that others are named in a line, or that the log has ended.
  private mutating func endLack(of log: inout Log, before next: Int?) {
    guard let lack = log.lack else { return }
    log.lack = nil
    log.lacks += 1
    failed = true
    guard log.lacks <= Self.complaintLimit else { return }
    let place =
      next.map { "from line \(lack.line) to \($0 - 1) " }
      ?? (lack.isFirst ? "" : "from line \(lack.line) on ")
    complain("\(log.name): \(place)the records cannot be judged: they lack \(lack.fields)")
  }

  /// Says what the lines that are no records come to.
  private mutating func conclude(_ log: Log) {
    guard log.faults > 0 else { return }
    failed = true
    warnings.append(
      "\(log.name): \(log.faults) line\(log.faults == 1 ? " is not a record and was" : "s are not records and were") passed over"
    )
    if log.names == nil && log.entries.isEmpty {
      StandardError.report("\(log.name): has no line that names its fields: name them with --flow-log-format")
    }
    if log.faults > Self.complaintLimit {
      StandardError.report("\(log.name): \(log.faults - Self.complaintLimit) more lines are not records")
    }
  }

  private mutating func miss(_ error: CaptureError, _ name: String) {
    switch error {
    // Nothing came, and nobody waits for it any more.
    case .emptiness where Interruption.isRequested: break
    case .emptiness: complain("\(name): is empty, expected a flow log")
    case .directory: complain("\(name): is a folder, expected a flow log (they are given one by one)")
    default: complain(error.description)
    }
  }

  private mutating func complain(_ problem: String) {
    failed = true
    warnings.append(problem)
    StandardError.report(problem)
  }
}
