import PolicyFormats
import VirtualNetworks

/// CloudWatch's form: the output of `aws cloudwatch describe-alarms`.
extension AlarmReader {
  /// Why a described alarm cannot be evaluated, whatever its numbers; nil where it can.
  static func objection(to mapping: YAMLMapping) -> String? {
    if let criteria = mapping["EvaluationCriteria"], !criteria.isNull { return "evaluates a query (PromQL)" }
    if let statistic = oddStatistic(mapping) {
      return "evaluates the statistic \(statistic), which is none of those known here"
    }
    guard let queries = mapping["Metrics"]?.listOrOne, !queries.isEmpty else { return nil }
    let expressions = queries.compactMap { try? $0.mapping()["Expression"]?.text() }
    if let band = expressions.first(where: { $0.uppercased().contains("ANOMALY_DETECTION_BAND") }) {
      return "watches for anomalies, \(band), by a model that only CloudWatch has"
    }
    if let threshold = mapping["ThresholdMetricId"], !threshold.isNull {
      return "compares a metric with a band or another metric (ThresholdMetricId)"
    }
    if let expression = expressions.first { return "watches an expression over metrics, \(expression)" }
    return queries.count == 1 ? nil : "watches \(queries.count) metrics at once"
  }

  /// A statistic that CloudWatch knows and Sallyport does not: trimmed means, counts and sums, percentile ranks.
  private static func oddStatistic(_ mapping: YAMLMapping) -> String? {
    let query = try? mapping["Metrics"]?.listOrOne.first?.mapping()["MetricStat"]?.mapping()
    guard let text = try? (mapping["ExtendedStatistic"] ?? query?["Stat"])?.text() else { return nil }
    return Alarm.Statistic(text) == nil ? text : nil
  }

  func described(_ alarm: YAMLMapping) throws(YAMLProblem) -> Alarm {
    // One metric may also be written as a list of queries with one element.
    var metric = alarm
    var source = alarm
    var named = alarm["ExtendedStatistic"].flatMap { $0.isNull ? nil : $0 } ?? alarm["Statistic"]
    if let query = alarm["Metrics"]?.listOrOne.first {
      source = try query.mapping("a metric's query").required("MetricStat").mapping("a metric's statistic")
      metric = try source.required("Metric").mapping("a metric")
      named = try source.required("Stat")
    } else if named == nil {
      named = try alarm.required("Statistic")
    }
    let statistic = try (named ?? YAMLNode(.list([]), location: alarm.location)).value(
      "Sum, Average, Minimum, Maximum, SampleCount or p90"
    ) { Alarm.Statistic($0) }
    let comparison = try alarm.required("ComparisonOperator").value(
      Alarm.Comparison.allCases.map(\.rawValue).joined(separator: ", ")
    ) { Alarm.Comparison(rawValue: $0) }
    var dimensions: [AlarmMetric.Dimension] = []
    for node in metric["Dimensions"]?.listOrOne ?? [] {
      let dimension = try node.mapping("a dimension")
      dimensions.append(
        AlarmMetric.Dimension(try dimension.required("Name").text(), try dimension.required("Value").text()))
    }
    var read = Alarm(
      name: "",
      metric: AlarmMetric(
        namespace: try metric.required("Namespace").text(), name: try metric.required("MetricName").text(),
        dimensions: dimensions),
      statistic: statistic, period: try source.required("Period").integer(in: 1...604_800),
      evaluationPeriods: try alarm.required("EvaluationPeriods").integer(in: 1...604_800),
      comparison: comparison, threshold: try alarm.required("Threshold").number())
    read.profile = try profile(alarm)
    if let node = alarm["DatapointsToAlarm"], !node.isNull {
      read.datapointsToAlarm = try node.integer(in: 1...604_800)
    }
    if let node = alarm["TreatMissingData"], !node.isNull { read.missingData = try missing(node) }
    if let node = alarm["EvaluateLowSampleCountPercentile"], !node.isNull {
      read.lowSampleCount = try lowSampleCount(node)
    }
    try check(read, at: alarm.location)
    return read
  }

  /// Reads a composite alarm, or says why its rule is not understood: CloudWatch took it, so it is no mistake of the
  /// file's, and the other alarms count.
  func describedComposite(
    _ alarm: YAMLMapping
  ) throws(YAMLProblem) -> Result<CompositeAlarm, AlarmRuleProblem> {
    let text = try alarm.required("AlarmRule").text(Self.exampleOfRule)
    let rule: AlarmRule
    do throws(AlarmRuleProblem) { rule = try AlarmRule(parsing: text) } catch { return .failure(error) }
    return .success(CompositeAlarm(try profile(alarm), rule, text))
  }

  private func profile(_ alarm: YAMLMapping) throws(YAMLProblem) -> AlarmProfile {
    var profile = AlarmProfile(
      name: try alarm.required("AlarmName").text(), summary: try optional(alarm["AlarmDescription"]) ?? "",
      arn: try optional(alarm["AlarmArn"]),
      actions: try actions(alarm, "AlarmActions", "OKActions", "InsufficientDataActions"),
      location: alarm.location)
    profile.updated = try optional(alarm["AlarmConfigurationUpdatedTimestamp"])
    profile.actionsEnabled = try alarm["ActionsEnabled"]?.bool() ?? true
    return profile
  }

  private func optional(_ node: YAMLNode?) throws(YAMLProblem) -> String? {
    guard let node, !node.isNull else { return nil }
    if case .scalar(let text, _) = node.content { return text }
    throw node.problem("text")
  }
}
