import Foundation
import TestSupport
import Testing

/// What every command takes.
@Suite struct ConventionTests {
  private static let capture = Environment.project.appending(path: "fixtures/captures/three-tier.pcap").path
  private static let network = Environment.project.appending(path: "fixtures/networks/three-tier").path

  /// Commands with what they need.
  static let commands: [[String]] = [
    ["audit", capture, "-n", network], ["trace", "-n", network, "app-1", "app-2", "tcp/5432"],
    ["lint", "-n", network], ["network", "-n", network], ["packets", capture],
    ["bench", "--rules", "10", "--packets", "256", "--rounds", "1"],
    ["test", Environment.project.appending(path: "fixtures/policies").path],
  ]

  @Test("--color always|never, -q, -v and -o are taken by every command", arguments: commands)
  func options(_ command: [String]) throws {
    let folder = try TemporaryFolder()
    let plain = try CommandRun(command + ["--color", "never", "-q"])
    #expect(plain.exitCode != 64, "\(plain.errors)")
    #expect(!plain.output.isEmpty && !plain.output.contains("\u{1b}["))
    #expect(plain.errors == "")
    let file = folder.path("report")
    let written = try CommandRun(command + ["--color", "always", "-v", "-o", file])
    #expect(written.exitCode == plain.exitCode, "\(written.errors)")
    #expect(written.output == "")
    #expect(try !Data(contentsOf: URL(filePath: file)).isEmpty)
    #expect(try CommandRun(command + ["--color", "green"]).exitCode == 64)
  }

  @Test("synth takes -q, -v, --progress and -o like the others, and writes nothing else on standard error")
  func synth() throws {
    let folder = try TemporaryFolder()
    let network = try folder.write(
      """
      vpcs: {v: {cidr: 10.0.0.0/16, subnets: {s: {cidr: 10.0.0.0/24}}}}
      security_groups: {web: {inbound: [tcp 443 from 10.0.0.0/25], outbound: []}}
      instances: {web-1: {subnet: s, private_ip: 10.0.0.10, groups: [web]}}
      """, "net.yaml")
    for options in [["--packets", "50"], ["--boundaries"]] {
      let command = ["synth", "-n", network, "-o", folder.path("made.pcap")] + options
      let silent = try CommandRun(command + ["-q", "-v", "--progress", "always"])
      #expect(silent.exitCode == 0 && silent.output == "" && silent.errors == "", "\(silent.errors)")
      let verbose = try CommandRun(command + ["-v"])
      #expect(verbose.errors.contains(options.count == 2 ? "sallyport: 50 packets\n" : "one-step changes"))
      #expect(!verbose.errors.contains("\r"))
    }
    let ignoring = try CommandRun(
      [
        "synth", "-n", network, "-o", folder.path("made.pcap"), "--boundaries", "--packets", "9", "--seed",
        "2",
      ])
    #expect(ignoring.exitCode == 0)
    #expect(
      ignoring.errors.contains(
        "sallyport: note: --boundaries goes by the rules alone: without effect: --packets, --seed"))
  }

  @Test("packets -v counts, bench -v says what comes next, and lint -q shows findings only")
  func verbosity() throws {
    #expect(
      try CommandRun(["packets", "-v", "-c", "3", Self.capture]).errors
        == "sallyport: 3 packets, 2 of them not decoded\n")
    let bench = try CommandRun(["bench", "-v", "--rules", "10", "--packets", "256", "--rounds", "1"])
    #expect(bench.errors.contains(/0 of 3 after \d+ s; next 10 rules\n/), "\(bench.errors)")
    let (all, findings) = try (
      CommandRun(["lint", "-n", Self.network]), CommandRun(["lint", "-q", "-n", Self.network])
    )
    #expect(
      all.output.split(separator: "\n").dropFirst().elementsEqual(findings.output.split(separator: "\n")))
    #expect(try !CommandRun(["network", "-q", "-n", Self.network]).output.contains("Problems:"))
  }
}
