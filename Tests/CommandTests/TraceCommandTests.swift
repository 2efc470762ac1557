import Foundation
import TestSupport
import Testing

/// `sallyport trace` end to end: what it prints, and how it ends.
@Suite struct TraceCommandTests {
  static let network = Environment.fixture("networks/three-tier")

  private func trace(_ arguments: String..., input: String = "") throws -> CommandRun {
    try CommandRun(["trace", "-n", Self.network] + arguments, input: Data(input.utf8))
  }

  private func objects(_ run: CommandRun) throws -> [[String: Any]] {
    try run.lines.map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  // MARK: Text

  struct Question: Sendable {
    var words: [String]
    var golden: String
  }

  @Test(arguments: [
    Question(words: ["app-1", "192.0.2.80", "tcp/443"], golden: "trace/over-nat.txt"),
    Question(words: ["web-1", "db-1", "tcp/5432"], golden: "trace/blocked.txt"),
    Question(words: ["internet", "web-1", "icmpv6", "--one-way"], golden: "trace/one-way.txt"),
  ]) func textIsTheGoldenOne(question: Question) throws {
    let run = try CommandRun(["trace", "-n", Self.network] + question.words)
    #expect(run.exitCode == 0)
    #expect(run.errors == "")
    #expect(run.lines.allSatisfy { $0.count <= 80 })
    try Golden.check(run.output, question.golden)
  }

  @Test func wordsAndColours() throws {
    let plain = try trace("web-1", "db-1", "tcp/5432")
    let colored = try trace("web-1", "db-1", "tcp/5432", "--color", "always")
    #expect(!plain.output.contains("\u{1b}"))
    #expect(colored.output.contains("\u{1b}[1;31mDENY\u{1b}[0m"))
    #expect(colored.output.replacing(#/\u{1b}\[[0-9;]*m/#, with: "") == plain.output)
  }

  @Test func specialAnswersInWords() throws {
    #expect(try trace("web-1", "web-1", "tcp/80").lines[0].contains("both ends are one host"))
    #expect(try trace("internet", "1.2.3.4", "tcp/80").lines[0].contains("both ends are on the internet"))
    #expect(try trace("web-1", "10.20.0.2", "udp/53").lines[0].contains("platform's own services"))
    #expect(try trace("app-1", "10.99.0.1", "udp/53").exitCode == 0)
  }

  @Test func placesArePartOfEveryAnswer() throws {
    let lines = try trace("app-1", "192.0.2.80", "tcp/443").lines
    let start = try #require(lines.firstIndex { $0.hasPrefix("  where") })
    #expect(
      lines[start...(start + 1)].joined(separator: " ").split(separator: " ").joined(separator: " ")
        == "where app-1 in eu-west-1a (euw1-az3) -> nat-a in eu-west-1a (euw1-az3) -> internet")
    let answers = try objects(try trace("web-1", "app-2", "tcp/8080", "--format", "json"))
    let answer = try #require(answers.first)
    let from = try #require(answer["from_place"] as? [String: String])
    #expect(from == ["region": "eu-west-1", "zone": "eu-west-1a", "zone_id": "euw1-az3"])
    let to = try #require(answer["to_place"] as? [String: String])
    #expect(to == ["region": "eu-west-1", "zone": "eu-west-1b", "zone_id": "euw1-az1"])
    let hops = try #require(answer["hops"] as? [[String: Any]])
    #expect(hops.map { $0["zone"] as? String } == ["eu-west-1a", "eu-west-1b"])
    let back = try #require(answer["reply_hops"] as? [[String: Any]])
    #expect(back.map { $0["zone"] as? String } == ["eu-west-1b", "eu-west-1a"])
    // The other end is told even where the packet does not get there; the internet is nowhere.
    let denied = try objects(try trace("internet", "db-1", "tcp/5432", "--format", "json"))
    #expect(denied[0]["from_place"] is NSNull)
    #expect((denied[0]["to_place"] as? [String: String])?["zone"] == "eu-west-1a")
  }

  // MARK: Exit codes

  @Test func expectations() throws {
    for (words, expect, code) in [
      (["internet", "web-1", "tcp/443"], "allow", 0), (["internet", "web-1", "tcp/443"], "deny", 1),
      (["internet", "db-1", "tcp/443"], "deny", 0), (["internet", "db-1", "tcp/443"], "allow", 1),
    ] as [([String], String, Int32)] {
      let run = try CommandRun(["trace", "-n", Self.network, "--expect", expect] + words)
      #expect(run.exitCode == code)
      #expect(!run.output.isEmpty)
    }
  }

