import Foundation
import TestSupport
import Testing

/// Same input, same bytes out: for any number of workers, from files and pipes, whatever the order on the command line.
@Suite struct DeterminismTests {
  private static let network = "fixtures/networks/three-tier"
  private let folder: TemporaryFolder
  /// Captures that overlap, two of them with the same times.
  private let captures: [String]

  init() throws {
    folder = try TemporaryFolder()
    var bytes = try AuditCommandTests.bytes()
    let whole = try folder.write(bytes, "b.pcap")
    bytes = bytes[..<AuditCommandTests.recordStart(in: bytes, after: 700)]
    captures = [
      whole, try folder.write(bytes, "c.pcap"), Environment.fixture("captures/web-1.pcap"),
      Environment.fixture("captures/db-1.pcapng"),
    ]
  }

  /// Every output of an audit, by name.
  private func outputs(_ captures: [String], _ more: String...) throws -> [String: Data] {
    let place = try TemporaryFolder()
    let files = [
      "--verdicts": "verdicts", "--flow-log": "log", "--metrics": "metrics.csv", "--write-denied": "denied",
    ]
    let options = files.sorted { $0.key < $1.key }.flatMap { [$0.key, place.path($0.value)] }
    let run = try CommandRun(
      ["audit"] + captures + ["-n", Self.network, "--format", "json"] + more + options)
    #expect(run.exitCode == 0, "\(run.errors)")
    var outputs = ["report": Data(run.output.utf8), "errors": Data(run.errors.utf8)]
    for name in files.values { outputs[name] = try Data(contentsOf: place.url.appendingPathComponent(name)) }
    #expect(outputs.filter { $0.value.isEmpty }.keys.sorted() == ["errors"])
    return outputs
  }

