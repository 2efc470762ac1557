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
///     actions: [file:alarms.ndjson, command:./page.sh]
///     ok_actions: [http://127.0.0.1:8080/hook]
///     insufficient_data_actions: [arn:aws:sns:eu-west-1:123456789012:ops]
/// ```
public struct AlarmFile: Sendable {
  public var alarms: [Alarm] = []
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
      if let described = root["MetricAlarms"] {
        isDescription = true
        try read(described: described, composite: root["CompositeAlarms"], log)
        return
      }
      log.checkKeys(of: root, known: ["alarms"])
      let listed = try root.required("alarms").mapping("a mapping from names to alarms")
      try Self.check(listed.members.count, at: root.location)
      for member in listed.members {
        if let alarm = log.attempt({ () throws(YAMLProblem) in try AlarmReader(log).alarm(member) }) {
          alarms.append(alarm)
        }
      }
    }
    try log.throwIfAny()
  }

  private static func check(_ count: Int, at location: SourceLocation) throws(YAMLProblem) {
    guard count > limit else { return }
    throw YAMLProblem(at: location, "\(count) alarms; the limit is \(limit)")
  }

  private mutating func read(
    described: YAMLNode, composite: YAMLNode?, _ log: YAMLProblemLog
  ) throws(YAMLProblem) {
    let nodes = try described.list("a list of alarms")
    try Self.check(nodes.count, at: described.location)
    for node in nodes {
      guard let mapping = log.attempt({ () throws(YAMLProblem) in try node.mapping("an alarm") }) else {
        continue
      }
      let name = (try? mapping["AlarmName"]?.text()) ?? "an alarm without a name"
      if mapping["Metrics"]?.listOrOne.isEmpty == false {
        warnings.append("\(node.location): \(name) watches an expression over metrics; passed over")
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
    let count = composite?.listOrOne.count ?? 0
    if count > 0 {
      warnings.append("\(count) composite alarm\(count == 1 ? " is" : "s are") not evaluated; passed over")
    }
  }
}
