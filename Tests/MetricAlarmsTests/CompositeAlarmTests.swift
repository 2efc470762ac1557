import Foundation
import MetricAlarms
import NetworkTypes
import ReportFormats
import TestSupport
import Testing
import TrafficMetrics

@Suite("Composite alarms (AL-15)")
struct CompositeAlarmTests {
  // MARK: Rules

  /// Values of rules where a is in ALARM, o is OK and i has no data.
  static let values: [(String, Bool)] = [
    ("ALARM(a)", true), ("ALARM(o)", false), ("OK(o)", true), ("INSUFFICIENT_DATA(i)", true),
    ("OK(i)", false),
    ("ALARM(\"a\")", true), (" ALARM ( a ) ", true), ("ALARM(\"a (b), c\")", false), ("TRUE", true),
    ("FALSE", false), ("not false", true), ("NOT NOT ALARM(a)", true), ("NOT(ALARM(o))", true),
    ("ALARM(a) AND OK(o)", true), ("ALARM(a) AND OK(i)", false), ("ALARM(o) OR OK(o)", true),
    // NOT before AND before OR.
    ("TRUE OR FALSE AND FALSE", true), ("(TRUE OR FALSE) AND FALSE", false), ("NOT TRUE OR TRUE", true),
    ("NOT (TRUE OR TRUE)", false), ("FALSE AND FALSE OR TRUE", true),
    ("ALARM(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a)", true),
    ("(ALARM(a) OR ALARM(o)) AND\n  OK(o)", true),
    ("AT_LEAST(2, OK, (a, o))", false), ("AT_LEAST(1, OK, (a, o))", true),
    ("AT_LEAST(2, NOT OK, (a, \"i\", o))", true), ("AT_LEAST(3, NOT OK, (a, i, o))", false),
    ("at_least( 50% , ALARM , ( a , o ) )", true), ("AT_LEAST(51%, ALARM, (a, o))", false),
    ("AT_LEAST(67%, NOT ALARM, (a, o, i))", false), ("AT_LEAST(66%, NOT ALARM, (a, o, i))", true),
    ("AT_LEAST(3, ALARM, (a, o))", false), ("NOT AT_LEAST(1, ALARM, (o)) AND ALARM(a)", true),
    ("AT_LEAST(1, ALARM, (o, arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a))", true),
  ]

  private static func state(_ name: String) -> AlarmState {
    switch name {
    case "a", "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a": .alarm
    case "o": .ok
    default: .insufficientData
    }
  }

  @Test("Rules hold as CloudWatch describes them", arguments: values)
  func holds(_ text: String, _ expected: Bool) throws {
    #expect(try AlarmRule(parsing: text).holds(Self.state) == expected)
  }

  @Test("Random expressions have the value that Python gives them")
  func likePython() throws {
    var random = SeededRandom(seed: 20_260_105)
    let leaves = ["ALARM(a)", "ALARM(o)", "OK(o)", "OK(i)", "INSUFFICIENT_DATA(i)", "TRUE", "FALSE"]
    func expression(_ depth: Int) -> String {
      switch depth == 0 ? 0 : Int.random(in: 0..<5, using: &random) {
      case 0, 1: return leaves.randomElement(using: &random)!
      case 2: return "NOT \(expression(depth - 1))"
      case 3: return "(\(expression(depth - 1)))"
      default:
        let word = Bool.random(using: &random) ? "AND" : "OR"
        return "\(expression(depth - 1)) \(word) \(expression(depth - 1))"
      }
    }
    let texts = (0..<300).map { _ in expression(5) }
    let script = """
      import re, sys
      states = {"a": "ALARM", "o": "OK", "i": "INSUFFICIENT_DATA"}
      for line in sys.stdin:
          line = re.sub(r"(ALARM|OK|INSUFFICIENT_DATA)\\((\\w)\\)", lambda m: str(states[m[2]] == m[1]), line)
          print(eval(re.sub(r"AND|OR|NOT|TRUE|FALSE", lambda m: m[0].title() if m[0] in ("TRUE", "FALSE") else m[0].lower(), line)))
      """
    let run = try ToolRun("python3", ["-c", script], input: Data(texts.joined(separator: "\n").utf8))
    if run.exitCode == 127 { return print("skipped: python3 is not installed") }
    let expected = run.output.split(separator: "\n").map { $0 == "True" }
    let own = try texts.map { try AlarmRule(parsing: $0).holds(Self.state) }
    #expect(own == expected, "\(run.errors)")
  }

