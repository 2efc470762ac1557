import MetricAlarms
import NetworkTypes

/// What CloudWatch publishes to a topic when an alarm changes (semantics AL-12).
public struct AlarmMessage: Sendable {
  public let transition: AlarmTransition
  private let account: String
  private let region: String

  /// - Parameter topic: The ARN of the topic, which tells account and Region where the alarm itself does not.
  public init(_ transition: AlarmTransition, topic: String? = nil) {
    self.transition = transition
    let arn = (transition.alarm.arn ?? topic ?? "").split(separator: ":", omittingEmptySubsequences: false)
    account = arn.count > 4 ? String(arn[4]) : ""
    region = arn.count > 3 ? String(arn[3]) : ""
  }

  /// `ALARM: "denied" in EU (Ireland)`, 100 characters at most.
  public var subject: String {
    let text = "\(transition.new.rawValue): \"\(transition.alarm.name)\" in \(Self.longName(region))"
    let plain = text.unicodeScalars.map { $0.isASCII && $0.value >= 0x20 ? Character($0) : "?" }
    return String(plain.prefix(100))
  }

  /// The JSON text.
  public var body: String {
    let alarm = transition.alarm
    let arn = arn(of: alarm)
    func actions(_ state: AlarmState) -> JSONText { .strings(alarm.actions[state] ?? []) }
    let time = Self.time(transition.time)
    if case .rule(let composite, let children) = transition.cause {
      return JSONText.object([
        ("AlarmName", .string(alarm.name)),
        ("AlarmDescription", alarm.summary.isEmpty ? .null : .string(alarm.summary)),
        ("AWSAccountId", .string(account)), ("NewStateValue", .string(transition.new.rawValue)),
        ("NewStateReason", .string(transition.reason)), ("StateChangeTime", .string(time)),
        ("Region", .string(Self.longName(region))), ("AlarmArn", .string(arn)), ("OKActions", actions(.ok)),
        ("AlarmActions", actions(.alarm)), ("InsufficientDataActions", actions(.insufficientData)),
        ("OldStateValue", .string(transition.old.rawValue)), ("AlarmRule", .string(composite.text)),
        ("TriggeringChildren", .array(children.map(triggering))),
      ]).compact()
    }
    return JSONText.object([
      ("AlarmName", .string(alarm.name)),
      ("AlarmDescription", alarm.summary.isEmpty ? .null : .string(alarm.summary)),
      ("AWSAccountId", .string(account)),
      ("AlarmConfigurationUpdatedTimestamp", .string(updated ?? time)),
      ("NewStateValue", .string(transition.new.rawValue)), ("NewStateReason", .string(transition.reason)),
      ("StateChangeTime", .string(time)), ("Region", .string(Self.longName(region))),
      ("AlarmArn", .string(arn)), ("OldStateValue", .string(transition.old.rawValue)),
      ("OKActions", actions(.ok)), ("AlarmActions", actions(.alarm)),
      ("InsufficientDataActions", actions(.insufficientData)), ("Trigger", trigger),
    ]).compact()
  }

  private func arn(of alarm: AlarmProfile) -> String {
    alarm.arn ?? "arn:aws:cloudwatch:\(region):\(account):alarm:\(alarm.name)"
  }

  private func triggering(_ child: AlarmTransition.Child) -> JSONText {
    .object([
      ("Arn", .string(arn(of: child.alarm))),
      (
        "State",
        .object([("Value", .string(child.state.rawValue)), ("Timestamp", .string(Self.time(child.time)))])
      ),
    ])
  }

  private var trigger: JSONText {
    guard case .metric(let alarm) = transition.cause else { return .null }
    let isExtended = if case .percentile = alarm.statistic { true } else { false }
    let statistic = isExtended ? alarm.statistic.name : alarm.statistic.messageName
    return .object([
      ("MetricName", .string(alarm.metric.name)), ("Namespace", .string(alarm.metric.namespace)),
      ("StatisticType", .string(isExtended ? "ExtendedStatistic" : "Statistic")),
      (isExtended ? "ExtendedStatistic" : "Statistic", .string(statistic)), ("Unit", .null),
      (
        "Dimensions",
        .array(
          alarm.metric.dimensions.map { .object([("value", .string($0.value)), ("name", .string($0.name))]) })
      ),
      ("Period", .integer(alarm.period)), ("EvaluationPeriods", .integer(alarm.evaluationPeriods)),
      ("DatapointsToAlarm", .integer(alarm.datapointsToAlarm)),
      ("ComparisonOperator", .string(alarm.comparison.rawValue)), ("Threshold", .raw("\(alarm.threshold)")),
      ("TreatMissingData", .string(alarm.missingData.rawValue)),
      ("EvaluateLowSampleCountPercentile", .string(alarm.lowSampleCount?.rawValue ?? "")),
    ])
  }

  /// The time of the alarm's configuration as messages write times.
  private var updated: String? { transition.alarm.updated.flatMap { CaptureTime($0) }.map(Self.time) }

  /// `2025-02-02T12:06:35.472+0000`
  static func time(_ time: CaptureTime) -> String { time.description.prefix(23) + "+0000" }

  /// Regions as messages name them; a Region that is not known by its code.
  static func longName(_ region: String) -> String {
    let names = [
      "us-east-1": "US East (N. Virginia)", "us-east-2": "US East (Ohio)",
      "us-west-1": "US West (N. California)",
      "us-west-2": "US West (Oregon)", "ca-central-1": "Canada (Central)",
      "ca-west-1": "Canada West (Calgary)",
      "sa-east-1": "South America (Sao Paulo)", "eu-west-1": "EU (Ireland)", "eu-west-2": "EU (London)",
      "eu-west-3": "EU (Paris)", "eu-central-1": "EU (Frankfurt)", "eu-central-2": "Europe (Zurich)",
      "eu-north-1": "EU (Stockholm)", "eu-south-1": "Europe (Milan)", "eu-south-2": "Europe (Spain)",
      "ap-northeast-1": "Asia Pacific (Tokyo)", "ap-northeast-2": "Asia Pacific (Seoul)",
      "ap-northeast-3": "Asia Pacific (Osaka)", "ap-southeast-1": "Asia Pacific (Singapore)",
      "ap-southeast-2": "Asia Pacific (Sydney)", "ap-southeast-3": "Asia Pacific (Jakarta)",
      "ap-south-1": "Asia Pacific (Mumbai)", "ap-south-2": "Asia Pacific (Hyderabad)",
      "ap-east-1": "Asia Pacific (Hong Kong)", "af-south-1": "Africa (Cape Town)",
      "me-south-1": "Middle East (Bahrain)", "me-central-1": "Middle East (UAE)",
      "il-central-1": "Israel (Tel Aviv)", "us-gov-west-1": "AWS GovCloud (US-West)",
      "us-gov-east-1": "AWS GovCloud (US-East)",
    ]
    return names[region] ?? region
  }
}

extension Alarm.Statistic {
  /// `SUM`, `SAMPLE_COUNT`: as messages write it.
  fileprivate var messageName: String {
    self == .sampleCount ? "SAMPLE_COUNT" : name.uppercased()
  }
}

extension AlarmTransition {
  /// One line for people: `2026-01-05T09:01:00Z  denied: OK -> ALARM  Threshold Crossed: …`
  public var line: String {
    "\(String(time.description.prefix(19)))Z  \(alarm.name): \(old.rawValue) -> \(new.rawValue)  \(reason)"
  }
}
