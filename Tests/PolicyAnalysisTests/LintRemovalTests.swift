import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

@testable import PolicyAnalysis

/// What is called removable is removable, and nothing else is: small worlds, looked at packet by packet.
@Suite struct LintRemovalTests {
  /// Four addresses and four ports, blocks and ranges of them, and everything.
  private static let prefixes = [
    "0.0.0.0/0", "10.0.0.0/30", "10.0.0.0/31", "10.0.0.2/31", "10.0.0.0/32", "10.0.0.3/32", "::/0",
  ]
  .map { IPPrefix($0)! }
  private static let traffic: [TrafficMatch] = [
    .all, .tcp(PortRange(1, 4)!), .tcp(PortRange(1, 2)!), .tcp(PortRange(2, 3)!), .tcp(PortRange(4, 4)!),
    .udp(.all),
  ]
  private static let packets: [(IPAddress, ServiceKey)] = {
    let addresses = ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "2001:db8::1"].map {
      IPAddress($0)!
    }
    let services =
      (1...5).map { ServiceKey(.tcp, port: $0) } + [
        ServiceKey(.udp, port: 2), ServiceKey(.icmp, port: 0x800),
      ]
    return addresses.flatMap { address in services.map { (address, $0) } }
  }()

  private func random(_ random: inout SeededRandom) -> ResolvedRule {
    ResolvedRule(
      Self.traffic.randomElement(using: &random)!, prefixes: [Self.prefixes.randomElement(using: &random)!])
  }

  private func matches(_ rule: ResolvedRule, _ packet: (IPAddress, ServiceKey)) -> Bool {
    rule.traffic.matches(packet.1) && rule.prefixes.contains { $0.contains(packet.0) }
  }

  @Test func groupsOfRules() {
    var random = SeededRandom.fresh("removable rules")
    var removed = 0
    for _ in 0..<3000 {
      let rules = (0..<Int.random(in: 0...6, using: &random)).map { _ in self.random(&random) }
      let gone = RuleCover(rules).removable(except: [])
      removed += gone.count
      func allowed(_ there: (Int) -> Bool) -> [Bool] {
        Self.packets.map { packet in rules.indices.contains { there($0) && matches(rules[$0], packet) } }
      }
      /// Whether everybody may send the packet by one rule (CT-4): such flows are not tracked.
      func untracked(_ there: (Int) -> Bool) -> [Bool] {
        Self.packets.map { packet in
          rules.indices.contains { index in
            there(index) && matches(rules[index], packet) && rules[index].prefixes[0].isEverything
          }
        }
      }
      let all = (allowed { _ in true }, untracked { _ in true })
      let left = (allowed { gone[$0] == nil }, untracked { gone[$0] == nil })
      #expect(all.0 == left.0 && all.1 == left.1, "\(rules)")
      // No other can go.
      for index in rules.indices where gone[index] == nil {
        let without = { (other: Int) in other != index && gone[other] == nil }
        #expect(allowed(without) != left.0 || untracked(without) != left.1, "\(rules) \(index)")
      }
      for case (let index, let holder?) in gone {
        for packet in Self.packets where matches(rules[index], packet) {
          #expect(matches(rules[holder], packet))
        }
      }
    }
    print("removable rules: \(removed) removed")
  }

  @Test func orderedEntries() {
    var random = SeededRandom.fresh("removable entries")
    var removed = 0
    for _ in 0..<3000 {
      let entries = (0..<Int.random(in: 0...6, using: &random)).map { number in
        let rule = self.random(&random)
        return NetworkACLEntry(
          number: number + 1, action: Bool.random(using: &random) ? .allow : .deny, traffic: rule.traffic,
          prefix: rule.prefixes[0])
      }
      let found = EntryOrder(entries).removable()
      let gone = Set(found.map(\.index))
      removed += gone.count
      func decide(_ there: (Int) -> Bool) -> [Bool] {
        Self.packets.map { packet in
          entries.indices.first {
            there($0) && entries[$0].traffic.matches(packet.1) && entries[$0].prefix.contains(packet.0)
          }.map { entries[$0].action == .allow } ?? false
        }
      }
      let all = decide { _ in true }
      #expect(all == decide { !gone.contains($0) }, "\(entries)")
      // Each can go alone as well, and no other can, alone and with those.
      for index in entries.indices {
        let isAlone = decide { $0 != index } == all
        if gone.contains(index) {
          #expect(isAlone, "\(entries) \(index)")
        } else {
          #expect(!isAlone || decide { $0 != index && !gone.contains($0) } != all, "\(entries) \(index)")
        }
      }
    }
    print("removable entries: \(removed) removed")
  }
}
