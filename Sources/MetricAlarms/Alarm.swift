import VirtualNetworks

/// An alarm over a metric, as CloudWatch defines it (semantics section 9).
@dynamicMemberLookup
public struct Alarm: Sendable, Hashable {
  public var profile: AlarmProfile
  public var metric: AlarmMetric
  public var statistic: Statistic
  /// Seconds: 10, 20, 30, or a multiple of 60 (semantics AL-2).
  public var period: Int
  /// How many periods are looked at (N), and how many of them must breach (M).
  public var evaluationPeriods: Int
  public var datapointsToAlarm: Int
  public var comparison: Comparison
  public var threshold: Double
  public var missingData: MissingData
  /// What becomes of a percentile of a few samples; nil is as ``LowSampleCount/evaluate``.
  public var lowSampleCount: LowSampleCount?

  /// Name, actions and the like.
  public subscript<Value>(dynamicMember path: WritableKeyPath<AlarmProfile, Value>) -> Value {
    get { profile[keyPath: path] }
    set { profile[keyPath: path] = newValue }
  }

  public enum Statistic: Sendable, Hashable {
    case sum, average, minimum, maximum, sampleCount
    /// `p99.9`
    case percentile(Double)
  }

  public enum Comparison: String, Sendable, Hashable, CaseIterable {
    case greaterThanOrEqual = "GreaterThanOrEqualToThreshold"
    case greaterThan = "GreaterThanThreshold"
    case lessThan = "LessThanThreshold"
    case lessThanOrEqual = "LessThanOrEqualToThreshold"

    /// The statistic stands on the left (semantics AL-4).
    public func isBreaching(_ value: Double, _ threshold: Double) -> Bool {
      switch self {
      case .greaterThanOrEqual: value >= threshold
      case .greaterThan: value > threshold
      case .lessThan: value < threshold
      case .lessThanOrEqual: value <= threshold
      }
    }

    /// `greater than or equal to the threshold`
    var words: String {
      switch self {
      case .greaterThanOrEqual: "greater than or equal to"
      case .greaterThan: "greater than"
      case .lessThan: "less than"
      case .lessThanOrEqual: "less than or equal to"
      }
    }
  }

  /// What a period without data counts as (semantics AL-5).
  public enum MissingData: String, Sendable, Hashable, CaseIterable {
    case missing, ignore, breaching, notBreaching
  }

  /// Whether a percentile of fewer samples than say something changes the alarm's state (semantics AL-10).
  public enum LowSampleCount: String, Sendable, Hashable, CaseIterable {
    case evaluate, ignore
  }

  /// Seconds of a sample: 60, or 10 of a high-resolution alarm. Other alarms have no say in it.
  var sampleLength: Int { period < 60 ? 10 : 60 }
  var samplesOfPeriod: Int { period / sampleLength }

  public init(
    name: String, summary: String = "", metric: AlarmMetric, statistic: Statistic = .sum, period: Int = 60,
    evaluationPeriods: Int = 1, datapointsToAlarm: Int? = nil, comparison: Comparison, threshold: Double,
    missingData: MissingData = .missing, actions: [AlarmState: [String]] = [:],
    location: SourceLocation = SourceLocation()
  ) {
    profile = AlarmProfile(name: name, summary: summary, actions: actions, location: location)
    self.metric = metric
    self.statistic = statistic
    self.period = period
    self.evaluationPeriods = evaluationPeriods
    self.datapointsToAlarm = datapointsToAlarm ?? evaluationPeriods
    self.comparison = comparison
    self.threshold = threshold
    self.missingData = missingData
  }
}

extension Alarm.Statistic {
  /// CloudWatch's name: `Sum`, `SampleCount`, `p90`.
  public var name: String {
    switch self {
    case .sum: "Sum"
    case .average: "Average"
    case .minimum: "Minimum"
    case .maximum: "Maximum"
    case .sampleCount: "SampleCount"
    case .percentile(let rank): rank == rank.rounded() ? "p\(Int(rank))" : "p\(rank)"
    }
  }

  /// Reads a name in any case, with or without an underscore.
  public init?(_ name: String) {
    switch name.lowercased().filter({ $0 != "_" }) {
    case "sum": self = .sum
    case "average": self = .average
    case "minimum": self = .minimum
    case "maximum": self = .maximum
    case "samplecount": self = .sampleCount
    case let text where text.hasPrefix("p"):
      guard let rank = Double(text.dropFirst()), rank >= 0, rank <= 100 else { return nil }
      self = .percentile(rank)
    default: return nil
    }
  }

  /// Samples of a period below which a percentile says little (semantics AL-10); 0 of other statistics.
  var significantSamples: Double {
    guard case .percentile(let rank) = self, rank > 0, rank < 100 else { return 0 }
    return 1000 / (rank < 50 ? rank : 100 - rank)
  }

  /// The statistic of the samples of one period; nil where there is none.
  func value(of samples: [Double]) -> Double? {
    guard !samples.isEmpty else { return nil }
    switch self {
    case .sum: return samples.reduce(0, +)
    case .average: return samples.reduce(0, +) / Double(samples.count)
    case .minimum: return samples.min()
    case .maximum: return samples.max()
    case .sampleCount: return Double(samples.count)
    case .percentile(let rank):
      // The nearest rank; how CloudWatch interpolates is not published.
      let place = Int((rank / 100 * Double(samples.count)).rounded(.up))
      return samples.sorted()[min(samples.count, max(1, place)) - 1]
    }
  }
}
