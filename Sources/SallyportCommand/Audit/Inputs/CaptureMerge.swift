import CaptureFiles
import NetworkTypes
import WireFormat

/// Several captures as one, in order of time: by the first packets' times, and packet by packet where they overlap.
///
/// Each capture's own packets keep their order, whatever their times. Of equal times the capture that began earlier comes
/// first; of those that began together the packet that has fewer before it in its capture, and then the bytes decide, with
/// the comments on it and what is said of its interface. So
/// frames are numbered alike in every run, whatever the captures' names and order, and whether they are files or pipes. A
/// capture that overlaps no other is handed on as it was decoded, without a look at its times.
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
    var batch = PacketBatch()
    var position = 0
    let start: Int64
    /// Packets of the capture that were handed on.
    private var taken = 0
    /// The latest time of those.
    private var reached = Int64.min
    /// The digest of the packet that comes next, once it was asked for.
    private var digest: UInt64?

    init(_ input: CaptureInput) {
      self.input = input
      start = input.start?.nanoseconds ?? .max
    }

    /// When the next packet has its turn: its time, or that of an earlier packet which was later.
    var head: Int64 {
      position < batch.packets.count ? max(reached, batch.packets[position].time.nanoseconds) : .max
    }
    var isEmpty: Bool { position >= batch.packets.count }

    /// Goes on to the next packet.
    func step() {
      reached = max(reached, batch.packets[position].time.nanoseconds)
      position += 1
      taken += 1
      digest = nil
    }

    /// Goes on past the whole batch, whose times are earlier than any other capture's.
    func stepOverBatch() {
      taken += batch.packets.count
      digest = nil
    }

    /// Whether the next packet comes before that of another capture.
    ///
    /// Two that are alike in all that their digests cover, which is all that outputs show of them, follow each other,
    /// whichever comes first, and the captures stand as they would have stood the other way round.
    func precedes(_ other: Cursor) -> Bool {
      let (left, right) = (head, other.head)
      if left != right { return left < right }
      if start != other.start { return start < other.start }
      if taken != other.taken { return taken < other.taken }
      return headDigest() < other.headDigest()
    }

    private func headDigest() -> UInt64 {
      if let digest { return digest }
      let value = input.digest(ofRecord: position)
      digest = value
      return value
    }
    var latest: Int64 { batch.packets[position...].reduce(.min) { max($0, $1.time.nanoseconds) } }
  }

  init(_ inputs: [CaptureInput], decoder: PacketDecoder) {
    self.decoder = decoder
    // Captures without packets come last. Those that begin together are begun together.
    waiting = inputs.map { Cursor($0) }.sorted { $0.start > $1.start }
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
      cursor.stepOverBatch()
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
  }

  /// Takes the earliest packets until a batch is full, or one capture has to be read on: its bytes are lent no longer.
  private func merge() {
    admitOverlapping()
    while batch.packets.count < 256 {
      var earliest = cursors[0]
      for cursor in cursors.dropFirst() where cursor.precedes(earliest) { earliest = cursor }
      take(from: earliest)
      if earliest.isEmpty { return }
    }
  }

  private func take(from cursor: Cursor) {
    batch.append(cursor.batch, at: cursor.position)
    origins.append(Origin(input: cursor.input, record: cursor.position))
    cursor.step()
  }

  /// Where the packet at `index` of the batch came from.
  func origin(of index: Int) -> Origin? {
    if let source { return Origin(input: source, record: index) }
    return index < origins.count ? origins[index] : nil
  }
}
