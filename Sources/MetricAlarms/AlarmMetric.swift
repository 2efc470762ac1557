import Filtering
import NetworkTypes
import TrafficMetrics

/// What an alarm watches: a metric of the traffic, by CloudWatch's namespace, name and dimensions.
///
/// | namespace | names | dimensions |
/// | --- | --- | --- |
/// | `Sallyport` | `Packets`, `Bytes`, `Flows` | `Verdict`, `InterfaceId`, `Direction`, `SecurityGroupId`, `Rule`, `Code` |
/// | `Sallyport` | `NewConnections`, `TrackedConnections` | none |
/// | `AWS/EC2` | `NetworkIn`, `NetworkOut`, `NetworkPacketsIn`, `NetworkPacketsOut` | `InstanceId` |
public struct AlarmMetric: Sendable, Hashable {
  public struct Dimension: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public var namespace: String
  public var name: String
  public var dimensions: [Dimension]
  /// Whether what the dimensions name is there: of nothing there is no data, not even zero (semantics AL-6).
  var namesWhatIsThere = true

  public init(namespace: String = "Sallyport", name: String, dimensions: [Dimension] = []) {
    self.namespace = namespace
    self.name = name
    self.dimensions = dimensions
  }

  static let verdicts = ["allowed", "denied", "exempt", "unknown", "unplaced", "undecoded"]
  static let directions = ["ingress", "egress"]

  /// Labels that series have together.
  private static let scopes = [
    ["InterfaceId", "Direction", "Verdict"], ["SecurityGroupId", "Verdict"],
    ["Rule", "Direction", "Verdict"],
    ["Code"],
  ]

  private static var writtenScopes: String {
    scopes.map { $0.joined(separator: ", ") }.joined(separator: "; ")
  }

  /// Why traffic does not tell this metric; nil where it does.
  public var objection: String? {
    let names = dimensions.map(\.name)
    switch (namespace, name) {
    case ("Sallyport", "Packets"), ("Sallyport", "Bytes"), ("Sallyport", "Flows"):
      if let odd = names.first(where: { name in !Self.scopes.contains { $0.contains(name) } }) {
        return "found the dimension \(odd), expected those of one of \(Self.writtenScopes)"
      }
      return Self.scopes.contains { Set(names).isSubset(of: $0) }
        ? nil
        : "found the labels \(names.joined(separator: ", ")), which no series has together; expected those of one of "
          + Self.writtenScopes
    case ("Sallyport", "NewConnections"), ("Sallyport", "TrackedConnections"):
      return names.isEmpty ? nil : "found the dimension \(names[0]), expected none"
    case ("AWS/EC2", "NetworkIn"), ("AWS/EC2", "NetworkOut"), ("AWS/EC2", "NetworkPacketsIn"),
      ("AWS/EC2", "NetworkPacketsOut"):
      return names == ["InstanceId"] ? nil : "expected the one dimension InstanceId"
    default:
      return
        "found the metric \(namespace) \(name), which traffic does not tell; expected Packets, Bytes, Flows, "
        + "NewConnections or TrackedConnections of Sallyport, or the network metrics of AWS/EC2"
    }
  }

  /// The metric's value in a period; nil where there is no data: nothing was counted of that series.
  ///
  /// Totals, connections and what EC2 reports of an instance are there in every period, be it as zero.
  public func value(in period: MetricPeriod) -> Double? {
    switch (namespace, name) {
    case (_, "NewConnections"): return Double(period.newConnections)
    case (_, "TrackedConnections"): return Double(period.trackedConnections)
    case ("AWS/EC2", _):
      let direction: Direction = name.hasSuffix("In") ? .ingress : .egress
      return sum(period) { series in
        series.scope == .interface && series.instance?.rawValue == dimensions.first?.value
          && series.direction == direction && series.verdict == .allow
      } ?? nothing
    default:
      let scope = scope
      let value = sum(period) { series in series.scope == scope && matches(series) }
      return scope == .total ? value ?? nothing : value
    }
  }

  /// What a series that is always reported is when nothing was counted.
  private var nothing: Double? { namesWhatIsThere ? 0 : nil }

  /// The value of two periods together; connections that are open are those at the end.
  func sum(_ earlier: Double?, _ later: Double?) -> Double? {
    guard let earlier, let later else { return earlier ?? later }
    return name == "TrackedConnections" ? later : earlier + later
  }

  private func sum(_ period: MetricPeriod, _ isMeant: (MetricSeries) -> Bool) -> Double? {
    let found = period.series.filter { isMeant($0.key) }
    if found.isEmpty { return nil }
    return found.reduce(0) { total, series in
      let counts = series.counts
      return total
        + Double(
          name.contains("Packets") ? counts.packets : name == "Flows" ? counts.flows : counts.bytes)
    }
  }

  private var scope: MetricSeries.Scope {
    let names = Set(dimensions.map(\.name))
    if names.contains("Rule") { return .rule }
    if names.contains("Code") { return .code }
    if names.contains("SecurityGroupId") { return .group }
    return names.contains("InterfaceId") || names.contains("Direction") ? .interface : .total
  }

  private func matches(_ series: MetricSeries) -> Bool {
    dimensions.allSatisfy { dimension in
      let value =
        switch dimension.name {
        case "Verdict": series.verdict.map(MetricSeries.word)
        case "InterfaceId": series.interface?.rawValue
        case "Direction": series.direction?.description
        case "SecurityGroupId": series.group?.rawValue
        case "Rule": series.rule
        default: series.code?.rawValue
        }
      return value == dimension.value
    }
  }
}
