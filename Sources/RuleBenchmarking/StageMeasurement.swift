/// What one stage cost on one workload.
public struct StageMeasurement: Sendable {
  public enum Stage: String, Sendable, CaseIterable {
    case decode
    case addressLookup = "address lookup"
    case ruleMatch = "rule match"
    case tracking
    case firstPackets = "first packets"
    case audit = "whole audit"
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

  /// Nanoseconds a packet: the middle one of the rounds.
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

  /// Runs `body` over the packets of each run, `rounds` times, the first round not counted, and fills in samples and
  /// the middle time. `prepare` is called before each round and not timed.
  func measure(
    _ measurement: inout StageMeasurement, rounds: Int, prepare: () -> Void = {},
    run body: (Range<Int>) -> Void
  ) {
    var totals: [Double] = []
    for round in 0...rounds {
      prepare()
      var total = 0
      var first = 0
      while first < measurement.packets {
        let run = first..<min(first + Self.runLength, measurement.packets)
        let time = nanoseconds { body(run) }
        total += time
        if round > 0 { measurement.samples.append(.init(nanoseconds: time, packets: run.count)) }
        first = run.upperBound
      }
      if round > 0 { totals.append(Double(total) / Double(max(1, measurement.packets))) }
    }
    measurement.nanosecondsPerPacket = totals.sorted()[totals.count / 2]
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
