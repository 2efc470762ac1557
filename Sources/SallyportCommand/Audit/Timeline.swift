import NetworkTypes
import PolicyFormats
import TrafficAudit
import VirtualNetworks

/// The changes of a network that are still to come, and those that were made.
struct Timeline {
  private var events: ArraySlice<NetworkEvent>
  private var noted: [String]
  private(set) var changes: [AuditReport.Change] = []

  init(_ timeline: EventTimeline) {
    events = timeline.events[...]
    noted = timeline.warnings
  }

  /// When the next change is due.
  var nextTime: CaptureTime? { events.first?.time }

  /// Takes the next change out if it is due at a packet's time.
  mutating func next(at time: CaptureTime) -> NetworkEvent? {
    guard let event = events.first, event.time <= time else { return nil }
    return events.popFirst()
  }

  mutating func note(_ event: NetworkEvent, _ applied: AppliedChange, frame: Int) {
    changes.append(
      AuditReport.Change(
        time: event.time, frame: frame, text: event.changes.map(\.description).joined(separator: "; "),
        effects: applied.effects))
  }

  mutating func note(_ event: NetworkEvent, _ error: NetworkChangeError) {
    noted.append("\(event.location): \(event.title) at \(event.time): \(error); passed over")
  }

  /// What was passed over, and whether events are left.
  var warnings: [String] {
    guard let next = events.first else { return noted }
    let count = events.count == 1 ? "1 event comes" : "\(events.count) events come"
    return noted + ["\(count) after the last packet (from \(next.time)) and changed nothing in the audit"]
  }
}
