import Foundation
import TestSupport
import Testing

/// `sallyport packets` as users run it.
struct PacketsCommandTests {
  /// Two packets of link type RAW: TCP SYN from 10.0.0.1:1000 to 10.0.0.2:22, and one byte of nothing.
  static let capture: [UInt8] =
    [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 101, 0, 0, 0]
    + [5, 0, 0, 0, 6, 0, 0, 0, 40, 0, 0, 0, 60, 0, 0, 0]
    + [0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
    + [3, 232, 0, 22, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 255, 255, 0, 0, 0, 0]
    + [6, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0x55]

  static func file(_ bytes: [UInt8]) throws -> String {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "sallyport-\(UUID().uuidString).pcap")
    try Data(bytes).write(to: url)
    return url.path
  }

  static let header =
    "frame\tsrc_ip\tdst_ip\tprotocol\tsrc_port\tdst_port\ticmp_type\ticmp_code\tfragment_offset\t"
    + "more_fragments\ttcp_flags\tlength\tstatus"

  @Test func listsText() throws {
    let run = try CommandRun(["packets", "-"], input: Data(Self.capture))
    #expect(
      run.lines == [
        "1 1970-01-01T00:00:05.000006Z IP 10.0.0.1.1000 > 10.0.0.2.22: tcp S, length 60",
        "2 1970-01-01T00:00:06.000000Z ipv4: IP version 5, length 1",
      ])
    #expect(run.errors.isEmpty)
    #expect(run.exitCode == 0)
  }

  @Test func listsTabSeparatedValuesAndCountsOverAllCaptures() throws {
    let path = try Self.file(Self.capture)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let run = try CommandRun(["packets", "--format", "tsv", path, path])
    #expect(
      run.lines == [
        Self.header,
        "1\t10.0.0.1\t10.0.0.2\ttcp\t1000\t22\t\t\t0\t0\tS\t60\tok",
        "2\t\t\t\t\t\t\t\t\t\t\t1\tipv4: IP version 5",
        "3\t10.0.0.1\t10.0.0.2\ttcp\t1000\t22\t\t\t0\t0\tS\t60\tok",
        "4\t\t\t\t\t\t\t\t\t\t\t1\tipv4: IP version 5",
      ])
  }

  @Test func listsJSON() throws {
    let run = try CommandRun(["packets", "--format", "json", "-c", "1", "-"], input: Data(Self.capture))
    #expect(
      run.output
        == #"{"frame":1,"time":"1970-01-01T00:00:05.000006Z","src_ip":"10.0.0.1","dst_ip":"10.0.0.2","#
        + #""protocol":"tcp","src_port":1000,"dst_port":22,"fragment_offset":0,"more_fragments":0,"#
        + #""tcp_flags":"S","length":60,"status":"ok"}"# + "\n")
  }

  @Test func filters() throws {
    let run = try CommandRun(["packets", "--filter", "tcp port 22", "-"], input: Data(Self.capture))
    #expect(run.lines.count == 1)
    let none = try CommandRun(["packets", "--filter", "udp", "-"], input: Data(Self.capture))
    #expect(none.output.isEmpty)
    #expect(none.exitCode == 0)
    let wrong = try CommandRun(["packets", "--filter", "udp prot", "-"], input: Data(Self.capture))
    #expect(wrong.errors.hasPrefix("sallyport: filter \"udp prot\" for link type RAW: "))
    #expect(wrong.exitCode == 64)
  }

  @Test func aCutCaptureIsListedUpToTheCut() throws {
    let run = try CommandRun(["packets", "-"], input: Data(Self.capture.dropLast()))
    #expect(run.lines.count == 1)
    #expect(
      run.errors
        == "sallyport: standard input: byte 80, after packet 1: the capture is cut off in the middle: "
        + "a packet record needs 17 bytes, 16 are left\n")
    #expect(run.exitCode == 2)
  }

  @Test func aBadCaptureDoesNotKeepTheOthersFromBeingListed() throws {
    let path = try Self.file(Self.capture)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let run = try CommandRun(["packets", "/nowhere.pcap", "/", path])
    #expect(run.lines.count == 2)
    #expect(
      run.errors.hasPrefix("sallyport: /nowhere.pcap: there is no such file\nsallyport: /: is a folder, "))
    #expect(run.exitCode == 2)
  }

  @Test(arguments: [
    ("", "standard input: is empty, expected a pcap or pcapng capture"),
    (
      "{\"Vpcs\": []}",
      "standard input: is JSON output of aws ec2 describe-*, expected a pcap or pcapng capture"
    ),
    ("hello", "standard input: is text, expected a pcap or pcapng capture"),
  ])
  func namesWhatIsNotACapture(content: String, message: String) throws {
    let run = try CommandRun(["packets", "-"], input: Data(content.utf8))
    #expect(run.errors.hasPrefix("sallyport: " + message), "\(run.errors)")
    #expect(run.output.isEmpty)
    #expect(run.exitCode == 2)
  }

  @Test func wrongUsage() throws {
    #expect(try CommandRun(["packets"]).exitCode == 64)
    #expect(try CommandRun(["packets", "-c", "0", "-"]).exitCode == 64)
    #expect(try CommandRun(["packets", "--format", "xml", "-"]).exitCode == 64)
  }

  @Test func writesAFileThatAppearsWhole() throws {
    let path = try Self.file([1, 2, 3])
    defer { try? FileManager.default.removeItem(atPath: path) }
    let run = try CommandRun(["packets", "-o", path, "-"], input: Data(Self.capture))
    #expect(run.output.isEmpty)
    #expect(run.exitCode == 0)
    #expect(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count == 2)
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let name = URL(fileURLWithPath: path).lastPathComponent
    let left = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix(name) }
    #expect(left == [name])
  }

  @Test(arguments: [
    ("/nowhere/out", "/nowhere/out: the folder /nowhere does not exist"), ("/", "/: is a folder"),
  ])
  func anOutputThatCannotBeWritten(path: String, message: String) throws {
    let run = try CommandRun(["packets", "-o", path, "-"], input: Data(Self.capture))
    #expect(run.errors.hasPrefix("sallyport: " + message), "\(run.errors)")
    #expect(run.exitCode == 2)
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/bin/sh")))
  func aBrokenPipeEndsQuietly() throws {
    let record = Array(Self.capture[24..<80])
    let many = try Self.file(Array(Self.capture[..<24]) + Array(repeating: record, count: 20_000).joined())
    defer { try? FileManager.default.removeItem(atPath: many) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    // The exit code of the command, not of head, is what this shell prints last.
    process.arguments = [
      "-c", "{ '\(CommandRun.executable.path)' packets '\(many)'; echo $? >&2; } | head -n 1",
    ]
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(String(decoding: text, as: UTF8.self) == "0\n")
    #expect(try output.fileHandleForReading.readToEnd()?.isEmpty == false)
  }
}
