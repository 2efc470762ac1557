import PolicyFormats
import VirtualNetworks

/// Alarms as a file tells them: Sallyport's YAML, or the output of `aws cloudwatch describe-alarms`.
///
/// ```yaml
/// alarms:
///   denied:
///     metric: packets                   # bytes, flows, new_connections, tracked_connections
///     of: {verdict: denied}             # interface, direction, group, rule, code, too
///     when: sum > 100                   # or average, minimum, maximum, sample_count, p90
///     period: 60                        # seconds
///     for: 2 of 3                       # periods
///     missing: missing                  # ignore, breaching, notBreaching
///     low_samples: evaluate             # ignore: a percentile of too few samples changes nothing
///     actions: [file:alarms.ndjson, command:./page.sh]
///     ok_actions: [http://127.0.0.1:8080/hook]
///     insufficient_data_actions: [arn:aws:sns:eu-west-1:123456789012:ops]
///   page:
///     rule: ALARM(denied) AND NOT ALARM(deploying)     # a composite alarm
///     actions: ["command:./page.sh"]
/// ```
public struct AlarmFile: Sendable {
  public var alarms: [Alarm] = []
  /// Alarms over other alarms, each after those that its rule names.
  public var composites: [CompositeAlarm] = []
  /// What was passed over.
  public var warnings: [String] = []
  /// Whether the file describes alarms of an account: whom they tell there should hear nothing of a rehearsal.
  public var isDescription = false

  /// Alarms of one file.
  public static let limit = 10_000

  public init(path: String) throws {
    try self.init(parsing: try TextFile.bytes(of: path), file: path == "-" ? "standard input" : path)
  }

  /// Throws ``YAMLProblems`` that say where. JSON is read as YAML, of which it is a part.
  public init(parsing bytes: [UInt8], file: String) throws {
    let document: YAMLDocument
    do { document = try YAMLDocument(parsing: bytes, file: file) } catch { throw YAMLProblems([error]) }
    let log = YAMLProblemLog(document.problems)
    _ = log.attempt { () throws(YAMLProblem) in
      let root = try document.root.mapping(
        "a mapping with the key \"alarms\", or the output of describe-alarms")
      if root["MetricAlarms"] != nil || root["CompositeAlarms"] != nil {
        isDescription = true
        try read(metric: root["MetricAlarms"], log)
        try read(composite: root["CompositeAlarms"], log)
        return
      }
      log.checkKeys(of: root, known: ["alarms"])
      let listed = try root.required("alarms").mapping("a mapping from names to alarms")
      try Self.check(listed.members.count, at: root.location)
      for member in listed.members {
        _ = log.attempt { () throws(YAMLProblem) in
          let mapping = try member.value.mapping("an alarm: {metric: packets, when: sum > 100}")
          if mapping["rule"] == nil {
            alarms.append(try AlarmReader(log).alarm(member))
          } else {
            composites.append(try AlarmReader(log).composite(member))
          }
        }
      }
    }
    arrange(log)
    try log.throwIfAny()
  }

  private static func check(_ count: Int, at location: SourceLocation) throws(YAMLProblem) {
    guard count > limit else { return }
    throw YAMLProblem(at: location, "\(count) alarms; the limit is \(limit)")
  }

  /// Puts composite alarms in their order. What a person wrote must be there; in an account's alarms some are not
  /// evaluated, nor then those that hang on them.
  private mutating func arrange(_ log: YAMLProblemLog) {
    let hierarchy = AlarmHierarchy(composites, over: alarms.map(\.profile))
    composites = hierarchy.ordered
    for (alarm, reason) in hierarchy.refused {
      if isDescription {
        warnings.append("\(alarm.profile.location): \(alarm.profile.name): \(reason); passed over")
      } else {
        log.add(at: alarm.profile.location, reason)
      }
    }
  }

  private static func nodes(_ described: YAMLNode?) throws(YAMLProblem) -> [YAMLNode] {
    guard let described else { return [] }
    let nodes = try described.list("a list of alarms")
    try check(nodes.count, at: described.location)
    return nodes
  }

  private mutating func read(metric described: YAMLNode?, _ log: YAMLProblemLog) throws(YAMLProblem) {
    for node in try Self.nodes(described) {
      guard let mapping = log.attempt({ () throws(YAMLProblem) in try node.mapping("an alarm") }) else {
        continue
      }
      let name = (try? mapping["AlarmName"]?.text()) ?? "an alarm without a name"
      if let objection = AlarmReader.objection(to: mapping) {
        warnings.append("\(node.location): \(name) \(objection); not evaluated")
        continue
      }
      guard let alarm = log.attempt({ () throws(YAMLProblem) in try AlarmReader(log).described(mapping) })
      else {
        continue
      }
      if let objection = alarm.metric.objection {
        warnings.append("\(node.location): \(name): \(objection); passed over")
      } else {
        alarms.append(alarm)
      }
    }
  }

  private mutating func read(composite described: YAMLNode?, _ log: YAMLProblemLog) throws(YAMLProblem) {
    for node in try Self.nodes(described) {
      _ = log.attempt { () throws(YAMLProblem) in
        let mapping = try node.mapping("an alarm")
        switch try AlarmReader(log).describedComposite(mapping) {
        case .failure(let problem):
          let name = (try? mapping["AlarmName"]?.text()) ?? "a composite alarm without a name"
          warnings.append("\(node.location): \(name): its rule, \(problem); not evaluated")
        case .success(let alarm):
          composites.append(alarm)
          if let suppressor = mapping["ActionsSuppressor"], !suppressor.isNull,
            let name = try? suppressor.text()
          {
            warnings.append(
              "\(node.location): \(alarm.profile.name): that \(name) suppresses its actions is not modelled; "
                + "they are told of every change")
          }
        }
      }
    }
  }
}
