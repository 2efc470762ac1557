import Filtering
import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

/// What is remembered of flows beyond the twenty-five: gateways' own timers, half-admitted flows, changed rules.
@Suite("Flow state")
struct FlowStateTests {
  private static func open(
    _ scene: inout Scene, _ client: String, _ server: String, at time: Double = 0
  ) -> [Scene.Answer] {
    [
      scene.send(.tcp(client, to: server, at: time)),
      scene.send(.tcp(server, to: client, [.syn, .ack], at: time)),
      scene.send(.tcp(client, to: server, .ack, at: time)),
    ]
  }

  @Test("a NAT gateway forgets after 350 s what its client's interface tracks for five days (AD-17)")
  func natForgets() {
    var scene = Scene(SemanticsNetwork())
    let (client, server) = ("10.0.1.10:40000", "203.0.113.7:443")
    #expect(Self.open(&scene, client, server).allSatisfy { $0.packetClass == .allow })
    #expect(scene.send(.tcp(client, to: server, .ack, at: 350)).packetClass == .allow)
    let late = scene.send(.tcp(client, to: server, [.psh, .ack], at: 701))
    #expect(late.packetClass == .deny, "\(late)")
    #expect(late.stage == .gateway)
    #expect(late.explanation.contains("350 s"), "\(late)")
    let push = scene.send(.tcp(server, to: client, [.psh, .ack], at: 702))
    #expect(push.packetClass == .deny, "\(push)")
    // A new connection from the same port is a new one.
    #expect(Self.open(&scene, client, server, at: 703).allSatisfy { $0.packetClass == .allow })
  }

  @Test("the same gap without a NAT gateway is nothing (CT-13)")
  func peeringRemembers() {
    var scene = Scene(SemanticsNetwork())
    let (client, server) = ("10.0.1.10:40000", "10.1.0.10:443")
    #expect(Self.open(&scene, client, server).allSatisfy { $0.packetClass == .allow })
    #expect(scene.send(.tcp(client, to: server, .ack, at: 701)).packetClass == .allow)
  }

  @Test("the answer to a refused segment passes where the segment had got by (CT-1)")
  func answerToRefused() {
    var network = SemanticsNetwork()
    network.inbound("app")
    network.outbound("app", "tcp 5432 to 10.0.2.0/24")
    network.inbound("db")
    let (client, server) = ("10.0.1.10:40000", "10.0.2.10:5432")
    var scene = Scene(network)
    #expect(scene.send(.tcp(client, to: server)).stage == .destinationSecurityGroup)
    #expect(scene.send(.tcp(server, to: client, [.rst, .ack])).packetClass == .allow)
    // Another port was never written to.
    #expect(scene.send(.tcp("10.0.2.10:5433", to: client, [.rst, .ack])).packetClass == .deny)
  }