  @Test(arguments: [
    ["web-1", "db-1"], ["web-1", "db-1", "tcp"], ["web-1", "db-1", "tcp/99999"],
    ["web-1", "10.0.0.999", "icmp"],
    [], ["--flows", "x", "web-1", "db-1", "icmp"], ["--flows", "x", "--one-way"],
    ["a", "b", "icmp", "--expect", "no"],
  ]) func wrongUsage(words: [String]) throws {
    let run = try CommandRun(["trace", "-n", Self.network] + words)
    #expect(run.exitCode == 64)
    #expect(run.output == "")
    #expect(!run.errors.isEmpty)
  }

  struct Misfit: Sendable {
    var words: [String]
    var says: String
  }

  @Test(arguments: [
    Misfit(
      words: ["web-3", "db-1", "icmp"], says: "from: nothing is called \"web-3\"; nearest: web-1, web-2"),
    Misfit(words: ["web-1", "db", "icmp", "--enters-at", "10.0.0.1"], says: "enters_at: found \"10.0.0.1\""),
    Misfit(
      words: ["web-1", "web-*", "icmp"],
      says: "to: \"web-*\" is ambiguous: found eni-26cdc0b1ef97d8b59 (web-2, 10.20.1.20), "),
    Misfit(
      words: ["sg/wbe", "nothere", "icmp"],
      says:
        "from: nothing is called \"sg/wbe\"; nearest: sg/web\nsallyport: to: nothing is called \"nothere\""),
    Misfit(words: ["web-1", "10.20.0.192/28", "icmp"], says: "to: \"10.20.0.192/28\" covers nothing"),
    Misfit(words: ["web-1", "subnet/data-b", "icmp"], says: "to: \"subnet/data-b\" covers nothing"),
    Misfit(
      words: ["10.20.0.20", "2001:db8::1", "tcp/1"],
      says: "to: found \"2001:db8::1\", expected an IPv4 address"),
    Misfit(words: ["10.20.0.20", "8.8.8.8", "icmpv6"], says: "protocol: found \"icmpv6\", expected icmp"),
  ]) func whatIsNotThere(row: Misfit) throws {
    let run = try CommandRun(["trace", "-n", Self.network] + row.words)
    #expect(run.exitCode == 2)
    #expect(run.output == "")
    #expect(run.errors.hasPrefix("sallyport: " + row.says), "\(run.errors)")
  }

  // MARK: JSON

