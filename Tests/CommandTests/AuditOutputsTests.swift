import Foundation
import TestSupport
import Testing

/// What `audit` writes beside its report, and how it takes captures in.
@Suite struct AuditOutputsTests {
  static let capture = "fixtures/captures/three-tier.pcap"
  static let network = "fixtures/networks/three-tier"
  static let hasTshark = FileManager.default.isExecutableFile(atPath: "/usr/bin/tshark")

  private func counts(_ capture: String, _ more: String...) throws -> [String: Int] {
    let run = try CommandRun(["audit", capture, "-n", Self.network, "--format", "json"] + more)
    #expect(run.exitCode == 0)
    let report = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
    return try #require(report?["packets"] as? [String: Int])
  }

  // MARK: Annotated captures

  @Test(.enabled(if: hasTshark, "tshark is not installed")) func annotatedCapturesKeepWhatThePacketsWere()
    throws
  {
    let folder = try TemporaryFolder()
    let (denied, records) = (folder.path("denied.pcapng"), folder.path("records.csv"))
    let all = try counts(Self.capture, "--write-denied", denied, "--verdicts", records)
    let run = try CommandRun(
      shell:
        "tshark -r \(denied) -T fields -e frame.time_epoch -e frame.len -e frame.comment 2>\(folder.path("said"))"
    )
    #expect(run.exitCode == 0)
    #expect(run.lines.count == all["denied"])
    let original = try CommandRun(
      shell: "tshark -r \(Self.capture) -T fields -e frame.time_epoch -e frame.len 2>/dev/null")
    let verdicts = try String(contentsOfFile: records, encoding: .utf8).split(separator: "\r\n").dropFirst()
      .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    for line in run.lines {
      let fields = line.split(separator: "\t")
      let words = fields[2].split(separator: " ")
      // sallyport: frame 12, deny, stage source_network_acl, code …
      let frame = try #require(Int(words[2].dropLast()))
      #expect(original.lines[frame - 1] == "\(fields[0])\t\(fields[1])")
      let record = verdicts[frame - 1]
      #expect(fields[2].hasPrefix("sallyport: frame \(frame), deny, stage \(record[15]), code \(record[16])"))
      #expect(record[17].isEmpty || fields[2].contains(", rule \(record[17])"))
    }
    let check = try CommandRun(shell: "capinfos -T -r -E -c \(denied) 2>/dev/null")
    #expect(check.output.contains("\(run.lines.count)"))
  }

  @Test func auditsOfAnnotatedCapturesAgree() throws {
    let folder = try TemporaryFolder()
    let (denied, allowed) = (folder.path("denied.pcapng"), folder.path("allowed.pcapng"))
    let all = try counts(Self.capture, "--write-denied", denied, "--write-allowed", allowed)
    let again = try counts(denied)
    // Alone, a denied answer is judged as one whose request the capture missed: that may be another verdict.
    #expect(again["total"] == all["denied"])
    #expect(try counts(allowed)["total"] == all["allowed"])
    let merged = try JSONSerialization.jsonObject(
      with: Data(
        try CommandRun("audit", allowed, denied, "-n", Self.network, "--format", "json").output.utf8))
    let packets = try #require((merged as? [String: Any])?["packets"] as? [String: Int])
    #expect(packets["denied"] == all["denied"])
    #expect(packets["allowed"] == all["allowed"])
  }

  /// The capture as pcapng of two interfaces, with comments of its own on two packets of three.
  private func commented() throws -> Data {
    let bytes = try AuditCommandTests.bytes()
    var file = HandMadePcapNG(linkType: PcapRecord.linkType(of: bytes))
    file.addInterface("eth7")
    file.addInterface("tun3", details: "my tunnel")
    for (index, record) in PcapRecord.all(in: bytes).enumerated() {
      let frame = index + 1
      file.add(
        record, interface: UInt32(frame % 2),
        comments: Array(["mine \(frame)", "yours \(frame)"].prefix(frame % 3)))
    }
    return file.data
  }

  @Test(.enabled(if: hasTshark, "tshark is not installed")) func descriptionsAndCommentsOfTheInputAreKept()
    throws
  {
    let folder = try TemporaryFolder()
    let input = try folder.write(try commented(), "input.pcapng")
    let denied = folder.path("denied.pcapng")
    let all = try counts(input, "--write-denied", denied)
    let original = try counts(Self.capture)
    #expect(all == original)
    let fields = ["frame.interface_name", "frame.interface_description", "frame.comment"].map { "-e \($0)" }
    let run = try CommandRun(
      shell:
        "tshark -r \(denied) -T fields \(fields.joined(separator: " ")) -E aggregator='|' 2>\(folder.path("said"))"
    )
    #expect(run.exitCode == 0)
    #expect(run.lines.count == all["denied"])
    for line in run.lines {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      let comments = fields[2].split(separator: "|")
      let frame = try #require(Int(comments[0].split(separator: " ")[2].dropLast()))
      #expect(fields[0] == (frame % 2 == 0 ? "eth7" : "tun3"))
      #expect(fields[1] == (frame % 2 == 0 ? "" : "my tunnel"))
      #expect(comments.dropFirst() == ["mine \(frame)", "yours \(frame)"].prefix(frame % 3)[...])
    }
  }

