import Filtering
import NetworkTypes
import PolicyFormats
import TestSupport
import Testing
import VirtualNetworks

/// Random networks, written as YAML and read back, judge every packet as before.
@Suite("YAML networks")
struct NativeFormatTests {
  @Test("random networks read back from YAML give the same verdicts")
  func sameVerdicts() throws {
    var random = SeededRandom.fresh("networks as YAML")
    var compared = 0
    for _ in 0..<150 {
      let world = RandomNetwork(Choices(random: SeededRandom(seed: random.next())), hasPublicBlocks: true)
      let text = world.network.yaml()
      let again: VirtualNetwork
      do { again = try VirtualNetwork(yaml: text) } catch {
        Issue.record("\(error)\n\(text)")
        return
      }
      var packets = RandomPackets(Choices(random: SeededRandom(seed: random.next())), world)
      let (left, right) = (PacketFilter(world.network), PacketFilter(again))
      for second in 0..<200 {
        let packet = packets.any(at: CaptureTime(nanoseconds: Int64(second) * 1_000_000_000_000_000))
        let (before, after) = (Self.story(left, packet), Self.story(right, packet))
        compared += 1
        guard before != after else { continue }
        Issue.record("\(packet)\nbefore: \(before)\nafter: \(after)\n\(text)")
        return
      }
    }
    print("networks as YAML: \(compared) packets compared")
  }

  /// What was decided, and at which stage by which rule, in words: positions may differ.
  private static func story(_ filter: PacketFilter, _ packet: PacketSummary) -> String {
    var tracker = ConnectionTracker()
    let verdict = filter.evaluate(packet, tracking: &tracker)
    let outcome = tracker[verdict.outcome]
    return "\(verdict.packetClass) \(verdict.state) \(filter.explain(outcome, for: PacketHeader(packet)))"
  }
}