  @Test(
    "What is no rule is refused with its place",
    arguments: [
      ("", "at character 1: found the end, expected ALARM(…)"),
      ("ALARM(a) ALARM(b)", "at character 10: found \"ALARM(b)\", expected AND, OR or the end"),
      ("ALARM(a", "at character 8: found the end, expected )"),
      ("ALARM(\"a)", "expected a closing \""),
      ("ALARM()", "at character 7: found \")\", expected an alarm's name"),
      ("ALARM(a) AND", "at character 13: found the end"),
      ("BROKEN(a)", "at character 1: found \"BROKEN(a)\""),
      ("(ALARM(a) OR OK(b)", "expected )"), ("ALARMS(a)", "at character 1: found \"ALARMS(a)\""),
      (
        "AT_LEAST(0, ALARM, (a))",
        "at character 10: found \"0,\", expected a number of alarms, 2, or a percentage"
      ),
      ("AT_LEAST(101%, ALARM, (a))", "expected a percentage from 1% to 100%"),
      ("AT_LEAST(1, BUSY, (a))", "at character 13: found \"BUSY,\", expected ALARM, OK or INSUFFICIENT_DATA"),
      ("AT_LEAST(1, ALARM, a)", "expected ("), ("AT_LEAST(1, ALARM, (a,))", "expected an alarm's name"),
      ("AT_LEAST(1, ALARM, (a)", "found the end, expected )"),
      ("AT_LEAST(99999999999999999999, ALARM, (a))", "expected a number of alarms"),
      ("AT_LEAST(1, OK, (\(String(repeating: "a,", count: 600))a))", "at most 500"),
      (String(repeating: "(", count: 600) + "TRUE", "at most 500"),
      (String(repeating: "NOT ", count: 4000) + "TRUE", "found 16004 characters, expected at most 10240"),
      ((0..<101).map { "ALARM(a\($0))" }.joined(separator: " OR "), "found 101 alarms, expected at most 100"),
    ])
  func mistakes(_ text: String, _ says: String) throws {
    let error = #expect(throws: AlarmRuleProblem.self) { try AlarmRule(parsing: text) }
    #expect("\(try #require(error))".contains(says), "\(String(describing: error))")
  }

  // MARK: The board

  private static func alarm(_ name: String, _ threshold: Double, arn: String? = nil) -> Alarm {
    var alarm = Alarm(
      name: name, metric: AlarmMetric(name: "NewConnections"), comparison: .greaterThan, threshold: threshold)
    alarm.arn = arn
    return alarm
  }

  private static func composite(_ name: String, _ rule: String) throws -> CompositeAlarm {
    try CompositeAlarm(AlarmProfile(name: name, actions: [.alarm: ["file:x"]]), rule: rule)
  }

