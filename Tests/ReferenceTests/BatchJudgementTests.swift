import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

@testable import Filtering

/// Packets of known flows pass by a shorter way in batches; what is said of them is what is said of each alone.
@Suite("Batches") struct BatchJudgementTests {
  @Test("are judged as packets one by one are", arguments: [1, 16])
  func agreeWithSinglePackets(shards: Int) {
    var random = SeededRandom.fresh("batches, \(shards) shards")
    var repeated = 0
    var states: Set<FlowState> = []
    for _ in 0..<40 {
      let world = RandomNetwork(Choices(random: SeededRandom(seed: random.next())), hasPublicBlocks: true)
      let filter = PacketFilter(world.network)
      var packets = RandomPackets(Choices(random: SeededRandom(seed: random.next())), world)
      let pool = (0..<30).map { _ in packets.any(at: CaptureTime(nanoseconds: 0)) }
      var (single, batched) = (ConnectionTracker(shards: shards), ConnectionTracker(shards: shards))
      var verdicts: [Verdict] = []
      var time: Int64 = 0
      for _ in 0..<4 {
        var batch = PacketBatch()
        for _ in 0..<300 {
          // Now and then longer than some timers, and sometimes back in time.
          time += [0, 1_000_000, 10_000_000_000, 40_000_000_000, -1_000].randomElement(using: &random) ?? 0
          var packet = pool.randomElement(using: &random) ?? pool[0]
          if Bool.random(using: &random) { packet.turnRound() }
          packet.time = CaptureTime(nanoseconds: time)
          if packet.ipProtocol == .tcp {
            packet.tcpFlags =
              [.syn, [.syn, .ack], .ack, .ack, .ack, [.fin, .ack], .rst].randomElement(using: &random) ?? .ack
          }
          packet.fields.remove(.quote)
          batch.packets.append(packet)
        }
        filter.evaluate(batch, tracking: &batched, into: &verdicts)
        for (index, packet) in batch.packets.enumerated() {
          let expected = filter.evaluate(packet, tracking: &single)
          if !expected.beginsFlow { repeated += 1 }
          states.insert(expected.state)
          guard verdicts[index] == expected, batched[verdicts[index].outcome] == single[expected.outcome]
          else {
            Issue.record(
              "\(packet)\nalone: \(expected)\nin a batch: \(verdicts[index])\n\(world.network.yaml())")
            return
          }
        }
      }
      #expect(batched.flowCount == single.flowCount)
    }
    #expect(repeated > 5_000, "\(repeated)")
    #expect(states.isSuperset(of: [.none, .new, .established]), "\(states)")
  }

  @Test("addresses are found again, and nothing else is")
  func addressMap() {
    var random = SeededRandom.fresh("addresses of a map")
    var map = AddressMap<Int>()
    var expected: [IPv4Address: Int] = [:]
    for number in 0..<5_000 {
      let address = IPv4Address(rawValue: UInt32(truncatingIfNeeded: random.next()) & 0xff00_03ff)
      map.change(address, from: 0) { $0 += number }
      expected[address, default: 0] += number
    }
    for _ in 0..<5_000 {
      let address = IPv4Address(rawValue: UInt32(truncatingIfNeeded: random.next()) & 0xff00_07ff)
      #expect(map[address] == expected[address])
    }
    for (address, value) in expected { #expect(map[address] == value) }
  }
}

extension PacketSummary {
  /// Makes it the packet that comes the other way.
  fileprivate mutating func turnRound() {
    addresses = addresses.reversed
    if ipProtocol.hasPorts { (sourcePort, destinationPort) = (destinationPort, sourcePort) }
  }
}
