import NetworkTypes
import PolicyFormats
import VirtualNetworks

/// Reads one alarm of either form.
struct AlarmReader {
  let log: YAMLProblemLog

  init(_ log: YAMLProblemLog) { self.log = log }

  // MARK: Sallyport's form

  func alarm(_ member: YAMLMapping.Member) throws(YAMLProblem) -> Alarm {
    let mapping = try member.value.mapping("an alarm: {metric: packets, when: sum > 100}")
    log.checkKeys(
      of: mapping,
      known: [
        "metric", "of", "when", "period", "for", "missing", "low_samples", "description", "actions",
        "ok_actions",
        "insufficient_data_actions",
      ])
    let condition = try condition(mapping.required("when"))
    var alarm = Alarm(
      name: member.key, summary: try mapping["description"]?.text() ?? "", metric: try metric(mapping),
      statistic: condition.statistic, period: try seconds(mapping["period"]),
      comparison: condition.comparison, threshold: condition.threshold, location: member.keyLocation)
    if let node = mapping["for"] { (alarm.datapointsToAlarm, alarm.evaluationPeriods) = try points(node) }
    if let node = mapping["missing"] { alarm.missingData = try missing(node) }
    if let node = mapping["low_samples"] { alarm.lowSampleCount = try lowSampleCount(node) }
    alarm.actions = try targets(mapping)
    try check(alarm, at: member.keyLocation)
    if let objection = alarm.metric.objection { throw YAMLProblem(at: member.keyLocation, objection) }
    return alarm
  }

  /// An alarm over other alarms.
  func composite(_ member: YAMLMapping.Member) throws(YAMLProblem) -> CompositeAlarm {
    let mapping = try member.value.mapping("a composite alarm: {rule: ALARM(denied)}")
    log.checkKeys(
      of: mapping, known: ["rule", "description", "actions", "ok_actions", "insufficient_data_actions"])
    let profile = AlarmProfile(
      name: member.key, summary: try mapping["description"]?.text() ?? "",
      actions: try targets(mapping), location: member.keyLocation)
    let rule = try mapping.required("rule")
    let text = try rule.text(Self.exampleOfRule)
    do throws(AlarmRuleProblem) { return try CompositeAlarm(profile, rule: text) } catch {
      throw YAMLProblem(at: rule.location, "the rule of \(profile.name): \(error)")
    }
  }

  static let exampleOfRule = "a rule: ALARM(denied) OR ALARM(busy)"

  /// Whom to tell: what is no target is found here, and not when it is wanted.
  private func targets(_ mapping: YAMLMapping) throws(YAMLProblem) -> [AlarmState: [String]] {
    for key in ["actions", "ok_actions", "insufficient_data_actions"] {
      for node in mapping[key]?.listOrOne ?? [] {
        let text = try node.text()
        do throws(AlarmTargetProblem) { _ = try AlarmTarget(parsing: text) } catch {
          throw YAMLProblem(at: node.location, found: error.found, expected: error.expected)
        }
      }
    }
    return try actions(mapping, "actions", "ok_actions", "insufficient_data_actions")
  }

  func actions(
    _ mapping: YAMLMapping, _ alarm: String, _ ok: String, _ missing: String
  ) throws(YAMLProblem) -> [AlarmState: [String]] {
    let actions: [AlarmState: [String]] = [
      .alarm: try texts(mapping[alarm]), .ok: try texts(mapping[ok]),
      .insufficientData: try texts(mapping[missing]),
    ]
    for (state, listed) in actions where listed.count > 5 {
      throw YAMLProblem(
        at: mapping.location, "\(listed.count) actions for \(state.rawValue), expected at most 5")
    }
    return actions
  }

  private func metric(_ mapping: YAMLMapping) throws(YAMLProblem) -> AlarmMetric {
    let names = [
      "packets": "Packets", "bytes": "Bytes", "flows": "Flows", "new_connections": "NewConnections",
      "tracked_connections": "TrackedConnections",
    ]
    let node = try mapping.required("metric")
    let word = try node.word(names.keys.sorted())
    let labels = [
      "verdict": "Verdict", "interface": "InterfaceId", "direction": "Direction", "group": "SecurityGroupId",
      "rule": "Rule", "code": "Code",
    ]
    var dimensions: [AlarmMetric.Dimension] = []
    if let of = mapping["of"] {
      let members = try of.mapping("labels: {verdict: denied}")
      log.checkKeys(of: members, known: labels.keys.sorted())
      for member in members.members {
        guard let name = labels[member.key] else { continue }
        if member.key == "verdict" {
          _ = try member.value.word(AlarmMetric.verdicts)
        }
        if member.key == "direction" { _ = try member.value.word(AlarmMetric.directions) }
        dimensions.append(AlarmMetric.Dimension(name, try member.value.text()))
      }
    }
    return AlarmMetric(name: names[word] ?? "", dimensions: dimensions)
  }

