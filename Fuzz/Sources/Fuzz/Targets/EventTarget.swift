import Filtering
import NetworkTypes
import PolicyFormats

/// Changes of a network over time, YAML or CloudTrail: each is made, and followed by a filter.
enum EventTarget {
  static func run(_ bytes: [UInt8]) {
    guard let file = try? EventFile(parsing: bytes, file: "events"),
      let timeline = try? file.timeline(
        of: Example.network, start: CaptureTime(nanoseconds: 1_700_000_000_000_000_000))
    else { return }
    var filter = Example.filter
    var latest = Int64.min
    for event in timeline.events {
      require(event.time.nanoseconds >= latest, "out of order")
      latest = event.time.nanoseconds
      do { (filter, _) = try filter.applying(event.changes) } catch {
        fatalError("a change of the timeline cannot be made: \(error)")
      }
    }
  }
}
