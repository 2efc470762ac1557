import NetworkTypes
import TrafficMetrics

/// CloudWatch embedded metric format
/// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html):
/// what a CloudWatch agent or a log group turns into metrics of the namespace `Sallyport`.
enum EmbeddedMetrics {
  static let namespace = "Sallyport"

  /// An object for each series of a period, and one for its connections.
  static func objects(_ period: MetricPeriod) -> [JSONText] {
    let series = MetricWriter.complete(period).map { series, counts in
      object(
        period, series.labels.map { (dimension($0.name), $0.value) },
        [
          ("Packets", "Count", counts.packets), ("Bytes", "Bytes", counts.bytes),
          ("Flows", "Count", counts.flows),
        ])
    }
    return [
      object(
        period, [],
        [
          ("NewConnections", "Count", period.newConnections),
          ("TrackedConnections", "Count", period.trackedConnections),
        ])
    ] + series
  }

  private static func object(
    _ period: MetricPeriod, _ dimensions: [(String, String)],
    _ metrics: [(name: String, unit: String, value: Int)]
  ) -> JSONText {
    let definitions = metrics.map { metric in
      JSONText.object(
        [("Name", .string(metric.name)), ("Unit", .string(metric.unit))]
          // Below a minute CloudWatch keeps a point only if it is told so.
          + (period.length < 60 ? [("StorageResolution", .integer(1))] : []))
    }
    let directive = JSONText.object([
      ("Namespace", .string(namespace)),
      ("Dimensions", .array([.array(dimensions.map { .string($0.0) })])),
      ("Metrics", .array(definitions)),
    ])
    return .object(
      [
        (
          "_aws",
          .object([
            ("Timestamp", .integer(Int(period.start.nanoseconds / 1_000_000))),
            ("CloudWatchMetrics", .array([directive])),
          ])
        )
      ] + dimensions.map { ($0.0, JSONText.string($0.1)) }
        + metrics.map { ($0.name, JSONText.integer($0.value)) })
  }

  /// `interface` becomes `InterfaceId`: dimensions as people of AWS write them.
  private static func dimension(_ label: String) -> String {
    switch label {
    case "interface": "InterfaceId"
    case "group": "SecurityGroupId"
    default: label.prefix(1).uppercased() + label.dropFirst()
    }
  }
}
