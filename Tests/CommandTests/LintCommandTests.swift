import Foundation
import TestSupport
import Testing

/// `sallyport lint` as users run it.
@Suite struct LintCommandTests {
  private let network = "fixtures/networks/three-tier"

  @Test func theBundledNetwork() throws {
    let run = try CommandRun(["lint", "-n", "fixtures/networks/three-tier", "-v"])
    try Golden.check(run.output, "lint/three-tier.txt")
    #expect(run.errors == "")
    let json = try CommandRun(["lint", "-n", "fixtures/networks/three-tier", "--format", "json"])
    try Golden.check(json.output, "lint/three-tier.json")
  }

  @Test func theBundledNetworkAsYAML() throws {
    let run = try CommandRun(["network", "-n", network, "--format", "yaml"])
    try Golden.check(run.output, "network/three-tier.yaml")
    #expect(run.exitCode == 0 && run.errors == "")
    // Standard input is told apart by its content, too.
    let again = try CommandRun(["lint", "-n", "-", "--format", "json"], input: Data(run.output.utf8))
    #expect(again.output.contains("\"replies_blocked\"") && again.output.contains("standard input:"))
    #expect(try CommandRun(["network", "--schema"]).output.hasPrefix("{\n  \"$schema\""))
  }

  @Test func exitCodes() throws {
    let folder = try TemporaryFolder()
    let clean = try folder.write("vpcs: {v: {cidr: 10.0.0.0/16}}", "clean.yaml")
    let warned = try folder.write(
      "vpcs: {v: {cidr: 10.0.0.0/16, route_tables: {r: {10.9.0.0/16: {blackhole: true}}}}}", "warned.yaml")
    let wrong = try folder.write(
      "vpcs: {v: {cidr: 10.0.0.0/16, subnets: {a: {cidr: 10.9.0.0/24}}}}", "wrong.yaml")
    let broken = try folder.write("vpcs: {v: {cdir: 10.0.0.0/16}}", "broken.yaml")
    for (path, arguments, code) in [
      (clean, [], 0), (warned, [], 0), (warned, ["--fail-on", "warning"], 1), (wrong, [], 1), (broken, [], 2),
    ] as [(String, [String], Int32)] {
      #expect(try CommandRun(["lint", "-n", path] + arguments).exitCode == code, "\(path) \(arguments)")
    }
    #expect(try CommandRun(["lint"]).exitCode == 64)
    #expect(try CommandRun(["lint", "-n", clean, "--fail-on", "info"]).exitCode == 64)
  }

  /// What the standard requires of what is written here (SARIF 2.1.0, sections 3.13, 3.14, 3.18, 3.19, 3.27 to 3.30, 3.33,
  /// 3.49); no property may stand where the schema allows none.
  @Test func sarifIsWhatTheStandardAsks() throws {
    let run = try CommandRun(["lint", "-n", network, "--format", "sarif"])
    let log = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    #expect(Set(log.keys) == ["$schema", "version", "runs"] && log["version"] as? String == "2.1.0")
    let runs = try #require(log["runs"] as? [[String: Any]])
    #expect(runs.count == 1 && Set(runs[0].keys) == ["tool", "columnKind", "results"])
    #expect(runs[0]["columnKind"] as? String == "unicodeCodePoints")
    let tool = try #require(runs[0]["tool"] as? [String: [String: Any]])
    let driver = try #require(tool["driver"])
    #expect(tool.count == 1 && Set(driver.keys) == ["name", "version", "semanticVersion", "rules"])
    let rules = try #require(driver["rules"] as? [[String: Any]])
    let ids = rules.compactMap { $0["id"] as? String }
    #expect(ids.count == rules.count && Set(ids).count == ids.count)
    for rule in rules { #expect((rule["shortDescription"] as? [String: String])?["text"]?.isEmpty == false) }
    let results = try #require(runs[0]["results"] as? [[String: Any]])
    #expect(!results.isEmpty)
    for result in results {
      #expect(Set(result.keys).isSubset(of: ["ruleId", "ruleIndex", "level", "message", "locations"]))
      let index = try #require(result["ruleIndex"] as? Int)
      #expect(ids[index] == result["ruleId"] as? String)
      #expect(["error", "warning", "note"].contains(result["level"] as? String))
      #expect((result["message"] as? [String: String])?["text"]?.isEmpty == false)
      for location in result["locations"] as? [[String: Any]] ?? [] {
        #expect(
          !location.isEmpty && Set(location.keys).isSubset(of: ["physicalLocation", "logicalLocations"]))
        if let physical = location["physicalLocation"] as? [String: Any] {
          #expect(Set(physical.keys).isSubset(of: ["artifactLocation", "region"]))
          let uri = try #require((physical["artifactLocation"] as? [String: String])?["uri"])
          #expect(URL(string: uri) != nil && !uri.contains(" "))
        }
      }
    }
  }

  @Test func placesOfAYAMLNetworkAreRegions() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "security_groups:\n  g:\n    inbound:\n    - udp 1 from 10.0.0.0/8\n    - udp 1 from 10.0.0.0/9\n",
      "a b.yaml")
    let run = try CommandRun(["lint", "-n", path, "--format", "sarif"])
    #expect(run.output.contains("a%20b.yaml"))
    #expect(run.output.contains(#""region": {"startLine": 5, "startColumn": 7}"#))
  }
}
