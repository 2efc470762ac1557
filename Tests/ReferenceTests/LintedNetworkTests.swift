import Filtering
import NetworkTypes
import PolicyAnalysis
import TestSupport
import Testing
import VirtualNetworks

/// Rules that lint calls superfluous, taken out of random networks: no packet notices.
@Suite("Linted networks")
struct LintedNetworkTests {
  @Test("without the rules that lint would remove, every packet gets the same verdict")
  func sameVerdicts() {
    var random = SeededRandom.fresh("linted networks")
    var (compared, removed) = (0, 0)
    for _ in 0..<150 {
      let world = RandomNetwork(Choices(random: SeededRandom(seed: random.next())), hasPublicBlocks: true)
      let findings = NetworkLinter(world.network).findings()
      let network = Self.without(findings, world.network, &removed)
      var packets = RandomPackets(Choices(random: SeededRandom(seed: random.next())), world)
      let (before, after) = (PacketFilter(world.network), PacketFilter(network))
      for second in 0..<150 {
        let packet = packets.any(at: CaptureTime(nanoseconds: Int64(second) * 1_000_000_000_000_000))
        var (one, two) = (ConnectionTracker(), ConnectionTracker())
        let left = before.evaluate(packet, tracking: &one)
        let right = after.evaluate(packet, tracking: &two)
        compared += 1
        guard left.packetClass != right.packetClass || left.state != right.state else { continue }
        Issue.record(
          """
          \(packet)
          before: \(left.packetClass) \(left.state), after: \(right.packetClass) \(right.state)
          \(findings.map { "\($0.code) \($0.resource?.rawValue ?? "") \($0.rule ?? ""): \($0.message)" }.joined(separator: "\n"))
          \(NetworkText.lines(world.network))
          """)
        return
      }
    }
    print("linted networks: \(removed) rules removed, \(compared) packets compared")
    #expect(removed > 100)
  }

  private static func without(
    _ findings: [LintFinding], _ network: VirtualNetwork, _ removed: inout Int
  ) -> VirtualNetwork {
    var network = network
    let codes: [LintCode] = [.redundantRule, .duplicateRule, .shadowedRule]
    for finding in findings where codes.contains(where: { $0.rawValue == finding.code }) {
      guard let rule = finding.rule, let id = finding.resource else { continue }
      removed += 1
      if let index = network.securityGroups.firstIndex(where: { $0.id == id }) {
        network.securityGroups[index].inbound.removeAll { $0.id == rule }
        network.securityGroups[index].outbound.removeAll { $0.id == rule }
      } else if let index = network.networkACLs.firstIndex(where: { $0.id == id }) {
        // Numbers are those of one direction; the message says which.
        let isInbound = finding.message.prefix { $0 != ":" }.contains(" from ")
        if isInbound {
          network.networkACLs[index].inbound.removeAll { String($0.number) == rule }
        } else {
          network.networkACLs[index].outbound.removeAll { String($0.number) == rule }
        }
      }
    }
    return network
  }
}
