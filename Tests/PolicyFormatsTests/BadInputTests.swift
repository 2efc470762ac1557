import Foundation
import Testing
import VirtualNetworks

@testable import PolicyFormats

/// Inputs that cannot be read: each is named for what it is, with the place or the command that makes the right one.
@Suite struct BadInputTests {
  private func error(_ path: String) throws -> PolicyFormatError {
    try #require(#expect(throws: PolicyFormatError.self) { _ = try VirtualNetwork(contentsOf: path) })
  }

  private func error(of content: String, bytes: [UInt8]? = nil) throws -> PolicyFormatError {
    let folder = try TemporaryFolder()
    try folder.write(bytes ?? Array(content.utf8), to: "input")
    return try error(folder.path + "/input")
  }

  @Test func aMissingPath() throws {
    #expect(try error("/no/such/path") == .missingPath(path: "/no/such/path"))
    #expect("\(PolicyFormatError.missingPath(path: "x"))".hasPrefix("x: there is no such file or folder"))
  }

  @Test(.enabled(if: geteuid() != 0, "root may read everything"))
  func aFileWithoutPermission() throws {
    let folder = try TemporaryFolder(["a.json": "{}"])
    let path = folder.path + "/a.json"
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
    #expect(try error(path) == .unreadablePath(path: path, reason: "permission denied"))
  }

  @Test func foldersWithoutJSON() throws {
    let empty = try TemporaryFolder()
    #expect(try error(empty.path) == .folderWithoutJSON(path: empty.path, files: 0))
    let texts = try TemporaryFolder(["a.txt": "x", "b/c.txt": "x", "d": "x"])
    #expect(try error(texts.path) == .folderWithoutJSON(path: texts.path, files: 3))
    #expect("\(try error(texts.path))".contains("found 3 files, none JSON"))
    #expect("\(try error(texts.path))".contains("aws ec2 describe-vpcs --output json"))
  }

