import Foundation
import MetricAlarms
import NetworkTypes
import PolicyFormats
import ReportFormats
import TestSupport
import Testing
import TrafficMetrics
import VirtualNetworks

@Suite("Alarm files")
struct AlarmFileTests {
  private func file(_ text: String) throws -> AlarmFile {
    try AlarmFile(parsing: Array(text.utf8), file: "alarms.yaml")
  }

  @Test("YAML alarms")
  func yaml() throws {
    let alarms = try file(
      """
      alarms:
        denied:
          metric: packets
          of: {verdict: denied, group: sg-1}
          when: p90>=12.5
          period: 300
          for: 2 of 3
          missing: not_breaching
          low_samples: ignore
          actions: [file:a.ndjson, "command:./page.sh"]
          ok_actions: arn:aws:sns:eu-west-1:123456789012:ops
        busy: {metric: tracked_connections, when: "> 1000"}
      """
    ).alarms
    #expect(alarms.map(\.name) == ["denied", "busy"])
    let denied = alarms[0]
    #expect(denied.metric.dimensions.map(\.name) == ["Verdict", "SecurityGroupId"])
    #expect(denied.statistic == .percentile(90))
    #expect((denied.datapointsToAlarm, denied.evaluationPeriods, denied.period) == (2, 3, 300))
    #expect(denied.missingData == .notBreaching)
    #expect((denied.lowSampleCount, alarms[1].lowSampleCount) == (.ignore, nil))
    #expect(denied.actions[.alarm]?.count == 2)
    #expect(alarms[1].threshold == 1000)
  }

