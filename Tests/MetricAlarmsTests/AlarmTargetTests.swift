import MetricAlarms
import PolicyFormats
import Testing

@Suite("Targets of alarms")
struct AlarmTargetTests {
  @Test("Targets are known by what they begin with")
  func targets() throws {
    #expect(AlarmTarget("command:./page.sh") == .command("./page.sh"))
    #expect(AlarmTarget("file:a.ndjson") == .file("a.ndjson"))
    for text in [
      "http://127.0.0.1:8080/hook", "https://example.org", "HTTPS://user:pass@example.org/a?b#c",
      "http://[::1]:80/",
      "http://a_b:1",
    ] { #expect(AlarmTarget(text) == .http(text)) }
    let topic = try AlarmTopic(parsing: "arn:aws:sns:eu-west-1:123456789012:ops")
    #expect(AlarmTarget("arn:aws:sns:eu-west-1:123456789012:ops") == .topic(topic))
    #expect(topic.region == "eu-west-1")
  }

  private static let wrong: [(action: String, says: String)] = [
    ("", "found \"\", expected command:…, file:…"), ("ops", "expected command:…"),
    ("ftp://x", "expected command:…"),
    ("mailto:me", "expected command:…"), ("command:", "a command after command:"),
    ("command: ", "a command after command:"), ("file:", "a path after file:"),
    ("http://", "URL with a host"), ("http:///x", "URL with a host"), ("http://[::1", "URL with a host"),
    ("http://[zz]/", "URL with a host"), ("http://a b/", "URL with a host"),
    ("https:example.org", "URL with a host"),
    ("http://h:port/", "URL with a host"), ("http://h:70000/", "URL with a host"),
    ("http://:80/", "URL with a host"),
    ("arn:aws:automate:eu-west-1:ec2:stop", "the ARN of an SNS topic"),
    ("arn:aws:sns:::x:y:z", "the ARN of an SNS topic"),
    ("arn:aws:sns::123456789012:ops", "not \"\""),
    (
      "arn:aws:sns:evil.example/:123456789012:ops",
      "a Region of letters, digits and hyphens such as eu-west-1, not \"evil.example/\""
    ),
    ("arn:aws:sns:eu-west-1@x:123456789012:ops", "a Region of letters"),
    ("arn:aws-mars:sns:eu-west-1:123456789012:ops", "not \"aws-mars\""),
  ]

  @Test("What is no target says what it should be", arguments: wrong.indices)
  func mistakes(_ index: Int) throws {
    let (action, says) = Self.wrong[index]
    do throws(AlarmTargetProblem) {
      _ = try AlarmTarget(parsing: action)
      Issue.record("\(action) was taken")
    } catch {
      #expect(error.description.contains(says), "\(error)")
    }
    #expect(AlarmTarget(action) == nil)
  }

  @Test("Actions are checked when the file is read, at their place", arguments: wrong.indices)
  func places(_ index: Int) throws {
    let (action, says) = Self.wrong[index]
    for (key, rule) in [("actions", false), ("ok_actions", false), ("insufficient_data_actions", true)] {
      let text = """
        alarms:
          a:
            \(key):
              - file:ok
              - '\(action)'
            \(rule ? "rule: ALARM(b)" : "metric: packets\n    when: '> 1'")
          b: {metric: packets, when: '> 1'}
        """
      let error = #expect(throws: YAMLProblems.self) {
        try AlarmFile(parsing: Array(text.utf8), file: "alarms.yaml")
      }
      let message = try #require(error).description
      #expect(message.hasPrefix("alarms.yaml:5:9: "), "\(message)")
      #expect(message.contains(says), "\(message)")
    }
  }

  @Test("Actions of described alarms are as they are: not all of them are for us")
  func described() throws {
    let arns = [
      "arn:aws:automate:eu-west-1:ec2:stop", "arn:aws:lambda:eu-west-1:123456789012:function:f",
      "arn:aws:autoscaling:eu-west-1:123456789012:scalingPolicy:x:autoScalingGroupName/a:policyName/b",
    ]
    let text = """
      {"MetricAlarms": [{"AlarmName": "a", "Namespace": "Sallyport", "MetricName": "Packets", "Statistic": "Sum",
        "Period": 60, "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": [\(arns.map { "\"\($0)\"" }.joined(separator: ", "))]}]}
      """
    let file = try AlarmFile(parsing: Array(text.utf8), file: "alarms.json")
    #expect(file.alarms[0].actions[.alarm] == arns)
  }

  @Test(
    "A topic's host is of its partition (botocore's partitions.json)",
    arguments: [
      ("aws", "eu-west-1", "sns.eu-west-1.amazonaws.com"),
      ("aws-cn", "cn-north-1", "sns.cn-north-1.amazonaws.com.cn"),
      ("aws-us-gov", "us-gov-west-1", "sns.us-gov-west-1.amazonaws.com"),
      ("aws-iso", "us-iso-east-1", "sns.us-iso-east-1.c2s.ic.gov"),
      ("aws-eusc", "eusc-de-east-1", "sns.eusc-de-east-1.amazonaws.eu"),
    ])
  func hosts(_ partition: String, _ region: String, _ host: String) throws {
    #expect(try AlarmTopic(parsing: "arn:\(partition):sns:\(region):123456789012:ops").host == host)
  }
}
