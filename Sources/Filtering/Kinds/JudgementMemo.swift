/// Judgements by the kinds of their packets, so that the second flow of a kind costs a few searches and not a walk.
///
/// A cache with one place for each hash: what is crowded out is walked again. It belongs to one filter; a packet that
/// another filter judges empties it.
struct JudgementMemo: Sendable {
  private struct Entry: Sendable {
    var name = PacketKinds.Name(source: 0, destination: 0, service: 0, answer: 0)
    /// What was asked: 0 for nothing yet, 1 for a packet that begins a flow, else two more than the number of the
    /// outcome that let the flow begin which the packet answers.
    var question: UInt32 = 0
    var judgement = Judgement(packetClass: .unknown, outcome: 0)
  }

  /// A packet that can be remembered, and what is asked of it.
  struct Key {
    fileprivate var name: PacketKinds.Name
    fileprivate var question: UInt32
  }

  /// Places at most: 4 MB.
  static let limit = 1 << 16

  private var entries: [Entry] = []
  private var crowdedOut = 0
  private var kinds: PacketKinds?
  private var compiled: CompiledReference?
  private var captureInterface: InterfaceIndex?
  private var walks = 0
  /// How many walks are made before kinds are; nil for as many as their making is worth.
  var patience: Int?

  /// What the memo knows the packet by; nil if it has to be walked.
  ///
  /// - Parameter admission: The outcome of the packet that this one answers; nil if it begins a flow.
  mutating func key(
    _ header: PacketHeader, answering admission: UInt32? = nil, _ filter: PacketFilter
  ) -> Key? {
    guard header.hasTransport, !header.isFragment else { return nil }
    if compiled !== filter.compiled || captureInterface != filter.captureInterface { begin(filter) }
    guard let kinds else {
      walks += 1
      if walks > patience ?? filter.compiled.network.kindsThreshold {
        kinds = filter.compiled.kinds(filter.compiled.network)
        entries = Array(repeating: Entry(), count: 1 << 8)
      }
      return nil
    }
    return Key(name: kinds.name(header), question: admission.map { $0 &+ 2 } ?? 1)
  }

  private mutating func begin(_ filter: PacketFilter) {
    compiled = filter.compiled
    captureInterface = filter.captureInterface
    kinds = nil
    entries = []
    walks = 0
    crowdedOut = 0
  }

  subscript(key: Key) -> Judgement? {
    let entry = entries[place(key.name, key.question)]
    return entry.question == key.question && entry.name == key.name ? entry.judgement : nil
  }

  mutating func remember(_ judgement: Judgement, _ key: Key) {
    let place = place(key.name, key.question)
    if entries[place].question != 0 {
      crowdedOut += 1
      if crowdedOut > entries.count / 2 && entries.count < Self.limit { grow() }
    }
    entries[self.place(key.name, key.question)] = Entry(
      name: key.name, question: key.question, judgement: judgement)
  }

  private mutating func grow() {
    let old = entries
    entries = Array(repeating: Entry(), count: 4 * old.count)
    crowdedOut = 0
    for entry in old where entry.question != 0 { entries[place(entry.name, entry.question)] = entry }
  }

  private func place(_ name: PacketKinds.Name, _ question: UInt32) -> Int {
    let addresses = UInt64(name.source) << 32 | UInt64(name.destination)
    let rest = UInt64(name.service) << 48 ^ UInt64(name.answer) << 32 ^ UInt64(question)
    let product = (addresses ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(by: rest ^ 0xe703_7ed1_a0b4_28db)
    return Int(truncatingIfNeeded: product.high ^ product.low) & (entries.count - 1)
  }
}
