import Filtering
import NetworkTypes
import PolicyAnalysis
import RuleMatching
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

  @Test("what a host of the internet reaches is among the findings")
  func exposure() {
    var random = SeededRandom.fresh("exposed networks")
    let hosts = ["203.0.113.7", "8.8.8.8", "2001:db8:ffff::7", "2001:db8:ffff::8"].compactMap {
      IPAddress($0)
    }
    let ports: [(UInt16, String)] = [
      (22, "open_admin_port"), (3389, "open_admin_port"), (5432, "open_database_port"),
    ]
    var (reached, unreached) = (0, 0)
    for _ in 0..<80 {
      let network = RandomNetwork(Choices(random: SeededRandom(seed: random.next()))).network
      let filter = PacketFilter(network)
      let findings = NetworkLinter(network).findings()
      for interface in network.networkInterfaces where interface.kind == .standard {
        let owner = interface.instance ?? interface.id
        for (port, code) in ports {
          let found = findings.contains {
            $0.code == code && $0.resource == owner && $0.message.contains("(tcp \(port))")
          }
          let faces =
            interface.ipv4Addresses.compactMap { $0.publicAddress.map(IPAddress.v4) }
            + interface.ipv6Addresses.map(IPAddress.v6)
          let isReached = faces.contains { face in
            hosts.contains { host in
              host.family == face.family && !network.vpcs.contains { $0.contains(host) }
                && filter.trace(
                  TraceQuestion(
                    from: .address(host), to: .address(face), service: ServiceKey(.tcp, port: port),
                    isRoundTrip: true)
                ).verdict == .allow
            }
          }
          if isReached { reached += 1 }
          if !found { unreached += 1 }
          #expect(!isReached || found, "\(owner) \(port)\n\(NetworkText.lines(network))")
        }
      }
    }
    print("exposed networks: \(reached) ports reached, \(unreached) not reported")
    #expect(reached > 20 && unreached > 20)
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
