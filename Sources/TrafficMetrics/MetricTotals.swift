/// Counts since the beginning: what a scrape shows.
public struct MetricTotals: Sendable {
  public private(set) var series: [MetricSeries: MetricCounts] = [:]
  public private(set) var newConnections = 0
  public private(set) var trackedConnections = 0

  public init() {}

  public mutating func add(_ period: MetricPeriod) {
    for series in period.series { self.series[series.key, default: MetricCounts()].add(series.counts) }
    newConnections += period.newConnections
    trackedConnections = period.trackedConnections
  }
}

extension MetricSeries {
  /// An order that does not depend on when a series was first met.
  public static func isBefore(_ left: MetricSeries, _ right: MetricSeries) -> Bool {
    (left.scope, left.sortKey) < (right.scope, right.sortKey)
  }

  private var sortKey: String { labels.map { "\($0.name)\u{1}\($0.value)" }.joined(separator: "\u{2}") }
}
