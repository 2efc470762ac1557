import CaptureFiles
import Foundation
import TestSupport
import Testing

/// What is not a capture is named for what it is.
struct BadInputTests {
  struct Row: Sendable, CustomStringConvertible {
    var description: String { expected }
    var content: [UInt8]
    var expected: String

    init(_ text: String, _ expected: String) {
      content = Array(text.utf8)
      self.expected = expected
    }

    init(bytes: [UInt8], _ expected: String) {
      content = bytes
      self.expected = expected
    }
  }

  static let rows = [
    Row("", "is empty, expected a pcap or pcapng capture"),
    Row("hello", "is text, expected a pcap or pcapng capture (tcpdump -w FILE makes one)"),
    Row("[1, 2]", "is JSON text, expected"),
    Row(
      "\n{\n  \"SecurityGroups\": []}",
      "is JSON output of aws ec2 describe-*, expected a pcap or pcapng capture"),
    Row("{\"format_version\":\"1.2\",\"terraform_version\":\"1.9\"}", "is a Terraform plan or state in JSON"),
    Row("resource \"aws_vpc\" \"main\" {\n}\n", "is Terraform source text"),
    Row("vpcs:\n  shop: {}\n", "is YAML text"),
    Row("<html>", "is XML or HTML text"),
    Row("12:00:01.5 IP 10.0.0.1.22 > 10.0.0.2.4000: Flags [S]\n", "is the text that tcpdump prints"),
    Row(
      bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0],
      "is an xz archive, expected a pcap or pcapng capture (unpack it with xz -d)"),
    Row(bytes: [0x28, 0xb5, 0x2f, 0xfd, 0], "is a Zstandard archive"),
    Row(bytes: [0x7f, 0x45, 0x4c, 0x46], "is a program (ELF)"),
    Row(bytes: Array("snoop\0\0\0".utf8), "is a snoop capture"),
    Row(bytes: [1, 2, 3, 0xff, 5], "is of an unknown kind (first bytes 01 02 03 ff), expected"),
    Row(bytes: [0xd4], "is of an unknown kind (first bytes d4)"),
    Row(
      bytes: Array(PcapBytes().bytes.prefix(20)),
      "the capture is cut off in the middle: the file header needs 24 bytes, 20 are left"),
    Row(bytes: gzip(Array("{}".utf8)), "is JSON text"),
    Row(bytes: gzip([]), "is empty"),
  ]

  @Test(arguments: rows)
  func namesWhatItFound(row: Row) throws {
    let folder = try ScratchFolder()
    let path = try folder.file("input.pcap", row.content)
    let error = try #require(ReadCapture(path: path).error)
    #expect("\(error)".hasPrefix(path + ": "))
    #expect("\(error)".contains(row.expected), "\(error)")
    let piped = try #require(ReadCapture(piped: row.content).error)
    #expect("\(piped)".contains(row.expected), "\(piped)")
  }

  @Test func anAbsentFile() {
    #expect(ReadCapture(path: "/nowhere/x.pcap").error == .absence(input: "/nowhere/x.pcap"))
  }

  @Test func aFolder() throws {
    let error = try #require(ReadCapture(path: "/").error)
    #expect("\(error)".hasPrefix("/: is a folder, expected a capture file"))
  }

  @Test(.enabled(if: getuid() != 0, "root may read everything"))
  func aFileWithoutPermission() throws {
    let folder = try ScratchFolder()
    let path = try folder.file("secret", [1])
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
    #expect(ReadCapture(path: path).error == .refusal(input: path, reason: "Permission denied"))
  }

  @Test func aRecordLongerThanTheFile() throws {
    var bytes = PcapBytes(packets: [(1, 0, [1, 2, 3], nil), (2, 0, [4, 5, 6, 7], nil)]).bytes
    bytes.removeLast()
    let capture = try ReadCapture(bytes)
    #expect(capture.packets.map(\.bytes) == [[1, 2, 3]])
    let error = try #require(capture.error)
    #expect(
      "\(error)".hasSuffix(
        "byte 43, after packet 1: the capture is cut off in the middle: a packet record needs 20 bytes, 19 are left"
      ))
    #expect(capture.summary?.isTruncated == true)
    #expect(capture.summary?.packets == 1)
  }

  @Test func aDamagedGzipFile() throws {
    var bytes = gzip(StreamTests.pcap.bytes, block: 1000)
    bytes[10 + 1005] = 7
    let capture = try ReadCapture(bytes)
    #expect(capture.packets.count > 0)
    let error = try #require(capture.error)
    #expect("\(error)".contains("the capture is damaged: the gzip data"), "\(error)")
  }
}
