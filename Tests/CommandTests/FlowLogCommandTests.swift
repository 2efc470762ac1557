import Foundation
import TestSupport
import Testing

/// `audit` with flow logs: records of captures, and records in place of captures.
@Suite struct FlowLogCommandTests {
  static let capture = AuditOutputsTests.capture
  static let network = AuditOutputsTests.network
  private static let names =
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
  private static let gateway = "eni-6c2c4e73cef8c8d47"

  private func record(_ interface: String, _ ends: String, _ action: String = "ACCEPT") -> String {
    "2 123456789012 \(interface) \(ends) 5 500 1795413378 1795413378 \(action) OK"
  }

  // MARK: Out

  private func log(_ folder: TemporaryFolder, _ more: String...) throws -> String {
    let path = folder.path("flows.log")
    let run = try CommandRun(
      ["audit", Self.capture, "-n", Self.network, "--flow-log", path, "-o", folder.path("report")] + more)
    #expect(run.exitCode == 0)
    return try String(contentsOfFile: path, encoding: .utf8)
  }

  /// The example shows requests at both sides of its NAT gateway: what left by the outer one is there, to be counted.
  @Test(.enabled(if: AuditOutputsTests.hasTshark, "tshark is not installed"))
  func recordsOfNATGatewaysCountWhatTheCaptureShows() throws {
    let folder = try TemporaryFolder()
    let text = try log(folder)
    var told: [String: [Int]] = [:]
    for line in text.split(separator: "\n").dropFirst() {
      let words = line.split(separator: " ").map(String.init)
      guard words[2] == Self.gateway, words[3] == "10.20.0.100", !words[4].hasPrefix("10.20."),
        words[7] == "6"
      else { continue }
      let flow = words[3...6].joined(separator: " ")
      #expect(told[flow] == nil)
      told[flow] = [Int(words[8])!, Int(words[9])!]
    }
    let frames = try CommandRun(
      shell: "tshark -r \(Self.capture) -Y 'ip.src == 10.20.0.100 && tcp' -T fields"
        + " -e ip.src -e ip.dst -e tcp.srcport -e tcp.dstport -e ip.len 2>/dev/null")
    var counted: [String: [Int]] = [:]
    for line in frames.lines {
      let words = line.split(separator: "\t").map(String.init)
      let sum = counted[words[0...3].joined(separator: " "), default: [0, 0]]
      counted[words[0...3].joined(separator: " ")] = [sum[0] + 1, sum[1] + Int(words[4])!]
    }
    #expect(!counted.isEmpty)
    #expect(told == counted)
    for jobs in ["1", "3"] { #expect(try log(folder, "--jobs", jobs) == text) }
  }

  // MARK: In

  private func compare(_ log: String, _ more: String..., input: Data = Data()) throws -> CommandRun {
    try CommandRun(["audit", "--flow-log-input", log, "-n", Self.network] + more, input: input)
  }

  private func json(_ run: CommandRun) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
  }

