import Filtering
import NetworkTypes
import VirtualNetworks

/// What some packets have in common: which of them one line of a chart counts.
public struct MetricSeries: Sendable, Hashable {
  public enum Scope: String, Sendable, Hashable, CaseIterable, Comparable {
    /// Every packet once, by its verdict.
    case total
    /// Packets that passed an interface or were stopped at it, by direction and verdict.
    case interface
    /// Packets that the interfaces of a security group judged, by verdict.
    case group
    /// Packets that a rule or an ACL's entry decided.
    case rule
    /// Denied packets by the code of what stopped them.
    case code

    public static func < (left: Self, right: Self) -> Bool { left.place < right.place }
    private var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  public var scope: Scope
  public var verdict: PacketClass?
  public var interface: ResourceID?
  /// The instance of the interface.
  public var instance: ResourceID?
  public var direction: Direction?
  public var group: ResourceID?
  /// `sg-…/sgr-…`, `acl-…/100`
  public var rule: String?
  public var code: ReachabilityCode?

  public init(
    _ scope: Scope, verdict: PacketClass? = nil, interface: ResourceID? = nil, instance: ResourceID? = nil,
    direction: Direction? = nil, group: ResourceID? = nil, rule: String? = nil, code: ReachabilityCode? = nil
  ) {
    self.scope = scope
    self.verdict = verdict
    self.interface = interface
    self.instance = instance
    self.direction = direction
    self.group = group
    self.rule = rule
    self.code = code
  }

  /// Labels and their values, in a fixed order; those that do not apply are left out.
  public var labels: [(name: String, value: String)] {
    [
      ("verdict", verdict.map(Self.word)), ("interface", interface?.rawValue),
      ("direction", direction?.description), ("group", group?.rawValue), ("rule", rule),
      ("code", code?.rawValue),
    ].compactMap { name, value in value.map { (name, $0) } }
  }

  /// `allowed`, `denied`, `exempt`, …
  public static func word(_ verdict: PacketClass) -> String {
    switch verdict {
    case .allow: "allowed"
    case .deny: "denied"
    default: verdict.description
    }
  }
}

/// What is counted of a series.
public struct MetricCounts: Sendable, Hashable {
  public var packets = 0
  /// Original lengths on the wire.
  public var bytes = 0
  /// Flows that began.
  public var flows = 0

  public init(packets: Int = 0, bytes: Int = 0, flows: Int = 0) {
    self.packets = packets
    self.bytes = bytes
    self.flows = flows
  }

  public mutating func add(_ other: MetricCounts) {
    packets += other.packets
    bytes += other.bytes
    flows += other.flows
  }
}

/// The counts of one period of time.
public struct MetricPeriod: Sendable, Hashable {
  /// When it begins: a multiple of its length since 1970.
  public var start: CaptureTime
  /// Seconds.
  public var length: Int
  public var series: [Series]
  /// Flows that began in it and were admitted.
  public var newConnections: Int
  /// Flows that security groups track at its end.
  public var trackedConnections: Int

  public struct Series: Sendable, Hashable {
    public var key: MetricSeries
    public var counts: MetricCounts

    public init(key: MetricSeries, counts: MetricCounts) {
      self.key = key
      self.counts = counts
    }
  }

  public init(
    start: CaptureTime, length: Int, series: [Series] = [], newConnections: Int = 0,
    trackedConnections: Int = 0
  ) {
    self.start = start
    self.length = length
    self.series = series
    self.newConnections = newConnections
    self.trackedConnections = trackedConnections
  }

  public var end: CaptureTime { start.advanced(bySeconds: Int64(length)) }
}
