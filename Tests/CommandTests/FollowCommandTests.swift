import Foundation
import TestSupport
import Testing

/// `audit --follow`: captures that grow, gzip or not, and how it ends.
@Suite struct FollowCommandTests {
  private static let capture = "fixtures/captures/three-tier.pcap"
  private static let network = "fixtures/networks/three-tier"

  /// Follows a capture while `script` makes it grow, and returns the report.
  ///
  /// In the script `reads N` waits until all of the first N bytes is judged: the audit has read that far in the file, and has
  /// looked for more since.
  private func follow(
    _ growing: String, _ script: String, code: Int32, errors: String = ""
  ) throws -> [String: Any] {
    let report = "\(growing).report"
    let run = try CommandRun(
      shell: """
        $sallyport audit --follow \(growing) -n \(Self.network) --format json -o \(report) & pid=$!
        lives() { kill -0 $pid 2> /dev/null; }
        calls() { sed -n 's/syscr: //p' /proc/$pid/io; }
        reads() {
          [ -d /proc/$$/fdinfo ] || { sleep 3; return; }
          for try in $(seq 600); do
            for file in /proc/$pid/fd/*; do
              [ "$file" -ef \(growing) ] || continue
              read -r name place < "/proc/$pid/fdinfo/${file##*/}"
              [ "$place" = "$1" ] || continue
              calls=$(calls)
              while lives && [ $(calls) -lt $((calls + 2)) ]; do sleep 0.05; done
              return
            done
            sleep 0.05
          done
        }
        \(script)
        # What never ends by itself fails, and does not hang.
        for try in $(seq 2400); do lives || break; sleep 0.05; done
        lives && kill -KILL $pid
        wait $pid
        """)
    #expect(run.exitCode == code)
    #expect(run.errors == errors)
    let data = try Data(contentsOf: URL(fileURLWithPath: report))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private func total(_ report: [String: Any]) -> Int? { (report["packets"] as? [String: Int])?["total"] }

  @Test("A capture that grows is judged as far as it has grown", arguments: ["INT", "TERM"])
  func growing(signal: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try AuditCommandTests.bytes()
    let growing = try folder.write(bytes.prefix(20_001), "growing.pcap")
    let rest = try folder.write(bytes.dropFirst(20_001), "rest")
    let report = try follow(
      growing, "reads 20001; cat \(rest) >> \(growing); reads \(bytes.count); kill -\(signal) $pid", code: 0)
    #expect(total(report) == 1886)
    #expect((report["warnings"] as? [String])?.isEmpty == true)
  }

  @Test("Of a gzip capture everything is judged that can be inflated", arguments: [nil, 20_001])
  func growingGzip(cut: Int?) throws {
    let folder = try TemporaryFolder()
    let packed = folder.path("whole.gz")
    let made = try CommandRun(shell: "gzip -c \(Self.capture) > \(packed)")
    #expect(made.exitCode == 0)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: packed))
    let cut = min(cut ?? bytes.count, bytes.count)
    let growing = try folder.write(bytes.prefix(cut), "growing.pcap.gz")
    let rest = try folder.write(bytes.dropFirst(cut), "rest")
    let report = try follow(
      growing, "reads \(cut); cat \(rest) >> \(growing); reads \(bytes.count); kill -INT $pid", code: 0)
    #expect(total(report) == 1886)
    #expect((report["warnings"] as? [String])?.isEmpty == true)
  }

  @Test func aCaptureThatIsStillEmpty() throws {
    let folder = try TemporaryFolder()
    let growing = try folder.write("", "growing.pcap")
    let report = try follow(growing, "reads 0; kill -TERM $pid", code: 0)
    #expect(total(report) == 0)
  }

  @Test(
    "A capture that is cut short or replaced ends it: what was read is reported, and what happened",
    arguments: [
      (
        "head -c 20001 CAPTURE > GROWING",
        "became shorter while it was followed, as by rotation: ALL bytes of it were read, 20001 are left; what they are now "
          + "was not read"
      ),
      (
        "head -c 20001 CAPTURE > GROWING.new; mv GROWING.new GROWING",
        "was replaced by another file while it was followed, as by rotation: all ALL bytes of the first were read, the other "
          + "was not"
      ),
    ])
  func rotation(script: String, sentence: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try AuditCommandTests.bytes()
    let growing = try folder.write(bytes, "growing.pcap")
    let change = script.replacingOccurrences(of: "CAPTURE", with: Self.capture)
      .replacingOccurrences(of: "GROWING", with: growing)
    let failure = "\(growing): \(sentence.replacingOccurrences(of: "ALL", with: "\(bytes.count)"))"
    let report = try follow(
      growing, "reads \(bytes.count); \(change)", code: 2, errors: "sallyport: \(failure)\n")
    #expect(total(report) == 1886)
    #expect(report["warnings"] as? [String] == [failure])
  }
}
