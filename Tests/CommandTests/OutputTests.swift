import Foundation
import TestSupport
import Testing

/// What `-o` and `--verdicts` write, replace and refuse to touch.
@Suite struct OutputTests {
  private let folder: TemporaryFolder
  private let capture: String
  private let network: String
  private let vpcs: String
  private let flows: String

  init() throws {
    folder = try TemporaryFolder()
    capture = try folder.write(try AuditCommandTests.bytes(), "cap.pcap")
    network = folder.path("net")
    try FileManager.default.copyItem(
      atPath: Environment.fixture("networks/three-tier"), toPath: network)
    vpcs = network + "/describe-vpcs.json"
    flows = try folder.write(#"{"from": "web-1", "to": "db-1", "protocol": "tcp", "port": 5432}"#, "flows")
  }

  /// Runs the command: exit code 64, this message, and every file as it was.
  private func expectRefusal(_ arguments: [String], _ message: String) throws {
    let before = try contents()
    let run = try CommandRun(arguments)
    #expect(run.exitCode == 64, "\(arguments)")
    #expect(run.output == "")
    #expect(run.errors.hasPrefix("Error: \(message)\n"), "\(run.errors)")
    #expect(try contents() == before)
  }

  private func contents() throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for case let name as String in try #require(FileManager.default.enumerator(atPath: folder.url.path)) {
      contents[name] = (try? Data(contentsOf: folder.url.appendingPathComponent(name))) ?? Data()
    }
    return contents
  }

  // MARK: Refusals

  @Test func noOutputReplacesACapture() throws {
    try expectRefusal(
      ["audit", capture, "-n", network, "-o", capture],
      "-o \(capture) would overwrite the capture \(capture): name another file")
    try expectRefusal(
      ["audit", capture, "-n", network, "--verdicts", capture],
      "--verdicts \(capture) would overwrite the capture \(capture): name another file")
    let other = folder.path("net/../cap.pcap")
    try expectRefusal(
      ["packets", capture, "-o", other],
      "-o \(other) would overwrite the capture \(capture): name another file")
  }

  @Test func linksAreTheFilesTheyLeadTo() throws {
    let (soft, hard) = (folder.path("soft"), folder.path("hard"))
    try FileManager.default.createSymbolicLink(atPath: soft, withDestinationPath: capture)
    try FileManager.default.linkItem(atPath: capture, toPath: hard)
    for link in [soft, hard] {
      try expectRefusal(
        ["packets", capture, "-o", link],
        "-o \(link) would overwrite the capture \(capture): name another file")
    }
    try FileManager.default.linkItem(atPath: vpcs, toPath: folder.path("vpcs.json"))
    let run = try CommandRun("network", "-n", network, "-o", folder.path("vpcs.json"))
    #expect(run.exitCode == 64)
  }

  @Test func noOutputReplacesANetworkFile() throws {
    for arguments in [
      ["audit", capture, "-n", network, "--verdicts", vpcs], ["network", "-n", network, "-o", vpcs],
      ["network", network, "-o", vpcs],
      ["trace", "-n", network, "web-1", "db-1", "tcp/5432", "-o", vpcs],
      ["network", "-n", network, "-o", network + "/new.json"],
    ] {
      let option = arguments.contains("--verdicts") ? "--verdicts" : "-o"
      let place = arguments[arguments.count - 1]
      try expectRefusal(
        arguments,
        "\(option) \(place) is a file of the network \(network): name one in another folder, or one that does not "
          + "end in .json")
    }
    try expectRefusal(
      ["network", "-n", vpcs, "-o", vpcs], "-o \(vpcs) would overwrite the network \(vpcs): name another file"
    )
    // What the network's reader passes over may lie in its folder.
    #expect(try CommandRun("network", "-n", network, "-o", network + "/summary.txt").exitCode == 0)
  }

  @Test func noOutputReplacesQuestions() throws {
    try expectRefusal(
      ["trace", "-n", network, "--flows", flows, "-o", flows],
      "-o \(flows) would overwrite the questions \(flows): name another file")
  }

  @Test func twoOutputsAreTwoFiles() throws {
    let (one, other) = (folder.path("same.csv"), folder.path("net/../same.csv"))
    for _ in 0..<2 {
      try expectRefusal(
        ["audit", capture, "-n", network, "-o", one, "--verdicts", other],
        "-o \(one) and --verdicts \(other) are one file: name another for one of them")
      _ = try folder.write("old", "same.csv")
    }
    try expectRefusal(
      ["audit", capture, "-n", network, "--verdicts", "-"],
      "--verdicts and the report would both go to standard output: name a file for one of them")
    let run = try CommandRun(
      "audit", capture, "-n", network, "-o", "/dev/null", "--verdicts", "/dev/null")
    #expect(run.exitCode == 0)
  }

  @Test func redirectionsAreOutputs() throws {
    let run = try CommandRun(
      shell: "cd '\(folder.url.path)' && $sallyport audit cap.pcap -n net --verdicts out > out")
    #expect(run.exitCode == 64)
    #expect(run.errors.hasPrefix("Error: standard output and --verdicts out are one file"), "\(run.errors)")
    let input = try CommandRun(
      shell: "cd '\(folder.url.path)' && $sallyport packets - -o cap.pcap < cap.pcap")
    #expect(input.exitCode == 64)
  }

  // MARK: What is replaced, and when

  @Test func aFailedAuditLeavesOldFilesAlone() throws {
    let old = try folder.write("old", "old.csv")
    for (capture, network) in [(folder.path("none.pcap"), network), (capture, folder.path("none"))] {
      let run = try CommandRun("audit", capture, "-n", network, "--verdicts", old, "-o", old + ".txt")
      #expect(run.exitCode == 2)
      #expect(try String(contentsOfFile: old, encoding: .utf8) == "old")
    }
    #expect(try CommandRun("packets", folder.path("none.pcap"), "-o", old).exitCode == 2)
    #expect(try String(contentsOfFile: old, encoding: .utf8) == "old")
    #expect(try contents().keys.allSatisfy { !$0.contains(".sallyport-") && $0 != "old.csv.txt" })
  }

  @Test func aCompleteFileReplacesTheOldOne() throws {
    let old = try folder.write("old", "old.txt")
    let link = folder.path("link.txt")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "old.txt")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: old)
    #expect(try CommandRun("network", "-n", network, "-o", link).exitCode == 0)
    let text = try String(contentsOfFile: old, encoding: .utf8)
    #expect(text == (try CommandRun("network", network).output))
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "old.txt")
    let rights = try FileManager.default.attributesOfItem(atPath: old)[.posixPermissions] as? Int
    #expect(rights == 0o600)
  }

  @Test func foldersThatAreNotThere() throws {
    let place = folder.path("none/out.txt")
    let run = try CommandRun("packets", capture, "-o", place)
    #expect(run.exitCode == 2)
    #expect(run.errors == "sallyport: \(place): the folder \(folder.path("none")) does not exist\n")
  }

  // MARK: Names of commands

  @Test func misspeltCommands() throws {
    for arguments in [["audt", "x", "-n", "y"], ["help", "audt"]] {
      let run = try CommandRun(arguments)
      #expect(run.exitCode == 64)
      #expect(run.errors == "sallyport: unknown command 'audt'; did you mean 'audit'?\n")
    }
    #expect(
      try CommandRun("cap.pcap", "-n", "net").errors
        == "sallyport: unknown command 'cap.pcap'; there are audit, test, trace, lint, synth, packets, network, bench, watch\n"
    )
    #expect(try CommandRun("help", "audit").exitCode == 0)
    #expect(try CommandRun("help").exitCode == 0)
  }
}
