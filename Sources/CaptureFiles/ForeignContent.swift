import NetworkTypes

/// What a file is that was given in place of a capture or a flow log, as far as its first bytes tell.
public enum ForeignContent: Hashable, Sendable {
  case awsOutput, terraformPlan, terraformSource, json, yaml, xml
  case packetListing, flowLog, text
  case xz, bzip2, zstandard, zip, parquet, elf, snoop
  /// A capture, in this format: what a flow log is not.
  case capture(String)
  case binary(first: [UInt8])

  /// Recognises content from the first bytes of a file.
  public init(_ start: [UInt8]) {
    let magics: [([UInt8], ForeignContent)] = [
      ([0xfd, 0x37, 0x7a, 0x58, 0x5a], .xz), ([0x42, 0x5a, 0x68], .bzip2),
      ([0x28, 0xb5, 0x2f, 0xfd], .zstandard), ([0x50, 0x4b, 0x03, 0x04], .zip),
      (Array("PAR1".utf8), .parquet), ([0x7f, 0x45, 0x4c, 0x46], .elf), (Array("snoop\0".utf8), .snoop),
    ]
    if let magic = magics.first(where: { start.starts(with: $0.0) }) {
      self = magic.1
    } else if Self.isText(start) {
      self = Self.kind(ofText: String(decoding: start, as: UTF8.self))
    } else {
      self = .binary(first: Array(start.prefix(4)))
    }
  }

  private static func isText(_ bytes: [UInt8]) -> Bool {
    guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 || $0 == 0x0a || $0 == 0x0d }) else {
      return false
    }
    // A long text may be cut in the middle of its last character.
    let end = bytes.count < 4096 ? bytes.count : (bytes.lastIndex { $0 < 0x80 } ?? -1) + 1
    return String(validating: bytes[..<end], as: UTF8.self) != nil
  }

  private static func kind(ofText text: String) -> ForeignContent {
    let body = text.drop { $0.isWhitespace || $0 == "\u{feff}" }
    if body.first == "{" || body.first == "[" {
      if holds(body, anyOf: ["\"planned_values\"", "\"terraform_version\"", "\"resource_changes\""]) {
        return .terraformPlan
      }
      let keys = [
        "\"Vpcs\"", "\"Subnets\"", "\"SecurityGroups\"", "\"SecurityGroupRules\"", "\"NetworkAcls\"",
        "\"RouteTables\"", "\"NetworkInterfaces\"", "\"Reservations\"", "\"Addresses\"",
        "\"InternetGateways\"",
        "\"NatGateways\"", "\"VpcPeeringConnections\"", "\"PrefixLists\"", "\"ManagedPrefixLists\"",
      ]
      return holds(body, anyOf: keys) ? .awsOutput : .json
    }
    if body.first == "<" { return .xml }
    if holds(body, anyOf: ["\nresource \"", "\nprovider \"", "\nvariable \""])
      || ["resource \"", "provider \"", "variable \"", "terraform {"].contains(where: { body.hasPrefix($0) })
    {
      return .terraformSource
    }
    if holds(body, anyOf: [" IP ", " IP6 "]) && holds(body, anyOf: [" > "]) { return .packetListing }
    if ["---\n", "vpcs:", "network:", "tests:", "security_groups:"].contains(where: { body.hasPrefix($0) }) {
      return .yaml
    }
    return isFlowLog(body.prefix { !$0.isNewline }) ? .flowLog : .text
  }

  /// Whether a line names the fields of VPC Flow Logs, or is a record: with two addresses and an action, or without traffic.
  private static func isFlowLog(_ line: Substring) -> Bool {
    let words = line.prefix(4096).split(whereSeparator: { $0 == " " || $0 == "\t" })
    if words.contains("srcaddr") && words.contains("dstaddr") { return true }
    if words.contains("ACCEPT") || words.contains("REJECT") {
      return words.count { IPAddress($0) != nil } >= 2
    }
    return words.contains("NODATA") || words.contains("SKIPDATA")
      ? words.contains { $0.hasPrefix("eni-") } : false
  }

  private static func holds(_ text: Substring, anyOf needles: [String]) -> Bool {
    needles.contains { needle in text.firstIndex(of: needle) != nil }
  }

  /// What the content is, with its article: `JSON text`.
  public var name: String {
    switch self {
    case .awsOutput: "JSON output of aws ec2 describe-*"
    case .terraformPlan: "a Terraform plan or state in JSON"
    case .terraformSource: "Terraform source text"
    case .json: "JSON text"
    case .yaml: "YAML text"
    case .xml: "XML or HTML text"
    case .packetListing: "the text that tcpdump prints"
    case .flowLog: "a VPC flow log"
    case .text: "text"
    case .xz: "an xz archive"
    case .bzip2: "a bzip2 archive"
    case .zstandard: "a Zstandard archive"
    case .zip: "a zip archive"
    case .parquet: "a Parquet file"
    case .capture(let format): "a \(format) capture"
    case .elf: "a program (ELF)"
    case .snoop: "a snoop capture"
    case .binary(let first):
      "of an unknown kind (first bytes "
        + first.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ") + ")"
    }
  }

  /// What to do instead with what is no capture, if there is something to say.
  public var advice: String? {
    switch self {
    case .awsOutput: "networks are given with --network"
    case .terraformPlan, .terraformSource:
      "networks are given with --network, as outputs of aws ec2 describe-*"
    case .yaml: "networks are given with --network, policy tests to sallyport test"
    case .flowLog: "sallyport audit --flow-log-input judges it"
    case .packetListing, .text, .json, .xml: "tcpdump -w FILE makes one"
    case .xz: "unpack it with xz -d"
    case .bzip2: "unpack it with bzip2 -d"
    case .zstandard: "unpack it with zstd -d"
    case .zip: "unpack it with unzip"
    case .snoop: "editcap -F pcap FILE NEWFILE converts it"
    case .elf, .parquet, .capture, .binary: nil
    }
  }

  /// What to do instead with what is no flow log, if there is something to say.
  public var adviceForFlowLogs: String? {
    switch self {
    case .capture: "captures are given without --flow-log-input"
    case .parquet: "have the log delivered as text, or write the table's rows as lines of text"
    case .awsOutput, .terraformPlan, .terraformSource, .yaml: "networks are given with --network"
    case .json:
      "the lines alone are read: of aws logs get-log-events those of --query 'events[].[message]' --output text"
    case .xz, .bzip2, .zstandard, .zip: advice
    case .packetListing, .flowLog, .text, .xml, .snoop, .elf, .binary: nil
    }
  }
}

extension Substring {
  fileprivate func firstIndex(of needle: String) -> Index? {
    let wanted = Array(needle.utf8)
    let bytes = Array(utf8)
    guard bytes.count >= wanted.count else { return nil }
    for start in 0...(bytes.count - wanted.count) where bytes[start] == wanted[0] {
      if bytes[start..<start + wanted.count].elementsEqual(wanted) {
        return utf8.index(startIndex, offsetBy: start)
      }
    }
    return nil
  }
}
