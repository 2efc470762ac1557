import Filtering
import NetworkTypes
import TrafficMetrics

/// OpenMetrics text (https://prometheus.io/docs/specs/om/open_metrics_spec/), with samples over time or of now.
public struct OpenMetricsText: Sendable {
  /// The content type that a scrape answers with.
  public static let contentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

  /// One counted thing of one scope: `sallyport_interface_packets`.
  private struct Family: Hashable {
    var scope: MetricSeries.Scope
    var quantity: String
  }

  private struct Sample {
    var time: CaptureTime?
    var value: Int
  }

  private var totals = MetricTotals()
  private var samples: [Family: [MetricSeries: [Sample]]] = [:]
  private var newConnections: [Sample] = []
  private var tracked: [Sample] = []

  /// Packets that nobody took in time, where there can be such.
  private var drops: Int?

  public init() {}

  /// An exposition of counts as they are now, without times; every verdict is there, be it with zeros.
  public init(_ totals: MetricTotals, drops: Int? = nil) {
    self.totals = totals
    self.drops = drops
    for verdict in PacketClass.allCases {
      let series = MetricSeries(.total, verdict: verdict)
      if totals.series[series] == nil { add(series, MetricCounts(), at: nil) }
    }
    for (series, counts) in totals.series { add(series, counts, at: nil) }
    newConnections = [Sample(time: nil, value: totals.newConnections)]
    tracked = [Sample(time: nil, value: totals.trackedConnections)]
  }

  /// Adds a period: each series that changed gets a sample at the period's end.
  mutating func add(_ period: MetricPeriod) {
    let before = totals.newConnections
    totals.add(period)
    for series in period.series {
      add(series.key, totals.series[series.key] ?? MetricCounts(), at: period.end)
    }
    if newConnections.isEmpty || totals.newConnections != before {
      newConnections.append(Sample(time: period.end, value: totals.newConnections))
    }
    tracked.append(Sample(time: period.end, value: period.trackedConnections))
  }

  private mutating func add(_ series: MetricSeries, _ counts: MetricCounts, at time: CaptureTime?) {
    for (quantity, value) in [("packets", counts.packets), ("bytes", counts.bytes), ("flows", counts.flows)] {
      samples[Family(scope: series.scope, quantity: quantity), default: [:]][series, default: []].append(
        Sample(time: time, value: value))
    }
  }

  /// Writes all families, each with its type and help, and the end mark.
  public func write(to buffer: inout TextBuffer) {
    for scope in MetricSeries.Scope.allCases {
      for quantity in ["packets", "bytes", "flows"] {
        guard let family = samples[Family(scope: scope, quantity: quantity)] else { continue }
        let name = scope == .total ? "sallyport_\(quantity)" : "sallyport_\(scope.rawValue)_\(quantity)"
        head(name, "counter", unit: quantity == "bytes" ? "bytes" : nil, Self.help(scope, quantity), &buffer)
        for series in family.keys.sorted(by: MetricSeries.isBefore) {
          let labels = series.labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
          for sample in family[series] ?? [] { line("\(name)_total{\(labels)}", sample, &buffer) }
        }
      }
    }
    if !newConnections.isEmpty {
      head(
        "sallyport_new_connections", "counter", unit: nil, "Flows that began and were admitted.", &buffer)
      for sample in newConnections { line("sallyport_new_connections_total", sample, &buffer) }
    }
    if !tracked.isEmpty {
      head(
        "sallyport_tracked_connections", "gauge", unit: nil, "Flows that security groups track.", &buffer)
      for sample in tracked { line("sallyport_tracked_connections", sample, &buffer) }
    }
    if let drops {
      let name = "sallyport_dropped_packets"
      head(name, "counter", unit: nil, "Packets that came faster than they were judged.", &buffer)
      line(name + "_total", Sample(time: nil, value: drops), &buffer)
    }
    buffer.append("# EOF\n")
  }

  private func head(_ name: String, _ type: String, unit: String?, _ help: String, _ buffer: inout TextBuffer)
  {
    buffer.append("# TYPE \(name) \(type)\n")
    if let unit { buffer.append("# UNIT \(name) \(unit)\n") }
    buffer.append("# HELP \(name) \(help)\n")
  }

  private func line(_ series: String, _ sample: Sample, _ buffer: inout TextBuffer) {
    buffer.append(series + " \(sample.value)")
    if let time = sample.time { buffer.append(" \(time.nanoseconds / 1_000_000_000)") }
    buffer.append("\n")
  }

  private static func help(_ scope: MetricSeries.Scope, _ quantity: String) -> String {
    let thing =
      quantity == "flows" ? "Flows that began" : quantity == "bytes" ? "Bytes on the wire" : "Packets"
    return switch scope {
    case .total: "\(thing), by verdict."
    case .interface: "\(thing), by interface, direction and verdict there."
    case .group: "\(thing), by security group of the interfaces passed and verdict there."
    case .rule: "\(thing), by rule or ACL entry that decided."
    case .code: "\(thing), denied, by the code of what stopped them."
    }
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