  private struct Condition {
    var statistic: Alarm.Statistic
    var comparison: Alarm.Comparison
    var threshold: Double
  }

  /// `sum > 100`, `p90>=1500`, `> 100`
  private func condition(_ node: YAMLNode) throws(YAMLProblem) -> Condition {
    let text = try node.text("a condition: sum > 100")
    let words = text.replacing(/[<>]=?/) { " \($0.output) " }.split(separator: " ").map(String.init)
    let comparisons: [String: Alarm.Comparison] = [
      ">": .greaterThan, ">=": .greaterThanOrEqual, "<": .lessThan, "<=": .lessThanOrEqual,
    ]
    let rest = words.suffix(2)
    guard (2...3).contains(words.count), let comparison = rest.first.flatMap({ comparisons[$0] }),
      let threshold = rest.last.flatMap(Double.init), threshold.isFinite,
      let statistic = words.count == 2 ? .sum : Alarm.Statistic(words[0])
    else {
      throw YAMLProblem(
        at: node.location, found: "\"\(text)\"",
        expected: "sum, average, minimum, maximum, sample_count or p90, then >, >=, < or <=, then a number")
    }
    return Condition(statistic: statistic, comparison: comparison, threshold: threshold)
  }

  /// `3`, or `2 of 3`.
  private func points(_ node: YAMLNode) throws(YAMLProblem) -> (Int, Int) {
    try node.value("periods: 3, or 2 of 3") { text in
      let words = text.split(separator: " ")
      if words.count == 1, let count = Int(words[0]) { return (count, count) }
      guard words.count == 3, words[1] == "of", let some = Int(words[0]), let all = Int(words[2]) else {
        return nil
      }
      return (some, all)
    }
  }

  private func seconds(_ node: YAMLNode?) throws(YAMLProblem) -> Int {
    guard let node else { return 60 }
    return try node.value("seconds: 10, 20, 30 or a multiple of 60") { text in
      Int(text.hasSuffix("s") ? text.dropLast() : text[...])
    }
  }

  func missing(_ node: YAMLNode) throws(YAMLProblem) -> Alarm.MissingData {
    try node.value("missing, ignore, breaching or notBreaching") { text in
      Alarm.MissingData(rawValue: text == "not_breaching" ? "notBreaching" : text)
    }
  }

  func lowSampleCount(_ node: YAMLNode) throws(YAMLProblem) -> Alarm.LowSampleCount {
    try node.value("evaluate or ignore") { Alarm.LowSampleCount(rawValue: $0) }
  }

  func texts(_ node: YAMLNode?) throws(YAMLProblem) -> [String] {
    var texts: [String] = []
    for element in node?.listOrOne ?? [] { texts.append(try element.text()) }
    return texts
  }

  /// What CloudWatch demands of the numbers (semantics AL-2, AL-3).
  func check(_ alarm: Alarm, at location: SourceLocation) throws(YAMLProblem) {
    func refuse(_ message: String) throws(YAMLProblem) { throw YAMLProblem(at: location, message) }
    guard [10, 20, 30].contains(alarm.period) || alarm.period > 0 && alarm.period % 60 == 0 else {
      return try refuse("a period of \(alarm.period) s, expected 10, 20, 30 or a multiple of 60")
    }
    guard alarm.evaluationPeriods >= 1, (1...alarm.evaluationPeriods).contains(alarm.datapointsToAlarm) else {
      return try refuse(
        "\(alarm.datapointsToAlarm) of \(alarm.evaluationPeriods) periods, expected 1 or more, and at most all"
      )
    }
    let range = alarm.period.multipliedReportingOverflow(by: alarm.evaluationPeriods)
    let limit = alarm.period < 3600 ? 86_400 : 604_800
    guard !range.overflow, range.partialValue <= limit else {
      return try refuse(
        "\(alarm.evaluationPeriods) periods of \(alarm.period) s are more than "
          + (limit == 86_400 ? "a day" : "seven days"))
    }
  }
}