  @Test("Names of the network's resources become ids; what is not there is an error with its place")
  func names() throws {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from 0.0.0.0/0")
    network.interface("eni-web") { $0.attributes.tags = [.init("Name", "web-1")] }
    var found = try file(
      """
      alarms:
        a: {metric: packets, of: {interface: web-1, verdict: denied}, when: "> 1"}
        b: {metric: packets, of: {group: web}, when: "> 1"}
        c: {metric: packets, of: {rule: web/inbound-1, direction: ingress}, when: "> 1"}
        d: {metric: packets, of: {rule: acl-vpc-a/*}, when: "> 1"}
        e: {metric: packets, of: {code: ENI_SG_RULES_MISMATCH}, when: "> 1"}
      """)
    try found.resolveNames(in: network.network)
    #expect(
      found.alarms.map { $0.metric.dimensions[0].value } == [
        "eni-web", "sg-web", "sg-web/inbound-1", "acl-vpc-a/*", "ENI_SG_RULES_MISMATCH",
      ])
    let text = """
      alarms:
        a: {metric: packets, of: {interface: web-2}, when: "> 1"}
        b: {metric: packets, of: {code: NOPE}, when: "> 1"}
      """
    var lost = try file(text)
    let error = #expect(throws: YAMLProblems.self) { try lost.resolveNames(in: network.network) }
    let lines = try #require(error).description.split(separator: "\n")
    #expect(
      lines.first == "alarms.yaml:2:3: a watches the interface \"web-2\", which is not there; nearest: web-1")
    #expect(lines.last == "alarms.yaml:3:3: b watches the code \"NOPE\", which is not there")
    // What is not there yet may come with an event.
    try lost.resolveNames(in: network.network, mayChange: true)
    #expect(lost.warnings.count == 2)
    #expect(throws: YAMLProblems.self) {
      try file("alarms: {a: {metric: packets, of: {group: sg-1, code: ENI_SG_RULES_MISMATCH}, when: '> 1'}}")
    }
  }

  static let described = """
    {
        "MetricAlarms": [
            {
                "AlarmName": "web in", "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:web in",
                "AlarmConfigurationUpdatedTimestamp": "2026-01-05T09:00:00.123000+00:00",
                "ActionsEnabled": true, "OKActions": [],
                "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:ops"], "InsufficientDataActions": [],
                "StateValue": "OK", "StateReason": "Threshold Crossed", "MetricName": "NetworkPacketsIn",
                "Namespace": "AWS/EC2", "Statistic": "Average",
                "Dimensions": [{"Name": "InstanceId", "Value": "i-1"}],
                "Period": 60, "EvaluationPeriods": 3, "DatapointsToAlarm": 2, "Threshold": 100.0,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "breaching",
                "EvaluateLowSampleCountPercentile": "evaluate"
            },
            {
                "AlarmName": "cpu", "MetricName": "CPUUtilization", "Namespace": "AWS/EC2", "Statistic": "Average",
                "Dimensions": [{"Name": "InstanceId", "Value": "i-1"}], "Period": 300, "EvaluationPeriods": 1,
                "Threshold": 90.0, "ComparisonOperator": "GreaterThanThreshold"
            }
        ],
        "CompositeAlarms": []
    }
    """

  @Test("The output of describe-alarms; what traffic does not tell is passed over with a warning")
  func described() throws {
    let file = try file(Self.described)
    #expect(file.alarms[0].lowSampleCount == .evaluate)
    #expect(file.isDescription)
    #expect(file.alarms.map(\.name) == ["web in"])
    #expect(file.alarms[0].comparison == .greaterThanOrEqual)
    #expect(file.alarms[0].missingData == .breaching)
    #expect(file.warnings.count == 1)
    #expect(file.warnings[0].contains("cpu: found the metric AWS/EC2 CPUUtilization"))
  }

  @Test("A statistic that is not known here costs its alarm alone", arguments: ["tm99", "IQM", "PR(:1.5)"])
  func oddStatistics(_ statistic: String) throws {
    let file = try file(
      Self.described.replacing(
        #""CPUUtilization", "Namespace": "AWS/EC2", "Statistic": "Average""#,
        with:
          #""TargetResponseTime", "Namespace": "AWS/ApplicationELB", "ExtendedStatistic": "\#(statistic)""#))
    #expect(file.alarms.map(\.name) == ["web in"])
    #expect(file.warnings.count == 1)
    #expect(
      file.warnings.first?.contains("cpu evaluates the statistic \(statistic)") == true, "\(file.warnings)")
  }

  @Test("An alarm of one's own is in the network's account and Region, where it has one of each")
  func placeOfAlarms() throws {
    var network = SemanticsNetwork().network
    func arn() throws -> String? {
      var file = try file("alarms: {a: {metric: packets, when: '> 1'}}")
      try file.resolveNames(in: network)
      return file.alarms[0].arn
    }
    #expect(try arn() == nil)
    for index in network.vpcs.indices {
      network.vpcs[index].attributes.account = "123456789012"
      network.vpcs[index].attributes.region = "eu-west-1"
    }
    #expect(try arn() == "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a")
    network.vpcs[1].attributes.region = "eu-west-2"
    #expect(try arn() == nil)
  }

  @Test("Of what is not there an account's alarm has no data, not zero (AL-6)")
  func nothingIsNoZero() throws {
    var network = SemanticsNetwork()
    network.network.instances = [Instance(id: "i-1", state: .running, networkInterfaces: ["eni-web"])]
    let period = MetricPeriod(start: CaptureTime(nanoseconds: 0), length: 60)
    var there = try file(Self.described)
    try there.resolveNames(in: network.network)
    #expect(there.alarms[0].metric.value(in: period) == 0)
    for (found, instead) in [
      (#""Value": "i-1""#, #""Value": "i-2""#),
      (#""Name": "InstanceId", "Value": "i-1""#, #""Name": "Verdict", "Value": "denyed""#),
    ] {
      let text = Self.described.replacing(found, with: instead)
      var file = try file(
        instead.contains("denyed")
          ? text.replacing("\"NetworkPacketsIn\"", with: "\"Packets\"")
            .replacing(
              "\"Namespace\": \"AWS/EC2\", \"Statistic\"", with: "\"Namespace\": \"Sallyport\", \"Statistic\""
            )
          : text)
      try file.resolveNames(in: network.network)
      #expect(file.warnings.contains { $0.contains("until it is there the alarm has no data") })
      #expect(file.alarms[0].metric.value(in: period) == nil)
    }
  }

  @Test(
    "Mistakes name their place",
    arguments: [
      ("alarms:\n  a: {metric: packet, when: \"> 1\"}", "2:15", "did you mean \"packets\""),
      ("alarms:\n  a: {metric: packets, when: \"1 < 2\"}", "2:30", "then >, >=, < or <="),
      ("alarms:\n  a: {metric: packets, when: \"> 1\", period: 45}", "2:3", "10, 20, 30 or a multiple of 60"),
      ("alarms:\n  a: {metric: packets, when: \"> 1\", for: 4 of 3}", "2:3", "4 of 3 periods"),
      (
        "alarms:\n  a: {metric: packets, when: \"> 1\", of: {verdict: denyed}}", "2:51",
        "did you mean \"denied\""
      ),
      ("alarms:\n  a: {metric: new_connections, when: \"> 1\", of: {rule: x}}", "2:3", "expected none"),
    ])
  func mistakes(_ text: String, _ place: String, _ says: String) throws {
    let error = #expect(throws: (any Error).self) { try file(text) }
    let message = "\(try #require(error))"
    #expect(message.hasPrefix("alarms.yaml:\(place): "), "\(message)")
    #expect(message.contains(says), "\(message)")
  }

  @Test("The message has the members that AWS sends, in its order (AL-12)")
  func message() throws {
    let alarm = try file(Self.described).alarms[0]
    let change = AlarmTransition(
      alarm: alarm, time: CaptureTime("2026-01-05T09:06:35.472Z")!, old: .ok, new: .alarm, reason: "because")
    let message = AlarmMessage(change)
    #expect(message.subject == "ALARM: \"web in\" in EU (Ireland)")
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(message.body.utf8)) as? [String: Any])
    #expect(object["StateChangeTime"] as? String == "2026-01-05T09:06:35.472+0000")
    #expect(object["AlarmConfigurationUpdatedTimestamp"] as? String == "2026-01-05T09:00:00.123+0000")
    #expect(object["AWSAccountId"] as? String == "123456789012")
    #expect(object["NewStateValue"] as? String == "ALARM")
    let trigger = try #require(object["Trigger"] as? [String: Any])
    #expect(trigger["Statistic"] as? String == "AVERAGE")
    #expect(trigger["Threshold"] as? Double == 100)
    #expect((trigger["Dimensions"] as? [[String: String]]) == [["value": "i-1", "name": "InstanceId"]])
  }

  @Test("A file with too many alarms is refused before they are looked at", arguments: [false, true])
  func tooManyAlarms(isDescription: Bool) throws {
    let count = AlarmFile.limit + 1
    let text =
      isDescription
      ? "{\"MetricAlarms\": [\(Array(repeating: "0", count: count).joined(separator: ","))]}"
      : "alarms:\n" + (0..<count).map { "  a\($0): 0\n" }.joined()
    do {
      _ = try file(text)
      Issue.record("the file was taken")
    } catch let problems as YAMLProblems {
      #expect(problems.all.map(\.message) == ["\(count) alarms; the limit is \(AlarmFile.limit)"])
    }
  }
}
