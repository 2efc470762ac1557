import NetworkTypes
import PolicyFormats
import RuleMatching
import Testing

/// Flow files, good and bad, as NDJSON and as CSV.
@Suite struct FlowQuestionTests {
  private func read(_ text: String) -> [FlowQuestionReader.Entry] {
    FlowQuestionReader().read(Array(text.utf8), file: "f")
  }

  /// Questions as text, errors as what they say.
  private func summary(_ text: String) -> [String] {
    read(text).map { entry in
      switch entry {
      case .success(let question):
        "\(question.line) \(question.id ?? "-"): \(question.words) \(question.sourcePort.map(String.init) ?? "-")"
          + " \(question.isRoundTrip.map(String.init) ?? "-")"
      case .failure(let error): error.description
      }
    }
  }

  @Test func everyFieldOfNDJSON() {
    let text = """
      {"id": "a", "from": "web-1", "to": "10.0.0.1", "protocol": "tcp", "port": 443, "from_port": 1024, "round_trip": false}

      {"from": "internet", "to": "::1", "protocol": "icmpv6"}
      {"from": "a", "to": "b", "protocol": "icmp", "icmp_type": 3, "icmp_code": 4, "enters_at": "vpc-1"}
      {"from": "a", "to": "b", "protocol": 47, "port": null}
      {"from": "a", "to": "b", "protocol": "17", "port": "53"}
      """
    #expect(
      summary(text) == [
        "1 a: tcp/443 from web-1 to 10.0.0.1 1024 false",
        "3 -: icmpv6/128/0 from internet to ::1 - -",
        "4 -: icmp/3/4 from a to b, entering at vpc-1 - -",
        "5 -: protocol 47 from a to b - -",
        "6 -: udp/53 from a to b - -",
      ])
  }

  @Test func everyFieldOfCSV() {
    let text =
      "id,from,to,enters_at,protocol,port,from_port,icmp_type,icmp_code,round_trip,note\r\n"
      + "1,web-1,\"10.0.0.1\",,tcp,443,1024,,,FALSE,\"a, \"\"b\"\"\nc\"\r\n"
      + "\r\n2,internet,web-1,internet,icmp,,,8,0,true,\r\n3,a,b,,107,,,,,,x"
    #expect(
      summary(text) == [
        "2 1: tcp/443 from web-1 to 10.0.0.1 1024 false",
        "5 2: icmp/8/0 from internet to web-1, entering at internet - true",
        "6 3: protocol 107 from a to b - -",
      ])
  }

  @Test func fieldsComeBackAsGiven() throws {
    let line =
      #"{"x": [1, 2.50], "from": "a", "to": "b", "protocol": "TCP", "port": 1, "expect": "allow", "y": null}"#
    let fields = try read(line)[0].get().fields
    #expect(fields.map(\.name) == ["x", "from", "to", "protocol", "port", "expect"])
    #expect(fields[0].value == .json("[1, 2.50]"))
    #expect(fields[3].value == .text("TCP"))
    #expect(fields[4].value == .json("1"))

    let cells = try read("from,to,protocol,port,expect,id,round_trip\na,b,tcp,80,deny,007,true")[0].get()
      .fields
    #expect(
      cells.map(\.value) == [
        .text("a"), .text("b"), .text("tcp"), .json("80"), .text("deny"), .text("007"), .json("true"),
      ])
  }

  struct Bad: Sendable {
    var line: String
    var says: String
    init(_ line: String, _ says: String) {
      self.line = line
      self.says = says
    }
  }

  @Test(arguments: [
    Bad(#"{"from": "a", "to": "b"}"#, #"f:2: found no "protocol", expected one"#),
    Bad(#"{"from": "a", "protocol": "tcp"}"#, #"f:2: found no "to", expected one"#),
    Bad(#"{"to": "a", "protocol": "tcp"}"#, #"f:2: found no "from", expected one"#),
    Bad(
      #"{"from": 1, "to": "b", "protocol": "tcp", "port": 1}"#, "f:2: from: found a number, expected a string"
    ),
    Bad(
      #"{"from": "a", "to": "b", "protocol": "tpc", "port": 1}"#,
      #"f:2: protocol: found "tpc", expected tcp, udp, icmp, icmpv6 or a number from 0 to 255"#),
    Bad(
      #"{"from": "a", "to": "b", "protocol": 256}"#,
      "f:2: protocol: found 256, expected tcp, udp, icmp, icmpv6 or a number from 0 to 255"),
    Bad(
      #"{"from": "a", "to": "b", "protocol": "tcp"}"#, #"f:2: found no "port", expected one: tcp has ports"#),
    Bad(
      #"{"from": "a", "to": "b", "protocol": "tcp", "port": 65536}"#,
      "f:2: port: found 65536, expected a number from 0 to 65535"),
    Bad(
      #"{"from": "a", "to": "b", "protocol": "tcp", "port": "http"}"#,
      #"f:2: port: found "http", expected a number from 0 to 65535"#),
    Bad(
      #"{"from": "a", "to": "b", "protocol": "icmp", "icmp_type": 256}"#,
      "f:2: icmp_type: found 256, expected a number from 0 to 255"),
    Bad(
      #"{"from": "a", "to": "b", "protocol": "icmp", "round_trip": "maybe"}"#,
      #"f:2: round_trip: found "maybe", expected true or false"#),
    Bad(
      #"{"from": "10.0.0.300", "to": "b", "protocol": "icmp"}"#,
      #"f:2: from: found "10.0.0.300", expected an IPv4 or IPv6 address, with /length for a block"#),
    Bad("nonsense", #"f:2:1: found "nonsense", expected an object"#),
    Bad(#"{"from": "a", "#, "f:2:15: found the end of the input, expected a member's name in double quotes"),
    Bad(#"{"from": "a"} {}"#, #"f:2:15: found "{", expected the end of the line"#),
    Bad(#"{"from": "a", "from": "b"}"#, #"f:2:15: found ""from" a second time, expected each name once"#),
  ]) func aBadLineCostsItself(row: Bad) {
    let good = #"{"from": "a", "to": "b", "protocol": "icmp"}"#
    let found = summary("\(good)\n\(row.line)\n\(good)\n")
    #expect(found.count == 3)
    #expect(found.first == "1 -: icmp/8/0 from a to b - -")
    #expect(found[1] == row.says.replacing("found \"\"from\"", with: "found \"from\""))
    #expect(found.last == "3 -: icmp/8/0 from a to b - -")
  }

  @Test(arguments: [
    Bad("a,b", "f:2: found 2 fields, expected 3 as in the header"),
    Bad("a,b,icmp,x", "f:2: found 4 fields, expected 3 as in the header"),
    Bad("a,b,\"icmp", "f:2: found no closing quote, expected one"),
    Bad("a,b,\"icmp\"x", "f:2: found text after a closing quote, expected a comma"),
    Bad("a,b,ic\"mp", "f:2: found a quote within a field, expected the field in quotes, its own doubled"),
    Bad("a,,icmp", #"f:2: found no "to", expected one"#),
    Bad("a,b,tcp", #"f:2: found no "port", expected one: tcp has ports"#),
  ]) func aBadRecordCostsItself(row: Bad) {
    let found = summary("from,to,protocol\n\(row.line)\na,b,icmp\n")
    #expect(found == [row.says, "3 -: icmp/8/0 from a to b - -"])
  }

  @Test(arguments: [
    Bad("", "f:1: found nothing, expected a JSON object a line, or CSV with a header line"),
    Bad(" \n", "f:1: found nothing, expected a JSON object a line, or CSV with a header line"),
    Bad(
      "[{}]",
      "f:1: found an array, expected a JSON object a line, or CSV with a header line; make it with: jq -c '.[]'"
    ),
    Bad(
      "from;to;protocol\n",
      "f:1: found \"from;to;protocol\", expected JSON, or a CSV header with from, to and protocol among its columns,"
        + " separated by commas"),
    Bad("from,to,protocol,to", "f:1: found the column \"to\" twice, expected it once"),
  ]) func badFiles(row: Bad) { #expect(summary(row.line) == [row.says]) }

  @Test func longLinesAreRefusedByThemselves() {
    var reader = FlowQuestionReader()
    reader.lineLimit = 100
    let good = #"{"from": "a", "to": "b", "protocol": "icmp"}"#
    let long = #"{"from": "\#(String(repeating: "a", count: 100))"}"#
    let found = reader.read(Array("\(good)\n\(long)\n\(good)".utf8), file: "f")
    #expect(found.map { (try? $0.get()) != nil } == [true, false, true])
    let csv = reader.read(
      Array("from,to,protocol\n\(String(repeating: "a", count: 101)),b,icmp\na,b,icmp".utf8), file: "f")
    #expect(csv.map { (try? $0.get()) != nil } == [false, true])
  }

  @Test(arguments: [
    "tcp/443": "tcp/443", "udp/0": "udp/0", "icmp": "icmp/8/0", "icmpv6": "icmpv6/128/0",
    "icmp/3": "icmp/3/0",
    "icmp/3/4": "icmp/3/4", "47": "protocol 47", "6/22": "tcp/22", "TCP/1": "tcp/1",
  ]) func wordsOfACommandLine(words: String, question: String) throws {
    #expect(try FlowQuestion(from: "a", to: "b", traffic: words).words == "\(question) from a to b")
  }

  @Test(arguments: [
    "tcp", "tcp/", "tcp/65536", "tcp/1/2", "tcp/-1", "all", "icmp/256", "icmp/1/2/3", "47/1", "256", "",
  ])
  func wordsThatAreNone(words: String) {
    #expect(throws: FlowQuestion.ArgumentError.self) { try FlowQuestion(from: "a", to: "b", traffic: words) }
  }
}
