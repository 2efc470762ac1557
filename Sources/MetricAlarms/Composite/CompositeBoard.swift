import NetworkTypes

/// Composite alarms with their states: INSUFFICIENT_DATA until they are evaluated first, then ALARM where their rule
/// is true and OK where it is not.
struct CompositeBoard: Sendable {
  private let alarms: [CompositeAlarm]
  /// Of every alarm that rules may name, by name and by ARN.
  private var known: [String: AlarmTransition.Child] = [:]
  private var isNew = true

  init(_ composites: [CompositeAlarm], over alarms: [Alarm]) {
    self.alarms = composites
    if composites.isEmpty { return }
    let beginning = CaptureTime(nanoseconds: 0)
    for profile in alarms.map(\.profile) + composites.map(\.profile) {
      set(profile, .insufficientData, beginning)
    }
  }

  var current: [(alarm: AlarmProfile, state: AlarmState)] {
    alarms.map { ($0.profile, state($0.profile.name)) }
  }

  private func state(_ name: String) -> AlarmState { known[name]?.state ?? .insufficientData }

  private mutating func set(_ profile: AlarmProfile, _ state: AlarmState, _ time: CaptureTime) {
    let child = AlarmTransition.Child(alarm: profile, state: state, time: time)
    known[profile.name] = child
    if let arn = profile.arn { known[arn] = child }
  }

  /// Evaluates all rules after other alarms have changed.
  mutating func evaluate(at time: CaptureTime, after others: [AlarmTransition]) -> [AlarmTransition] {
    if alarms.isEmpty { return [] }
    for change in others { set(change.alarm, change.new, time) }
    var changed = Set(others.flatMap { [$0.alarm.name, $0.alarm.label] })
    var changes: [AlarmTransition] = []
    for composite in alarms {
      let old = state(composite.profile.name)
      let new: AlarmState = composite.rule.holds(state) ? .alarm : .ok
      guard old != new else { continue }
      let children = composite.rule.children.filter { isNew || changed.contains($0) }.compactMap { known[$0] }
      changes.append(
        AlarmTransition(
          composite.profile, .rule(composite, by: children), time: time, old: old, new: new,
          reason: isNew
            ? AlarmReason.creation(composite, new) : AlarmReason.text(children.filter { $0.time == time })))
      set(composite.profile, new, time)
      changed.formUnion([composite.profile.name, composite.profile.label])
    }
    isNew = false
    return changes
  }
}
