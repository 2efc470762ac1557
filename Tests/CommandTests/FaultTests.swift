import Foundation
import TestSupport
import Testing

/// Disks that are full, readers that go away, files that change, signals: outputs are whole or not there, and what
/// happened is said.
@Suite struct FaultTests {
  private static let capture = "fixtures/captures/three-tier.pcap"
  private static let network = "fixtures/networks/three-tier"

  // MARK: Disk full

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "there is no /dev/full"))
  func standardOutputOnAFullDisk() throws {
    for command in [
      "audit \(Self.capture) -n \(Self.network)", "packets \(Self.capture)", "network -n \(Self.network)",
    ] {
      let run = try CommandRun(shell: "$sallyport \(command) > /dev/full")
      #expect(run.exitCode == 2, "\(command)")
      #expect(run.errors.contains("cannot be written: No space left on device"), "\(command): \(run.errors)")
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "there is no /dev/full"))
  func outputsOnAFullDisk() throws {
    let folder = try TemporaryFolder()
    for (option, place) in [
      ("-o", "/dev/full"), ("--verdicts", "/dev/full"), ("--flow-log", "/dev/full"),
      ("--write-denied", "/dev/full"), ("--metrics", folder.path("full.csv")),
    ] {
      // Metrics go by a file's ending.
      if place != "/dev/full" {
        try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: "/dev/full")
      }
      let other = folder.path("allowed.pcapng")
      let run = try CommandRun(
        "audit", Self.capture, "-n", Self.network, "--format", "json", option, place, "--write-allowed", other
      )
      #expect(run.exitCode == 2, "\(option)")
      let failure = "\(place): cannot be written: No space left on device"
      #expect(run.errors == "sallyport: \(failure)\n", "\(option)")
      if option == "-o" { continue }
      // What else was asked for is there, and the report says what is not.
      let report = try #require(
        try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any], "\(option)")
      #expect((report["packets"] as? [String: Int])?["total"] == 1886)
      #expect((report["warnings"] as? [String])?.last == failure)
      #expect(FileManager.default.fileExists(atPath: other))
    }
  }

  /// A limit on the size of files stands for the disk: the same error path, for everybody who runs the tests.
  @Test(
    .enabled(if: !Environment.isSanitized, "sanitizers write files of their own, which the limit would stop"))
  func aFileThatCannotGrowLeavesTheOldOne() throws {
    let folder = try TemporaryFolder()
    let old = try folder.write("old\n", "verdicts.ndjson")
    let run = try CommandRun(
      shell:
        "ulimit -f 64; $sallyport audit \(Self.capture) -n \(Self.network) -q -o /dev/null --verdicts \(old)")
    #expect(run.exitCode == 2)
    #expect(run.errors.contains("\(old): cannot be written: File too large"), "\(run.errors)")
    #expect(try String(contentsOfFile: old, encoding: .utf8) == "old\n")
    #expect(try names(folder) == ["verdicts.ndjson"])
  }

  /// What more captures than the process may have open come to: one line, a report of the others, and exit code 2.
  @Test func moreCapturesThanOpenFiles() throws {
    let run = try CommandRun(
      shell:
        "ulimit -n 40; $sallyport audit $(for i in {1..100}; do echo \(Self.capture); done) -n \(Self.network) --format json -q"
    )
    #expect(run.exitCode == 2)
    let errors = run.errors.split(separator: "\n")
    #expect(errors.count == 1, "\(run.errors)")
    #expect(
      errors.first?.contains("more of 100 captures left out: the process may not have more files open")
        == true)
    let report = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    #expect((report["captures"] as? [Any])?.isEmpty == false)
    #expect((report["warnings"] as? [String])?.contains { $0.contains("left out") } == true)
  }

  // MARK: Pipes

  @Test func aReaderThatGoesAway() throws {
    for command in [
      "packets \(Self.capture)", "audit \(Self.capture) -n \(Self.network) -o /dev/null --verdicts -",
    ] {
      let run = try CommandRun(shell: "$sallyport \(command) | head -n 1; echo ${PIPESTATUS[0]}")
      #expect(run.lines.count == 2, "\(run.output)")
      #expect(run.lines.last == "0")
      #expect(run.errors.isEmpty)
    }
  }

  /// Who reads one of several outputs goes away: the others are whole, and the exit code says what was asked.
  @Test func aReaderOfOneOutputThatGoesAway() throws {
    let folder = try TemporaryFolder()
    let (pipe, log, report) = (folder.path("pipe"), folder.path("flows.log"), folder.path("report"))
    let run = try CommandRun(
      shell: """
        mkfifo \(pipe); (head -c 100 \(pipe) > /dev/null) &
        $sallyport audit \(Self.capture) -n \(Self.network) --format json -o \(report) --verdicts \(pipe) \
          --flow-log \(log) --fail-on denied
        """)
    #expect(run.exitCode == 1, "\(run.errors)")
    #expect(run.errors.isEmpty, "\(run.errors)")
    let data = try Data(contentsOf: URL(fileURLWithPath: report))
    let counts = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])["packets"]
    #expect((counts as? [String: Int])?["total"] == 1886)
    let alone = try CommandRun(
      "audit", Self.capture, "-n", Self.network, "-q", "--flow-log", folder.path("alone.log"))
    #expect(alone.exitCode == 0)
    #expect(
      try String(contentsOfFile: log, encoding: .utf8)
        == String(contentsOfFile: folder.path("alone.log"), encoding: .utf8))
  }

  // MARK: Files that change

  @Test func aCaptureThatIsCutWhileItIsRead() throws {
    let folder = try TemporaryFolder()
    let capture = folder.path("large.pcap")
    let made = try CommandRun("synth", "-n", Self.network, "--packets", "60000", "-o", capture)
    #expect(made.exitCode == 0)
    // The reader of the verdicts waits, so the audit waits too, in the middle of the capture.
    let run = try CommandRun(
      shell: """
        mkfifo \(folder.path("pipe"))
        $sallyport audit \(capture) -n \(Self.network) --format json -o \(folder.path("report")) \
          --verdicts - > \(folder.path("pipe")) &
        exec 3< \(folder.path("pipe"))
        read -r first <&3
        sleep 0.5
        truncate -s 100000 \(capture)
        cat <&3 | wc -l
        wait $!; echo $?
        """)
    #expect(run.lines.last == "2", "\(run.errors)")
    #expect(run.errors.contains("large.pcap: became shorter while it was being read"), "\(run.errors)")
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.path("report")))
    let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let counts = try #require(report["packets"] as? [String: Int])
    let verdicts = try #require(Int(run.lines[run.lines.count - 2].trimmingCharacters(in: .whitespaces)))
    #expect(counts["total"] == verdicts + 1)
    #expect(verdicts < 59_999)
  }

  // MARK: Networks

  @Test func filesOfANetworkThatCannotBeRead() throws {
    let folder = try TemporaryFolder()
    let dangling = try CommandRun(
      shell: "ln -s absent \(folder.path("vpcs.json")); $sallyport network -n \(folder.url.path)")
    #expect(dangling.exitCode == 2)
    #expect(dangling.errors.contains("vpcs.json"), "\(dangling.errors)")
    // A pipe that nobody writes to would be waited for.
    let pipe = try CommandRun(
      shell: """
        rm \(folder.path("vpcs.json")); mkfifo \(folder.path("vpcs.json"))
        timeout 20 $sallyport network -n \(folder.url.path)
        """)
    #expect(pipe.exitCode == 2)
    #expect(pipe.errors.contains("vpcs.json"), "\(pipe.errors)")
  }

  // MARK: Signals

  @Test(arguments: [("TERM", 143), ("INT", 130), ("HUP", 129)])
  func signalsWhileAFileIsWritten(signal: String, code: Int) throws {
    let folder = try TemporaryFolder()
    let run = try CommandRun(
      shell: """
        set -m
        $sallyport synth -n \(Self.network) --packets 1000000000 -o \(folder.path("large.pcap")) &
        for _ in $(seq 200); do [ -s \(folder.path("large.pcap.sallyport-$!")) ] && break; sleep 0.05; done
        ls \(folder.url.path) | wc -l
        # Whoever runs the tests with signals ignored, as nohup does, gets a failure and not a test without end.
        (sleep 60; kill -KILL $!) > /dev/null 2>&1 & last=$!
        kill -\(signal) %1
        wait %1; echo $?
        kill -KILL -- -$last
        """)
    #expect(run.lines.map { $0.trimmingCharacters(in: .whitespaces) } == ["1", "\(code)"], "\(run.errors)")
    #expect(try names(folder).isEmpty)
  }

  @Test(arguments: [("INT", 130, true), ("TERM", 143, true), ("HUP", 129, false)])
  func signalsWhileACaptureIsAwaited(signal: String, code: Int, keeps: Bool) throws {
    let folder = try TemporaryFolder()
    let verdicts = folder.path("verdicts.ndjson")
    let run = try CommandRun(
      shell: """
        set -m
        mkfifo \(folder.path("pipe"))
        $sallyport audit - -n \(Self.network) -o \(folder.path("report")) --verdicts \(verdicts) \
          < \(folder.path("pipe")) &
        exec 3> \(folder.path("pipe"))
        cat \(Self.capture) >&3
        for _ in $(seq 200); do [ -s \(verdicts).sallyport-$! ] && break; sleep 0.05; done
        sleep 0.3
        kill -\(signal) $!
        wait $!; echo $?
        """)
    #expect(run.lines.last == "\(code)", "\(run.errors)")
    let left = try names(folder)
    #expect(left == (keeps ? ["pipe", "report", "verdicts.ndjson"] : ["pipe"]))
    if keeps {
      let lines = try String(contentsOfFile: verdicts, encoding: .utf8).split(separator: "\n")
      #expect(lines.count > 256)
      #expect(lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
      let report = try String(contentsOfFile: folder.path("report"), encoding: .utf8)
      #expect(report.contains("\n  ! INTERRUPTED: the audit was stopped"))
    }
  }

  private func names(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
  }
}
