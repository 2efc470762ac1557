import Foundation
import TestSupport
import Testing

/// `sallyport audit` end to end: what it prints, and how it ends.
@Suite struct AuditCommandTests {
  static let capture = "fixtures/captures/three-tier.pcap"
  static let network = "fixtures/networks/three-tier"

  static func bytes() throws -> Data {
    try Data(contentsOf: Environment.project.appendingPathComponent(capture))
  }

  private func json(_ run: CommandRun) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
  }

  @Test func textReportIsTheGoldenOne() throws {
    let run = try CommandRun("audit", Self.capture, "-n", Self.network)
    #expect(run.exitCode == 0)
    #expect(run.errors == "")
    try Golden.check(run.output, "audit/three-tier.txt")
    #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test func unusedRulesOfPoliciesWithoutPacketsAreCounted() throws {
    let (short, all) = (
      try CommandRun("audit", Self.capture, "-n", Self.network),
      try CommandRun("audit", Self.capture, "-n", Self.network, "--verbose")
    )
    #expect(
      short.output.hasSuffix("\n  and 5 more of groups and ACLs that no packet passed: --verbose shows all\n")
    )
    #expect(!short.output.contains("all from sg/default"))
    #expect(all.output.contains("    ingress  all from sg/default\n"))
  }

  @Test func jsonReportIsTheGoldenOne() throws {
    let run = try CommandRun("audit", Self.capture, "-n", Self.network, "--format", "json")
    #expect(run.exitCode == 0)
    try Golden.check(run.output, "audit/three-tier.json")
    let report = try json(run)
    #expect(report["schema"] as? String == "sallyport.audit/1")
    for key in ["packets", "bytes"] {
      let counts = try #require(report[key] as? [String: Int])
      #expect(counts.count == 7)
      #expect(counts.filter { $0.key != "total" }.values.reduce(0, +) == counts["total"])
    }
  }

  @Test func keysComeInTheOrderOfTheContract() throws {
    let run = try CommandRun("audit", Self.capture, "-n", Self.network, "--format", "json")
    let keys = run.output.split(separator: "\n").filter { $0.hasPrefix("  \"") }
      .compactMap { $0.split(separator: "\"").dropFirst().first }
    #expect(
      keys == [
        "schema", "captures", "packets", "bytes", "flows", "denials", "interfaces", "rules", "undecoded",
        "unknown",
        "duplicates", "warnings",
      ])
  }

  @Test func sameInputSameBytes() throws {
    let folder = try TemporaryFolder()
    for name in ["a", "b"] {
      let run = try CommandRun(
        "audit", Self.capture, "-n", Self.network, "--format", "json", "-o", folder.path(name), "--verdicts",
        folder.path("\(name).ndjson"))
      #expect(run.exitCode == 0)
      #expect(run.output == "")
    }
    #expect(FileManager.default.contentsEqual(atPath: folder.path("a"), andPath: folder.path("b")))
    #expect(
      FileManager.default.contentsEqual(atPath: folder.path("a.ndjson"), andPath: folder.path("b.ndjson")))
  }

  // MARK: Exit codes

  @Test(arguments: ["denied", "undecoded"]) func failOn(finding: String) throws {
    let run = try CommandRun("audit", Self.capture, "-n", Self.network, "--fail-on", finding)
    #expect(run.exitCode == 1)
    #expect(run.output.hasPrefix("CAPTURE"))
  }

  @Test func failOnUnplaced() throws {
    let folder = try TemporaryFolder()
    let other = try folder.write(
      #"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "192.168.0.0/16", "State": "available"}]}"#, "vpcs.json")
    let run = try CommandRun("audit", Self.capture, "-n", other, "--fail-on", "unplaced")
    #expect(run.exitCode == 1)
    #expect(try CommandRun("audit", Self.capture, "-n", other, "--fail-on", "denied").exitCode == 0)
  }

  @Test func failOnWhatIsNotThere() throws {
    let run = try CommandRun(
      "audit", Self.capture, "-n", Self.network, "--filter", "tcp port 5432 and host 10.20.10.30",
      "--fail-on",
      "denied", "--fail-on", "undecoded")
    #expect(run.exitCode == 0)
  }

  @Test(arguments: [
    ["audit"], ["audit", capture], ["audit", capture, "-n", network, "--nonsense"],
    ["audit", capture, "-n", network, "--format", "xml"], ["audit", "-", "-n", "-"],
    ["audit", capture, "-n", network, "--verdicts", "-"],
    ["audit", capture, "-n", network, "--fail-on", "luck"],
    ["audit", capture, "-n", network, "--filter", "tcp prot 80"],
  ])
  func wrongUsage(arguments: [String]) throws {
    let line = arguments.map { "'\($0)'" }.joined(separator: " ")
    let run = try CommandRun(shell: "\"$sallyport\" \(line)")
    #expect(run.exitCode == 64)
    #expect(run.output == "")
    #expect(!run.errors.isEmpty)
  }

  // MARK: Input and output

  @Test func standardInputIsLikeAFile() throws {
    let file = try json(try CommandRun("audit", Self.capture, "-n", Self.network, "--format", "json"))
    let piped = try json(
      try CommandRun("audit", "-", "-n", Self.network, "--format", "json", input: try Self.bytes()))
    for key in ["packets", "bytes", "flows", "denials", "rules"] {
      #expect(file[key] as? NSObject == piped[key] as? NSObject)
    }
  }

  /// The capture cut in two at a record: one audit of both halves, given in the wrong order.
  @Test func severalCapturesAreOneAuditInOrderOfTime() throws {
    let bytes = try Self.bytes()
    let folder = try TemporaryFolder()
    let middle = Self.recordStart(in: bytes, after: 900)
    let first = try folder.write(bytes[..<middle], "first.pcap")
    let second = try folder.write(bytes[..<24] + bytes[middle...], "second.pcap")
    let records = folder.path("v.ndjson")
    let run = try CommandRun(
      "audit", second, first, "-n", Self.network, "--format", "json", "--verdicts", records)
    let (whole, parts) = (
      try json(try CommandRun("audit", Self.capture, "-n", Self.network, "--format", "json")), try json(run)
    )
    for key in ["packets", "bytes", "flows", "denials", "interfaces", "rules", "warnings"] {
      #expect(whole[key] as? NSObject == parts[key] as? NSObject, "\(key)")
    }
    let captures = try #require(parts["captures"] as? [[String: Any]])
    #expect(captures.map { $0["path"] as? String } == [first, second])
    let frames = try String(contentsOfFile: records, encoding: .utf8).split(separator: "\n")
    #expect(frames.count == 1886)
    #expect(frames.last?.hasPrefix("{\"frame\":1886,") == true)
  }

  /// Byte offset of the record after the first `count` ones; microseconds, little-endian.
  static func recordStart(in bytes: Data, after count: Int) -> Int {
    var offset = 24
    for _ in 0..<count {
      let length = (0..<4).reduce(0) { $0 | Int(bytes[offset + 8 + $1]) << (8 * $1) }
      offset += 16 + length
    }
    return offset
  }

  @Test func aFilterIsAppliedFirst() throws {
    let run = try CommandRun("audit", Self.capture, "-n", Self.network, "--format", "json", "--filter", "arp")
    let packets = try #require(try json(run)["packets"] as? [String: Int])
    #expect(packets["total"] == 26)
    #expect(packets["undecoded"] == 26)
  }

  @Test func anInterfaceIsFoundByNameOrID() throws {
    for name in ["web-1", "eni-65666a4dcd639603f"] {
      let run = try CommandRun(
        "audit", "fixtures/captures/web-1.pcap", "-n", Self.network, "--interface", name, "--format", "json")
      #expect(run.exitCode == 0)
      let packets = try #require(try json(run)["packets"] as? [String: Int])
      #expect(packets["total"] == 518)
    }
  }

  @Test func recordsAreOneAPacket() throws {
    let run = try CommandRun(
      "audit", Self.capture, "-n", Self.network, "-o", "/dev/null", "--verdicts", "/dev/stdout")
    #expect(run.exitCode == 0)
    var counts: [String: Int] = [:]
    for line in run.output.split(separator: "\n") {
      let record = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      counts[try #require(record["verdict"] as? String), default: 0] += 1
    }
    let report = try json(try CommandRun("audit", Self.capture, "-n", Self.network, "--format", "json"))
    let packets = try #require(report["packets"] as? [String: Int])
    #expect(counts.values.reduce(0, +) == packets["total"])
    #expect(counts["deny"] == packets["denied"])
    #expect(counts["allow"] == packets["allowed"])
  }

  @Test func csvHasAllColumnsAlways() throws {
    let folder = try TemporaryFolder()
    let run = try CommandRun(
      "audit", Self.capture, "-n", Self.network, "-o", "/dev/null", "--verdicts", folder.path("v.CSV"))
    #expect(run.exitCode == 0)
    let text = try String(contentsOfFile: folder.path("v.CSV"), encoding: .utf8)
    let lines = text.components(separatedBy: "\r\n")
    #expect(
      lines[0]
        == "frame,time,length,src_ip,dst_ip,protocol,src_port,dst_port,icmp_type,icmp_code,tcp_flags,verdict,state,"
        + "interface,direction,stage,code,rule,missing,outer_src_ip,outer_dst_ip,vni,duplicate")
    #expect(lines.count == 1 + 1886 + 1)
    #expect(lines.last == "")
    #expect(lines.dropLast().allSatisfy { $0.filter { $0 == "," }.count >= 18 })
  }

  // MARK: Terminal and pipes

  @Test func colourIsForTerminalsOrOnDemand() throws {
    let plain = try CommandRun("audit", Self.capture, "-n", Self.network)
    #expect(!plain.output.contains("\u{1b}"))
    #expect(plain.output.utf8.allSatisfy { $0 < 0x80 })
    let coloured = try CommandRun(
      "audit", Self.capture, "-n", Self.network, "--color", "always", environment: ["NO_COLOR": "1"])
    #expect(coloured.output.contains("\u{1b}[1;31mDENY\u{1b}[0m"))
    let stripped = coloured.output.replacing(#/\u{1b}\[[0-9;]*m/#, with: "")
    #expect(stripped == plain.output)
  }

  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script")),
    arguments: [("xterm", "", true), ("xterm", "1", false), ("dumb", "", false)])
  func colourOnATerminal(terminal: String, noColor: String, isColoured: Bool) throws {
    let run = try CommandRun(
      shell: "script -qec '\"$sallyport\" audit \(Self.capture) -n \(Self.network)' /dev/null",
      environment: ["TERM": terminal, "NO_COLOR": noColor])
    #expect(run.output.contains("\u{1b}[1;31mDENY") == isColoured)
  }

  @Test func aBrokenPipeEndsQuietly() throws {
    for arguments in ["--format json", "--color always -v", "-o /dev/null --verdicts /dev/stdout"] {
      let run = try CommandRun(
        shell: "\"$sallyport\" audit \(Self.capture) -n \(Self.network) \(arguments) | head -n 1; "
          + "echo \"${PIPESTATUS[0]}\"")
      #expect(run.errors == "")
      #expect(run.output.hasSuffix("\n0\n"))
    }
  }

  @Test(arguments: [("INT", 130), ("TERM", 143)])
  func interruptionPrintsTheReportSoFar(signal: String, code: Int) throws {
    let folder = try TemporaryFolder()
    let pipe = folder.path("pipe")
    let interrupted = try CommandRun(
      shell: """
        mkfifo '\(pipe)'
        (head -c 200000 \(Self.capture); touch '\(pipe).full'; exec sleep 60) > '\(pipe)' 2> /dev/null &
        feeder=$!
        "$sallyport" audit '\(pipe)' -n \(Self.network) &
        audit=$!
        for try in $(seq 600); do [ -e '\(pipe).full' ] && break; sleep 0.05; done
        sleep 1
        kill -\(signal) $audit
        wait $audit
        echo "exit $?"
        kill -KILL $feeder
        """)
    #expect(interrupted.output.hasPrefix("CAPTURE"))
    #expect(interrupted.output.hasSuffix("exit \(code)\n"))
    #expect(!interrupted.output.contains("TRUNCATED"))
    #expect(interrupted.output.contains("\n  ! INTERRUPTED: the audit was stopped"))
  }

  @Test func progressIsShownOnDemand() throws {
    let run = try CommandRun("audit", Self.capture, "-n", Self.network, "--progress", "always")
    // Nothing is shown before half a second of work, which a busy machine may take; what was shown is taken away.
    #expect(run.errors.isEmpty || run.errors.hasSuffix("\r\u{1b}[K"), "\(run.errors)")
    let none = try CommandRun("audit", Self.capture, "-n", Self.network, "--progress", "never")
    #expect(none.errors == "")
  }

  @Test func helpAndVersion() throws {
    #expect(try CommandRun("--version").output == "sallyport 0.1.0\n")
    let help = try CommandRun("audit", "--help")
    #expect(help.exitCode == 0)
    #expect(help.output.contains("EXIT CODES"))
    #expect(help.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    for command in ["audit", "packets", "network"] {
      #expect(try CommandRun("--help").output.contains("  \(command) "))
    }
  }
}
