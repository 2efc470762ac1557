import Filtering
import NetworkTypes
import TrafficMetrics

/// Writes periods of metrics, one after another.
///
/// OpenMetrics wants all samples of a series together, so that format is written at the end and kept until then.
public struct MetricWriter: Sendable {
  public let format: MetricFormat
  private var isFirst = true
  private var exposition = OpenMetricsText()

  public init(_ format: MetricFormat) { self.format = format }

  /// What stands before the first period.
  public func begin(period: Int, _ buffer: inout TextBuffer) {
    switch format {
    case .csv:
      buffer.append(
        "time,period,scope,verdict,interface,direction,group,rule,code,packets,bytes,flows,new_connections,"
          + "tracked_connections\r\n")
    case .json: buffer.append("{\"schema\": \"sallyport.metrics/1\", \"period\": \(period), \"periods\": [")
    case .openMetrics, .emf: break
    }
  }

  public mutating func append(_ period: MetricPeriod, _ buffer: inout TextBuffer) {
    switch format {
    case .csv: Self.csv(period, &buffer)
    case .json:
      buffer.append(isFirst ? "\n  " : ",\n  ")
      buffer.append(Self.json(period).compact())
    case .openMetrics: exposition.add(period)
    case .emf: for object in EmbeddedMetrics.objects(period) { buffer.append(object.compact() + "\n") }
    }
    isFirst = false
  }

  /// What stands after the last period.
  public mutating func end(_ buffer: inout TextBuffer) {
    switch format {
    case .csv, .emf: break
    case .json: buffer.append("\n]}\n")
    case .openMetrics: exposition.write(to: &buffer)
    }
  }

  // MARK: CSV

  private static func csv(_ period: MetricPeriod, _ buffer: inout TextBuffer) {
    let lead = "\(second(period.start)),\(period.length),"
    func line(_ scope: String, _ series: MetricSeries?, _ cells: [String]) {
      let labels = Dictionary(
        (series?.labels ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
      let columns = ["verdict", "interface", "direction", "group", "rule", "code"].map { labels[$0] ?? "" }
      buffer.append(lead + scope + "," + (columns + cells).joined(separator: ",") + "\r\n")
    }
    line("connections", nil, ["", "", "", String(period.newConnections), String(period.trackedConnections)])
    for (series, counts) in complete(period) {
      line(
        series.scope.rawValue, series,
        [String(counts.packets), String(counts.bytes), String(counts.flows), "", ""])
    }
  }

  // MARK: JSON

  private static func json(_ period: MetricPeriod) -> JSONText {
    .object([
      ("time", .string(second(period.start))), ("new_connections", .integer(period.newConnections)),
      ("tracked_connections", .integer(period.trackedConnections)),
      (
        "series",
        .array(
          complete(period).map { series, counts in
            .object(
              [("scope", .string(series.scope.rawValue))]
                + series.labels.map { ($0.name, JSONText.string($0.value)) } + [
                  ("packets", .integer(counts.packets)), ("bytes", .integer(counts.bytes)),
                  ("flows", .integer(counts.flows)),
                ])
          })
      ),
    ])
  }

  /// The series in their order, with a total of every verdict whether or not there were packets.
  static func complete(_ period: MetricPeriod) -> [(MetricSeries, MetricCounts)] {
    let known = Dictionary(
      period.series.map { ($0.key, $0.counts) }, uniquingKeysWith: { first, _ in first })
    let totals = PacketClass.allCases.map { MetricSeries(.total, verdict: $0) }
    let others = known.keys.filter { $0.scope != .total }.sorted(by: MetricSeries.isBefore)
    return (totals + others).map { ($0, known[$0] ?? MetricCounts()) }
  }

  /// Periods begin at whole seconds: `2026-01-02T03:04:00Z`.
  static func second(_ time: CaptureTime) -> String { String(time.description.prefix(19)) + "Z" }
}
