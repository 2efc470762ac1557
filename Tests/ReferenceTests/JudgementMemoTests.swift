import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

@testable import Filtering

/// What is remembered of packets of the same kinds is what a walk would have found.
@Suite("Remembered judgements") struct JudgementMemoTests {
  @Test("are those of walks, interfaces and rules included", arguments: PacketFilter.MidstreamPolicy.allCases)
  func agreesWithWalks(midstream: PacketFilter.MidstreamPolicy) {
    var random = SeededRandom.fresh("remembered judgements, \(midstream)")
    var classes: [PacketClass: Int] = [:]
    for _ in 0..<100 {
      let world = RandomNetwork(Choices(random: SeededRandom(seed: random.next())), hasPublicBlocks: true)
      let filter = PacketFilter(world.network, midstream: midstream)
      var packets = RandomPackets(Choices(random: SeededRandom(seed: random.next())), world)
      var (walking, remembering) = (ConnectionTracker(), ConnectionTracker())
      walking.shards[0].memory.memo.patience = .max
      remembering.shards[0].memory.memo.patience = 0
      for number in 0..<500 {
        // Mostly far apart in time, so that nearly every packet begins a flow.
        let packet = packets.any(at: CaptureTime(nanoseconds: Int64(number / 3) * 1_000_000_000_000_000))
        let expected = filter.evaluate(packet, tracking: &walking)
        let verdict = filter.evaluate(packet, tracking: &remembering)
        classes[expected.packetClass, default: 0] += 1
        let same =
          verdict.packetClass == expected.packetClass && verdict.state == expected.state
          && verdict.beginsFlow == expected.beginsFlow
          && remembering[verdict.outcome] == walking[expected.outcome]
        guard !same else { continue }
        Issue.record(
          """
          \(packet)
          walked: \(expected) \(filter.explain(walking[expected.outcome], for: PacketHeader(packet)))
          remembered: \(verdict) \(filter.explain(remembering[verdict.outcome], for: PacketHeader(packet)))
          walked: \(walking[expected.outcome].steps)
          remembered: \(remembering[verdict.outcome].steps)
          \(world.network.yaml())
          """)
        return
      }
    }
    #expect(classes[.allow, default: 0] > 500 && classes[.deny, default: 0] > 500, "\(classes)")
    #expect(classes[.unknown, default: 0] > 20 && classes[.unplaced, default: 0] > 50, "\(classes)")
  }

  @Test("belong to one filter")
  func followsTheFilter() throws {
    let world = SemanticsNetwork().network
    var closed = world
    for index in closed.securityGroups.indices { closed.securityGroups[index].inbound = [] }
    var tracker = ConnectionTracker()
    tracker.shards[0].memory.memo.patience = 0
    let open = PacketFilter(world)
    let shut = PacketFilter(closed)
    var seen: [PacketClass] = []
    var expected: [PacketClass] = []
    for number in 0..<6 {
      let packet = PacketSummary.tcp("10.0.1.10:\(50_000 + number)", to: "10.0.2.10:5432")
      let filter = number % 3 == 0 ? shut : open
      var fresh = ConnectionTracker()
      seen.append(filter.evaluate(packet, tracking: &tracker).packetClass)
      expected.append(filter.evaluate(packet, tracking: &fresh).packetClass)
    }
    #expect(seen == expected)
    #expect(Set(expected) == [.allow, .deny])
  }
}
