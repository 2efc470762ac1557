import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Counts judged packets by periods of time.
///
/// Costs one array element a packet; series are summed up when a period ends. A period is handed out when a later packet
/// comes; a packet that is late counts in the period that is open.
public struct MetricRecorder: Sendable {
  /// Seconds.
  public let period: Int
  /// Periods without a packet that are filled with zeros in one gap; a longer gap stays a gap.
  public static let quietLimit = 10_000

  private var filter: PacketFilter
  private var start: CaptureTime?
  /// By outcome, of the open period.
  private var byOutcome: [MetricCounts] = []
  private var touched: [Int] = []
  /// Series of each outcome, as positions in `series`; nil where it was not needed yet.
  private var seriesOfOutcome: [[Int]?] = []
  private var series: [MetricSeries] = []
  private var positions: [MetricSeries: Int] = [:]
  /// By series, of the open period.
  private var counts: [MetricCounts] = []
  private var newConnections = 0
  /// Whether a gap was longer than ``quietLimit``.
  public private(set) var hasGap = false

  /// - Parameter period: Seconds, 1 or more.
  public init(_ filter: PacketFilter, period: Int) {
    self.filter = filter
    self.period = max(1, period)
  }

  /// When the open period ends; nil before the first packet, and where time itself ends.
  public var end: CaptureTime? {
    guard let end = start?.advanced(bySeconds: Int64(period)), end.nanoseconds < .max else { return nil }
    return end
  }

  /// Opens the period of the first packet.
  public mutating func begin(at time: CaptureTime) { if start == nil { start = aligned(time) } }

  /// Ends periods that are over at a time: to be called before a packet of that time is judged, so that tracked
  /// connections are those of the period's end.
  public mutating func reach(
    _ time: CaptureTime, _ tracker: ConnectionTracker, into done: inout [MetricPeriod]
  ) {
    if start != nil { advance(to: time, tracker, &done) }
  }

  /// Counts a batch and appends the periods that are over.
  public mutating func take(
    _ batch: PacketBatch, _ verdicts: [Verdict], _ tracker: ConnectionTracker, into done: inout [MetricPeriod]
  ) {
    for (packet, verdict) in zip(batch.packets, verdicts) {
      advance(to: packet.time, tracker, &done)
      let outcome = Int(verdict.outcome.rawValue)
      while byOutcome.count <= outcome { byOutcome.append(MetricCounts()) }
      if byOutcome[outcome].packets == 0 { touched.append(outcome) }
      byOutcome[outcome].packets += 1
      byOutcome[outcome].bytes += Int(packet.wireLength)
      guard verdict.beginsFlow else { continue }
      byOutcome[outcome].flows += 1
      if verdict.packetClass == .allow { newConnections += 1 }
    }
  }

  /// The open period, after the last packet.
  public mutating func finish(_ tracker: ConnectionTracker, into done: inout [MetricPeriod]) {
    guard start != nil else { return }
    close(tracker, &done)
    start = nil
  }

  /// Goes on with a filter that follows a change of the network.
  public mutating func goOn(with filter: PacketFilter, _ tracker: ConnectionTracker) {
    fold(tracker)
    // Groups of an interface may be others now.
    seriesOfOutcome.removeAll(keepingCapacity: true)
    self.filter = filter
  }

  // MARK: Periods

  private mutating func advance(
    to time: CaptureTime, _ tracker: ConnectionTracker, _ done: inout [MetricPeriod]
  ) {
    let length = Int64(period) * 1_000_000_000
    guard let open = start else {
      start = aligned(time)
      return
    }
    let (passed, isBeyond) = time.nanoseconds.subtractingReportingOverflow(open.nanoseconds)
    guard isBeyond ? time > open : passed >= length else { return }
    close(tracker, &done)
    let next = aligned(time)
    let (gap, isEndless) = next.nanoseconds.subtractingReportingOverflow(open.nanoseconds)
    let quiet = isEndless ? Int64.max : gap / length - 1
    if quiet > Int64(Self.quietLimit) {
      hasGap = true
    } else {
      let starts = (0..<quiet).map { open.advanced(bySeconds: Int64(period) * ($0 + 1)) }
      let tracked = tracker.trackedFlowCounts(at: starts.map { $0.advanced(bySeconds: Int64(period)) })
      for (start, tracked) in zip(starts, tracked) {
        done.append(MetricPeriod(start: start, length: period, trackedConnections: tracked))
      }
    }
    start = next
  }