  @Test func anEmptyFile() throws {
    let folder = try TemporaryFolder(["a.json": " \n", "vpcs.json": #"{"Vpcs": [{"VpcId": "vpc-1"}]}"#])
    #expect(try error(folder.path) == .emptyInput(path: folder.path + "/a.json"))
  }

  @Test func brokenJSONHasLineAndColumn() throws {
    let folder = try TemporaryFolder([
      "good.json": #"{"Vpcs": [{"VpcId": "vpc-1"}]}"#,
      "deep/bad.json": "{\"Vpcs\": [\n  {\"VpcId\" \"vpc-1\"}]}",
    ])
    let path = folder.path + "/deep/bad.json"
    #expect(
      try error(folder.path)
        == .brokenJSON(
          path: path, line: 2, column: 12, found: "a double quote", expected: "\":\" after the member's name")
    )
    #expect("\(try error(path))".hasPrefix("\(path):2:12: broken JSON: found a double quote, expected"))
  }

  struct Row: Sendable {
    var content: String
    var kind: ForeignInput
  }

  @Test(arguments: [
    Row(
      content: #"{"format_version": "1.2", "planned_values": {}, "resource_changes": []}"#,
      kind: .terraformPlan),
    Row(content: #"{"version": 4, "terraform_version": "1.5.0", "serial": 3}"#, kind: .terraformState),
    Row(content: #"{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}}"#, kind: .cloudFormation),
    Row(content: "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n", kind: .cloudFormation),
    Row(content: #"{"apiVersion": "v1", "kind": "List", "items": []}"#, kind: .kubernetes),
    Row(content: #"{"schema": "sallyport.audit/1"}"#, kind: .sallyportResult),
    Row(content: #"[{"GroupId": "sg-1"}]"#, kind: .awsProjection),
    Row(content: "SECURITYGROUPS\tdefault VPC security group\tsg-1\n", kind: .awsText),
    Row(content: "-------------------\n|  DescribeVpcs   |\n+-----------------+\n", kind: .awsTable),
    Row(content: "SecurityGroups:\n- Description: x\n", kind: .awsYAML),
    Row(content: "resource \"aws_vpc\" \"a\" {}\n", kind: .terraformPlanFile),
    Row(content: "<!DOCTYPE html><html></html>", kind: .html),
    Row(content: "hello there", kind: .other),
  ])
  func foreignInputsAreNamed(row: Row) throws {
    guard case .foreignInput(_, let kind) = try error(of: row.content) else {
      Issue.record("\(try error(of: row.content))")
      return
    }
    #expect(kind == row.kind)
    #expect("\(try error(of: row.content))".contains(row.kind.name))
  }

  @Test(arguments: [[0xd4, 0xc3, 0xb2, 0xa1], [0x0a, 0x0d, 0x0d, 0x0a]] as [[UInt8]])
  func capturesAreNamed(magic: [UInt8]) throws {
    let error = try error(of: "", bytes: magic + [0, 0, 0, 0, 0, 0])
    guard case .foreignInput(_, .capture) = error else { throw error }
    #expect("\(error)".contains("sallyport audit CAPTURE -n NETWORK"))
  }

  @Test func somethingElseInJSON() throws {
    #expect("\(try error(of: #"{"a": 1, "b": 2}"#))".contains(#"found an object with "a", "b""#))
    #expect("\(try error(of: "{}"))".contains("found an empty object"))
    #expect("\(try error(of: "\"text\""))".contains("found a string"))
    #expect("\(try error(of: #"{"Vpcs": []}"#))".contains("no resource of a network"))
    let folder = try TemporaryFolder(["a.json": #"{"a": 1}"#, "b.json": "{}"])
    #expect("\(try error(folder.path))".contains("2 JSON files with no resource"))
  }

  @Test func limits() throws {
    let folder = try TemporaryFolder(["a.json": #"{"Vpcs": [{"VpcId": "vpc-1"}]}"#, "b/c.json": "{}"])
    var limits = ReadingLimits()
    limits.fileBytes = 10
    let tooLarge = #expect(throws: PolicyFormatError.self) {
      _ = try NetworkReader(limits: limits).read(paths: [folder.path])
    }
    #expect(tooLarge == .tooLarge(path: folder.path + "/a.json", what: "too many bytes", limit: 10))
    limits = ReadingLimits()
    limits.files = 1
    #expect(throws: PolicyFormatError.self) {
      _ = try NetworkReader(limits: limits).read(paths: [folder.path])
    }
    limits = ReadingLimits()
    limits.folderDepth = 0
    #expect(throws: PolicyFormatError.self) {
      _ = try NetworkReader(limits: limits).read(paths: [folder.path])
    }
  }

  @Test func aFolderLinkedIntoItselfEnds() throws {
    let folder = try TemporaryFolder(["a.json": #"{"Vpcs": [{"VpcId": "vpc-1"}]}"#])
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/loop", withDestinationPath: folder.path)
    #expect(try VirtualNetwork(contentsOf: folder.path).vpcs.count == 1)
  }
}

/// Shapes of input that are read although they are not exactly one answer a file.
@Suite struct InputShapeTests {
  private let vpc = #"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}"#

  @Test func byteOrderMarksAndUTF16() throws {
    let folder = try TemporaryFolder()
    try folder.write([0xef, 0xbb, 0xbf] + Array(vpc.utf8), to: "bom.json")
    let units = Array(vpc.utf16)
    try folder.write([0xff, 0xfe] + units.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, to: "little.json")
    try folder.write([0xfe, 0xff] + units.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }, to: "big.json")
    for name in ["bom", "little", "big"] {
      #expect(try VirtualNetwork(contentsOf: "\(folder.path)/\(name).json").vpcs.count == 1)
    }
    try folder.write([0xff, 0xfe, 0x7b], to: "odd.json")
    #expect(throws: PolicyFormatError.self) { _ = try VirtualNetwork(contentsOf: folder.path + "/odd.json") }
  }

  @Test func wrappersSeveralDocumentsAndRepeatedNames() throws {
    let wrapped = try network(
      #"{"status_code": 200, "data": {"ResponseMetadata": {}, "Vpcs": [{"VpcId": "vpc-1"}]}}"#)
    #expect(wrapped.vpcs[0].attributes.location.path == "$.data.Vpcs[0]")
    let several = try network(vpc + "\n" + #"{"Vpcs": [{"VpcId": "vpc-2"}]}"#)
    #expect(several.vpcs.map(\.attributes.location.path) == ["$.Vpcs[0]", "document 2: $.Vpcs[0]"])
    let repeated = try network(#"{"Vpcs": [{"VpcId": "vpc-1",\#n "VpcId": "vpc-2"}]}"#)
    #expect(repeated.vpcs.map(\.id) == ["vpc-2"])
    #expect(repeated.problems.map { "\($0.code) \($0.location)" } == ["repeated_member file1.json:2:2"])
  }

  @Test func onePageOfSeveralIsAProblem() throws {
    let network = try network(#"{"Vpcs": [{"VpcId": "vpc-1"}], "NextToken": "abc"}"#)
    #expect(network.found == ["warning incomplete_answer $.NextToken"])
    #expect(try PolicyFormatsTests.network(#"{"Vpcs": [], "NextToken": null}"#).problems.isEmpty)
  }

  @Test func wrongKindsOfValuesAreProblems() throws {
    let network = try network(
      #"{"Subnets": [{"SubnetId": "subnet-1", "VpcId": {"a": 1}, "MapPublicIpOnLaunch": 3}, "x", {"SubnetId": ""}]}"#
    )
    #expect(network.subnets.isEmpty)
    #expect(
      network.found == [
        "error wrong_type $.Subnets[0].VpcId", "error missing_member $.Subnets[0]",
        "note not_a_resource $.Subnets[1]", "error missing_member $.Subnets[2]",
      ])
    let addresses = try PolicyFormatsTests.network(
      """
      {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "VpcId": "v", "SubnetId": "s",
        "PrivateIpAddress": "10.0.0", "Ipv6Addresses": [{"Ipv6Address": "1.2.3.4"}]}],
       "Reservations": [{"Instances": [{"InstanceId": "i-1", "State": {"Name": "gone", "Code": 7}}]}]}
      """)
    #expect(
      addresses.found == [
        "error invalid_address $.NetworkInterfaces[0].PrivateIpAddress",
        "error invalid_address $.NetworkInterfaces[0].Ipv6Addresses[0].Ipv6Address",
        "error invalid_instance_state $.Reservations[0].Instances[0].State",
      ])
  }

  @Test func unknownMembersAndFilesAreNotes() throws {
    let folder = try TemporaryFolder([
      "vpcs.json": #"{"Vpcs": [{"VpcId": "vpc-1"}], "Surprise": 1}"#, "names.json": #"{"web": "sg-1"}"#,
      "list.json": "[1, 2]",
    ])
    let network = try VirtualNetwork(contentsOf: folder.path)
    #expect(
      network.problems.filter { $0.severity == .note }.map(\.code) == [
        "foreign_file", "foreign_file", "unknown_member",
      ])
  }
}
