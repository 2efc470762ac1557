import Foundation
import NetworkTypes
import ReportFormats
import TestSupport
import Testing
import TrafficMetrics

@Suite("Metric formats")
struct MetricWriterTests {
  private static var periods: [MetricPeriod] {
    get throws {
      var network = SemanticsNetwork()
      network.inbound("web", "tcp 443 from 203.0.113.0/24")
      return try MetricRecorderTests.record(
        network.network, period: 60,
        [
          .tcp("203.0.113.7:50000", to: "10.0.0.10:443", at: 100),
          .tcp("203.0.113.7:50001", to: "10.0.0.10:22", at: 170),
          .tcp("203.0.113.7:50002", to: "10.0.0.10:443", at: 300),
          .udp("192.0.2.1:53", to: "192.0.2.2:53", at: 301),
        ])
    }
  }

  private static func text(_ format: MetricFormat) throws -> String {
    var writer = MetricWriter(format)
    var buffer = TextBuffer()
    writer.begin(period: 60, &buffer)
    for period in try periods { writer.append(period, &buffer) }
    writer.end(&buffer)
    return String(decoding: buffer.bytes, as: UTF8.self)
  }

  @Test("CSV has all columns in every line, and zeros for verdicts without packets")
  func csv() throws {
    let lines = try Self.text(.csv).split(separator: "\r\n")
    let header = lines[0].split(separator: ",")
    #expect(header.count == 14)
    for line in lines { #expect(line.count { $0 == "," } == 13, "\(line)") }
    #expect(lines.contains("1970-01-01T00:01:00Z,60,total,allowed,,,,,,1,74,1,,"))
    #expect(lines.contains("1970-01-01T00:01:00Z,60,total,denied,,,,,,0,0,0,,"))
    #expect(lines.contains("1970-01-01T00:01:00Z,60,connections,,,,,,,,,,1,1"))
    #expect(
      lines.contains("1970-01-01T00:02:00Z,60,interface,denied,eni-web,ingress,,,,1,74,1,,"))
  }

