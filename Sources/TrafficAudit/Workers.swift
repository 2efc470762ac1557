import Dispatch
import Filtering
import Locks
import NetworkTypes
import Synchronization

/// Threads that judge the shards of a batch side by side.
///
/// Each takes the next shard that nobody has begun, so nobody waits for a lock, and a shard that has much to do keeps
/// nobody from the others. Answers do not depend on how many there are.
struct Workers: Sendable {
  let count: Int

  /// Batches with fewer packets are judged by the caller alone: waking a thread takes as long as some hundred packets.
  static let smallestBatch = 1024
  /// Parts into which an audit's flows are dealt, whatever the number of workers, so that not even a full table makes a
  /// difference between two numbers.
  static let shards = 16

  /// Judges every packet that was dealt to a shard of the tracker.
  ///
  /// - Parameter other: What the caller does first, while the others judge.
  func judge(
    _ batch: PacketBatch, by filter: PacketFilter, in tracker: inout ConnectionTracker, _ other: () -> Void
  ) {
    let tasks = Tasks(tracker.lendShards())
    let group = DispatchGroup()
    for _ in 1..<max(min(count, tasks.shards.count), 1) {
      DispatchQueue.global(qos: .userInitiated).async(group: group) { tasks.judge(batch, by: filter) }
    }
    other()
    tasks.judge(batch, by: filter)
    group.wait()
    tracker.takeBack(tasks.shards.compactMap { $0.take() })
  }

  /// The shards to be judged. Each is taken by one worker, so its lock is always free.
  private final class Tasks: Sendable {
    let shards: [Task]
    private let begun = Atomic(0)

    init(_ shards: consuming [TrackerShard]) { self.shards = shards.map { Task($0) } }

    /// Judges shards until all are begun.
    func judge(_ batch: PacketBatch, by filter: PacketFilter) {
      while let task = next() { task.judge(batch, by: filter) }
    }

    private func next() -> Task? {
      let index = begun.add(1, ordering: .relaxed).oldValue
      return index < shards.count ? shards[index] : nil
    }
  }

  private final class Task: Sendable {
    /// nil once it was taken back: whoever still holds the task then must not hold the shard's memory.
    private let shard: Guarded<TrackerShard?>

    init(_ shard: consuming sending TrackerShard) { self.shard = Guarded(shard) }

    func judge(_ batch: PacketBatch, by filter: PacketFilter) {
      shard.withLock { if $0 != nil { filter.judge(batch, in: &$0!) } }
    }

    func take() -> TrackerShard? { shard.withLock { $0.take() } }
  }
}
