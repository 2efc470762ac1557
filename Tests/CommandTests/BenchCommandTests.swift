import Foundation
import TestSupport
import Testing

@Suite("sallyport bench") struct BenchCommandTests {
  private static let small = ["bench", "--rules", "10,30", "--packets", "1024", "--rounds", "1"]

  @Test("JSON names every stage and matcher, and is what --compare reads")
  func jsonAndCompare() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("before.json")
    let first = try CommandRun(Self.small + ["--format", "json", "-o", path])
    #expect(first.exitCode == 0, "\(first.errors)")
    let document = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
    #expect(document["schema"] as? String == "sallyport.bench/1")
    #expect(document["matchers_agree"] as? Bool == true)
    let rows = try #require(document["measurements"] as? [[String: Any]])
    let stages = Set(rows.compactMap { $0["stage"] as? String })
    #expect(
      stages == [
        "decode", "address lookup", "rule match", "tracking", "first packets", "whole audit", "rule change",
      ])
    #expect(rows.allSatisfy { $0["ns"] is Double || $0["ns"] is Int })
    let second = try CommandRun(Self.small + ["--format", "csv", "--compare", path])
    #expect(second.exitCode == 0, "\(second.errors)")
    let lines = second.output.split(separator: "\n")
    #expect(lines.count == rows.count + 1)
    #expect(
      lines.dropFirst().allSatisfy { Double($0.split(separator: ",").last ?? "") != nil }, "ratios stand last"
    )
  }

  @Test("what cannot be measured or compared is said")
  func badInput() throws {
    #expect(try CommandRun(["bench", "--rules", "10,x"]).exitCode == 64)
    #expect(try CommandRun(["bench", "--packets", "1"]).exitCode == 64)
    let folder = try TemporaryFolder()
    let path = folder.path("other.json")
    try "{}".write(toFile: path, atomically: true, encoding: .utf8)
    let run = try CommandRun(Self.small + ["--compare", path])
    #expect(run.exitCode == 2)
    #expect(run.errors == "sallyport: \(path): is not a report of 'sallyport bench --format json'\n")
  }
}