  @Test(
    "an ICMP answer belongs to the query with its identifier (CT-2, CT-20, CT-21)",
    arguments: [8, 13, 15, 17])
  func answerToAnotherQuery(query: UInt8) {
    var network = SemanticsNetwork()
    network.inbound("app")
    network.outbound("app", "all to 0.0.0.0/0")
    network.inbound("db")
    var scene = Scene(network)
    let answer: UInt8 = query == 8 ? 0 : query + 1
    let (here, there) = ("10.0.1.10", "10.0.2.10")
    #expect(scene.send(.icmp(here, to: there, type: query, identifier: 7)).stage == .destinationSecurityGroup)
    #expect(
      scene.send(.icmp(there, to: here, type: answer, identifier: 8)).stage == .destinationSecurityGroup)
    #expect(scene.send(.icmp(there, to: here, type: answer, identifier: 7)).packetClass == .allow)
  }

  @Test("so does a datagram, until the sender's timer runs out (CT-13)", arguments: [29.0, 31])
  func datagramToRefused(gap: Double) {
    var network = SemanticsNetwork()
    network.inbound("app")
    network.outbound("app", "udp 123 to 10.0.2.0/24")
    network.inbound("db")
    var scene = Scene(network)
    #expect(scene.send(.udp("10.0.1.10:123", to: "10.0.2.10:123")).packetClass == .deny)
    let back = scene.send(.udp("10.0.2.10:123", to: "10.0.1.10:123", at: gap))
    #expect(back.packetClass == (gap < 30 ? .allow : .deny), "\(back)")
  }

  @Test("an ICMP error about a refused segment passes where the segment had got by (CT-22)")
  func errorAboutRefused() {
    var network = SemanticsNetwork()
    network.inbound("app")
    network.outbound("app", "tcp 5432 to 10.0.2.0/24")
    network.inbound("db")
    var scene = Scene(network)
    let refused = PacketSummary.tcp("10.0.1.10:40000", to: "10.0.2.10:5432")
    #expect(scene.send(refused).packetClass == .deny)
    let error = scene.send(
      .icmp("10.0.2.10", to: "10.0.1.10", type: 3, code: 13), quoting: QuotedPacket(refused))
    #expect(error.packetClass == .allow, "\(error)")
    #expect(error.state == .related)
  }

  @Test("the answer to a request of which not all is known is at best unknown")
  func answerToUnknown() {
    var network = SemanticsNetwork()
    network.inbound("db", "tcp 5432 from pl-gone")
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.0.2.10:5432")).missing == .prefixListEntries)
    let answer = scene.send(.tcp("10.0.2.10:5432", to: "10.0.1.10:40000", [.syn, .ack]))
    #expect(answer.packetClass == .unknown, "\(answer)")
    #expect(answer.missing == .prefixListEntries)
    network.acl("subnet-db", outbound: [])
    var barred = Scene(network)
    #expect(barred.send(.tcp("10.0.1.10:40000", to: "10.0.2.10:5432")).packetClass == .unknown)
    // What is certain stays certain.
    #expect(
      barred.send(.tcp("10.0.2.10:5432", to: "10.0.1.10:40000", [.syn, .ack])).packetClass == .deny)
  }

  // MARK: Changed rules

  @Test("an untracked flow's answers through an internet gateway die with their rule (CT-9)")
  func untrackedAnswer() {
    var network = SemanticsNetwork()
    let (client, server) = ("10.0.0.10:40000", "203.0.113.7:443")
    var scene = Scene(network)
    #expect(Self.open(&scene, client, server).allSatisfy { $0.packetClass == .allow })
    network.inbound("web")
    scene.change(to: network)
    #expect(scene.send(.tcp(server, to: client, .ack, at: 1)).packetClass == .deny)
    #expect(scene.send(.tcp(client, to: server, .ack, at: 1)).packetClass == .allow)
  }

  @Test("answers of a translated, tracked flow live on, and a changed ACL cuts them at once (CT-8, CT-10)")
  func translatedAnswer() {
    var network = SemanticsNetwork()
    let (client, server) = ("10.0.1.10:40000", "203.0.113.7:443")
    var scene = Scene(network)
    #expect(Self.open(&scene, client, server).allSatisfy { $0.packetClass == .allow })
    network.inbound("app")
    network.outbound("app")
    scene.change(to: network)
    #expect(scene.send(.tcp(client, to: server, .ack, at: 1)).packetClass == .allow)
    #expect(scene.send(.tcp(server, to: client, .ack, at: 1)).packetClass == .allow)
    // The gateway's subnet now lets requests out, but no answers in.
    network.acl("subnet-pub", inbound: ["100 allow all from 10.0.0.0/16"])
    scene.change(to: network)
    let cut = scene.send(.tcp(server, to: client, .ack, at: 2))
    #expect(cut.code == .networkACL, "\(cut)")
    #expect(scene.send(.tcp(client, to: server, .ack, at: 2)).packetClass == .allow)
    // And now no requests either: what comes back still knows its way.
    network.acl("subnet-pub", inbound: ["100 deny all from 10.0.1.0/24", "200 allow all from 0.0.0.0/0"])
    scene.change(to: network)
    #expect(scene.send(.tcp(client, to: server, .ack, at: 3)).code == .networkACL)
    #expect(scene.send(.tcp(server, to: client, .ack, at: 3)).packetClass == .allow)
  }

  @Test("an ICMP error about a tracked flow passes after its rule is gone (CT-8, CT-22)")
  func errorAfterChange() {
    var network = SemanticsNetwork()
    network.inbound("app")
    network.outbound("app", "tcp 443 to 10.0.2.0/24")
    var scene = Scene(network)
    let request = PacketSummary.tcp("10.0.1.10:40000", to: "10.0.2.10:443")
    #expect(scene.send(request).packetClass == .allow)
    network.outbound("app")
    scene.change(to: network)
    #expect(scene.send(request).packetClass == .allow)
    let error = scene.send(
      .icmp("10.0.2.10", to: "10.0.1.10", type: 3, code: 3, at: 1), quoting: QuotedPacket(request))
    #expect(error.packetClass == .allow, "\(error)")
    #expect(error.state == .related)
  }

  @Test("an expired flow that is met by its public address is not taken up again (CT-19)")
  func expiredByPublicAddress() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from 203.0.113.0/24")
    network.outbound("web")
    var scene = Scene(network, timers: .nitroV6)
    #expect(Self.open(&scene, "203.0.113.7:50000", "10.0.0.10:443").allSatisfy { $0.packetClass == .allow })
    let push = scene.send(.tcp("198.51.100.10:443", to: "203.0.113.7:50000", [.psh, .ack], at: 400))
    #expect(push.packetClass == .deny, "\(push)")
  }

  @Test("a late segment is refused by the interface that tracks its connection (CT-25)")
  func lateSegment() {
    var network = SemanticsNetwork()
    network.inbound("db", "tcp 5432 from 10.0.1.0/24")
    var scene = Scene(network)
    let (client, server) = ("10.0.1.10:40000", "10.0.2.10:5432")
    #expect(Self.open(&scene, client, server).allSatisfy { $0.packetClass == .allow })
    #expect(scene.send(.tcp(client, to: server, .rst)).packetClass == .allow)
    let late = scene.send(.tcp(client, to: server, .ack, at: 1))
    // eni-app is open both ways, so the flow is untracked there (CT-4).
    #expect(late.interface == "eni-db", "\(late)")
  }
}