  @Test("JSON is one document with every period")
  func json() throws {
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(Self.text(.json).utf8)) as? [String: Any])
    #expect(object["schema"] as? String == "sallyport.metrics/1")
    let periods = try #require(object["periods"] as? [[String: Any]])
    #expect(
      periods.compactMap { $0["time"] as? String } == [
        "1970-01-01T00:01:00Z", "1970-01-01T00:02:00Z", "1970-01-01T00:03:00Z", "1970-01-01T00:04:00Z",
        "1970-01-01T00:05:00Z",
      ])
  }

  @Test(
    "Embedded metrics say what CloudWatch needs: namespace, dimensions that are members, metrics that are members"
  )
  func embedded() throws {
    for line in try Self.text(.emf).split(separator: "\n") {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let aws = try #require(object["_aws"] as? [String: Any])
      #expect((aws["Timestamp"] as? Int).map { $0 % 60_000 } == 0)
      let directive = try #require((aws["CloudWatchMetrics"] as? [[String: Any]])?.first)
      #expect(directive["Namespace"] as? String == "Sallyport")
      for name in try #require((directive["Dimensions"] as? [[String]])?.first) {
        #expect(object[name] is String)
      }
      for metric in try #require(directive["Metrics"] as? [[String: Any]]) {
        #expect(object[try #require(metric["Name"] as? String)] is Int)
        #expect(["Count", "Bytes"].contains(metric["Unit"] as? String ?? ""))
      }
    }
  }

  @Test("Embedded metrics fit the schema of the specification, and every member that they refer to is there")
  func embeddedSchema() throws {
    // The bounds that the specification's page publishes.
    let script = """
      import json, sys
      try:
          import jsonschema
      except ImportError:
          sys.exit(77)
      text = lambda longest: {"type": "string", "minLength": 1, "maxLength": longest}
      metric = {"type": "object", "required": ["Name"], "properties": {
          "Name": text(1024), "Unit": {"enum": ["Bytes", "Count", "None", "Seconds"]}, "StorageResolution": {"enum": [1, 60]}}}
      directive = {"type": "object", "required": ["Namespace", "Dimensions", "Metrics"], "additionalProperties": False,
          "properties": {"Namespace": text(1024), "Metrics": {"type": "array", "maxItems": 100, "items": metric},
              "Dimensions": {"type": "array", "minItems": 1, "items": {"type": "array", "maxItems": 30, "items": text(250)}}}}
      schema = {"type": "object", "required": ["_aws"], "properties": {"_aws": {
          "type": "object", "required": ["Timestamp", "CloudWatchMetrics"], "additionalProperties": False,
          "properties": {"Timestamp": {"type": "integer"}, "CloudWatchMetrics": {"type": "array", "items": directive}}}}}
      for line in sys.stdin:
          event = json.loads(line)
          jsonschema.validate(event, schema)
          assert len(line) < 256 * 1024
          for directive in event["_aws"]["CloudWatchMetrics"]:
              for name in sum(directive["Dimensions"], []):
                  assert isinstance(event[name], str) and 0 < len(event[name]) <= 1024, line
              for metric in directive["Metrics"]:
                  assert type(event[metric["Name"]]) in (int, float), line
      """
    let run = try ToolRun("python3", ["-c", script], input: Data(try Self.text(.emf).utf8))
    if run.exitCode == 77 || run.exitCode == 127 {
      print("skipped: python3 with jsonschema is not installed (pip install jsonschema)")
      return
    }
    #expect(run.exitCode == 0, "\(run.errors)")
  }

  /// What the parser of Prometheus's Python client makes of a text: a line for each sample.
  private static func parsed(_ text: String) throws -> [String]? {
    let script = """
      import sys
      try:
          from prometheus_client.openmetrics.parser import text_string_to_metric_families
      except ImportError:
          sys.exit(77)
      for family in text_string_to_metric_families(sys.stdin.read()):
          for s in family.samples:
              labels = ",".join(f"{k}={v}" for k, v in sorted(s.labels.items()))
              print(f"{family.type} {s.name} {{{labels}}} {s.value:g} {float(s.timestamp) if s.timestamp else ''}".strip())
      """
    let run = try ToolRun("python3", ["-c", script], input: Data(text.utf8))
    if run.exitCode == 77 || run.exitCode == 127 {
      print("skipped: python3 with prometheus_client is not installed (pip install prometheus_client)")
      return nil
    }
    #expect(run.exitCode == 0, "\(run.errors)")
    return run.output.split(separator: "\n").map(String.init)
  }

  @Test("Prometheus's own parser reads the OpenMetrics text of a time series")
  func openMetrics() throws {
    guard let samples = try Self.parsed(try Self.text(.openMetrics)) else { return }
    #expect(samples.contains("counter sallyport_packets_total {verdict=allowed} 1 120.0"))
    #expect(samples.contains("counter sallyport_packets_total {verdict=allowed} 2 360.0"))
    #expect(samples.contains("counter sallyport_code_packets_total {code=ENI_SG_RULES_MISMATCH} 1 180.0"))
    // A connection that nobody answers is forgotten after 120 s.
    #expect(samples.contains("gauge sallyport_tracked_connections {} 0 300.0"))
    #expect(samples.contains("gauge sallyport_tracked_connections {} 1 360.0"))
  }

  @Test("Prometheus's own parser reads what a scrape answers")
  func scrape() throws {
    var totals = MetricTotals()
    for period in try Self.periods { totals.add(period) }
    var buffer = TextBuffer()
    OpenMetricsText(totals).write(to: &buffer)
    guard let samples = try Self.parsed(String(decoding: buffer.bytes, as: UTF8.self)) else { return }
    #expect(samples.contains("counter sallyport_bytes_total {verdict=denied} 74"))
    #expect(samples.contains("counter sallyport_new_connections_total {} 2"))
    #expect(
      samples.contains(
        "counter sallyport_rule_packets_total {direction=ingress,rule=sg-web/inbound-1,verdict=allowed} 2"))
  }
}
