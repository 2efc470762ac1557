import AlarmDelivery
import Dispatch
import MetricAlarms
import ReportFormats
import Synchronization

/// Tells of alarms in the background, each target in its own order: a slow one holds up neither packets nor others.
final class AlarmDesk: Sendable {
  private struct State {
    var queues: [String: DispatchQueue] = [:]
    var posted = 0
    var losses: [(order: Int, text: String)] = []
  }

  private let courier: AlarmCourier?
  private let announces: Bool
  private let state = Mutex(State())
  private let open = DispatchGroup()

  /// - Parameters:
  ///   - courier: nil where changes are announced only.
  ///   - announces: Whether changes, and what could not be delivered, are said on standard error at once.
  init(_ courier: AlarmCourier?, announces: Bool) {
    self.courier = courier
    self.announces = announces
  }

  /// Tells the actions of a change.
  func post(_ change: AlarmTransition) {
    if announces { StandardError.report(change.line) }
    guard let courier else { return }
    for action in change.actions {
      let (queue, order) = state.withLock { state in
        state.posted += 1
        let queue = state.queues[action] ?? DispatchQueue(label: action)
        state.queues[action] = queue
        return (queue, state.posted)
      }
      queue.async(group: open) { [self] in
        do { try courier.deliver(change, to: action) } catch { lose(order, "\(error)") }
      }
    }
  }

  private func lose(_ order: Int, _ text: String) {
    if announces { StandardError.report(text) }
    state.withLock { $0.losses.append((order, text)) }
  }

  /// Messages that nobody got so far.
  var lost: Int { state.withLock { $0.losses.count } }

  /// Waits until everything is delivered or given up, and says what was lost unless that was said; false if
  /// something was.
  func close() -> Bool {
    open.wait()
    let losses = state.withLock { $0.losses.sorted { $0.order < $1.order } }
    if !announces { for loss in losses { StandardError.report(loss.text) } }
    return losses.isEmpty
  }
}
