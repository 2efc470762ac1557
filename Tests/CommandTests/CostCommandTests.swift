import Foundation
import TestSupport
import Testing

/// `sallyport audit --costs`, end to end.
@Suite struct CostCommandTests {
  private static let audit = ["audit", AuditCommandTests.capture, "-n", AuditCommandTests.network]
  private static let prices = Environment.fixture("prices/aws-2026-11-23.yaml")

  @Test func textNamesPathsAndWhatHasNoPrice() throws {
    let run = try CommandRun(Self.audit + ["--costs", Self.prices])
    #expect(run.exitCode == 0)
    let lines = run.output.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex { $0.hasPrefix("COSTS") })
    let end = try #require(lines[start...].firstIndex { $0.isEmpty })
    #expect(lines[start..<end].allSatisfy { $0.count <= 80 })
    try Golden.check(lines[start..<end].joined(separator: "\n") + "\n", "audit/three-tier.costs.txt")
  }

  @Test func jsonAddsUp() throws {
    let run = try CommandRun(Self.audit + ["--costs", Self.prices, "--format", "json"])
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    let costs = try #require(report["costs"] as? [String: Any])
    let paths = try #require(costs["paths"] as? [[String: Any]])
    var sum = 0.0
    for path in paths {
      let (bytes, price) = (try #require(path["bytes"] as? Double), try #require(path["price"] as? Double))
      let cost = try #require(path["cost"] as? Double)
      #expect(abs(cost - bytes * price / 1_073_741_824) < 1e-11)
      sum += cost
    }
    #expect(abs(sum - (costs["total"] as? Double ?? 0)) < 1e-10)
    let again = try CommandRun(Self.audit + ["--costs", Self.prices, "--format", "json"])
    #expect(again.output == run.output)
    // Without prices nothing is said of costs.
    let without = try CommandRun(Self.audit + ["--format", "json"])
    #expect(!without.output.contains("\"costs\""))
  }

  @Test func aPriceFileThatIsNotValidIsAnErrorBeforeAnythingIsAudited() throws {
    let folder = try TemporaryFolder()
    let prices = try folder.write(
      "date: 2026-11-23\ncurrency: USD\nper: GB\nregions:\n  eu-west-1: {internet_uot: 0.09}\n", "p.yaml")
    let run = try CommandRun(Self.audit + ["--costs", prices])
    #expect(run.exitCode == 2)
    #expect(run.errors.contains("p.yaml:5:15: unknown key \"internet_uot\"; did you mean \"internet_out\"?"))
    #expect(run.output == "")
    let missing = try CommandRun(Self.audit + ["--costs", folder.path("nothing.yaml")])
    #expect(missing.exitCode == 2)
    #expect(missing.errors.contains("nothing.yaml"))
  }

  @Test func recordsOfAFlowLogAreNotPriced() throws {
    let run = try CommandRun(
      ["audit", "--flow-log-input", "flows.log", "-n", AuditCommandTests.network, "--costs", Self.prices])
    #expect(run.exitCode == 64)
    #expect(run.errors.contains("--costs goes with captures"))
  }
}
