import CaptureFiles
import TrafficAudit

/// Flow logs: lines of a file, held against the bundled network.
enum FlowLogTarget {
  static func run(_ bytes: [UInt8]) {
    let path = ScratchFile.shared.holding(bytes)
    var format = FlowLogFormat.standard
    var entries: [FlowLogEntry] = []
    var audit = FlowLogAudit(Example.filter, Example.network)
    do throws(CaptureError) {
      var lines = try InputLines(path: path)
      if let foreign = try lines.foreignContent() { require(!foreign.name.isEmpty, "content without a name") }
      while let line = try lines.next() {
        require(line.count <= CaptureLimits.lineLength, "a line of \(line.count) bytes")
        let text = String(decoding: line, as: UTF8.self)
        let header = lines.number == 1 ? FlowLogFormat.header(text) : FlowLogFormat.headerWithin(text)
        if let header {
          format = header.format
          continue
        }
        do throws(FlowLogEntry.Fault) {
          if let entry = try FlowLogEntry(text, format, line: lines.number) { entries.append(entry) }
        } catch {
          require(!error.found.isEmpty && !error.expected.isEmpty, "no description")
        }
      }
    } catch {
      require(error.description.contains(path), "the error does not name its input: \(error)")
    }
    audit.audit(entries)
    let report = audit.finished()
    let told =
      report.agreements + report.disagreeing + report.notPredicted.values.reduce(0, +)
    require(report.records == entries.count && told == entries.count, "\(told) of \(entries.count) records")
  }
}
