import Foundation
import TestSupport
import Testing

/// `sallyport test` end to end: what it prints, and how it ends.
@Suite struct TestCommandTests {
  static let network = Environment.fixture("networks/three-tier")

  private func file(
    _ tests: String, in folder: TemporaryFolder, _ name: String = "a.test.yaml"
  ) throws -> String {
    let path = folder.path(name)
    try Data("network: \(Self.network)\ntests:\n\(tests)".utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test("The bundled policies hold, and the one that fails on purpose fails")
  func bundled() throws {
    let run = try CommandRun("test", "fixtures/policies")
    #expect(run.exitCode == 0)
    #expect(run.errors == "")
    #expect(run.lines.last == "10 tests: 10 passed, 0 failed")
    let failing = try CommandRun("test", "fixtures/policies-that-fail")
    #expect(failing.exitCode == 1)
    try Golden.check(failing.output, "test/mail.txt")
  }

  @Test("The command that a failure prints shows what it says")
  func commandsShowIt() throws {
    let folder = try TemporaryFolder()
    var tests = ""
    let ends = [
      "internet", "web-1", "sg/app", "db-1", "10.20.0.0/16", "bastion", "report-1", "10.30.5.16/28",
      "192.0.2.0/24",
      "2600::/16",
    ]
    var number = 0
    for from in ends {
      for to in ends where from != to {
        for (claim, traffic) in [
          ("allow", "tcp/any"), ("deny", "any"), ("deny", "icmp/any"),
          ("deny", "tcp/5432, round_trip: false"),
        ] {
          number += 1
          tests += "  - {name: \"\(number)\", from: \"\(from)\", to: \"\(to)\", \(claim): \(traffic)}\n"
        }
      }
    }
    let run = try CommandRun("test", try file(tests, in: folder), "--format", "json")
    let report = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    let results = try #require(report["tests"] as? [[String: Any]])
    #expect(results.count == number)
    var shown: Set<String> = []
    var commands: [(String, String)] = []
    for test in results {
      for failure in (test["failures"] as? [[String: Any]]) ?? [] {
        let finding = try #require(failure["finding"] as? String)
        guard failure["packet"] != nil else { continue }
        let verdict =
          finding.contains("gets through") ? "allow" : finding.contains("not known") ? "unknown" : "deny"
        if failure["code"] != nil || verdict != "deny" {
          commands.append((try #require(failure["command"] as? String), verdict))
        }
      }
    }
    // One of each few: each is a run of its own.
    for (index, (command, verdict)) in commands.enumerated() where index % 6 == 0 || verdict == "unknown" {
      let answer = try CommandRun(shell: "$" + command + " --format json")
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any],
        "\(command)\n\(answer.errors)")
      #expect(object["verdict"] as? String == verdict, "\(command)")
      shown.insert(verdict)
    }
    #expect(shown == ["allow", "deny", "unknown"])
  }

  @Test("JUnit reports are what Jenkins and GitLab read")
  func junit() throws {
    let folder = try TemporaryFolder()
    let path = try file(
      """
        - {name: "<&\\"> holds", from: web-1, to: db-1, deny: tcp/any}
        - {name: fails, from: web-1, to: db-1, allow: tcp/any}
        - {name: cannot be run, from: nobody, to: db-1, allow: tcp/any}

      """, in: folder)
    _ = try file("  - {name: a, form: x}\n", in: folder, "b.test.yaml")
    let run = try CommandRun("test", folder.path(""), "--format", "junit")
    #expect(run.exitCode == 2)
    _ = path
    let schema = folder.path("junit.xsd")
    try Data(Self.schema.utf8).write(to: URL(fileURLWithPath: schema))
    let report = folder.path("report.xml")
    try Data(run.output.utf8).write(to: URL(fileURLWithPath: report))
    let check = try CommandRun(
      shell:
        "command -v xmllint >/dev/null || { echo absent; exit 0; }; xmllint --noout --schema \(schema) \(report)"
    )
    if check.output == "absent\n" { print("xmllint is not installed: the schema was not asked") }
    #expect(check.exitCode == 0, "\(check.errors)")
    #expect(run.output.contains("tests=\"3\" failures=\"1\" errors=\"1\" skipped=\"0\""))
    #expect(run.output.contains("name=\"&lt;&amp;&quot;&gt; holds\""))
  }

  /// The elements and attributes that Jenkins' junit-10.xsd knows, in our words.
  private static let schema = """
    <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
      <xs:complexType name="result" mixed="true">
        <xs:attribute name="type" type="xs:string"/><xs:attribute name="message" type="xs:string"/>
      </xs:complexType>
      <xs:element name="testsuites"><xs:complexType>
        <xs:sequence><xs:element ref="testsuite" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
        <xs:attribute name="name" type="xs:string"/><xs:attribute name="tests" type="xs:nonNegativeInteger"/>
        <xs:attribute name="failures" type="xs:nonNegativeInteger"/><xs:attribute name="errors" type="xs:nonNegativeInteger"/>
      </xs:complexType></xs:element>
      <xs:element name="testsuite"><xs:complexType>
        <xs:sequence><xs:element ref="testcase" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
        <xs:attribute name="name" type="xs:string" use="required"/>
        <xs:attribute name="tests" type="xs:nonNegativeInteger" use="required"/>
        <xs:attribute name="failures" type="xs:nonNegativeInteger" use="required"/>
        <xs:attribute name="errors" type="xs:nonNegativeInteger" use="required"/>
        <xs:attribute name="skipped" type="xs:nonNegativeInteger"/><xs:attribute name="file" type="xs:string"/>
      </xs:complexType></xs:element>
      <xs:element name="testcase"><xs:complexType>
        <xs:choice minOccurs="0">
          <xs:element name="skipped" type="result"/><xs:element name="error" type="result"/><xs:element name="failure" type="result"/>
        </xs:choice>
        <xs:attribute name="name" type="xs:string" use="required"/><xs:attribute name="classname" type="xs:string" use="required"/>
      </xs:complexType></xs:element>
    </xs:schema>
    """

  @Test("TAP has a version, a plan, and a line for each test")
  func tap() throws {
    let folder = try TemporaryFolder()
    let path = try file(
      """
        - {name: "holds #1", from: web-1, to: db-1, deny: tcp/any}
        - {name: fails, from: web-1, to: db-1, allow: tcp/any}

      """, in: folder)
    let run = try CommandRun("test", path, "--format", "tap")
    #expect(run.exitCode == 1)
    #expect(run.lines.prefix(4) == ["TAP version 14", "1..2", "ok 1 - holds \\#1", "not ok 2 - fails"])
    #expect(run.lines.contains("  ---") && run.lines.last == "  ...")
  }

  @Test("GitHub gets one annotation a failure, at its file and line")
  func github() throws {
    let folder = try TemporaryFolder()
    let path = try file("  - {name: \"a, b: c\", from: web-1, to: db-1, allow: [tcp/1, tcp/2]}\n", in: folder)
    let run = try CommandRun("test", path, "--format", "github")
    let annotations = run.lines.filter { $0.hasPrefix("::error ") }
    #expect(annotations.count == 2 && run.lines.count == 3)
    #expect(
      annotations[0].contains("line=3,") && annotations[0].contains("title=a%2C b%3A c::claimed: allow tcp/1")
    )
    #expect(annotations[0].contains("%0A"))
  }

  @Test("Tests are found, listed and chosen by name")
  func choosing() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path("deep/er"), withIntermediateDirectories: true)
    _ = try file(
      "  - {name: b one, from: web-1, to: db-1, deny: tcp/any}\n", in: folder, "deep/er/b.test.yaml")
    _ = try file("  - {name: a one, from: web-1, to: db-1, allow: tcp/any}\n", in: folder, "deep/a.test.yaml")
    _ = try file("nonsense", in: folder, "deep/notes.yaml")
    let list = try CommandRun("test", folder.path("deep"), "--list")
    #expect(list.lines.map { $0.split(separator: " ", maxSplits: 1)[1] } == ["a one", "b one"])
    #expect(try CommandRun("test", folder.path("deep"), "--filter", "b*").exitCode == 0)
    #expect(try CommandRun("test", folder.path("deep"), "--filter", "c*").exitCode == 2)
    let fast = try CommandRun("test", folder.path("deep"), "--fail-fast", "--format", "tap")
    #expect(fast.output.contains("ok 2 - b one # SKIP"))
    #expect(fast.exitCode == 1)
  }

  @Test("What is wrong with the input ends with 2 and is named, on every format")
  func badInput() throws {
    let folder = try TemporaryFolder()
    let bad = try file("  - {name: a, frm: web-1, to: db-1, deny: tcp/any}\n", in: folder)
    for format in ["text", "json", "junit", "tap", "github"] {
      let run = try CommandRun("test", bad, "--format", format)
      #expect(run.exitCode == 2)
      #expect((run.output + run.errors).contains("frm"), "\(format)")
    }
    #expect(try CommandRun("test", folder.path("absent")).exitCode == 2)
    try FileManager.default.createDirectory(atPath: folder.path("empty"), withIntermediateDirectories: true)
    let empty = try CommandRun("test", folder.path("empty"))
    #expect(empty.exitCode == 2 && empty.errors.contains("no file that ends in .test.yaml"))
    let lost = folder.path("lost.test.yaml")
    try Data("network: nowhere\ntests: [{name: a, from: x, to: y, deny: any}]".utf8)
      .write(to: URL(fileURLWithPath: lost))
    let noNetwork = try CommandRun("test", lost, "--format", "json")
    #expect(noNetwork.exitCode == 2 && noNetwork.output.contains("nowhere: there is"))
    #expect(try CommandRun("test", "--format", "xml").exitCode == 64)
    let capture = try file("  - {name: a, capture: gone.pcap, denied: 0}\n", in: folder, "c.test.yaml")
    #expect(try CommandRun("test", capture).exitCode == 2)
  }

  @Test(
    "A test of nothing, or of a network with errors, is no pass: exit code 2, with or without coverage",
    arguments: [
      ("{name: a, from: 'web-9*', to: web-1, deny: any}", "nothing is called \"web-9*\""),
      ("{name: a, from: 10.0.0.10, to: web-1, deny: any}", "no packet of the network is meant"),
      (
        "{name: a, from: web-1, to: web-2, deny: any}, {name: a, from: web-1, to: web-2, deny: any}",
        "is taken"
      ),
      ("{name: a, from: web-1, to: web-2}", "found no claim"),
      ("{name: a, form: web-1, to: web-2, deny: any}", "did you mean \"from\"?"),
      (
        "{name: a, steps: [{stop: web-9}, {send: {from: web-1, to: web-2, icmp: echo}, expect: deny}]}",
        "web-9"
      ),
    ]) func neverAPass(row: (tests: String, says: String)) throws
  {
    let folder = try TemporaryFolder()
    _ = try folder.write(Self.small, "net.yaml")
    let path = try folder.write("network: net.yaml\ntests: [\(row.tests)]\n", "a.test.yaml")
    for options in [[], ["--coverage"]] {
      let run = try CommandRun(["test", path, "-q"] + options)
      #expect(run.exitCode == 2)
      let words = run.output.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
      #expect(words.contains(row.says), "\(run.output)")
    }
    // The same test of a network that contradicts itself.
    _ = try folder.write(Self.small.replacing("groups: [web]", with: "groups: [wbe]"), "net.yaml")
    _ = try folder.write(
      "network: net.yaml\ntests: [{name: a, from: web-1, to: web-2, allow: tcp/443}]\n", "a.test.yaml")
    let run = try CommandRun("test", path)
    #expect(run.exitCode == 2 && run.output.contains("wbe") && run.output.contains("net.yaml:5:"))
  }

  private static let small = """
    vpcs: {v: {cidr: 10.0.0.0/16, subnets: {a: {cidr: 10.0.0.0/24}}}}
    security_groups:
      web: {inbound: [tcp 443 from 10.0.0.0/28], outbound: [all to 0.0.0.0/0]}
    instances:
      web-1: {subnet: a, private_ip: 10.0.0.10, groups: [web]}
      web-2: {subnet: a, private_ip: 10.0.0.20, groups: [web]}

    """

  @Test("--coverage tells what no test decides, and claims that would kill the mutants that survive")
  func coverage() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(Self.small, "net.yaml")
    let head = "network: net.yaml\ntests:\n"
    let path = try folder.write(
      head + "  - {name: one, from: web-1, to: web-2, allow: tcp/443}\n", "a.test.yaml")
    let run = try CommandRun(shell: "cd \(folder.path("")) && $sallyport test --coverage --coverage-time 600")
    #expect(run.exitCode == 0 && run.errors == "", "exit \(run.exitCode): \(run.errors)")
    try Golden.check(run.output, "test/coverage.txt")
    #expect(run.lines.allSatisfy { $0.count <= 80 || $0.contains("- name: ") })

    // What is printed is ready to be pasted.
    let pasted = run.lines.drop { !$0.hasPrefix("Mutants that survive") }.dropFirst()
    _ = try folder.write(
      head + "  - {name: one, from: web-1, to: web-2, allow: tcp/443}\n" + pasted.joined(separator: "\n"),
      "a.test.yaml")
    let again = try CommandRun("test", path, "--coverage", "--coverage-time", "600", "--format", "json")
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(again.output.utf8)) as? [String: Any])
    let coverage = try #require((report["coverage"] as? [[String: Any]])?.first)
    let mutants = try #require(coverage["mutants"] as? [String: Any])
    #expect(mutants["survived"] as? Int == 0 && mutants["score_percent"] as? Int == 100)
    #expect((report["totals"] as? [String: Any])?["failed"] as? Int == 0)
  }

  @Test("--coverage is bounded in time, and says what it does not do")
  func coverageLimits() throws {
    let run = try CommandRun("test", "fixtures/policies", "--coverage", "--coverage-time", "0")
    #expect(run.exitCode == 0)
    #expect(run.output.contains("0 killed, 0 survived, 269 not tried in time"))
    for arguments in [["--list"], ["--fail-fast"], ["--format", "junit"], ["--coverage-time", "-1"]] {
      #expect(try CommandRun(["test", "fixtures/policies", "--coverage"] + arguments).exitCode == 64)
    }
    let bar = try CommandRun(
      "test", "fixtures/policies", "--coverage", "--coverage-time", "2", "--progress", "always")
    #expect(bar.errors.contains(" of 269 mutants  ") && bar.errors.hasSuffix("\r\u{1b}[K"))
  }
}
