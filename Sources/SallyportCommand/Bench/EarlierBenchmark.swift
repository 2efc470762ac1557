import Foundation
import ReportFormats

/// A report that was written before, to be compared with.
struct EarlierBenchmark {
  private struct Document: Decodable {
    var schema: String
    var measurements: [Row]
  }

  private struct Row: Decodable {
    var stage: String
    var matcher: String
    var rules: Int?
    var interfaces: Int?
    var flows: Int?
    var packets: Int
    var ns: Double
  }

  private let times: [String: Double]

  /// Reads what `bench --format json` wrote; throws an ``UnreadableBenchmark``.
  init(path: String) throws {
    let document: Document
    do {
      document = try JSONDecoder().decode(Document.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    } catch is DecodingError {
      throw UnreadableBenchmark(path: path, reason: "is not a report of 'sallyport bench --format json'")
    } catch {
      throw UnreadableBenchmark(path: path, reason: "cannot be read")
    }
    guard document.schema == "sallyport.bench/1" else {
      throw UnreadableBenchmark(
        path: path, reason: "has the schema '\(document.schema)', expected 'sallyport.bench/1'")
    }
    times = Dictionary(
      document.measurements.map { row in
        let key = BenchmarkReport.Row(
          stage: row.stage, matcher: row.matcher, rules: row.rules, interfaces: row.interfaces,
          flows: row.flows,
          packets: row.packets, nanoseconds: row.ns, percentiles: [], buildNanoseconds: nil, bytes: nil
        ).key
        return (key, row.ns)
      }, uniquingKeysWith: { first, _ in first })
  }

  /// Adds the earlier times to the rows that have one.
  func add(to report: inout BenchmarkReport) {
    for index in report.rows.indices { report.rows[index].earlier = times[report.rows[index].key] }
  }
}

/// An earlier report that is none.
struct UnreadableBenchmark: Error, CustomStringConvertible {
  var path: String
  var reason: String
  var description: String { "\(path): \(reason)" }
}