  @Test func interfacesOfCapturesSurvive() throws {
    let folder = try TemporaryFolder()
    let allowed = folder.path("allowed.pcapng")
    let run = try CommandRun(
      "audit", "fixtures/captures/db-1.pcapng", Self.capture, "-n", Self.network, "--write-allowed", allowed,
      "-o",
      folder.path("report"))
    #expect(run.exitCode == 0)
    let types = try CommandRun("audit", allowed, "-n", Self.network, "--format", "json")
    let report = try JSONSerialization.jsonObject(with: Data(types.output.utf8)) as? [String: Any]
    let captures = try #require(report?["captures"] as? [[String: Any]])
    #expect(captures.count == 1)
    #expect((captures[0]["link_type"] as? String)?.contains("LINUX_SLL2") ?? false)
  }

  @Test func outputsAppearWholeOrNotAtAll() throws {
    let folder = try TemporaryFolder()
    let (denied, log) = (folder.path("denied.pcapng"), folder.path("flows.log"))
    let run = try CommandRun(
      "audit", folder.path("absent.pcap"), "-n", Self.network, "--write-denied", denied, "--flow-log", log)
    #expect(run.exitCode == 2)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    let clash = try CommandRun(
      "audit", Self.capture, "-n", Self.network, "--write-denied", denied, "--write-allowed", denied)
    #expect(clash.exitCode == 64)
  }

  // MARK: Captures in order of time

  /// Splits the example by what the packets are, so that the parts overlap all the time.
  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/tcpdump"), "tcpdump is not installed")
  )
  func overlappingCapturesAreMergedPacketByPacket() throws {
    let folder = try TemporaryFolder()
    let parts = ["port 53", "not port 53 and tcp", "not port 53 and not tcp"].enumerated().map {
      number, filter in
      (path: folder.path("\(number).pcap"), filter: filter)
    }
    for part in parts {
      _ = try CommandRun(shell: "tcpdump -r \(Self.capture) -w \(part.path) '\(part.filter)' 2>/dev/null")
    }
    // The example has two packets that are not in order: frames are left out of the comparison.
    func records(_ captures: [String], _ name: String) throws -> [String] {
      let records = folder.path(name)
      let run = try CommandRun(
        ["audit"] + captures + ["-n", Self.network, "--verdicts", records, "-o", folder.path("report")])
      #expect(run.exitCode == 0)
      return try String(contentsOfFile: records, encoding: .utf8).split(separator: "\n").map {
        String($0.drop { $0 != "," })
      }
    }
    let whole = try records([Self.capture], "whole.ndjson")
    let merged = try [[0, 1, 2], [2, 0, 1], [1, 2, 0]].map { order in
      try records(order.map { parts[$0].path }, "merged.ndjson")
    }
    #expect(merged[0] == merged[1] && merged[1] == merged[2])
    #expect(merged[0].sorted() == whole.sorted())
    // Times stand first in what is left: those of the merged parts go back only where a part's own do.
    let steps = zip(merged[0], merged[0].dropFirst()).count { $0.prefix(38) > $1.prefix(38) }
    #expect(steps <= 2)
  }

  /// A log's own line of names, with a field of some day to come, and one without what a judgement needs.
  @Test func namesOfFlowLogFields() throws {
    let record = "eni-1 10.20.0.20 10.20.10.30 40000 8080 6 1 60 1795413358 1795413358 ACCEPT OK x"
    let names =
      "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status new-field"
    let folder = try TemporaryFolder()
    let network = AuditCommandTests.network
    let log = try folder.write("\(names)\n\(record)\n", "new.log")
    let run = try CommandRun(["audit", "--flow-log-input", log, "-n", network])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains("'new-field' is no field of flow logs"))
    let poor = try folder.write("interface-id srcaddr dstaddr\neni-1 10.20.0.20 10.20.10.30\n", "poor.log")
    let refused = try CommandRun(["audit", "--flow-log-input", poor, "-n", network])
    #expect(refused.exitCode == 2)
    #expect(
      refused.errors == "sallyport: \(poor): the records cannot be judged: they lack ${protocol}, ${action}\n"
    )
    let nameless = try folder.write("\(record)\n", "nameless.log")
    let hint = try CommandRun(["audit", "--flow-log-input", nameless, "-n", network])
    #expect(hint.exitCode == 2)
    #expect(hint.errors.contains("name them with --flow-log-format"), "\(hint.errors)")
  }

  @Test func usageOfInputs() throws {
    for arguments in [
      [], ["--follow", "a.pcap", "b.pcap"], ["--flow-log-input", "a", "b.pcap"],
      ["--flow-log-input", "a", "--verdicts", "b"], ["--flow-log-input", "a", "--events", "b"],
      ["--flow-log-input", "a", "--alarms", "b"], ["--flow-log-input", "a", "--metrics", "b.csv"],
      ["a.pcap", "--flow-log-format", "${nothing}"],
      ["a.pcap", "--flow-log-interval", "0"],
    ] {
      #expect(try CommandRun(["audit", "-n", Self.network] + arguments).exitCode == 64, "\(arguments)")
    }
    for option in ["--follow", "--events"] {
      let run = try CommandRun([
        "audit", "-n", Self.network, option, "a", option, "b", option == "--events" ? "c.pcap" : "-q",
      ])
      #expect(run.exitCode == 64)
      #expect(run.errors.contains("\(option) can be given once, and is given 2 times: a, b"), "\(run.errors)")
    }
  }
}
