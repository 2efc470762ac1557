/// When a composite alarm is in ALARM: a Boolean expression over the states of other alarms (semantics AL-15).
///
/// ```
/// (ALARM(denied) OR ALARM("many scans")) AND NOT ALARM(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:deploy)
/// ```
public indirect enum AlarmRule: Sendable, Hashable {
  /// `ALARM(name)`, `OK(name)`, `INSUFFICIENT_DATA(name)`: by name or ARN.
  case state(AlarmState, of: String)
  /// `TRUE`, `FALSE`
  case constant(Bool)
  case not(AlarmRule)
  case all([AlarmRule])
  case any([AlarmRule])
  /// `AT_LEAST(2, ALARM, (a, b, c))`, `AT_LEAST(60%, NOT OK, (a, b))`
  /// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html).
  case atLeast(Quorum, AlarmState, isNegated: Bool, of: [String])

  /// How many of the alarms listed.
  public enum Quorum: Sendable, Hashable {
    case count(Int)
    /// 1 to 100 of a hundred.
    case percentage(Int)

    func isReached(by count: Int, of all: Int) -> Bool {
      switch self {
      case .count(let needed): count >= needed
      case .percentage(let needed): count * 100 >= needed * all
      }
    }
  }

  /// Characters of a rule, and its elements: alarms, constants and parentheses
  /// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html).
  public static let lengthLimit = 10_240
  public static let elementLimit = 500
  /// Alarms that one rule names.
  public static let childLimit = 100

  /// The alarms that the rule names, each once, in its order.
  public var children: [String] {
    var names: [String] = []
    var seen: Set<String> = []
    func visit(_ rule: AlarmRule) {
      switch rule {
      case .state(_, let name): if seen.insert(name).inserted { names.append(name) }
      case .constant: break
      case .not(let rule): visit(rule)
      case .all(let rules), .any(let rules): rules.forEach(visit)
      case .atLeast(_, _, _, let listed): names += listed.filter { seen.insert($0).inserted }
      }
    }
    visit(self)
    return names
  }

  /// Whether the rule is true where alarms have these states.
  public func holds(_ state: (String) -> AlarmState) -> Bool {
    switch self {
    case .state(let wanted, let name): state(name) == wanted
    case .constant(let value): value
    case .not(let rule): !rule.holds(state)
    case .all(let rules): rules.allSatisfy { $0.holds(state) }
    case .any(let rules): rules.contains { $0.holds(state) }
    case .atLeast(let quorum, let wanted, let isNegated, let names):
      quorum.isReached(by: names.count { (state($0) == wanted) != isNegated }, of: names.count)
    }
  }
}

/// Why a text is no rule of a composite alarm.
public struct AlarmRuleProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// Characters before what was found.
  public var offset: Int
  public var found: String
  public var expected: String

  public var description: String { "at character \(offset + 1): found \(found), expected \(expected)" }
}
