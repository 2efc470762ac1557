import Foundation
import TestSupport
import Testing

/// How `audit` and `watch` end while messages of alarms are on their way.
@Suite struct AlarmDeliveryCommandTests {
  private static let audit = ["audit", AuditCommandTests.capture, "-n", AuditCommandTests.network]
  private static let line = "$sallyport \(audit.map { "'\($0)'" }.joined(separator: " "))"

  /// A file with one alarm that the capture sets off.
  private func alarms(_ folder: TemporaryFolder, _ actions: String...) throws -> String {
    let listed = actions.map { "'\($0)'" }.joined(separator: ", ")
    return try folder.write(
      "alarms: {denied: {metric: packets, of: {verdict: denied}, when: '> 20', period: 10, actions: [\(listed)]}}",
      "alarms.yaml")
  }

  private static let waitForTalk = """
    for try in $(seq 300); do grep -q 'Ctrl-C gives up' "$talk" && break; sleep 0.1; done
    """

  @Test(
    "Whoever waits is told so; a signal gives up and says what was not delivered",
    arguments: [("INT", 130), ("TERM", 2)])
  func givingUp(_ signal: String, _ code: Int32) throws {
    let folder = try TemporaryFolder()
    let child = folder.path("child")
    let alarms = try alarms(
      folder, "file:\(folder.path("told"))", "command:echo $$ > \(child); sleep 300",
      "command: sleep 301")
    let run = try CommandRun(
      shell: """
        talk="\(folder.path("talk"))"
        \(Self.line) --alarms "\(alarms)" > "\(folder.path("report"))" 2> "$talk" &
        pid=$!
        \(Self.waitForTalk)
        kill -\(signal) $pid; wait $pid
        code=$?; cat "$talk"; kill -0 $(cat "\(child)") 2> /dev/null && echo alive; exit $code
        """)
    #expect(run.exitCode == code, "\(run.output)")
    #expect(run.lines.first == "sallyport: waiting for 2 deliveries; Ctrl-C gives up")
    let lost = run.lines.dropFirst()
    #expect(
      Array(lost) == [
        "sallyport: alarm denied: not delivered to command:echo $$ > \(child); sleep 300 in 1 try: the command was ended; "
          + "given up",
        "sallyport: alarm denied: not delivered to command: sleep 301 in 1 try: the command was ended; given up",
      ])
    #expect(try String(contentsOfFile: folder.path("told"), encoding: .utf8).contains("denied"))
    #expect(try String(contentsOfFile: folder.path("report"), encoding: .utf8).contains("denied"))
  }

  @Test func nothingIsSaidOfWaitingWhereItIsUnwanted() throws {
    let folder = try TemporaryFolder()
    let short = try CommandRun(Self.audit + ["--alarms", try alarms(folder, "command:true")])
    let waiting = "sallyport: waiting for 1 delivery; Ctrl-C gives up\n"
    // What is short is long on a machine that is busy enough.
    #expect(short.exitCode == 0)
    #expect(["", waiting].contains(short.errors), "\(short.errors)")
    let quiet = try CommandRun(Self.audit + ["-q", "--alarms", try alarms(folder, "command:sleep 3")])
    #expect((quiet.exitCode, quiet.errors) == (0, ""))
    let long = try CommandRun(Self.audit + ["--alarms", try alarms(folder, "command:sleep 3")])
    #expect((long.exitCode, long.errors) == (0, waiting))
  }

  @Test("Alarms are told although nobody reads the report") func withoutReader() throws {
    let folder = try TemporaryFolder()
    let alarms = try alarms(folder, "file:\(folder.path("told"))")
    let run = try CommandRun(
      shell: "\(Self.line) --alarms '\(alarms)' | (exec 0<&-; sleep 0.1); exit ${PIPESTATUS[0]}")
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(FileManager.default.fileExists(atPath: folder.path("told")))
  }

  @Test("The first Ctrl-C ends a watch, the second one its deliveries") func watch() throws {
    let folder = try TemporaryFolder()
    let network = try folder.write(
      "vpcs: {v: {cidr: 10.0.0.0/16, subnets: {s: {cidr: 10.0.0.0/24, zone: eu-west-1a}}}}", "net.yaml")
    let alarms = try folder.write(
      "alarms: {quiet: {metric: packets, when: '< 1', period: 10, actions: ['command:sleep 300']}}",
      "alarms.yaml")
    let run = try CommandRun(
      shell: """
        talk="\(folder.path("talk"))"
        unshare -rn bash -c 'ip link set lo up; exec "$sallyport" watch -i lo -q "$@"' - -n "\(network)" \
          --alarms "\(alarms)" > "\(folder.path("report"))" 2> "$talk" &
        pid=$!
        for try in $(seq 300); do grep -q 'quiet' "$talk" && break; kill -0 $pid || break; sleep 0.1; done
        kill -INT $pid
        \(Self.waitForTalk)
        kill -INT $pid; wait $pid
        code=$?; cat "$talk"; exit $code
        """)
    if run.output.contains("unshare") || run.output.contains("lo:") {
      print("SKIPPED: unshare and libpcap in a network namespace are not allowed here")
      return
    }
    #expect(run.exitCode == 2, "\(run.output)")
    #expect(
      run.lines.suffix(2) == [
        "sallyport: waiting for 1 delivery; Ctrl-C gives up",
        "sallyport: alarm quiet: not delivered to command:sleep 300 in 1 try: the command was ended; given up",
      ], "\(run.output)")
  }

  @Test("Waiting for an endpoint that is silent leaves the processor to others") func quietWaiting() throws {
    let folder = try TemporaryFolder()
    let server = try CannedServer(nil)
    let alarms = try alarms(folder, server.address)
    // Ticks of a hundredth of a second, of 300.
    let run = try CommandRun(
      shell: """
        [ -r /proc/self/stat ] || exit 99
        talk="\(folder.path("talk"))"
        \(Self.line) --alarms "\(alarms)" > "\(folder.path("report"))" 2> "$talk" &
        pid=$!
        \(Self.waitForTalk)
        ticks() { read -r line < /proc/$pid/stat; set -- ${line##*) }; echo $((${12} + ${13})); }
        before=$(ticks); sleep 3; after=$(ticks)
        echo $((after - before))
        kill -INT $pid; wait $pid
        exit 0
        """)
    if run.exitCode == 99 {
      print("SKIPPED: this system does not say in /proc how long a process has run")
      return
    }
    let ticks = try #require(Int(run.lines.first ?? ""), "\(run.output) \(run.errors)")
    #expect(ticks < 45, "\(ticks) hundredths of a second in 3 s")
    #expect(server.requests.count == 1)
  }

  @Test(
    "What is no place of SNS is wrong usage, and whoever gave it is named",
    arguments: ["127.0.0.1:18090", "localhost", "ftp://127.0.0.1/", "http://", ""])
  func endpoints(_ text: String) throws {
    let folder = try TemporaryFolder()
    let alarms = try alarms(folder, "file:\(folder.path("told"))")
    let expected =
      "found \"\(text)\", expected an http:// or https:// URL with a host, such as http://127.0.0.1:4566"
    let given = try CommandRun(Self.audit + ["--alarms", alarms, "--sns-endpoint", text])
    #expect(given.exitCode == 64)
    #expect(given.errors.contains("--sns-endpoint: \(expected)"), "\(given.errors)")
    for name in ["AWS_ENDPOINT_URL_SNS", "AWS_ENDPOINT_URL"] {
      let run = try CommandRun(Self.audit + ["--alarms", alarms], environment: [name: text])
      // A variable that is empty is one that is not set.
      #expect(run.exitCode == (text.isEmpty ? 0 : 64))
      #expect(run.errors.contains("\(name): \(expected)") != text.isEmpty, "\(run.errors)")
    }
    // Who asks for no alarm has nothing to send.
    #expect(try CommandRun(Self.audit, environment: ["AWS_ENDPOINT_URL": text]).exitCode == 0)
  }
}