  private func aligned(_ time: CaptureTime) -> CaptureTime {
    let length = Int64(period) * 1_000_000_000
    let remainder = time.nanoseconds % length
    let start = time.nanoseconds.subtractingReportingOverflow(remainder < 0 ? remainder + length : remainder)
    return CaptureTime(nanoseconds: start.overflow ? .min : start.partialValue)
  }

  private mutating func close(_ tracker: ConnectionTracker, _ done: inout [MetricPeriod]) {
    guard var period = open(tracker) else { return }
    period.trackedConnections = tracker.trackedFlowCounts(at: [period.end])[0]
    done.append(period)
    for position in counts.indices { counts[position] = MetricCounts() }
    newConnections = 0
  }

  /// The open period as it is at a time, which goes on; nil before the first packet.
  public mutating func current(at time: CaptureTime, _ tracker: ConnectionTracker) -> MetricPeriod? {
    guard var period = open(tracker) else { return nil }
    period.trackedConnections = tracker.trackedFlowCounts(at: [time])[0]
    return period
  }

  private mutating func open(_ tracker: ConnectionTracker) -> MetricPeriod? {
    guard let start else { return nil }
    fold(tracker)
    let listed = zip(series, counts).filter { $1.packets > 0 }
      .map { MetricPeriod.Series(key: $0, counts: $1) }
    return MetricPeriod(
      start: start, length: period, series: listed, newConnections: newConnections, trackedConnections: 0)
  }

  // MARK: Series

  /// Adds what outcomes have counted to their series.
  private mutating func fold(_ tracker: ConnectionTracker) {
    for outcome in touched {
      for position in positionsOfSeries(outcome, tracker) { counts[position].add(byOutcome[outcome]) }
      byOutcome[outcome] = MetricCounts()
    }
    touched.removeAll(keepingCapacity: true)
  }

  private mutating func positionsOfSeries(_ outcome: Int, _ tracker: ConnectionTracker) -> [Int] {
    while seriesOfOutcome.count <= outcome { seriesOfOutcome.append(nil) }
    if let known = seriesOfOutcome[outcome] { return known }
    let found = Self.series(of: tracker[OutcomeID(rawValue: UInt32(outcome))], filter).map { key in
      if let position = positions[key] { return position }
      positions[key] = series.count
      series.append(key)
      counts.append(MetricCounts())
      return series.count - 1
    }
    seriesOfOutcome[outcome] = found
    return found
  }

  /// The series in which packets of an outcome count, each once.
  static func series(of outcome: PathOutcome, _ filter: PacketFilter) -> [MetricSeries] {
    var found = [MetricSeries(.total, verdict: outcome.packetClass)]
    guard outcome.packetClass == .allow || outcome.packetClass == .deny else { return found }
    var seen = Set(found)
    func add(_ series: MetricSeries) { if seen.insert(series).inserted { found.append(series) } }
    let decisive = outcome.packetClass == .deny ? outcome.decisiveStep : nil
    // Backwards: where a packet is stopped at an interface that it passed in the same direction, it is stopped.
    var passed: Set<Passage> = []
    for step in outcome.steps.reversed() {
      guard let index = step.interface,
        passed.insert(Passage(interface: index, direction: step.direction)).inserted
      else { continue }
      let isDenied = decisive?.interface == index && decisive?.direction == step.direction
      let interface = filter.network.networkInterfaces[Int(index.rawValue)]
      add(
        MetricSeries(
          .interface, verdict: isDenied ? .deny : .allow, interface: interface.id,
          instance: interface.instance, direction: step.direction))
    }
    for step in outcome.steps {
      if step.element == .securityGroup, let index = step.interface {
        for group in filter.network.networkInterfaces[Int(index.rawValue)].groups {
          add(MetricSeries(.group, verdict: step.action == .deny ? .deny : .allow, group: group))
        }
      }
      if let name = filter.ruleName(of: step), step.rule.map({ filter.rules[$0].kind != .route }) ?? true {
        add(
          MetricSeries(
            .rule, verdict: step.action == .deny ? .deny : .allow, direction: step.direction, rule: name))
      }
    }
    if let code = decisive?.code { add(MetricSeries(.code, code: code)) }
    return found
  }

  private struct Passage: Hashable {
    var interface: InterfaceIndex
    var direction: Direction
  }
}
