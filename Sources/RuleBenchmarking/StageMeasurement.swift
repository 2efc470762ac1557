/// What one stage cost on one workload.
public struct StageMeasurement: Sendable {
  public enum Stage: String, Sendable, CaseIterable {
    case decode
    case addressLookup = "address lookup"
    case ruleMatch = "rule match"
    case tracking
    case firstPackets = "first packets"
    case audit = "whole audit"
    /// Its packets are changes.
    case ruleChange = "rule change"
  }

  public var stage: Stage
  /// The matcher or structure that was measured, where a stage has several.
  public var matcher: String
  /// The size that a cost curve varies; nil where it says nothing of the stage.
  public var rules: Int?
  public var interfaces: Int?
  public var flows: Int?
  /// Packets of one round.
  public var packets: Int
  /// Nanoseconds of each run of a few hundred packets, with how many packets it had.
  public var samples: [Sample] = []
  /// Nanoseconds of building what the stage asks, the middle one of several times.
  public var buildTime: Int?
  /// Bytes of what the stage asks.
  public var bytes: Int?

  public struct Sample: Sendable {
    public var nanoseconds: Int
    public var packets: Int
  }

  public init(
    _ stage: Stage, matcher: String, rules: Int? = nil, interfaces: Int? = nil, flows: Int? = nil,
    packets: Int
  ) {
    self.stage = stage
    self.matcher = matcher
    self.rules = rules
    self.interfaces = interfaces
    self.flows = flows
    self.packets = packets
  }

  /// Nanoseconds a packet, each run at the middle one of its rounds.
  public var nanosecondsPerPacket: Double = 0
}

/// Matchers that do not agree on a packet: nothing that was measured counts.
public struct MatcherDisagreement: Error, CustomStringConvertible {
  public var description: String
}

/// Times rounds of work, cut into runs.
struct StageTimer {
  /// How many packets a run has: long enough that reading the clock twice is nothing.
  static let runLength = 256
  private let clock = ContinuousClock()

  /// Runs `body` over the packets of each run, `rounds` times and once before that is not counted unless `warmsUp` is
  /// false, and fills in samples and the sum of each run's middle time. `prepare` is called before each round, `prepareRun` before each
  /// run; neither is timed.
  func measure(
    _ measurement: inout StageMeasurement, rounds: Int, warmsUp: Bool = true, prepare: () -> Void = {},
    prepareRun: (Range<Int>) -> Void = { _ in }, run body: (Range<Int>) -> Void
  ) {
    var times: [[Int]] = []
    for round in (warmsUp ? 0 : 1)...rounds {
      prepare()
      var first = 0
      while first < measurement.packets {
        let run = first..<min(first + Self.runLength, measurement.packets)
        prepareRun(run)
        let time = nanoseconds { body(run) }
        if round > 0 {
          measurement.samples.append(.init(nanoseconds: time, packets: run.count))
          if round == 1 { times.append([]) }
          times[run.lowerBound / Self.runLength].append(time)
        }
        first = run.upperBound
      }
    }
    // What took the processor away struck other runs in each round.
    let total = times.reduce(0) { sum, rounds in sum + rounds.sorted()[rounds.count / 2] }
    measurement.nanosecondsPerPacket = Double(total) / Double(max(1, measurement.packets))
  }

  func nanoseconds(_ body: () -> Void) -> Int {
    let (seconds, attoseconds) = clock.measure(body).components
    return Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
  }

  /// The middle of several times of `body`.
  func middle(of times: Int, _ body: () -> Void) -> Int {
    (0..<times).map { _ in nanoseconds(body) }.sorted()[times / 2]
  }
}
