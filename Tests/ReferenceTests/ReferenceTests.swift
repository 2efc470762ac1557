import Filtering
import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

/// The engine against an evaluator that was written from the semantics alone.
@Suite("Reference")
struct ReferenceTests {
  @Test("single packets near the edges of random networks get the reference's verdict")
  func singlePackets() {
    var random = SeededRandom.fresh("single packets")
    var tally = Tally()
    for _ in 0..<115 {
      let world = RandomNetwork(Choices(random: SeededRandom(seed: random.next())), hasPublicBlocks: true)
      var packets = RandomPackets(Choices(random: SeededRandom(seed: random.next())), world)
      let comparison = Comparison(network: world.network)
      for start in 0..<40 {
        // Days apart, so that no flow outlives its packet.
        let times = (0..<10).map { CaptureTime(nanoseconds: Int64(start * 10 + $0) * 1_000_000_000_000_000) }
        tally.add(times.map { Sent(packet: packets.any(at: $0)) }, comparison)
      }
    }
    tally.conclude("single packets")
  }

  @Test("conversations in random networks get the reference's verdicts and states")
  func conversations() {
    var random = SeededRandom.fresh("conversations")
    var tally = Tally()
    for _ in 0..<200 {
      let world = RandomNetwork(Choices(random: SeededRandom(seed: random.next())))
      var packets = RandomPackets(Choices(random: SeededRandom(seed: random.next())), world)
      let timers: IdleTimers = packets.choices.chance(50) ? .nitro : .nitroV6
      let comparison = Comparison(network: world.network, timers: timers)
      for _ in 0..<24 { tally.add(packets.conversations(), comparison) }
    }
    tally.conclude("conversations")
  }
}

/// Counts what was compared and keeps one example of each kind of disagreement.
private struct Tally {
  private var judged = 0
  private var answers: [PacketClass: Int] = [:]
  private var kinds: [Comparison.Disagreement: (count: Int, comparison: Comparison, sent: [Sent])] = [:]

  mutating func add(_ sent: [Sent], _ comparison: Comparison) {
    let (answers, disagreement) = comparison.run(sent)
    judged += answers.count
    for answer in answers { self.answers[answer.packetClass, default: 0] += 1 }
    guard let disagreement else { return }
    kinds[disagreement, default: (0, comparison, sent)].count += 1
  }

  /// Prints what was compared, and makes each kind of disagreement, the most frequent first, a failure.
  func conclude(_ label: String) {
    let classes = PacketClass.allCases.compactMap { kind in answers[kind].map { "\($0) \(kind)" } }
    print("\(label): \(judged) packets compared: \(classes.joined(separator: ", "))")
    let worst = kinds.sorted { ($0.value.count, "\($0.key)") > ($1.value.count, "\($1.key)") }
    for (kind, found) in worst {
      print("\(found.count) times: engine \(kind.engine), reference \(kind.reference)")
    }
    for (_, found) in worst.prefix(3) {
      let (comparison, sent) = found.comparison.shrunk(found.sent)
      Issue.record(Comment(rawValue: comparison.report(sent)))
    }
  }
}