  @Test("States follow those of other alarms, composite ones among them, and only changes are told")
  func board() throws {
    let arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:low"
    var board = AlarmBoard(
      [Self.alarm("low", 10, arn: arn), Self.alarm("high", 20)],
      composites: [
        try Self.composite("between", "ALARM(\(arn)) AND NOT ALARM(high)"),
        try Self.composite("calm", "NOT ALARM(between) AND OK(low)"),
      ])
    var changes: [String] = []
    var last: AlarmTransition?
    // 2021-11-10 02:45:00 and the minutes after it.
    for (minute, count) in [5, 15, 15, 25, 5].enumerated() {
      var period = MetricPeriod(
        start: CaptureTime("2021-11-10T02:4\(minute):55Z")!, length: 60, newConnections: count)
      period.start = CaptureTime(nanoseconds: period.start.nanoseconds - 55_000_000_000)
      for change in board.take(period) where ["between", "calm"].contains(change.alarm.name) {
        changes.append("\(minute) \(change.alarm.name) \(change.new.rawValue)")
        #expect(change.actions == (change.new == .alarm ? ["file:x"] : []))
        if change.alarm.name == "between", minute == 1 { last = change }
      }
    }
    #expect(
      changes == [
        "0 between OK", "0 calm ALARM", "1 between ALARM", "1 calm OK", "3 between OK", "4 calm ALARM",
      ])
    #expect(board.current.map(\.state) == [.ok, .ok, .ok, .alarm])
    let change = try #require(last)
    #expect(change.reason == "\(arn) transitioned to ALARM at Wednesday 10 November, 2021 02:42:00 UTC")
    // As AWS sends it: AlarmRule and TriggeringChildren in place of Trigger.
    let body = try #require(
      try JSONSerialization.jsonObject(with: Data(AlarmMessage(change, topic: arn).body.utf8))
        as? [String: Any])
    #expect(body["Trigger"] == nil)
    #expect(body["AlarmRule"] as? String == "ALARM(\(arn)) AND NOT ALARM(high)")
    #expect(body["AlarmArn"] as? String == "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:between")
    let child = try #require((body["TriggeringChildren"] as? [[String: Any]])?.first)
    #expect(child["Arn"] as? String == arn)
    #expect((child["State"] as? [String: String])?["Value"] == "ALARM")
    #expect((child["State"] as? [String: String])?["Timestamp"] == "2021-11-10T02:42:00.000+0000")
  }

  // MARK: Files

  private func file(_ text: String) throws -> AlarmFile {
    try AlarmFile(parsing: Array(text.utf8), file: "alarms.yaml")
  }

  @Test("YAML: a rule in place of a metric, in any order")
  func yaml() throws {
    let read = try file(
      """
      alarms:
        page: {rule: ALARM(busy) AND OK(both), actions: file:x}
        both: {rule: ALARM(busy) AND ALARM(denied)}
        busy: {metric: new_connections, when: "> 5"}
        denied: {metric: packets, of: {verdict: denied}, when: "> 5"}
      """)
    #expect(read.alarms.map(\.name) == ["busy", "denied"])
    #expect(read.composites.map(\.profile.name) == ["both", "page"])
    let circle = #expect(throws: (any Error).self) {
      try file("alarms:\n  a: {rule: ALARM(b)}\n  b: {rule: ALARM(a)}\n  c: {rule: OK(nobody)}")
    }
    let text = "\(try #require(circle))"
    #expect(text.contains("alarms.yaml:2:3: its rule names b, which is not evaluated here or depends on it"))
    #expect(text.contains("alarms.yaml:4:3: its rule names nobody, which is not evaluated here"))
    let broken = #expect(throws: (any Error).self) { try file("alarms:\n  a: {rule: ALARM(b) AN OK(c)}") }
    #expect(
      "\(try #require(broken))".hasPrefix("alarms.yaml:2:13: the rule of a: at character 10: found \"AN\""))
  }

  private static let described = """
    {"MetricAlarms": [
      {"AlarmName": "in", "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:in", "MetricName": "NetworkIn",
       "Namespace": "AWS/EC2", "Statistic": "Sum", "Dimensions": [{"Name": "InstanceId", "Value": "i-1"}], "Period": 60,
       "EvaluationPeriods": 1, "Threshold": 9.0, "ComparisonOperator": "GreaterThanThreshold"},
      {"AlarmName": "odd", "EvaluationPeriods": 2, "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
       "ThresholdMetricId": "ad1", "Metrics": [
        {"Id": "m1", "MetricStat": {"Metric": {"Namespace": "AWS/EC2", "MetricName": "NetworkIn", "Dimensions": []},
         "Period": 300, "Stat": "Average"}, "ReturnData": true},
        {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "Label": "NetworkIn (expected)", "ReturnData": true}]},
      {"AlarmName": "ratio", "EvaluationPeriods": 1, "Threshold": 50.0, "ComparisonOperator": "GreaterThanThreshold",
       "Metrics": [{"Id": "e1", "Expression": "100*m1/m2", "ReturnData": true},
        {"Id": "m1", "MetricStat": {"Metric": {"Namespace": "AWS/EC2", "MetricName": "NetworkIn", "Dimensions": []},
         "Period": 300, "Stat": "Sum"}, "ReturnData": false}]},
      {"AlarmName": "one", "EvaluationPeriods": 3, "Threshold": 7.0, "ComparisonOperator": "GreaterThanThreshold",
       "TreatMissingData": "notBreaching", "Dimensions": [], "Metrics": [
        {"Id": "m1", "MetricStat": {"Metric": {"Namespace": "Sallyport", "MetricName": "Packets",
         "Dimensions": [{"Name": "Verdict", "Value": "denied"}]}, "Period": 60, "Stat": "Sum"}, "ReturnData": true}]},
      {"AlarmName": "query", "EvaluationCriteria": {"PromQLCriteria": {"Query": "up == 0"}}, "EvaluationInterval": 60}],
     "CompositeAlarms": [
      {"AlarmName": "any", "AlarmRule": "ALARM(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:in) OR ALARM(one)",
       "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:any", "ActionsEnabled": true, "OKActions": [],
       "AlarmActions": [], "InsufficientDataActions": [], "StateValue": "OK", "ActionsSuppressor": "deploying",
       "ActionsSuppressorWaitPeriod": 60, "ActionsSuppressorExtensionPeriod": 60},
      {"AlarmName": "blind", "AlarmRule": "ALARM(in) AND NOT ALARM(odd)"},
      {"AlarmName": "quorum", "AlarmRule": "AT_LEAST(50%, ALARM, (in, one))"},
      {"AlarmName": "later", "AlarmRule": "MOST_OF(ALARM, (in, one))"},
      {"AlarmName": "blinder", "AlarmRule": "OK(any) AND OK(blind)"}]}
    """

  @Test("describe-alarms: what cannot be evaluated is named with its reason, the rest is evaluated")
  func describeAlarms() throws {
    let read = try file(Self.described)
    #expect(read.alarms.map(\.name) == ["in", "one"])
    #expect(read.alarms[1].metric.dimensions == [.init("Verdict", "denied")])
    #expect((read.alarms[1].evaluationPeriods, read.alarms[1].threshold) == (3, 7))
    #expect(read.composites.map(\.profile.name) == ["any", "quorum"])
    let says = [
      ("odd", "watches for anomalies, ANOMALY_DETECTION_BAND(m1, 2)"),
      ("ratio", "watches an expression over metrics, 100*m1/m2"), ("query", "evaluates a query (PromQL)"),
      ("any", "deploying suppresses its actions is not modelled"), ("blind", "its rule names odd"),
      ("blinder", "its rule names blind"),
      ("later", "its rule, at character 1: found \"MOST_OF(ALARM,\", expected ALARM(…)"),
    ]
    #expect(read.warnings.count == says.count)
    for (name, text) in says {
      #expect(
        read.warnings.contains { $0.contains(" \(name)") && $0.contains(text) }, "\(name): \(read.warnings)")
    }
  }
}
