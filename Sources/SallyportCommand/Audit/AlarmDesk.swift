import AlarmDelivery
import Dispatch
import Locks
import MetricAlarms
import ReportFormats

/// Tells of alarms in the background, each target in its own order: a slow one holds up neither packets nor others.
final class AlarmDesk: Sendable {
  /// What became of all messages.
  enum Ending: Equatable {
    case told
    /// Some could not be delivered.
    case lost
    /// Some were given up because a signal asked for it.
    case givenUp(signal: Int32)
  }

  private struct State {
    var queues: [String: DispatchQueue] = [:]
    var posted = 0
    /// Messages that are neither delivered nor lost.
    var pending: [Int: (alarm: String, action: String)] = [:]
    var losses: [(order: Int, text: String)] = []
  }

  private let courier: AlarmCourier?
  private let announces: Bool
  private let isQuiet: Bool
  private let state = Guarded(State())
  private let open = DispatchGroup()

  /// - Parameters:
  ///   - courier: nil where changes are announced only.
  ///   - announces: Whether changes, and what could not be delivered, are said on standard error at once.
  ///   - isQuiet: Whether nothing is said of waiting.
  init(_ courier: AlarmCourier?, announces: Bool, isQuiet: Bool = false) {
    self.courier = courier
    self.announces = announces
    self.isQuiet = isQuiet
  }

  /// Tells the actions of a change.
  func post(_ change: AlarmTransition) {
    if announces { StandardError.report(change.line) }
    guard let courier else { return }
    for action in change.actions {
      GivingUp.begin()
      let (queue, order) = state.withLock { state in
        state.posted += 1
        let queue = state.queues[action] ?? DispatchQueue(label: action)
        state.queues[action] = queue
        state.pending[state.posted] = (change.alarm.name, action)
        return (queue, state.posted)
      }
      queue.async(group: open) { [self] in
        do throws(AlarmCourier.Loss) {
          try courier.deliver(change, to: action)
          state.withLock { $0.pending[order] = nil }
        } catch { lose(order, error) }
      }
    }
  }

  private func lose(_ order: Int, _ loss: AlarmCourier.Loss) {
    if announces { StandardError.report(loss) }
    state.withLock {
      $0.losses.append((order, loss.description))
      $0.pending[order] = nil
    }
  }

  /// Messages that nobody got so far.
  var lost: Int { state.withLock { $0.losses.count } }

  /// Waits until everything is delivered or given up, and says what was lost unless that was said.
  ///
  /// From half a second on it says that it waits. SIGINT and SIGTERM give up what is not delivered.
  func close() -> Ending {
    guard let courier else { return .told }
    GivingUp.listen()
    defer { GivingUp.end() }
    wait()
    if GivingUp.signal != nil {
      courier.stop.request()
      // Commands are asked to end, and a second later ended.
      _ = open.wait(timeout: .now() + 2)
    }
    let (losses, pending) = state.withLock { ($0.losses.sorted { $0.order < $1.order }, $0.pending) }
    if !announces { for loss in losses { StandardError.report(loss.text) } }
    for (_, (alarm, action)) in pending.sorted(by: { $0.key < $1.key }) {
      StandardError.report(
        AlarmCourier.Loss(target: action, alarm: alarm, tries: 0, reason: "given up on the way"))
    }
    if losses.isEmpty && pending.isEmpty { return .told }
    return GivingUp.signal.map { .givenUp(signal: $0) } ?? .lost
  }

  private func wait() {
    let clock = ContinuousClock()
    let start = clock.now
    var isSaid = isQuiet
    while open.wait(timeout: .now() + 0.05) == .timedOut, GivingUp.signal == nil {
      guard !isSaid, clock.now - start > .milliseconds(500) else { continue }
      let count = state.withLock { $0.pending.count }
      StandardError.report("waiting for \(count) deliver\(count == 1 ? "y" : "ies"); Ctrl-C gives up")
      isSaid = true
    }
  }
}
