import NetworkTypes
import TrafficAudit

/// What happened over time besides packets.
extension AuditTextReport {
  // MARK: Changes

  func writeChanges(to canvas: inout TextCanvas) {
    guard !report.changes.isEmpty else { return }
    canvas.heading("CHANGES", "of the network during the audit")
    let count = shown(report.changes.count, Limit.changes)
    for change in report.changes.prefix(count) {
      let time = change.time.description.dropFirst(11).prefix(8)
      canvas.line("  \(time)", right: "from frame \(Quantities.count(change.frame))")
      canvas.paragraph("    ", change.text, indent: 4)
      if !change.effects.isEmpty {
        canvas.paragraph("      ", change.effects.joined(separator: "; "), indent: 6)
      }
    }
    writeRest(report.changes.count - count, "changes", to: &canvas)
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
