import Foundation
import Synchronization

/// Gives deliveries up from outside: those under way end, and none begins.
public final class DeliveryStop: Sendable {
  private let requested = Atomic<Bool>(false)

  public var isRequested: Bool { requested.load(ordering: .relaxed) }

  public func request() { requested.store(true, ordering: .relaxed) }

  /// Waits; less long if a stop is asked for.
  func sleep(seconds: Double) {
    let end = Date(timeIntervalSinceNow: seconds)
    while !isRequested, end.timeIntervalSinceNow > 0 {
      Thread.sleep(forTimeInterval: min(0.05, max(0, end.timeIntervalSinceNow)))
    }
  }
}

extension Double {
  /// Seconds as a sentence has them: `10 s`, `0.5 s`.
  var inSeconds: String { self == rounded() && abs(self) < 1e9 ? "\(Int(self)) s" : "\(self) s" }
}
