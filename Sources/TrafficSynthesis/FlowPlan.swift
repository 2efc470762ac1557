import NetworkTypes

/// Hands out flows so that the shares of the mix hold, counted in packets: what is furthest behind comes next.
struct FlowPlan: Sendable {
  private let mix: TrafficMix
  private let pool: ConversationPool
  private var random: SynthesisRandom
  /// Packets that may still be handed out, and flows if their number was asked for.
  private var packetsLeft: Int
  private var flowsLeft: Int?
  private var protocols: Shares
  private var denied: [Shares]
  private var families: [Shares]
  private var midstream: Shares
  /// The next conversation and port of each list.
  private var cursors: [Int]
  /// TCP packets that were handed out, and those of flows that began before the capture.
  private(set) var tcpPackets = 0
  private(set) var midstreamPackets = 0

  init(_ mix: TrafficMix, _ pool: ConversationPool, packets: Int) {
    self.mix = mix
    self.pool = pool
    random = SynthesisRandom(seed: mix.seed)
    packetsLeft = packets
    flowsLeft = mix.flows.map { min(max($0, 1), packets) }
    protocols = Shares(mix.protocols.weights)
    // Packets that cannot be decoded are counted among the whole, and belong to no flow.
    let deniedPackets = min(mix.packets * mix.denied / 100, packets)
    denied = Array(repeating: Shares([packets - deniedPackets, deniedPackets]), count: 3)
    families = Array(repeating: Shares([100 - mix.ipv6, mix.ipv6]), count: 6)
    midstream = Shares([100 - mix.midstream, mix.midstream])
    cursors = Array(repeating: 0, count: 12)
  }

  /// A flow to begin.
  struct Flow: Sendable {
    var conversation: Conversation
    var clientPort: UInt16
    var isDenied: Bool
    var packets: Int
    /// Whether its beginning was before the capture.
    var isMidstream: Bool
  }

  /// The next flow, or nil when all packets are handed out.
  mutating func next() -> Flow? {
    guard packetsLeft > 0 else { return nil }
    let kind = protocols.choose()
    let isDenied = denied[kind].choose() == 1
    let family = families[kind * 2 + (isDenied ? 1 : 0)].choose()
    guard let list = nearestList(kind, family, isDenied) else { return nil }
    let packets = length(isDenied: isDenied)
    packetsLeft -= packets
    flowsLeft = flowsLeft.map { $0 - 1 }
    protocols.count(kind, packets)
    denied[kind].count(isDenied ? 1 : 0, packets)
    families[kind * 2 + (isDenied ? 1 : 0)].count(family, packets)
    let conversations = pool[list]
    // Every conversation in turn, from a place that the seed tells, each time with another port.
    let turn = cursors[list]
    cursors[list] += 1
    let conversation = conversations[(turn &+ Int(mix.seed & 0xffff)) % conversations.count]
    let ports = TrafficSynthesizer.clientPorts
    let port = ports.lowerBound + UInt16(turn / conversations.count % ports.count)
    var isMidstream = false
    if conversation.kind == .tcp {
      // Flows that are denied show that by their SYN; the others make up for them as far as they can.
      isMidstream = list & 1 == 0 && midstream.choose() == 1
      midstream.count(isMidstream ? 1 : 0, packets)
      tcpPackets += packets
      midstreamPackets += isMidstream ? packets : 0
    }
    return Flow(
      conversation: conversation, clientPort: port, isDenied: list & 1 == 1, packets: packets,
      isMidstream: isMidstream)
  }

  /// Packets of the next flow: around what is left for each if the number of flows was asked for.
  private mutating func length(isDenied: Bool) -> Int {
    if let flowsLeft {
      if flowsLeft <= 1 { return packetsLeft }
      let mean = packetsLeft / flowsLeft
      return min(random.number(1...max(2 * mean - 1, 1)), packetsLeft - (flowsLeft - 1))
    }
    return min(isDenied ? random.number(1...3) : random.number(6...40), packetsLeft)
  }

  /// The list asked for, or the one that differs in the family, the answer or the protocol.
  private func nearestList(_ kind: Int, _ family: Int, _ isDenied: Bool) -> Int? {
    let answer = isDenied ? 1 : 0
    let kinds = [kind] + (0..<3).filter { $0 != kind && mix.protocols.weights[$0] > 0 }
    for answer in [answer, 1 - answer] {
      for kind in kinds {
        for family in [family, 1 - family] {
          let list = kind * 4 + family * 2 + answer
          if !pool[list].isEmpty { return list }
        }
      }
    }
    return (0..<12).first { !pool[$0].isEmpty }
  }
}

/// Counts by which a choice follows weights as closely as whole numbers can.
struct Shares: Sendable {
  private let weights: [Int]
  private let total: Int
  private var counts: [Int]
  private var all = 0

  init(_ weights: [Int]) {
    self.weights = weights
    total = weights.reduce(0, +)
    counts = Array(repeating: 0, count: weights.count)
  }

  /// What is furthest behind its share.
  func choose() -> Int {
    var best = 0
    var bestDebt = Int.min
    for index in weights.indices where weights[index] > 0 {
      let debt = weights[index] * (all + 1) - counts[index] * total
      if debt > bestDebt { (best, bestDebt) = (index, debt) }
    }
    return best
  }

  /// How many of `index` are missing.
  func debt(of index: Int) -> Int { (weights[index] * all) / max(total, 1) - counts[index] }

  mutating func count(_ index: Int, _ amount: Int = 1) {
    counts[index] += amount
    all += amount
  }
}
