import MetricAlarms
import NetworkTypes
import ReportFormats
import TestSupport
import Testing
import TrafficMetrics

/// Semantics section 9.
@Suite("Alarm evaluation")
struct AlarmEvaluationTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var points: String
    var needed: Int
    /// For missing, ignore, breaching and notBreaching: O, A, I, or K for what it was before.
    var states: String
    init(_ points: String, m: Int, _ states: String) {
      (self.points, needed, self.states) = (points, m, states)
    }
    var testDescription: String { "\(points) with M = \(needed)" }
  }

  private static func alarm(n: Int, m: Int, _ missing: Alarm.MissingData) -> Alarm {
    Alarm(
      name: "a", metric: AlarmMetric(name: "Packets"), evaluationPeriods: n, datapointsToAlarm: m,
      comparison: .greaterThan, threshold: 5, missingData: missing)
  }

  private static func values(_ text: String) -> [Double?] {
    text.map { $0 == "X" ? 9 : $0 == "0" ? 1 : nil }
  }

  @Test(
    "The published tables: N = 3, five points fetched, four ways to treat what is missing (AL-6, AL-7)",
    arguments: [
      Row("0-X-X", m: 3, "OOOO"), Row("0----", m: 3, "OOOO"), Row("-----", m: 3, "IKAO"),
      Row("0XX-X", m: 3, "AAAA"), Row("--X--", m: 3, "AKAO"), Row("0-X-X", m: 2, "AAAA"),
      Row("00X0X", m: 2, "AAAA"), Row("0-X--", m: 2, "OOAO"), Row("----0", m: 2, "OOAO"),
      Row("---X-", m: 2, "AKAO"),
    ])
  func publishedTables(_ row: Row) {
    for (missing, letter) in zip(Alarm.MissingData.allCases, row.states) {
      for now in AlarmState.allCases {
        let expected: AlarmState =
          switch letter {
          case "O": .ok
          case "A": .alarm
          case "I": .insufficientData
          default: now
          }
        let state = AlarmEvaluation.state(
          of: Self.alarm(n: 3, m: row.needed, missing), Self.values(row.points), now: now)
        #expect(state == expected, "\(missing), was \(now)")
      }
    }
  }

  @Test("One fresh breaching point after missing ones does not alarm yet (AL-7)")
  func notTooEarly() {
    for missing in [Alarm.MissingData.missing, .ignore, .notBreaching] {
      let state = AlarmEvaluation.state(of: Self.alarm(n: 3, m: 3, missing), Self.values("----X"), now: .ok)
      #expect(state == .ok, "\(missing)")
    }
  }

  @Test("Operators compare the statistic with the threshold (AL-4)")
  func operators() {
    let rows: [(Alarm.Comparison, [Bool])] = [
      (.greaterThan, [false, false, true]), (.greaterThanOrEqual, [false, true, true]),
      (.lessThan, [true, false, false]), (.lessThanOrEqual, [true, true, false]),
    ]
    for (comparison, expected) in rows {
      #expect([4.0, 5, 6].map { comparison.isBreaching($0, 5) } == expected, "\(comparison)")
    }
  }

  // MARK: The board

  private static func period(_ minute: Int, _ packets: Int?) -> MetricPeriod {
    let series = packets.map {
      [
        MetricPeriod.Series(
          key: MetricSeries(.group, verdict: .deny, group: "sg-1"), counts: MetricCounts(packets: $0))
      ]
    }
    return MetricPeriod(
      start: CaptureTime(nanoseconds: Int64(minute) * 60_000_000_000), length: 60, series: series ?? [])
  }

  @Test("States change when enough periods breach, and back; the reason is in CloudWatch's words (AL-13)")
  func board() {
    var alarm = Alarm(
      name: "denied", metric: AlarmMetric(name: "Packets", dimensions: [.init("SecurityGroupId", "sg-1")]),
      evaluationPeriods: 3, datapointsToAlarm: 2, comparison: .greaterThanOrEqual, threshold: 10)
    alarm.actions = [.alarm: ["file:x"]]
    var board = AlarmBoard([alarm])
    var changes: [String] = []
    var told: [[String]] = []
    for (minute, packets) in [1, 12, 3, 15, 2, 1, nil, nil, nil, nil, nil].enumerated() {
      for change in board.take(Self.period(minute, packets)) {
        changes.append("\(minute) \(change.old.rawValue)>\(change.new.rawValue)")
        told.append(change.actions)
        if change.new == .alarm {
          #expect(
            change.reason
              == "Threshold Crossed: 2 out of the last 3 datapoints [15.0 (01/01/70 00:03:00), 12.0 (01/01/70 00:01:00)] "
              + "were greater than or equal to the threshold (10.0) (minimum 2 datapoints for OK -> ALARM transition)."
          )
        }
      }
    }
    // Five points are fetched for three: data is all gone five minutes after the last.
    #expect(changes == ["0 INSUFFICIENT_DATA>OK", "3 OK>ALARM", "4 ALARM>OK", "10 OK>INSUFFICIENT_DATA"])
    #expect(told == [[], ["file:x"], [], []])
  }

  @Test(
    "A percentile of too few samples changes nothing where that is to be ignored (AL-10)",
    arguments: [
      // Ten of a hundredth part that lies beyond the rank: p75 of 40 samples, p10 of 100.
      (rank: 75.0, minutes: 39, changes: 0), (75, 40, 1), (10, 99, 0), (10, 100, 1), (100, 10, 1),
    ])
  func lowSamples(rank: Double, minutes: Int, changes: Int) {
    var alarm = Alarm(
      name: "p", metric: AlarmMetric(name: "Packets", dimensions: [.init("SecurityGroupId", "sg-1")]),
      statistic: .percentile(rank), period: 12_000, comparison: .greaterThan, threshold: 5)
    func count(_ policy: Alarm.LowSampleCount?) -> Int {
      alarm.lowSampleCount = policy
      var board = AlarmBoard([alarm])
      return (0..<minutes).reduce(0) { $0 + board.take(Self.period($1, 10)).count }
    }
    #expect(count(.ignore) == changes)
    #expect(count(.evaluate) == 1)
    #expect(count(nil) == 1)
  }

  @Test("A longer period slides by the minute (AL-3)")
  func sliding() {
    let alarm = Alarm(
      name: "sum", metric: AlarmMetric(name: "Packets", dimensions: [.init("SecurityGroupId", "sg-1")]),
      period: 300,
      comparison: .greaterThan, threshold: 20)
    var board = AlarmBoard([alarm])
    var alarmed: [Int] = []
    for minute in 0..<12 {
      for change in board.take(Self.period(minute, minute == 3 || minute == 6 ? 15 : 0))
      where change.new == .alarm {
        alarmed.append(minute)
      }
    }
    // Minutes 3 and 6 are within five minutes of each other from minute 6 on.
    #expect(alarmed == [6])
    #expect(board.states == [.ok])
  }

  @Test("Alarms of other periods change nothing for an alarm, wherever the recording ends")
  func neighbours() {
    func alarm(_ name: String, _ statistic: Alarm.Statistic, period: Int) -> Alarm {
      Alarm(
        name: name, metric: AlarmMetric(name: "NewConnections"), statistic: statistic, period: period,
        comparison: .greaterThan, threshold: 25)
    }
    var random = SeededRandom.fresh("alarms of several periods")
    for statistic in [Alarm.Statistic.sum, .average, .maximum, .minimum, .sampleCount, .percentile(50)] {
      let alone = alarm("slow", statistic, period: 120)
      // Seconds of ten from 1970 on with what came in them; some are left out.
      var tens: [(start: Int, count: Int)] = []
      for start in 1..<Int.random(in: 60..<120, using: &random)
      where Int.random(in: 0..<9, using: &random) > 0 {
        tens.append((start * 10, Int.random(in: 0..<12, using: &random)))
      }
      func changes(_ board: AlarmBoard, _ length: Int) -> [String] {
        var board = board
        var changes: [AlarmTransition] = []
        for start in Set(tens.map { $0.start / length * length }).sorted() {
          let counts = tens.filter { $0.start / length * length == start }.map(\.count)
          changes += board.take(
            MetricPeriod(
              start: CaptureTime(nanoseconds: Int64(start) * 1_000_000_000), length: length,
              newConnections: counts.reduce(0, +)))
        }
        return (changes + board.finish()).filter { $0.alarm.name == "slow" }
          .map { "\($0.time) \($0.new) \($0.reason)" }
      }
      let expected = changes(AlarmBoard([alone]), 60)
      #expect(changes(AlarmBoard([alone, alarm("fast", .sum, period: 10)]), 10) == expected, "\(statistic)")
      #expect(!expected.isEmpty)
    }
  }

  @Test("An alarm that is evaluated by the hour is evaluated at the end of what was seen (AL-3)")
  func hourly() {
    let alarm = Alarm(
      name: "day", metric: AlarmMetric(name: "NewConnections"), period: 3600, evaluationPeriods: 25,
      datapointsToAlarm: 1, comparison: .greaterThan, threshold: 5)
    var board = AlarmBoard([alarm])
    #expect(
      board.take(MetricPeriod(start: CaptureTime(nanoseconds: 0), length: 60, newConnections: 9)).isEmpty)
    let changes = board.finish()
    #expect(changes.map(\.new) == [.alarm])
    #expect(changes.map(\.time.nanoseconds) == [3_600_000_000_000])
  }

  @Test("Reasons say what is true where the points alone do not decide (AL-13)")
  func reasonsOfMissingData() {
    func reason(_ missing: Alarm.MissingData, _ value: Int) -> String? {
      var board = AlarmBoard([
        Alarm(
          name: "a", metric: AlarmMetric(name: "Packets", dimensions: [.init("SecurityGroupId", "sg-1")]),
          evaluationPeriods: 3, datapointsToAlarm: 2, comparison: .greaterThan, threshold: 5,
          missingData: missing)
      ])
      return board.take(Self.period(0, value)).first?.reason
    }
    #expect(
      reason(.notBreaching, 9)
        == "Threshold Crossed: 1 out of the last 3 datapoints [9.0 (01/01/70 00:00:00)] was greater than the threshold "
        + "(5.0) (minimum 2 datapoints for OK -> ALARM transition).")
    #expect(
      reason(.breaching, 1)
        == "Threshold Crossed: 2 missing datapoints were treated as [Breaching] (minimum 2 datapoints for "
        + "INSUFFICIENT_DATA -> ALARM transition).")
  }

  @Test("Statistics over the samples of a period")
  func statistics() {
    let rows: [(String, Double)] = [
      ("sum", 30), ("average", 6), ("minimum", 0), ("maximum", 15), ("sample_count", 5), ("p50", 0),
      ("p90", 15),
    ]
    for (name, expected) in rows {
      let alarm = Alarm(
        name: name, metric: AlarmMetric(name: "NewConnections"), statistic: Alarm.Statistic(name)!,
        period: 300,
        comparison: .greaterThanOrEqual, threshold: expected)
      var board = AlarmBoard([alarm])
      var above = alarm
      above.threshold = expected + 0.5
      var other = AlarmBoard([above])
      for minute in 0..<5 {
        var period = Self.period(minute, nil)
        period.newConnections = [0, 15, 0, 15, 0][minute]
        _ = board.take(period)
        _ = other.take(period)
      }
      #expect(board.states == [.alarm], "\(name)")
      #expect(other.states == [.ok], "\(name)")
    }
  }
}