  @Test("JSON has the addresses before and after each translation, and whether suggestions are all it takes")
  func translations() throws {
    let run = try trace("app-1", "192.0.2.80", "tcp/443", "--format", "json")
    let answer = try #require(try objects(run).first)
    let changes = try #require(answer["translations"] as? [[String: Any]])
    let first = try #require(changes.first)
    #expect(changes.count == 4)
    #expect((first["before"] as? [String: Any])?["from"] as? String == "10.20.10.30")
    #expect((first["after"] as? [String: Any])?["from"] as? String == "10.20.0.100")
    let last = try #require(changes.last?["after"] as? [String: Any])
    #expect(last["to"] as? String == "10.20.10.30" && last["port"] as? Int == 49152)
    let denied = try #require(
      try objects(try trace("web-1", "report-1", "tcp/443", "--format", "json")).first)
    #expect(denied["suggestions_complete"] as? Bool == true)
    #expect((denied["suggestions"] as? [String])?.first?.contains("10.30.0.0/16 -> pcx-") == true)
  }

  @Test func shapeOfAnAnswer() throws {
    let run = try trace("web-1", "db-1", "tcp/5432", "--format", "json", "--from-port", "50000")
    let answer = try #require(try objects(run).first)
    #expect(run.lines.count == 1)
    #expect(
      Set(answer.keys) == [
        "from", "to", "protocol", "port", "from_port", "verdict", "blockers", "path", "reply_path",
        "suggestions", "from_place", "to_place", "hops", "reply_hops", "translations", "suggestions_complete",
      ])
    #expect(answer["verdict"] as? String == "deny")
    let blockers = try #require(answer["blockers"] as? [[String: Any]])
    #expect(blockers.map { $0["leg"] as? String } == ["request", "request", "request", "reply"])
    #expect(
      blockers.map { $0["code"] as? String } == [
        "ENI_SG_RULES_MISMATCH", "SUBNET_ACL_RESTRICTION", "ENI_SG_RULES_MISMATCH", "SUBNET_ACL_RESTRICTION",
      ])
    #expect(
      blockers.map { $0["stage"] as? String } == [
        "source_security_group", "destination_network_acl", "destination_security_group",
        "source_network_acl",
      ])
    #expect(
      Set(blockers[0].keys) == ["stage", "code", "resource", "rule", "direction", "leg", "explanation"])
    #expect(blockers[1]["rule"] as? String == "acl-dd7658342de3b7aa6/50")
    #expect(blockers[1]["resource"] as? String == "acl-dd7658342de3b7aa6")
    #expect(blockers[3]["rule"] as? String == "acl-dd7658342de3b7aa6/*")
    #expect(
      answer["suggestions"] as? [String] == [
        "add to sg-8c3fc16b1e12cbf2d (web) outbound: tcp 5432 to 10.20.20.40/32",
        "add to acl-dd7658342de3b7aa6 (data) inbound: 10 allow tcp 5432 from 10.20.0.20/32",
        "add to sg-f15c55368d7ca9e75 (db) inbound: tcp 5432 from 10.20.0.20/32",
        "add to acl-dd7658342de3b7aa6 (data) outbound: 200 allow tcp 50000 to 10.20.0.20/32",
      ])
  }

  @Test func aTranslatedPathNamesItsGateways() throws {
    let answer = try #require(try objects(trace("app-1", "192.0.2.80", "tcp/443", "--format", "json")).first)
    let path = try #require(answer["path"] as? [String])
    #expect(path.first == "eni-1227871ddd57457be")
    #expect(path.contains("nat-b6a9ed31bfe43c6f3"))
    #expect(path.last == "igw-ac4b8583e78f383d4")
    #expect((answer["reply_path"] as? [String])?.last == "eni-1227871ddd57457be")
    #expect((answer["blockers"] as? [Any])?.isEmpty == true)
  }

  @Test func unknownSaysWhatIsMissing() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "sallyport-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.copyItem(atPath: Self.network, toPath: folder.path)
    try FileManager.default.removeItem(at: folder.appendingPathComponent("describe-network-acls.json"))
    let run = try CommandRun([
      "trace", "-n", folder.path, "internet", "web-1", "tcp/443", "--format", "json", "-q",
    ])
    let answer = try #require(try objects(run).first)
    #expect(answer["verdict"] as? String == "unknown")
    #expect((answer["missing"] as? [String])?.first?.contains("network ACL") == true)
  }

  // MARK: Flow files

  static let flows = """
    {"id": "1", "from": "internet", "to": "web-1", "protocol": "tcp", "port": 443, "expect": "allow", "note": {"a": [1]}}
    {"id": "2", "from": "internet", "to": "db-1", "protocol": "tcp", "port": 443, "verdict": "allow"}
    not json
    {"id": "4", "from": "nobody", "to": "db-1", "protocol": "icmp"}
    {"id": "5", "from": "bastion", "to": "web-1", "protocol": "tcp", "port": 22, "round_trip": true}
    """

  @Test func goodLinesAreAnsweredAndBadOnesNamed() throws {
    let run = try trace("--flows", "-", "--format", "json", input: Self.flows)
    #expect(run.exitCode == 2)
    let answers = try objects(run)
    #expect(answers.map { $0["id"] as? String } == ["1", "2", "5"])
    #expect(answers.map { $0["verdict"] as? String } == ["allow", "deny", "allow"])
    #expect(run.lines[0].contains(#""expect": "allow", "note": {"a": [1]}, "verdict": "allow""#))
    let errors = run.errors.split(separator: "\n")
    #expect(errors.count == 2)
    #expect(errors[0] == "sallyport: standard input:3:1: found \"not\", expected an object")
    #expect(errors[1].hasPrefix("sallyport: standard input:4: from: nothing is called \"nobody\"; there is "))
  }

  @Test func flowsAsText() throws {
    let run = try trace("--flows", "-", input: Self.flows)
    #expect(run.exitCode == 2)
    // What is cut ends in one character or in three, as the locale can show.
    #expect(
      run.lines.map { $0.prefix(74) } == [
        "ALLOW   1  tcp/443 from internet to web-1",
        "DENY    2  tcp/443 from internet to db-1  IGW_PRIVATE_IP_ASSOCIATION_FOR_I",
        "ALLOW   5  tcp/22 from bastion to web-1", "3 questions: 2 allow, 1 deny, 0 unknown",
      ])
    let paths = try trace("--flows", "-", "-v", input: Self.flows)
    #expect(paths.output.contains("\nrequest  tcp 443  8.8.8.8:49152 -> 198.51.100.20:443\n"))
  }

  @Test func expectationsOfAFile() throws {
    let allowed = #"{"from": "internet", "to": "web-1", "protocol": "tcp", "port": 443}"#
    let denied = #"{"from": "internet", "to": "db-1", "protocol": "tcp", "port": 443}"#
    #expect(try trace("--flows", "-", "--expect", "allow", input: allowed).exitCode == 0)
    #expect(try trace("--flows", "-", "--expect", "allow", input: allowed + "\n" + denied).exitCode == 1)
    #expect(try trace("--flows", "-", "--expect", "allow", input: denied + "\nbad").exitCode == 2)
  }

  @Test func aMissingFlowFile() throws {
    let run = try trace("--flows", "no-such-file.csv")
    #expect(run.exitCode == 2)
    #expect(run.errors == "sallyport: no-such-file.csv: cannot be read: there is no such file\n")
  }
}