  /// How many records there are, and how many disagree.
  private func counts(_ run: CommandRun) throws -> [Int] {
    let records = try #require(try json(run)["records"] as? [String: Any])
    return try ["total", "disagreeing"].map { try #require(records[$0] as? Int) }
  }

  @Test func logsThatWerePutTogetherNameTheirFieldsAgain() throws {
    let folder = try TemporaryFolder()
    let standard = try String(contentsOfFile: folderLog(folder), encoding: .utf8)
    // The same records with their fields in another order.
    let turned = standard.split(separator: "\n").map { line in
      line.split(separator: " ").reversed().joined(separator: " ")
    }.joined(separator: "\n")
    let single = try counts(try compare(try folder.write(standard, "one.log"), "--format", "json"))
    #expect(single[0] > 100)
    // And with a field of some day to come.
    let wider = standard.split(separator: "\n").enumerated().map { "\($1) \($0 == 0 ? "new-field" : "x")\n" }
      .joined()
    let seconds = [("same", standard), ("turned", turned + "\n"), ("wider", wider)]
    for (name, text) in seconds.map({ ($0, standard + $1) }) {
      let log = try folder.write(text, "\(name).log")
      let run = try compare(log, "--format", "json")
      #expect(run.exitCode == 0, "\(run.errors)")
      #expect(try counts(run) == single.map { 2 * $0 }, "\(name)")
      let members = folder.path("\(name).gz")
      _ = try CommandRun(
        shell: "(head -n 100 \(log) | gzip -c; tail -n +101 \(log) | gzip -c) > \(members)")
      #expect(try counts(try compare(members, "--format", "json")) == single.map { 2 * $0 }, "\(name)")
    }
    let poor = try folder.write(standard + "srcaddr dstaddr\n10.20.0.20 10.20.10.30\n", "poor.log")
    let refused = try compare(poor)
    #expect(refused.exitCode == 2)
    #expect(
      refused.errors
        == "sallyport: \(poor): from line \(single[0] + 2) on the records cannot be judged: they lack ${protocol}, "
        + "${action}\n")
    #expect(refused.output.contains("records"))
    // Records whose fields are named again further on are judged.
    let middle = try folder.write(
      standard + "srcaddr dstaddr\n10.20.0.20 10.20.10.30\n" + standard, "middle.log")
    let between = try compare(middle, "--format", "json")
    #expect(between.exitCode == 2)
    #expect(try counts(between) == single.map { 2 * $0 })
    let header = single[0] + 2
    #expect(
      between.errors
        == "sallyport: \(middle): from line \(header) to \(header + 1) the records cannot be judged: they lack "
        + "${protocol}, ${action}\n")
    let many = try folder.write(
      (0..<100).map { $0 % 2 == 0 ? "srcaddr dstaddr\n" : "dstaddr srcaddr\n" }.joined(), "many.log")
    #expect(try compare(many).errors.split(separator: "\n").count == 10)
  }

  private func folderLog(_ folder: TemporaryFolder) throws -> String {
    _ = try log(folder)
    return folder.path("flows.log")
  }

  @Test func optionsThatSayNothingToRecordsAreRefused() throws {
    for options in [
      ["--filter", "tcp"], ["--interface", "web-1"], ["--keep-duplicates"], ["--timers", "nitro-v6"],
      ["--decapsulate", "never"], ["--flow-log-interval", "60"], ["--costs", "prices.yaml"],
      ["--deliver"], ["--sns-endpoint", "http://127.0.0.1:1"],
      // What is the case anyhow says no more.
      ["--decapsulate", "auto"], ["--timers", "nitro"], ["--flow-log-interval", "600"],
    ] {
      let run = try CommandRun(["audit", "--flow-log-input", "a.log", "-n", Self.network] + options)
      #expect(run.exitCode == 64, "\(options)")
      #expect(run.errors.contains("Error: \(options[0]) "), "\(run.errors)")
    }
    let run = try CommandRun("audit", Self.capture, "-n", Self.network, "--fail-on", "disagreed")
    #expect(run.exitCode == 64)
  }

  @Test func byteOrderMarksAreNoPartOfTheNames() throws {
    let folder = try TemporaryFolder()
    let (web, gone) = ("eni-65666a4dcd639603f", "eni-gone")
    // The first name is one that a judgement needs.
    let names = "srcaddr interface-id dstaddr srcport dstport protocol start action"
    let text = [
      names, "203.0.113.7 \(web) 10.20.0.20 50000 80 6 1 ACCEPT",
      "192.0.2.7 \(gone) 10.20.0.20 5 8 6 1 REJECT", "",
    ]
    .joined(separator: "\n")
    let plain = try compare(try folder.write(text, "plain.log"), "--format", "json")
    #expect(plain.exitCode == 0 && plain.errors == "")
    #expect(try counts(plain) == [2, 0])
    let marked = try compare(try folder.write("\u{feff}" + text, "marked.log"), "--format", "json")
    #expect(marked.exitCode == 0 && marked.errors == "")
    #expect(marked.output == plain.output)
    // Files that were put together, each with its mark; and a record that stands first.
    let twice = try folder.write("\u{feff}" + text + "\u{feff}" + text, "twice.log")
    #expect(try counts(try compare(twice, "--format", "json")) == [4, 0])
    let bare = try folder.write(
      "\u{feff}" + record(web, "203.0.113.7 10.20.0.20 50000 80 6") + "\r\n", "bare.log")
    #expect(try counts(try compare(bare, "--format", "json")) == [1, 0])
  }

  /// NODATA and SKIPDATA (semantics FL-10) are no mistakes of the log's, and change nothing of what is said of the others.
  @Test func recordsWithoutTrafficAreCounted() throws {
    let folder = try TemporaryFolder()
    let web = "eni-65666a4dcd639603f"
    let records = [
      record(web, "203.0.113.7 10.20.0.20 50000 80 6"), record(web, "203.0.113.7 10.20.0.20 50000 23 6"),
    ]
    func silent(_ status: String) -> String {
      "2 123456789012 \(web) - - - - - - - 1714550520 1714550579 - \(status)"
    }
    let plain = try compare(
      try folder.write(records.map { $0 + "\n" }.joined(), "plain.log"), "--format", "json")
    let lines = [silent("NODATA"), records[0], silent("SKIPDATA"), records[1], silent("NODATA")]
    let log = try folder.write(lines.map { $0 + "\n" }.joined(), "silent.log")
    let run = try compare(log, "--format", "json")
    #expect(run.exitCode == 0 && run.errors == "")
    var (report, expected) = (try json(run), try json(plain))
    var told = try #require(report["records"] as? [String: Any])
    #expect(told["without_traffic"] as? Int == 2)
    #expect(told["skipped"] as? Int == 1)
    told["without_traffic"] = 0
    told["skipped"] = 0
    report["records"] = told
    // The line that a group names first is another.
    for side in [report, expected].indices {
      var groups = try #require((side == 0 ? report : expected)["disagreements"] as? [[String: Any]])
      #expect(groups.map { $0["first_line"] as? Int } == [side == 0 ? 4 : 2])
      groups[0]["first_line"] = nil
      if side == 0 { report["disagreements"] = groups } else { expected["disagreements"] = groups }
    }
    let warnings = try #require(report["warnings"] as? [String])
    #expect(warnings.last?.hasPrefix("1 line says SKIPDATA") == true, "\(warnings)")
    report["warnings"] = Array(warnings.dropLast())
    #expect(NSDictionary(dictionary: report) == NSDictionary(dictionary: expected))
    let text = try compare(log).output
    #expect(
      text.contains("  lines: without traffic (NODATA) ")
        && text.contains("  lines: left out by AWS (SKIPDATA) "))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  /// Records without a SYN are judged as packets without one are.
  @Test func midstreamIsForRecordsToo() throws {
    let folder = try TemporaryFolder()
    let log = try folder.write(
      "interface-id srcaddr dstaddr srcport dstport protocol tcp-flags action\n"
        + "eni-65666a4dcd639603f 10.20.0.20 203.0.113.7 443 50000 6 0 ACCEPT\n", "answers.log")
    #expect(try compare(log, "--fail-on", "disagreed").exitCode == 0)
    #expect(try compare(log, "--fail-on", "disagreed", "--midstream", "strict").exitCode == 1)
  }

  @Test func failuresOfPipelines() throws {
    let folder = try TemporaryFolder()
    let (web, ends) = ("eni-65666a4dcd639603f", "203.0.113.7 10.20.0.20 50000")
    // What the log says, and by what it fails: denied, unplaced, disagreed.
    let cases: [(String, [Int32])] = [
      (record(web, "\(ends) 80 6"), [0, 0, 0]), (record(web, "\(ends) 23 6", "REJECT"), [1, 0, 0]),
      (record(web, "\(ends) 23 6"), [1, 0, 1]), (record(web, "\(ends) 80 6", "REJECT"), [1, 0, 1]),
      (record("eni-gone", "\(ends) 80 6"), [0, 1, 0]),
      (record("eni-gone", "\(ends) 80 6", "REJECT"), [1, 1, 0]),
    ]
    for (line, codes) in cases {
      let log = try folder.write(line + "\n", "one.log")
      for (finding, code) in zip(["denied", "unplaced", "disagreed"], codes) {
        #expect(try compare(log, "--fail-on", finding).exitCode == code, "\(line): \(finding)")
      }
      #expect(try compare(log).exitCode == 0)
    }
    let broken = try folder.write(cases[2].0 + "\nno record\n", "broken.log")
    #expect(try compare(broken, "--fail-on", "disagreed").exitCode == 2)
  }

  @Test func disagreementsAtNATGatewaysHaveTheirReason() throws {
    let folder = try TemporaryFolder()
    let log = try folder.write(
      record(Self.gateway, "10.20.0.100 192.0.2.80 42040 443 6", "REJECT") + "\n", "nat.log")
    let run = try compare(log, "--format", "json")
    let group = try #require((try json(run)["disagreements"] as? [[String: Any]])?.first)
    #expect(group["direction"] as? String == "egress")
    #expect(group["remote"] as? String == "192.0.2.0/24")
    #expect(group["predicted"] as? String == "ACCEPT")
    #expect((group["explanation"] as? String)?.contains("allow ") == true, "\(group)")
    #expect(group["reasons"] as? [String] == ["the ACL was changed after the log was written"])
    #expect(try compare(log).output.contains("egress at "))
  }

  // MARK: What is no flow log

  @Test func inputsAreNamedForWhatTheyAre() throws {
    let folder = try TemporaryFolder()
    func refusal(_ path: String) throws -> String {
      let run = try compare(path)
      #expect(run.exitCode == 2)
      return String(run.errors.dropFirst("sallyport: ".count).dropLast())
    }
    let ng = "fixtures/captures/db-1.pcapng"
    let advice = "expected a flow log (captures are given without --flow-log-input)"
    #expect(try refusal(Self.capture) == "\(Self.capture): is a pcap capture, \(advice)")
    #expect(try refusal(ng) == "\(ng): is a pcapng capture, \(advice)")
    let zipped = folder.path("a.gz")
    _ = try CommandRun(shell: "gzip -c \(Self.capture) > \(zipped)")
    #expect(try refusal(zipped) == "\(zipped): is a pcap capture, \(advice)")
    let json = "\(Self.network)/describe-vpcs.json"
    #expect(try refusal(json).contains("is JSON output of aws ec2 describe-*, expected a flow log"))
    let parquet = try folder.write("PAR1\u{0}\u{1}\nmore\n", "a.parquet")
    #expect(try refusal(parquet).contains("is a Parquet file, expected a flow log"))
    let empty = try folder.write("", "empty.log")
    #expect(try refusal(empty) == "\(empty): is empty, expected a flow log")
    #expect(try refusal("fixtures").hasPrefix("fixtures: is a folder, expected a flow log"))
    #expect(
      try compare("-").errors == "sallyport: standard input: is empty, expected a flow log\n")
  }

  @Test func flowLogsGivenAsCapturesAreNamed() throws {
    let folder = try TemporaryFolder()
    let lines = [
      Self.names, record("eni-1", "203.0.113.7 10.20.0.20 50000 80 6"),
      "2 123456789012 eni-1 - - - - - - - 1714550520 1714550579 - NODATA",
    ]
    for line in lines {
      let log = try folder.write(line + "\n", "flows.log")
      let run = try CommandRun("audit", log, "-n", Self.network)
      #expect(run.exitCode == 2)
      #expect(
        run.errors == "sallyport: \(log): is a VPC flow log, expected a pcap or pcapng capture "
          + "(sallyport audit --flow-log-input judges it)\n")
    }
  }

  @Test func stoppedBeforeAnythingCame() throws {
    let folder = try TemporaryFolder()
    let pipe = folder.path("pipe")
    let run = try CommandRun(
      shell: """
        mkfifo '\(pipe)'
        sleep 60 > '\(pipe)' &
        feeder=$!
        "$sallyport" audit --flow-log-input - -n \(Self.network) < '\(pipe)' &
        audit=$!
        sleep 2
        kill -INT $audit
        wait $audit
        echo "exit $?"
        kill -KILL $feeder
        """)
    #expect(run.errors == "")
    #expect(run.output.contains("\n  ! INTERRUPTED: the audit was stopped"))
    #expect(run.output.hasSuffix("exit 130\n"))
  }
}
