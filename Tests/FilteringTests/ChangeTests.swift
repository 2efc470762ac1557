import Filtering
import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

/// Changes while flows are open (semantics 2.2, section 6).
@Suite("Changes over time")
struct ChangeTests {
  private static func rule(_ text: String) -> Match { try! Match.parse(text).match }

  @Test("A tracked flow lives on when its rule goes; a new one is denied (CT-8)")
  func trackedFlow() throws {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from 203.0.113.0/24")
    var scene = Scene(network)
    #expect(scene.send(.tcp("203.0.113.7:50000", to: "10.0.0.10:443", at: 1)).packetClass == .allow)
    #expect(
      scene.send(.tcp("10.0.0.10:443", to: "203.0.113.7:50000", [.syn, .ack], at: 1.1)).packetClass == .allow)
    try scene.change(.removeRule(group: "sg-web", .ingress, .match(Self.rule("tcp 443 from 203.0.113.0/24"))))
    #expect(
      scene.send(.tcp("203.0.113.7:50000", to: "10.0.0.10:443", .ack, at: 2)).packetClass == .allow)
    let fresh = scene.send(.tcp("203.0.113.7:50001", to: "10.0.0.10:443", at: 2.1))
    #expect(fresh.packetClass == .deny)
    #expect(fresh.code == .groupHasNoRules)
  }

  @Test("An untracked flow is cut when its rule goes (CT-9), and may begin again when it is back")
  func untrackedFlow() throws {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from 0.0.0.0/0")
    var scene = Scene(network)
    #expect(scene.send(.tcp("203.0.113.7:50000", to: "10.0.0.10:443", at: 1)).state == .untracked)
    let rule = Self.rule("tcp 443 from 0.0.0.0/0")
    try scene.change(.removeRule(group: "sg-web", .ingress, .match(rule)))
    #expect(scene.send(.tcp("203.0.113.7:50000", to: "10.0.0.10:443", .ack, at: 2)).packetClass == .deny)
    try scene.change(.addRule(group: "sg-web", .ingress, SecurityGroupRule(id: "inbound-1", match: rule)))
    #expect(scene.send(.tcp("203.0.113.7:50002", to: "10.0.0.10:443", at: 3)).packetClass == .allow)
  }

  @Test("A network ACL cuts a tracked flow at once (CT-10)")
  func acl() throws {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from 203.0.113.0/24")
    var scene = Scene(network)
    #expect(scene.send(.tcp("203.0.113.7:50000", to: "10.0.0.10:443", at: 1)).packetClass == .allow)
    try scene.change(
      .createEntry(
        acl: "acl-vpc-a", .ingress,
        NetworkACLEntry(number: 10, action: .deny, traffic: .all, prefix: IPPrefix("203.0.113.0/24")!)))
    let cut = scene.send(.tcp("203.0.113.7:50000", to: "10.0.0.10:443", .ack, at: 2))
    #expect(cut.packetClass == .deny)
    #expect(cut.rule == "acl-vpc-a/10")
  }

  @Test("A member that leaves a group is no longer meant by references to it (SG-22)")
  func references() throws {
    var network = SemanticsNetwork()
    network.inbound("db", "tcp 5432 from sg-app")
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.0.2.10:5432", at: 1)).packetClass == .allow)
    try scene.change(.setGroups(interface: "eni-app", ["sg-web"]))
    #expect(scene.send(.tcp("10.0.1.10:40001", to: "10.0.2.10:5432", at: 2)).packetClass == .deny)
    try scene.change(.setGroups(interface: "eni-app2", ["sg-app", "sg-app2"]))
    #expect(scene.send(.tcp("10.0.1.11:40001", to: "10.0.2.10:5432", at: 3)).packetClass == .allow)
  }

  @Test("A group that is made takes members and is meant by references to it (SG-4, SG-22)")
  func newGroup() throws {
    var network = SemanticsNetwork()
    network.inbound("db", "tcp 5432 from sg-late")
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.0.2.10:5432", at: 1)).packetClass == .deny)
    let out = SecurityGroupRule(id: "outbound-1", match: Self.rule("all to 0.0.0.0/0"))
    try scene.change(
      .createGroup(SecurityGroup(id: "sg-late", groupName: "late", vpc: "vpc-a", outbound: [out])))
    try scene.change(.setGroups(interface: "eni-app", ["sg-late"]))
    #expect(scene.send(.tcp("10.0.1.10:40001", to: "10.0.2.10:5432", at: 2)).packetClass == .allow)
    // Nothing comes in until a rule says so.
    let refused = scene.send(.tcp("10.0.2.10:40000", to: "10.0.1.10:22", at: 3))
    #expect(refused.packetClass == .deny)
    #expect(refused.explanation.contains("sg-late (late)"), "\(refused.explanation)")
    let ssh = SecurityGroupRule(id: "sgr-1", match: Self.rule("tcp 22 from 10.0.0.0/16"))
    try scene.change(.addRule(group: "sg-late", .ingress, ssh))
    let admitted = scene.send(.tcp("10.0.2.10:40001", to: "10.0.1.10:22", at: 4))
    #expect(admitted.packetClass == .allow)
    #expect(throws: NetworkChangeError.self) { try scene.change(.deleteGroup("sg-late")) }
  }

  @Test(
    "An untracked flow is tracked from the packet on that a narrower rule lets in, and outlives that (CT-8, CT-9)",
    arguments: [true, false])
  func narrowedRule(isAnsweredFirst: Bool) throws {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from 0.0.0.0/0")
    var scene = Scene(network)
    func asked(_ flags: TCPFlags, at second: Double) -> PacketSummary {
      .tcp("203.0.113.7:50000", to: "10.0.0.10:443", flags, at: second)
    }
    func answered(_ flags: TCPFlags, at second: Double) -> PacketSummary {
      .tcp("10.0.0.10:443", to: "203.0.113.7:50000", flags, at: second)
    }
    #expect(scene.send(asked(.syn, at: 1)).state == .untracked)
    #expect(scene.send(answered([.syn, .ack], at: 2)).state == .untracked)
    let narrow = SecurityGroupRule(
      id: "sgr-narrow", match: try Match.parse("tcp 443 from 203.0.113.0/24").match)
    try scene.change(.removeRule(group: "sg-web", .ingress, .id("inbound-1")))
    try scene.change(.addRule(group: "sg-web", .ingress, narrow))
    // Out of the group everything may go: its rules are asked, and nothing begins to be tracked.
    if isAnsweredFirst { #expect(scene.send(answered(.ack, at: 3)).state == .untracked) }
    let first = scene.send(asked(.ack, at: 4))
    #expect(first.packetClass == .allow && first.state == .established, "\(first)")
    // The flow lives on without any rule, in both directions, and through further changes.
    try scene.change(.removeRule(group: "sg-web", .ingress, .id("sgr-narrow")))
    for direction in ["outbound-1", "outbound-2"] {
      try scene.change(.removeRule(group: "sg-web", .egress, .id(direction)))
    }
    for second in [5.0, 100] {
      for packet in [asked(.ack, at: second), answered(.ack, at: second + 1)] {
        let answer = scene.send(packet)
        #expect(answer.packetClass == .allow && answer.state == .established, "\(answer)")
      }
    }
    // It ends as a tracked one does (CT-25).
    _ = scene.send(asked(.rst, at: 102))
    #expect(scene.send(answered(.ack, at: 103)).packetClass == .deny)
    #expect(scene.send(asked(.syn, at: 104)).packetClass == .deny)
  }

  @Test("A flow that is cut before a narrower rule has let a packet in was never tracked (CT-9)")
  func narrowedTooLate() throws {
    var network = SemanticsNetwork()
    network.inbound("web", "udp 53 from 0.0.0.0/0")
    var scene = Scene(network)
    #expect(scene.send(.udp("203.0.113.7:50000", to: "10.0.0.10:53", at: 1)).state == .untracked)
    let narrow = SecurityGroupRule(
      id: "sgr-narrow", match: try Match.parse("udp 53 from 203.0.113.0/24").match)
    try scene.change(.removeRule(group: "sg-web", .ingress, .id("inbound-1")))
    try scene.change(.addRule(group: "sg-web", .ingress, narrow))
    try scene.change(.removeRule(group: "sg-web", .ingress, .id("sgr-narrow")))
    #expect(scene.send(.udp("203.0.113.7:50000", to: "10.0.0.10:53", at: 2)).packetClass == .deny)
  }

  @Test("A denial by groups without rules speaks of one, or of several")
  func groupsWithoutRules() throws {
    var network = SemanticsNetwork()
    network.inbound("web")
    network.inbound("app")
    var scene = Scene(network)
    let one = scene.send(.tcp("10.0.2.10:40000", to: "10.0.0.10:22", at: 1))
    #expect(one.explanation == "sg-web (web) has no inbound rules")
    try scene.change(.setGroups(interface: "eni-web", ["sg-web", "sg-app"]))
    let two = scene.send(.tcp("10.0.2.10:40001", to: "10.0.0.10:22", at: 2))
    #expect(two.explanation == "sg-web (web), sg-app (app) have no inbound rules")
  }

  @Test("A subnet with another ACL or route table is judged by it from then on (NACL-1, RT-1)")
  func associations() throws {
    var network = SemanticsNetwork()
    network.network.networkACLs.append(NetworkACL(id: "acl-shut", vpc: "vpc-a"))
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.0.2.10:5432", at: 1)).packetClass == .allow)
    try scene.change(.associateACL("acl-shut", subnet: "subnet-db", id: "aclassoc-2"))
    #expect(scene.send(.tcp("10.0.1.10:40001", to: "10.0.2.10:5432", at: 2)).packetClass == .deny)
    try scene.change(.associateACL("acl-vpc-a", subnet: "subnet-db", id: nil))
    #expect(scene.send(.tcp("10.0.1.10:40002", to: "10.0.2.10:5432", at: 3)).packetClass == .allow)
    #expect(scene.send(.tcp("10.0.2.10:40000", to: "203.0.113.7:443", at: 4)).code == .noRoute)
    try scene.change(.associateTable("rtb-priv", subnet: "subnet-db", id: "rtbassoc-2"))
    #expect(scene.send(.tcp("10.0.2.10:40001", to: "203.0.113.7:443", at: 5)).packetClass == .allow)
    try scene.change(.disassociateTable(subnet: "subnet-db"))
    #expect(scene.send(.tcp("10.0.2.10:40002", to: "203.0.113.7:443", at: 6)).packetClass != .allow)
    #expect(throws: NetworkChangeError.self) {
      try scene.change(.associateTable("rtb-b", subnet: "subnet-db", id: nil))
    }
  }

  @Test("Traffic of a stopped instance is denied and names it; it runs again after a start (LC-8)")
  func stoppedInstance() throws {
    var network = SemanticsNetwork()
    network.network.instances = [Instance(id: "i-web", networkInterfaces: ["eni-web"])]
    network.interface("eni-web") { $0.instance = "i-web" }
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.0.0.10:443", at: 1)).packetClass == .allow)
    try scene.change(.instance("i-web", .stop))
    let denied = scene.send(.tcp("10.0.1.10:40000", to: "10.0.0.10:443", .ack, at: 2))
    #expect(denied.packetClass == .deny)
    #expect(denied.explanation == "instance i-web is stopped")
    try scene.change(.instance("i-web", .start))
    #expect(scene.send(.tcp("10.0.1.10:40001", to: "10.0.0.10:443", at: 3)).packetClass == .allow)
    // Its new public address is not known, and nothing on the way depends on which it is.
    #expect(scene.send(.tcp("10.0.0.10:40001", to: "203.0.113.7:443", at: 4)).packetClass == .allow)
    #expect(scene.send(.tcp("203.0.113.7:40002", to: "10.0.0.10:443", at: 5)).packetClass == .allow)
    try scene.change(.instance("i-web", .terminate))
    let gone = scene.send(.tcp("10.0.1.10:40003", to: "10.0.0.10:443", at: 6))
    #expect(gone.explanation == "instance i-web is terminated")
  }

  @Test("A route through an instance that stops is a blackhole (LC-9)")
  func routeThroughInstance() throws {
    var network = SemanticsNetwork()
    network.network.instances = [Instance(id: "i-nat", networkInterfaces: ["eni-app2"])]
    network.interface("eni-app2") {
      $0.instance = "i-nat"
      $0.sourceDestinationCheck = false
    }
    network.route("rtb-db", "203.0.113.0/24", .instance("i-nat"))
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.2.10:40000", to: "203.0.113.7:443", at: 1)).packetClass == .unknown)
    try scene.change(.instance("i-nat", .stop))
    let denied = scene.send(.tcp("10.0.2.10:40001", to: "203.0.113.7:443", at: 2))
    #expect(denied.code == .badStateRoute)
    #expect(denied.explanation.hasSuffix("leads nowhere: instance i-nat is stopped"))
  }

  @Test("An association moves the public address, and inbound traffic follows it (AD-11)")
  func association() throws {
    let network = SemanticsNetwork()
    var scene = Scene(network)
    let elastic = IPv4Address("198.51.100.77")!
    #expect(scene.send(.tcp("203.0.113.7:40000", to: "198.51.100.77:443", at: 1)).packetClass == .unplaced)
    try scene.change(.associateAddress(.init(elastic, with: .interface("eni-web"))))
    #expect(scene.send(.tcp("203.0.113.7:40001", to: "198.51.100.77:443", at: 2)).packetClass == .allow)
    #expect(scene.send(.tcp("203.0.113.7:40002", to: "198.51.100.10:443", at: 3)).packetClass == .unplaced)
    try scene.change(.disassociateAddress(elastic))
    #expect(
      scene.send(.tcp("10.0.0.10:40003", to: "203.0.113.7:443", at: 4)).code
        == .gatewayEgressNeedsPublicAddress)
  }

  @Test("Rules keep their numbers: what was counted before a change is still counted for the same rule")
  func stableNumbers() throws {
    let network = SemanticsNetwork()
    let filter = PacketFilter(network.network)
    let before = filter.rules.entries
    let (changed, _) = try filter.applying([
      .removeRule(group: "sg-app", .ingress, .match(Self.rule("all from ::/0"))),
      .addRule(
        group: "sg-app", .ingress, SecurityGroupRule(id: "sgr-9", match: Self.rule("udp 53 from 0.0.0.0/0"))),
    ])
    #expect(Array(changed.rules.entries.prefix(before.count)) == before)
    #expect(changed.rules.entries.count == before.count + 1)
    #expect(changed.rules.removed.map { changed.rules[$0].text } == ["all from ::/0"])
    let (back, _) = try changed.applying(
      .addRule(
        group: "sg-app", .ingress, SecurityGroupRule(id: "inbound-2", match: Self.rule("all from ::/0"))))
    #expect(back.rules.removed.isEmpty)
    #expect(back.rules.entries.count == before.count + 1)
  }
}
