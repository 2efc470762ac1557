/// An alarm over the states of other alarms.
public struct CompositeAlarm: Sendable, Hashable {
  public var profile: AlarmProfile
  public var rule: AlarmRule
  /// The rule as it was written.
  public var text: String

  /// Throws an ``AlarmRuleProblem`` where the text is no rule.
  public init(_ profile: AlarmProfile, rule text: String) throws(AlarmRuleProblem) {
    self.init(profile, try AlarmRule(parsing: text), text)
  }

  init(_ profile: AlarmProfile, _ rule: AlarmRule, _ text: String) {
    self.profile = profile
    self.rule = rule
    self.text = text
  }
}

/// Composite alarms in an order in which each comes after the alarms that it names.
struct AlarmHierarchy {
  private(set) var ordered: [CompositeAlarm] = []
  /// Those that cannot be evaluated, in the order given, and why.
  private(set) var refused: [(alarm: CompositeAlarm, reason: String)] = []

  /// - Parameter known: Alarms over metrics, which are evaluated.
  init(_ composites: [CompositeAlarm], over known: [AlarmProfile]) {
    var evaluated: Set<String> = []
    for profile in known { evaluated.formUnion([profile.name, profile.label]) }
    let positions = Dictionary(
      composites.indices.flatMap { index in
        Set([composites[index].profile.name, composites[index].profile.label]).map { ($0, index) }
      }, uniquingKeysWith: { first, _ in first })
    // How many composite alarms each one still waits for, and who waits for it.
    var pending = [Int](repeating: 0, count: composites.count)
    var waiting = [[Int]](repeating: [], count: composites.count)
    var missing = [String?](repeating: nil, count: composites.count)
    for (index, composite) in composites.enumerated() {
      for name in composite.rule.children where !evaluated.contains(name) {
        if let other = positions[name] {
          pending[index] += 1
          waiting[other].append(index)
        } else if missing[index] == nil {
          missing[index] = name
        }
      }
    }
    var ready = composites.indices.filter { pending[$0] == 0 && missing[$0] == nil }
    var done = Set(ready)
    var next = 0
    while next < ready.count {
      let index = ready[next]
      next += 1
      ordered.append(composites[index])
      for other in waiting[index] {
        pending[other] -= 1
        if pending[other] == 0, missing[other] == nil, done.insert(other).inserted { ready.append(other) }
      }
    }
    for (index, composite) in composites.enumerated() where !done.contains(index) {
      refused.append((composite, Self.reason(composite, missing[index], done, positions)))
    }
  }

  private static func reason(
    _ composite: CompositeAlarm, _ missing: String?, _ done: Set<Int>, _ positions: [String: Int]
  ) -> String {
    if let missing { return "its rule names \(missing), which is not evaluated here" }
    let name = composite.rule.children.first { positions[$0].map { !done.contains($0) } ?? false } ?? ""
    return "its rule names \(name), which is not evaluated here or depends on it in its turn"
  }
}
