import CaptureFiles
import NetworkTypes
import WireFormat

/// Several captures as one, in order of time: by the first packets' times, and packet by packet where they overlap.
///
/// Each capture's own packets keep their order, whatever their times. Of equal times the capture that was given first
/// comes first, so frames are numbered alike in every run. A capture that overlaps no other is handed on as it was
/// decoded, without a look at its times.
final class CaptureMerge {
  private let decoder: PacketDecoder
  /// Captures that are being read, in the order in which they were given.
  private var cursors: [Cursor] = []
  /// Captures whose time has not come, the earliest last.
  private var waiting: [Cursor]
  /// The packets of the latest batch, and their records' places.
  private(set) var batch = PacketBatch()
  /// Memory for a batch while another was taken out.
  private var spare = PacketBatch()
  /// Where each packet of the batch came from; empty if all are those of ``source`` in order.
  private(set) var origins: [Origin] = []
  /// Where the batch came from, if from one capture only.
  private(set) var source: CaptureInput?
  /// Captures that were read to their end, or as far as they can be, since this was last taken.
  private var finished: [CaptureInput] = []

  /// One packet's place: its capture, and its record in that capture's batch.
  struct Origin {
    var input: CaptureInput
    var record: Int
  }

  /// A capture with a batch of its own, and how much of that was handed on.
  private final class Cursor {
    let input: CaptureInput
    let order: Int
    var batch = PacketBatch()
    var position = 0
    var start: Int64

    init(_ input: CaptureInput, order: Int) {
      self.input = input
      self.order = order
      start = input.start?.nanoseconds ?? .max
    }

    var head: Int64 { position < batch.packets.count ? batch.packets[position].time.nanoseconds : .max }
    var isEmpty: Bool { position >= batch.packets.count }
    var latest: Int64 { batch.packets[position...].reduce(.min) { max($0, $1.time.nanoseconds) } }
  }

  init(_ inputs: [CaptureInput], decoder: PacketDecoder) {
    self.decoder = decoder
    // Captures without packets come last.
    waiting = inputs.enumerated().map { Cursor($0.element, order: $0.offset) }
      .sorted { ($0.start, $0.order) > ($1.start, $1.order) }
  }

  /// Captures that came to their end since the last call, in that order.
  func takeFinished() -> [CaptureInput] {
    defer { finished = [] }
    return finished
  }

  /// Whether packets may come slowly: from a pipe, or a file that grows.
  var isLive: Bool { cursors.contains { $0.input.totalBytes == nil } }

  /// Bytes read of captures that are open.
  var bytesRead: UInt64 { cursors.reduce(0) { $0 + $1.input.bytesRead } }

  /// Captures that were begun, those under way among them.
  var begun: [CaptureInput] { cursors.map(\.input) }

  /// Takes the batch out, so that the next packets can be read while it is judged.
  func takeBatch() -> PacketBatch {
    let taken = batch
    batch = spare
    spare = PacketBatch()
    return taken
  }

  /// Gives the memory of a batch back that was taken and is done with.
  func giveBack(_ batch: consuming PacketBatch) { spare = batch }

  /// Brings the next packets into ``batch``; false when every capture is at its end.
  func next() -> Bool {
    batch.removeAll()
    origins.removeAll(keepingCapacity: true)
    source = nil
    refill()
    guard !cursors.isEmpty else { return false }
    if cursors.count == 1 {
      let only = cursors[0]
      if waiting.last.map({ only.latest < $0.start }) ?? true {
        handOn(only)
        return true
      }
      admitOverlapping()
    }
    merge()
    return true
  }

  /// Hands a whole batch on as it is.
  private func handOn(_ cursor: Cursor) {
    if cursor.position == 0 {
      swap(&batch, &cursor.batch)
      source = cursor.input
      cursor.position = 0
      cursor.batch.removeAll()
      return
    }
    while !cursor.isEmpty { take(from: cursor) }
  }

  /// Reads on where a batch was used up, and begins the earliest capture when none is under way.
  private func refill() {
    while true {
      var open: [Cursor] = []
      for cursor in cursors {
        if cursor.isEmpty {
          cursor.position = 0
          if !cursor.input.next(into: &cursor.batch, decoder: decoder) {
            finished.append(cursor.input)
            continue
          }
        }
        open.append(cursor)
      }
      cursors = open
      guard cursors.isEmpty, let first = waiting.popLast() else { return }
      cursors = [first]
    }
  }

  /// Begins the captures that begin before the open ones' batches end.
  private func admitOverlapping() {
    while let candidate = waiting.last, cursors.contains(where: { $0.latest >= candidate.start }) {
      waiting.removeLast()
      if candidate.input.next(into: &candidate.batch, decoder: decoder) {
        cursors.append(candidate)
      } else {
        finished.append(candidate.input)
      }
    }
    cursors.sort { $0.order < $1.order }
  }

  /// Takes the earliest packets until a batch is full, or one capture has to be read on: its bytes are lent no longer.
  private func merge() {
    admitOverlapping()
    while batch.packets.count < 256 {
      var earliest = cursors[0]
      for cursor in cursors.dropFirst() where cursor.head < earliest.head { earliest = cursor }
      take(from: earliest)
      if earliest.isEmpty { return }
    }
  }

  private func take(from cursor: Cursor) {
    batch.append(cursor.batch, at: cursor.position)
    origins.append(Origin(input: cursor.input, record: cursor.position))
    cursor.position += 1
  }

  /// Where the packet at `index` of the batch came from.
  func origin(of index: Int) -> Origin? {
    if let source { return Origin(input: source, record: index) }
    return index < origins.count ? origins[index] : nil
  }
}
