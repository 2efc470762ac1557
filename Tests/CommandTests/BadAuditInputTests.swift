import Foundation
import TestSupport
import Testing

/// What `sallyport audit` says of bad input, and the exit code.
@Suite struct BadAuditInputTests {
  private static let capture = AuditCommandTests.capture
  private static let network = AuditCommandTests.network

  /// Audits a capture that cannot be read at all: no report, exit code 2, this message.
  private func expectRefusal(of path: String, _ message: String) throws {
    let run = try CommandRun("audit", path, "-n", Self.network)
    #expect(run.exitCode == 2)
    #expect(run.output == "")
    #expect(run.errors == "sallyport: \(message)\n")
  }

  // MARK: Captures

  @Test func absent() throws {
    try expectRefusal(of: "absent.pcap", "absent.pcap: there is no such file")
  }

  @Test func notACapture() throws {
    try expectRefusal(
      of: "Package.swift",
      "Package.swift: is text, expected a pcap or pcapng capture (tcpdump -w FILE makes one)")
    try expectRefusal(
      of: "\(Self.network)/describe-vpcs.json",
      "\(Self.network)/describe-vpcs.json: is JSON output of aws ec2 describe-*, expected a pcap or pcapng capture "
        + "(networks are given with --network)")
  }

  @Test func empty() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Data(), "empty.pcap")
    try expectRefusal(of: path, "\(path): is empty, expected a pcap or pcapng capture")
  }

  @Test func folder() throws {
    try expectRefusal(
      of: "fixtures",
      "fixtures: is a folder, expected a capture file (captures are given one by one; a folder of AWS describe "
        + "outputs goes to --network)")
  }

  /// Root may read everything, so there is nothing to refuse.
  @Test(.disabled(if: geteuid() == 0, "root may read every file")) func noPermission() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(try AuditCommandTests.bytes(), "secret.pcap")
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
    try expectRefusal(of: path, "\(path): cannot be read: Permission denied")
  }

  @Test func cutInTheMiddle() throws {
    let bytes = try AuditCommandTests.bytes()
    let folder = try TemporaryFolder()
    let path = try folder.write(
      bytes[..<(AuditCommandTests.recordStart(in: bytes, after: 1000) + 20)], "cut.pcap")
    let run = try CommandRun("audit", path, "-n", Self.network, "--format", "json", "--fail-on", "denied")
    #expect(run.exitCode == 2)
    #expect(run.errors.contains("\(path): byte "))
    #expect(run.errors.contains("after packet 1000: the capture is cut off in the middle"))
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    let capture = try #require((report["captures"] as? [[String: Any]])?.first)
    #expect(capture["truncated"] as? Bool == true)
    #expect(capture["packets"] as? Int == 1000)
    #expect((report["packets"] as? [String: Int])?["total"] == 1000)
    #expect((report["warnings"] as? [String])?.first?.contains("cut off in the middle") == true)
    let text = try CommandRun("audit", path, "-n", Self.network)
    #expect(text.output.contains("TRUNCATED\n"))
    #expect(text.output.contains("\nWARNINGS\n"))
  }

  @Test func cutInTheFileHeader() throws {
    let folder = try TemporaryFolder()
    let cut = try folder.write(try AuditCommandTests.bytes()[..<10], "cut.pcap")
    let run = try CommandRun("audit", cut, "-n", Self.network)
    #expect(run.exitCode == 2)
    #expect(run.output.contains("TRUNCATED\n"))
    #expect(run.errors.contains("needs 24 bytes, 10 are left"))
  }

  @Test func aRecordLongerThanTheFile() throws {
    var bytes = try AuditCommandTests.bytes()
    let record = AuditCommandTests.recordStart(in: bytes, after: 5)
    let folder = try TemporaryFolder()
    bytes.replaceSubrange(record + 8..<record + 12, with: [0xff, 0xff, 0x03, 0x00])
    let long = try folder.write(bytes[..<(record + 4000)], "long.pcap")
    let run = try CommandRun("audit", long, "-n", Self.network)
    #expect(run.exitCode == 2)
    #expect(run.errors.contains("after packet 5: the capture is cut off in the middle"))
    #expect(run.errors.contains("a packet record needs 262159 bytes, 4000 are left"))
    bytes.replaceSubrange(record + 8..<record + 12, with: [0xff, 0xff, 0xff, 0x7f])
    let wild = try folder.write(bytes, "wild.pcap")
    let damaged = try CommandRun("audit", wild, "-n", Self.network)
    #expect(damaged.exitCode == 2)
    #expect(damaged.errors.contains("after packet 5: the capture is damaged"))
    #expect(damaged.errors.contains("found 2147483647, expected 262144 at most"))
    #expect(damaged.output.contains("5 packets"))
  }

  @Test func aBrokenCaptureAmongOthers() throws {
    let run = try CommandRun("audit", "absent.pcap", Self.capture, "Package.swift", "-n", Self.network)
    #expect(run.exitCode == 2)
    #expect(run.output.contains("1,886 packets"))
    #expect(run.errors.split(separator: "\n").count == 2)
  }

  // MARK: Networks

  private func expectNetworkRefusal(_ path: String, _ message: String) throws {
    let run = try CommandRun("audit", Self.capture, "-n", path)
    #expect(run.exitCode == 2)
    #expect(run.output == "")
    #expect(run.errors.hasPrefix("sallyport: \(path)"))
    #expect(run.errors.contains(message), "\(run.errors)")
  }

  @Test func aNetworkFolderWithoutJSON() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("no", "notes.txt")
    try expectNetworkRefusal(folder.url.path, ": found 1 file, not JSON; expected *.json")
  }

  @Test func brokenJSON() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("{\"Vpcs\": [\n  {\"VpcId\": }\n]}", "vpcs.json")
    try expectNetworkRefusal(folder.url.path, "/vpcs.json:2:13: broken JSON: found ")
  }

  @Test func otherJSON() throws {
    let folder = try TemporaryFolder()
    let plan = try folder.write("{\"planned_values\": {}, \"resource_changes\": []}", "plan.json")
    try expectNetworkRefusal(plan, ": is a Terraform plan, not a network")
    let other = try folder.write("{\"colour\": \"red\"}", "other.json")
    try expectNetworkRefusal(
      other, ": found an object with \"colour\"; expected outputs of aws ec2 describe-*")
  }

  @Test func anUnknownInterface() throws {
    let run = try CommandRun("audit", Self.capture, "-n", Self.network, "--interface", "wep-1")
    #expect(run.exitCode == 2)
    #expect(run.output == "")
    #expect(
      run.errors.hasPrefix(
        "sallyport: --interface wep-1: the network has no interface with this id or name; nearest: "
          + "eni-65666a4dcd639603f (web-1)"))
  }

  // MARK: Outputs

  @Test func outputsThatCannotBeWritten() throws {
    for option in ["-o", "--verdicts"] {
      let run = try CommandRun("audit", Self.capture, "-n", Self.network, option, "absent/report")
      #expect(run.exitCode == 2)
      #expect(run.errors == "sallyport: absent/report: the folder absent does not exist\n")
    }
  }
}
