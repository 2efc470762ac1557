import PolicyFormats
import PolicyTesting

/// Policy tests: read, and run against the bundled network.
enum PolicyTestTarget {
  private static let network = TestedNetwork(Example.network)
  /// Claims analyse every packet at once: a test with many takes long, as it may.
  private static let claimLimit = 6

  static func run(_ bytes: [UInt8]) {
    do throws(YAMLProblems) {
      let file = try PolicyTestFileReader().parse(bytes, path: "a.test.yaml")
      for test in file.tests.prefix(8) { run(test) }
    } catch {
      require(!error.all.isEmpty, "no problem")
      for problem in error.all {
        require(problem.location.line != nil, "a problem without a line: \(problem)")
      }
    }
  }

  private static func run(_ test: PolicyTest) {
    switch test.content {
    case .capture: return  // Reads whatever file it names.
    case .claims(let claims) where claims.count > claimLimit: return
    case .claims, .scenario: break
    }
    switch test.outcome(in: network) {
    case .passed, .skipped: break
    case .failed(let failures): require(!failures.isEmpty, "failed without a failure")
    case .invalid(let problems): require(!problems.isEmpty, "invalid without a problem")
    }
  }
}
