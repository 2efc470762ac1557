import Foundation
import TestSupport
import Testing

/// `sallyport audit` with events, metrics and alarms, end to end.
@Suite struct AuditOverTimeTests {
  private static let audit = ["audit", AuditCommandTests.capture, "-n", AuditCommandTests.network]

  private func json(_ run: CommandRun) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
  }

  @Test func aStopDeniesWhatComesAfterIt() throws {
    let folder = try TemporaryFolder()
    let events = try folder.write(
      "events:\n- {at: +10s, stop: web-1}\n- {at: +1h, start: web-1}\n", "events.yaml")
    let run = try CommandRun(Self.audit + ["--events", events, "--format", "json"])
    #expect(run.exitCode == 0)
    let report = try json(run)
    let changes = try #require(report["changes"] as? [[String: Any]])
    #expect(changes.map { $0["change"] as? String } == ["stop i-f13f0538aa53c61cd"])
    let frame = try #require(changes[0]["first_frame"] as? Int)
    let denials = try #require(report["denials"] as? [[String: Any]])
    let stopped = denials.filter { ($0["explanation"] as? String)?.hasSuffix("(web-1) is stopped") ?? false }
    #expect(!stopped.isEmpty)
    #expect(stopped.allSatisfy { ($0["first_frame"] as? Int).map { $0 >= frame } ?? false })
    // What was denied before has the explanation that held then.
    let before = denials.filter { ($0["first_frame"] as? Int).map { $0 < frame } ?? false }
    #expect(before.allSatisfy { $0["code"] as? String != "BAD_STATE" })
    #expect(
      (report["warnings"] as? [String])?.contains { $0.contains("1 event comes after the last packet") }
        ?? false)
  }

  @Test func changesAreToldWithNamesAndDates() throws {
    let folder = try TemporaryFolder()
    let events = try folder.write("events:\n- {at: 2020-01-01T00:00:00Z, stop: web-1}\n", "events.yaml")
    let run = try CommandRun(Self.audit + ["--events", events])
    #expect(run.exitCode == 0)
    #expect(run.output.contains("\n  2020-01-01 00:00:00  "), "\(run.output)")
    #expect(run.output.contains("\n    stop i-f13f0538aa53c61cd (web-1)\n"), "\(run.output)")
    let mistaken = try CommandRun(Self.audit + ["--events", AuditCommandTests.capture])
    #expect(mistaken.exitCode == 2)
    #expect(
      mistaken.errors.contains("found a packet capture, expected Sallyport's YAML"), "\(mistaken.errors)")
  }

  @Test func anEventThatCannotBeMadeIsAnErrorWithItsPlace() throws {
    let folder = try TemporaryFolder()
    let events = try folder.write("events:\n- {at: +10s, stop: web-7}\n", "events.yaml")
    let run = try CommandRun(Self.audit + ["--events", events])
    #expect(run.exitCode == 2)
    #expect(run.errors.contains("events.yaml:2:20: the network has no instance web-7"))
    #expect(run.output == "")
  }

  @Test("Who listens to a pipe hears of an alarm while packets may still come")
  func alarmsAreToldAtOnce() throws {
    let folder = try TemporaryFolder()
    let told = folder.path("told")
    let alarms = try folder.write(
      """
      alarms:
        denied: {metric: packets, of: {verdict: denied}, when: "> 20", period: 10, actions: "file:\(told)"}
        unheard: {metric: packets, when: "> 20", period: 10, actions: "command:sleep 1; false"}
      """, "alarms.yaml")
    let run = try CommandRun(
      shell: """
        mkfifo '\(folder.path("pipe"))'
        "$sallyport" audit - -n \(AuditCommandTests.network) --alarms '\(alarms)' -o /dev/null \\
          < '\(folder.path("pipe"))' &
        pid=$!
        exec 3> '\(folder.path("pipe"))'
        cat \(AuditCommandTests.capture) >&3
        for try in $(seq 300); do [ -s '\(told)' ] && break; sleep 0.1; done
        kill -0 $pid && cat '\(told)'
        exec 3>&-
        wait $pid
        """)
    #expect(run.output.contains("\"AlarmName\": \"denied\""), "\(run.errors)")
    #expect(run.errors.contains("denied: INSUFFICIENT_DATA -> "))
    // What nobody got is said, and is not a success.
    #expect(run.errors.contains("alarm unheard: not delivered to command:sleep 1; false in 4 tries"))
    #expect(run.exitCode == 2)
  }

  @Test(
    "CloudTrail's log files are read as a bucket has them: gzip, in folders, out of order, one event twice")
  func logFiles() throws {
    let folder = try TemporaryFolder()
    let run = try CommandRun(
      shell: """
        cd '\(folder.path(""))' && mkdir -p logs/CloudTrail/2026/11/23 logs/CloudTrail-Digest
        event() {
          echo '{"eventTime": "2026-11-23T05:56:'$2'Z", "eventSource": "ec2.amazonaws.com", "eventName": "'$1'",
            "eventID": "'$3'", "requestParameters": {"instancesSet": {"items": [{"instanceId": "'$4'"}]}}}'
        }
        web=i-f13f0538aa53c61cd
        echo "{\\"Records\\": [$(event StartInstances 20 e3 $web), $(event StopInstances 10 e2 $web)]}" \\
          | gzip > logs/CloudTrail/2026/11/23/a.json.gz
        echo "{\\"Records\\": [$(event StopInstances 10 e2 $web), $(event StopInstances 05 e1 i-unknown)]}" \\
          | gzip > logs/CloudTrail/2026/11/23/b.json.gz
        echo '{"digestStartTime": "2026-11-23T05:00:00Z", "logFiles": []}' | gzip > logs/CloudTrail-Digest/d.json.gz
        head -c 100 logs/CloudTrail/2026/11/23/a.json.gz > cut.json.gz
        """)
    #expect(run.exitCode == 0, "\(run.errors)")
    let audit = try CommandRun(Self.audit + ["--events", folder.path("logs"), "--format", "json"])
    #expect(audit.exitCode == 0, "\(audit.errors)")
    let report = try json(audit)
    let changes = try #require(report["changes"] as? [[String: Any]])
    #expect(
      changes.map { $0["change"] as? String } == ["stop i-f13f0538aa53c61cd", "start i-f13f0538aa53c61cd"])
    let warnings = try #require(report["warnings"] as? [String])
    #expect(
      warnings.count == 1 && warnings[0].contains("the network has no instance i-unknown"), "\(warnings)")
    let single = try CommandRun(
      Self.audit + ["--events", folder.path("logs/CloudTrail/2026/11/23/a.json.gz"), "--format", "json"])
    #expect((try json(single)["changes"] as? [Any])?.count == 2)
    let cut = try CommandRun(Self.audit + ["--events", folder.path("cut.json.gz")])
    #expect(cut.exitCode == 2)
    #expect(cut.errors.contains("cut.json.gz: cannot be read: the gzip data ends too early"))
    let none = try CommandRun(Self.audit + ["--events", folder.path("logs/CloudTrail-Digest")])
    #expect(none.exitCode == 2)
    #expect(none.errors.contains("found no event of AWS CloudTrail in 1 files"))
  }

  @Test(arguments: ["csv", "json", "prom", "emf"]) func metricsAddUpToTheReport(_ ending: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("m." + ending)
    let run = try CommandRun(Self.audit + ["--metrics", path, "--metrics-period", "1"])
    #expect(run.exitCode == 0)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let again = folder.path("again." + ending)
    _ = try CommandRun(Self.audit + ["--metrics", again, "--metrics-period", "1"])
    #expect(try String(contentsOfFile: again, encoding: .utf8) == text)
    guard ending == "csv" else { return }
    var packets = 0
    for line in text.split(separator: "\r\n") {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      if cells[2] == "total" { packets += Int(cells[9]) ?? 0 }
    }
    #expect(packets == 1886)
  }

  @Test func aFileWhoseFormatNothingTellsIsWrongUsage() throws {
    let run = try CommandRun(Self.audit + ["--metrics", "/tmp/metrics"])
    #expect(run.exitCode == 64)
    #expect(run.errors.contains("--metrics-format"))
    #expect(try CommandRun(Self.audit + ["--metrics-period", "10"]).exitCode == 64)
  }

  @Test("A file that is not there is called so, whatever it is for")
  func filesThatAreNotThere() throws {
    for option in ["--alarms", "--costs", "--events"] {
      let run = try CommandRun(Self.audit + [option, "/nowhere/at-all.yaml"])
      #expect(run.exitCode == 2)
      #expect(
        run.errors.contains("/nowhere/at-all.yaml: ") && run.errors.contains("no such file"), "\(run.errors)")
    }
  }

  @Test func alarmsAreReportedAndDelivered() throws {
    let folder = try TemporaryFolder()
    let alarms = try folder.write(
      """
      alarms:
        denied: {metric: packets, of: {verdict: denied}, when: "> 20", period: 10, actions: "file:\(folder.path("told"))"}
        broken: {metric: packets, when: "> 20", period: 10, actions: "file:/nowhere/log"}
      """, "alarms.yaml")
    let run = try CommandRun(Self.audit + ["--alarms", alarms, "--format", "json"])
    let changes = try #require(try json(run)["alarms"] as? [[String: Any]])
    #expect(changes.contains { $0["name"] as? String == "denied" && $0["new_state"] as? String == "ALARM" })
    #expect(
      try String(contentsOfFile: folder.path("told"), encoding: .utf8).contains(
        "\"NewStateValue\": \"ALARM\""))
    // What could not be delivered is said, and is not a success.
    #expect(run.exitCode == 2)
    #expect(
      run.errors.contains(
        "alarm broken: not delivered to file:/nowhere/log in 1 try: the file cannot be opened: No such file or directory"
      ))
  }
}
