import MetricAlarms
import TrafficAudit

/// Alarms and the port of a watch, from its beginning to its report.
struct WatchMonitors {
  var file: AlarmFile?
  var desk: AlarmDesk?
  var port: MetricsPort?
  /// Changes of alarms' states; nil where there are no alarms.
  var transitions: [AlarmTransition]?

  /// The report with what became of the alarms.
  func complete(_ report: AuditReport) -> AuditReport {
    var report = report
    report.alarms = transitions?.map(AuditReport.AlarmChange.init)
    return report
  }
}

extension AuditReport.AlarmChange {
  init(_ change: AlarmTransition) {
    self.init(
      time: change.time, name: change.alarm.name, old: change.old.rawValue, new: change.new.rawValue,
      reason: change.reason)
  }
}
