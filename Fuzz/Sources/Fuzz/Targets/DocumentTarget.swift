import MetricAlarms
import PolicyFormats
import TrafficCosts

/// YAML documents that are read for themselves.
enum DocumentTarget {
  static func runAlarms(_ bytes: [UInt8]) {
    check { _ = try AlarmFile(parsing: bytes, file: "document.yaml") }
  }

  static func runPrices(_ bytes: [UInt8]) {
    check { _ = try PriceList(parsing: bytes, file: "document.yaml") }
  }

  private static func check(_ body: () throws -> Void) {
    do { try body() } catch let error as YAMLProblems {
      for problem in error.all {
        require(problem.location.line != nil, "a problem without a line: \(problem)")
      }
    } catch {
      require("\(error)".contains("document.yaml"), "the error does not name its input: \(error)")
    }
  }
}
