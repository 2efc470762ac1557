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
    let name = path == "-" ? "standard input" : path
    var entries: [FlowLogEntry] = []
    var faults = 0
    var fields = format
    var isNamed = false
    do throws(CaptureError) {
      var lines = try InputLines(path: path)
      while let bytes = try lines.next(), !Interruption.isRequested {
        let text = String(decoding: bytes, as: UTF8.self)
        if text.allSatisfy({ $0 == " " || $0 == "\t" }) { continue }
        if lines.number == 1 {
          let header = FlowLogFormat.header(text)
          fields = header?.format ?? format
          isNamed = header != nil
          if let unknown = header?.unknown.first {
            warnings.append("\(name): line 1: '\(unknown)' is no field of flow logs and was passed over")
          }
          if !fields.missing.isEmpty {
            let names = fields.missing.map { "${\($0.rawValue)}" }.joined(separator: ", ")
            complain("\(name): the records cannot be judged: they lack \(names)")
            return
          }
          if isNamed { continue }
        }
        do throws(FlowLogEntry.Fault) {
          if let entry = try FlowLogEntry(text, fields, line: lines.number) {
            entries.append(entry)
          } else {
            audit.countRecordWithoutTraffic()
          }
        } catch {
          faults += 1
          if faults <= Self.complaintLimit { StandardError.report("\(name): line \(lines.number): \(error)") }
        }
        if entries.count >= Self.sortLimit {
          audit.audit(entries)
          entries.removeAll(keepingCapacity: true)
        }
      }
    } catch {
      failed = true
      warnings.append(error.description)
      StandardError.report(error)
    }
    audit.audit(entries)
    guard faults > 0 else { return }
    failed = true
    warnings.append(
      "\(name): \(faults) line\(faults == 1 ? " is not a record and was" : "s are not records and were") passed over"
    )
    if !isNamed && entries.isEmpty {
      StandardError.report("\(name): has no line that names its fields: name them with --flow-log-format")
    }
    if faults > Self.complaintLimit {
      StandardError.report("\(name): \(faults - Self.complaintLimit) more lines are not records")
    }
  }

  private mutating func complain(_ problem: String) {
    failed = true
    warnings.append(problem)
    StandardError.report(problem)
  }
}
