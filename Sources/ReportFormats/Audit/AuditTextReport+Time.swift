import NetworkTypes
import TrafficAudit

/// What happened over time besides packets.
extension AuditTextReport {
  // MARK: Changes

  func writeChanges(to canvas: inout TextCanvas) {
    guard !report.changes.isEmpty else { return }
    canvas.heading("CHANGES", "of the network during the audit")
    let count = shown(report.changes.count, Limit.changes)
    let day = report.captures.compactMap(\.firstTime).min().map { $0.description.prefix(10) }
    var last: AuditReport.Change?
    for change in report.changes.prefix(count) {
      if last?.time != change.time || last?.frame != change.frame {
        let time = change.time.description
        let date = time.prefix(10) == day ? "" : "\(time.prefix(10)) "
        canvas.line(
          "  \(date)\(time.dropFirst(11).prefix(8))", right: "from frame \(Quantities.count(change.frame))")
      }
      last = change
      var told: Set<String> = []
      canvas.paragraph("    ", Self.naming(change.text, change.names, &told), indent: 4)
      if !change.effects.isEmpty {
        let effects = change.effects.map { Self.naming($0, change.names, &told) }
        canvas.paragraph("      ", effects.joined(separator: "; "), indent: 6)
      }
    }
    writeRest(report.changes.count - count, "changes", to: &canvas)
  }

  /// A sentence with names behind the ids, where an id is first told: `stop i-0123 (web-1)`.
  private static func naming(
    _ sentence: String, _ names: [String: String], _ told: inout Set<String>
  ) -> String {
    sentence.split(separator: " ", omittingEmptySubsequences: false).map { word in
      let id = String(AuditReport.Change.words(String(word)).first ?? "")
      guard let name = names[id], told.insert(id).inserted else { return String(word) }
      return "\(id) (\(name))\(word.dropFirst(id.count))"
    }.joined(separator: " ")
  }

  // MARK: Alarms

  func writeAlarms(to canvas: inout TextCanvas) {
    guard let alarms = report.alarms else { return }
    canvas.heading("ALARMS", alarms.isEmpty ? "none changed its state" : "changes of state")
    let count = shown(alarms.count, Limit.alarms)
    for change in alarms.prefix(count) {
      let time = change.time.description.dropFirst(11).prefix(8)
      let state = StyledText(
        change.new, change.new == "ALARM" ? .boldRed : change.new == "OK" ? .green : .yellow)
      canvas.line("  \(time)  " + StyledText(change.name, .bold) + "  \(change.old) -> " + state)
      canvas.paragraph("      ", change.reason, indent: 6)
    }
    writeRest(alarms.count - count, "changes of state", to: &canvas)
  }
}