  private func compare(_ outputs: [String: Data], _ expected: [String: Data], _ what: String) {
    for (name, data) in expected { #expect(outputs[name] == data, "\(what): another \(name)") }
  }

  @Test func anyNumberOfWorkers() throws {
    let expected = try outputs(captures, "--jobs", "1")
    for jobs in ["2", "3", "8"] {
      compare(try outputs(captures, "--jobs", jobs), expected, "\(jobs) workers")
    }
    // Without outputs that need each packet's bytes, reading goes on while a batch is judged.
    let reports = try ["1", "2", "3", "8"].map { jobs in
      try CommandRun(["audit"] + captures + ["-n", Self.network, "--jobs", jobs]).output
    }
    #expect(!reports[0].isEmpty && Set(reports).count == 1)
  }

  @Test func anyOrderOnTheCommandLine() throws {
    let expected = try outputs(captures)
    var random = SeededRandom.fresh("order of captures")
    for order in [captures.reversed(), captures.shuffled(using: &random), captures.shuffled(using: &random)] {
      compare(try outputs(order), expected, "\(order)")
    }
  }

  /// Captures whose packets all have one time: nothing but the packets can decide their order.
  @Test func equalTimesWhateverTheNamesAndKinds() throws {
    var bytes = try AuditCommandTests.bytes()
    var parts = [Data](repeating: bytes[..<24], count: 3)
    var offset = 24
    for number in 0..<1200 {
      let next = offset + AuditCommandTests.recordStart(in: bytes[..<24] + bytes[offset...], after: 1) - 24
      bytes.replaceSubrange(offset..<offset + 8, with: [0, 0, 0, 0x6a, 0, 0, 0, 0])
      // Parts of different lengths, and some packets in two of them.
      parts[number % 7 % 3] += bytes[offset..<next]
      if number % 5 == 0 { parts[2] += bytes[offset..<next] }
      offset = next
    }
    func verdicts(_ line: (_ path: (Int, String) throws -> String) throws -> String) throws -> [Data] {
      let place = try TemporaryFolder()
      let command = try line { part, name in try place.write(parts[part], name) }
      let names = ["verdicts", "log", "denied"]
      let run = try CommandRun(
        shell: """
          \(command) -n \(Self.network) -q -o /dev/null --verdicts \(place.path("verdicts")) \
            --flow-log \(place.path("log")) --write-denied \(place.path("denied"))
          """)
      #expect(run.exitCode == 0, "\(run.errors)")
      return try names.map { try Data(contentsOf: place.url.appendingPathComponent($0)) }
    }
    let expected = try verdicts { "$sallyport audit \(try $0(0, "a")) \(try $0(1, "b")) \(try $0(2, "c"))" }
    #expect(expected.allSatisfy { !$0.isEmpty })
    let others = try [
      verdicts { "$sallyport audit \(try $0(0, "c")) \(try $0(1, "b")) \(try $0(2, "a"))" },
      verdicts { "cat \(try $0(0, "a")) | $sallyport audit - \(try $0(1, "b")) \(try $0(2, "0"))" },
      verdicts { "gzip -c \(try $0(2, "c")) | $sallyport audit \(try $0(1, "b")) - \(try $0(0, "z"))" },
      verdicts {
        "gzip \(try $0(1, "b")) && $sallyport audit \(try $0(1, "b")).gz \(try $0(0, "d")) <(cat \(try $0(2, "e"))) --jobs 3"
      },
    ]
    for other in others { #expect(other == expected) }
  }

  /// Captures whose packets are alike but for the comments on them, or the numbers of their interfaces, and that go on
  /// differently.
  @Test func alikeButForWhatIsSaidOfThem() throws {
    let bytes = try AuditCommandTests.bytes()
    let records = PcapRecord.all(in: bytes)
    func capture(_ name: String, _ interfaces: [String], from rest: Int) -> Data {
      var file = HandMadePcapNG(linkType: PcapRecord.linkType(of: bytes))
      for interface in interfaces { file.addInterface(interface, details: "of the test") }
      for (number, record) in records.enumerated() where number < 600 || number % 3 == rest {
        let interface = UInt32(interfaces.firstIndex(of: number % 2 == 0 ? "eth0" : "eth1")!)
        file.add(record, interface: interface, comments: number % 5 == 0 ? ["\(name) \(number)"] : [])
      }
      return file.data
    }
    let captures = [
      capture("one", ["eth0", "eth1"], from: 0), capture("two", ["eth1", "lo", "eth0"], from: 1),
      capture("three", ["eth0", "eth1", "eth2"], from: 2),
    ]
    func outputs(_ names: [String]) throws -> [Data] {
      let place = try TemporaryFolder()
      let paths = try zip(captures, names).map { try place.write($0, $1) }
      let files = ["verdicts", "log", "denied", "allowed"]
      let run = try CommandRun(
        ["audit"] + paths + ["-n", Self.network, "-q", "-o", "/dev/null"]
          + zip(["--verdicts", "--flow-log", "--write-denied", "--write-allowed"], files).flatMap {
            [$0, place.path($1)]
          })
      #expect(run.exitCode == 0, "\(run.errors)")
      return try files.map { try Data(contentsOf: place.url.appendingPathComponent($0)) }
    }
    let expected = try outputs(["a", "b", "c"])
    for names in [["c", "b", "a"], ["b", "a", "c"], ["b", "c", "a"]] {
      #expect(try outputs(names) == expected, "\(names)")
    }
  }

  /// How far a capture was read before its first packet was written is not to be seen in what is written.
  @Test func interfacesThatBeginInTheMiddle() throws {
    let bytes = try AuditCommandTests.bytes()
    var file = HandMadePcapNG(linkType: PcapRecord.linkType(of: bytes))
    file.addInterface("eth0")
    for (number, record) in PcapRecord.all(in: bytes).enumerated() {
      if number == 600 { file.addInterface("eth1") }
      file.add(record, interface: number < 600 ? 0 : UInt32(number % 2))
    }
    let capture = try folder.write(file.data, "growing.pcapng")
    let written = try ["audit \(capture) --jobs 1", "audit \(capture) --jobs 3", "audit - <\(capture)"].map {
      let allowed = folder.path("allowed")
      let run = try CommandRun(
        shell:
          "cat \(capture) | $sallyport \($0) -n \(Self.network) -q -o /dev/null --write-allowed \(allowed)")
      #expect(run.exitCode == 0, "\(run.errors)")
      return try Data(contentsOf: URL(fileURLWithPath: allowed))
    }
    #expect(written[1] == written[0] && written[2] == written[0])
  }

  @Test func mappedOrPiped() throws {
    for capture in captures {
      let expected = try outputs([capture])
      // The report names its input: the other outputs do not.
      for command in ["cat \(capture) |", "gzip -c \(capture) |"] {
        let place = try TemporaryFolder()
        let run = try CommandRun(
          shell: """
            \(command) $sallyport audit - -n \(Self.network) -q -o /dev/null --jobs 3 \
              --verdicts \(place.path("verdicts")) --flow-log \(place.path("log")) --metrics \(place.path("metrics.csv")) \
              --write-denied \(place.path("denied"))
            """)
        #expect(run.exitCode == 0, "\(run.errors)")
        for name in ["verdicts", "log", "metrics.csv", "denied"] {
          let data = try Data(contentsOf: place.url.appendingPathComponent(name))
          #expect(data == expected[name], "\(command) \(name)")
        }
      }
    }
  }
}
