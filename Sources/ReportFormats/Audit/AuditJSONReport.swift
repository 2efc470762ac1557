import Filtering
import NetworkTypes
import TrafficAudit
import TrafficCosts

/// An audit as JSON, schema `sallyport.audit/1`.
///
/// Every key is always there, in this order; `null` stands where something does not apply. A denial of ICMP has no
/// port and adds `icmp_type` and `icmp_code`; an audit during which the network changed adds `changes`, and `removed`
/// to rules that were taken away; one with alarms adds `alarms`, one with prices `costs`.
public struct AuditJSONReport: Sendable {
  public let report: AuditReport

  /// What the traffic costs, where prices were given.
  public let costs: CostReport?

  public init(_ report: AuditReport, costs: CostReport? = nil) {
    self.report = report
    self.costs = costs
  }

  /// The document, ending in a line feed.
  public func text() -> String {
    var members: [(String, JSONText)] = [
      ("schema", .string("sallyport.audit/1")),
      ("captures", .array(report.captures.map(capture))),
      ("packets", classes(report.packets)),
      ("bytes", classes(report.bytes)),
      (
        "flows",
        .object([
          ("total", .integer(report.flows.total)), ("allowed", .integer(report.flows.allowed)),
          ("denied", .integer(report.flows.denied)),
        ])
      ),
      ("denials", .array(report.denials.map(denial))),
      ("interfaces", .array(report.interfaces.map(interface))),
      ("rules", .array(report.rules.map(rule))),
      ("undecoded", .array(report.undecoded.map(undecoded))),
      ("unknown", .array(report.unknowns.map(unknown))),
      ("duplicates", .integer(report.duplicates)),
      ("warnings", .strings(report.warnings)),
    ]
    if !report.changes.isEmpty { members.append(("changes", .array(report.changes.map(change)))) }
    if let alarms = report.alarms { members.append(("alarms", .array(alarms.map(alarm)))) }
    if let costs { members.append(("costs", CostJSON(costs, report).value)) }
    return JSONText.object(members).pretty()
  }

  private func alarm(_ change: AuditReport.AlarmChange) -> JSONText {
    .object([
      ("time", .string(change.time.description)), ("name", .string(change.name)),
      ("old_state", .string(change.old)), ("new_state", .string(change.new)),
      ("reason", .string(change.reason)),
    ])
  }

  private func change(_ change: AuditReport.Change) -> JSONText {
    .object([
      ("time", .string(change.time.description)), ("first_frame", .integer(change.frame)),
      ("change", .string(change.text)), ("effects", .strings(change.effects)),
    ])
  }

  private func capture(_ capture: AuditReport.CaptureDescription) -> JSONText {
    .object([
      ("path", .string(capture.path)), ("format", .string(capture.format)),
      ("link_type", .string(capture.linkType)), ("packets", .integer(capture.packets)),
      ("bytes", .integer(capture.bytes)), ("first_time", .optional(capture.firstTime?.description)),
      ("last_time", .optional(capture.lastTime?.description)), ("truncated", .bool(capture.isTruncated)),
    ])
  }

  private func classes(_ counts: AuditReport.ClassCounts) -> JSONText {
    .object([
      ("total", .integer(counts.total)), ("allowed", .integer(counts[.allow])),
      ("denied", .integer(counts[.deny])), ("exempt", .integer(counts[.exempt])),
      ("unknown", .integer(counts[.unknown])), ("unplaced", .integer(counts[.unplaced])),
      ("undecoded", .integer(counts[.undecoded])),
    ])
  }

  private func denial(_ denial: AuditReport.Denial) -> JSONText {
    var members: [(String, JSONText)] = [
      ("code", .string(denial.code.rawValue)), ("stage", .string(denial.stage.description)),
      ("interface", .optional(denial.interface?.rawValue)),
      ("direction", .string(denial.direction.description)), ("remote", .string(denial.remote.description)),
      ("protocol", .string(denial.ipProtocol.description)),
      ("port", denial.port.map { .integer(Int($0)) } ?? .null),
    ]
    if let icmp = denial.icmp {
      members += [("icmp_type", .integer(Int(icmp.type))), ("icmp_code", .integer(Int(icmp.code)))]
    }
    members += tally(denial.tally)
    members += [
      ("first_frame", .integer(denial.firstFrame)), ("explanation", .string(denial.explanation)),
    ]
    return .object(members)
  }

  private func tally(_ tally: Tally) -> [(String, JSONText)] {
    [
      ("packets", .integer(tally.packets)), ("bytes", .integer(tally.bytes)),
      ("flows", .integer(tally.flows)),
    ]
  }

  private func interface(_ use: AuditReport.InterfaceUse) -> JSONText {
    let counts = { (counts: AuditReport.InterfaceUse.Counts) in
      JSONText.object([("allowed", .integer(counts.allowed)), ("denied", .integer(counts.denied))])
    }
    return .object(
      [
        ("id", .string(use.id.rawValue)), ("name", .string(use.name ?? "")), ("ingress", counts(use.ingress)),
        ("egress", counts(use.egress)),
      ] + JSONText.members(of: use.place))
  }

  private func rule(_ rule: AuditReport.RuleUse) -> JSONText {
    .object(
      [
        ("owner", .string(rule.owner.rawValue)), ("id", .string(rule.id)),
        ("direction", .string(rule.direction.description)), ("text", .string(rule.text)),
      ] + tally(rule.tally) + (rule.wasRemoved ? [("removed", .bool(true))] : []))
  }

  private func undecoded(_ undecoded: AuditReport.Undecoded) -> JSONText {
    .object([
      ("layer", .string(undecoded.stop.layer.description)),
      ("reason", .string(undecoded.stop.description)),
      ("packets", .integer(undecoded.packets)),
    ])
  }

  private func unknown(_ unknown: AuditReport.Unknown) -> JSONText {
    .object([
      ("interface", .optional(unknown.interface?.rawValue)), ("missing", .string(unknown.explanation)),
      ("packets", .integer(unknown.packets)),
    ])
  }
}
