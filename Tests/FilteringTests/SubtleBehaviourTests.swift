import Filtering
import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

/// Semantics section 12, as far as packets of an audit show it.
@Suite("Subtle behaviours")
struct SubtleBehaviourTests {
  @Test("S1: a group reference means private addresses, never public ones (SG-22, SG-32)")
  func groupReference() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from sg-app")
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.0.0.10:443")).packetClass == .allow)
    // To the public address it leaves by NAT and comes back with a public source.
    let answer = scene.send(.tcp("10.0.1.10:40001", to: "198.51.100.10:443"))
    #expect(answer.packetClass == .deny, "\(answer)")
    #expect(answer.interface == "eni-web")
    #expect(answer.stage == .destinationSecurityGroup)
    // The same packet as it arrives at eni-web.
    #expect(scene.send(.tcp("198.51.100.220:40002", to: "10.0.0.10:443")).packetClass == .deny)
  }

  @Test("S2: an ACL does not act inside a subnet (NACL-12)")
  func subnetInside() {
    var network = SemanticsNetwork()
    network.acl(
      "subnet-priv", inbound: ["90 deny tcp 8080 from 10.0.0.0/16", "100 allow all from 0.0.0.0/0"])
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.0.1.11:8080")).packetClass == .allow)
    let denied = scene.send(.tcp("10.0.2.10:40000", to: "10.0.1.11:8080"))
    #expect(denied.packetClass == .deny)
    #expect(denied.code == .networkACL)
    #expect(denied.rule == "acl-subnet-priv/90")
  }

  @Test("S3: an untracked flow dies with its rule (CT-4, CT-9)")
  func untrackedFlow() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 22 from 0.0.0.0/0")
    var scene = Scene(network)
    #expect(scene.send(.tcp("203.0.113.7:50000", to: "10.0.0.10:22")).state == .untracked)
    #expect(scene.send(.tcp("10.0.0.10:22", to: "203.0.113.7:50000", [.syn, .ack])).packetClass == .allow)
    network.inbound("web")
    scene.change(to: network)
    #expect(scene.send(.tcp("203.0.113.7:50000", to: "10.0.0.10:22", .ack, at: 11)).packetClass == .deny)
    // The other direction goes out by a rule of its own.
    #expect(scene.send(.tcp("10.0.0.10:22", to: "203.0.113.7:50000", .ack, at: 11)).packetClass == .allow)
  }

  @Test("S4: a tracked flow survives its rule, and an ACL cuts it at once (CT-8, CT-10)")
  func trackedFlow() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 22 from 203.0.113.0/24")
    var scene = Scene(network)
    #expect(scene.send(.tcp("203.0.113.7:50000", to: "10.0.0.10:22")).state == .new)
    #expect(scene.send(.tcp("10.0.0.10:22", to: "203.0.113.7:50000", [.syn, .ack])).packetClass == .allow)
    network.inbound("web")
    scene.change(to: network)
    #expect(scene.send(.tcp("203.0.113.7:50000", to: "10.0.0.10:22", .ack, at: 11)).packetClass == .allow)
    #expect(scene.send(.tcp("10.0.0.10:22", to: "203.0.113.7:50000", .ack, at: 11)).packetClass == .allow)
    #expect(scene.send(.tcp("203.0.113.7:50001", to: "10.0.0.10:22", at: 12)).packetClass == .deny)
    network.acl("subnet-pub", inbound: ["100 deny all from 203.0.113.7/32"])
    scene.change(to: network)
    let cut = scene.send(.tcp("203.0.113.7:50000", to: "10.0.0.10:22", .ack, at: 13))
    #expect(cut.packetClass == .deny)
    #expect(cut.code == .networkACL)
  }

  @Test("S5: an ICMP error passes for a tracked flow and needs a rule for an untracked one (CT-22)")
  func icmpErrors() {
    var open = SemanticsNetwork()
    open.inbound("web", "tcp 443 from 0.0.0.0/0")
    var untracked = Scene(open)
    let request = PacketSummary.tcp("203.0.113.7:50000", to: "10.0.0.10:443")
    let reply = PacketSummary.tcp("10.0.0.10:443", to: "203.0.113.7:50000", [.syn, .ack])
    let error = PacketSummary.icmp("192.0.2.1", to: "10.0.0.10", type: 3, code: 4, at: 1)
    #expect(untracked.send(request).state == .untracked)
    #expect(untracked.send(error, quoting: QuotedPacket(reply)).packetClass == .deny)

    var narrow = SemanticsNetwork()
    narrow.inbound("web", "tcp 443 from 203.0.113.0/24")
    var tracked = Scene(narrow)
    #expect(tracked.send(request).state == .new)
    let related = tracked.send(error, quoting: QuotedPacket(reply))
    #expect(related.packetClass == .allow, "\(related)")
    #expect(related.state == .related)
  }

  @Test("S6: ICMP FromPort and ToPort are type and code (SG-13)")
  func icmpTypes() {
    var network = SemanticsNetwork()
    network.inbound("web", "icmp 3/4 from 0.0.0.0/0")
    var scene = Scene(network)
    #expect(scene.send(.icmp("203.0.113.7", to: "10.0.0.10", type: 3, code: 4)).packetClass == .allow)
    #expect(scene.send(.icmp("203.0.113.7", to: "10.0.0.10", type: 3, code: 1)).packetClass == .deny)
    #expect(scene.send(.icmp("203.0.113.7", to: "10.0.0.10", type: 4, code: 0)).packetClass == .deny)
  }

  @Test("S7: ports are ignored for other protocols, and tcp any is not all traffic (SG-11, SG-16)")
  func otherProtocols() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp any from 0.0.0.0/0", "132 from 0.0.0.0/0")
    var scene = Scene(network)
    #expect(scene.send(.other(132, "203.0.113.7", to: "10.0.0.10")).packetClass == .allow)
    #expect(scene.send(.udp("203.0.113.7:5000", to: "10.0.0.10:53")).packetClass == .deny)
    #expect(scene.send(.icmp("203.0.113.7", to: "10.0.0.10", type: 8)).packetClass == .deny)
    #expect(scene.send(.other(47, "203.0.113.7", to: "10.0.0.10")).packetClass == .deny)
  }

  @Test("S8: families are separate (SG-15, SG-21, NACL-7)")
  func families() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from 0.0.0.0/0", "icmp any from 0.0.0.0/0")
    var scene = Scene(network)
    let denied = scene.send(.tcp("[2001:db8:ffff::7]:50000", to: "[2001:db8:a00::10]:443"))
    #expect(denied.packetClass == .deny)
    #expect(denied.stage == .destinationSecurityGroup)
    #expect(scene.send(.icmp("203.0.113.7", to: "10.0.0.10", type: 8)).packetClass == .allow)
    #expect(scene.send(.icmp("2001:db8:ffff::7", to: "2001:db8:a00::10", type: 128)).packetClass == .deny)
    network.acl(
      "subnet-pub", inbound: ["100 allow all from 0.0.0.0/0"], outbound: ["100 allow all to 0.0.0.0/0"])
    network.inbound("web", "all from ::/0")
    var withACL = Scene(network)
    let byACL = withACL.send(.tcp("[2001:db8:ffff::7]:50000", to: "[2001:db8:a00::10]:443"))
    #expect(byACL.code == .networkACL)
  }

  @Test("S9: the default group admits itself only (SG-6)")
  func defaultGroup() {
    var network = SemanticsNetwork()
    network.inbound("db", "all from sg-db")
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.0.2.10:5432")).packetClass == .deny)
    network.interface("eni-app") { $0.groups = ["sg-db"] }
    var both = Scene(network)
    #expect(both.send(.tcp("10.0.1.10:40000", to: "10.0.2.10:5432")).packetClass == .allow)
  }

  @Test("S10: the lowest ACL number decides, a later deny is dead (NACL-2)")
  func aclOrder() {
    var network = SemanticsNetwork()
    network.acl(
      "subnet-pub", inbound: ["110 deny all from 203.0.113.7/32", "100 allow tcp 443 from 0.0.0.0/0"])
    var scene = Scene(network)
    #expect(scene.send(.tcp("203.0.113.7:50000", to: "10.0.0.10:443")).packetClass == .allow)
    network.acl(
      "subnet-pub", inbound: ["100 deny all from 203.0.113.7/32", "110 allow tcp 443 from 0.0.0.0/0"])
    var swapped = Scene(network)
    #expect(swapped.send(.tcp("203.0.113.7:50000", to: "10.0.0.10:443")).rule == "acl-subnet-pub/100")
  }

  @Test("S11: replies pass a group and are judged by an ACL (NACL-8, NACL-11)")
  func replyAndACL() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from 203.0.113.0/24")
    network.outbound("web")
    network.acl(
      "subnet-pub", inbound: ["100 allow tcp 443 from 0.0.0.0/0"],
      outbound: ["100 allow tcp 443 to 0.0.0.0/0"])
    var scene = Scene(network)
    #expect(scene.send(.tcp("203.0.113.7:51000", to: "10.0.0.10:443")).packetClass == .allow)
    let reply = scene.send(.tcp("10.0.0.10:443", to: "203.0.113.7:51000", [.syn, .ack]))
    #expect(reply.packetClass == .deny, "\(reply)")
    #expect(reply.stage == .sourceNetworkACL)
    #expect(reply.state == .established)
    #expect(reply.explanation.contains("port"), "the sentence names the field that missed: \(reply)")
  }

  @Test("S12: Amazon DNS bypasses everything, other resolvers do not (SG-40, SG-42, AD-7)")
  func resolver() {
    var network = SemanticsNetwork()
    network.outbound("app")
    network.acl("subnet-priv", inbound: [], outbound: [])
    var scene = Scene(network)
    #expect(scene.send(.udp("10.0.1.10:5000", to: "10.0.0.2:53")).packetClass == .exempt)
    #expect(scene.send(.udp("10.0.0.2:53", to: "10.0.1.10:5000")).packetClass == .exempt)
    #expect(scene.send(.udp("10.0.1.10:5001", to: "169.254.169.253:53")).packetClass == .exempt)
    #expect(scene.send(.udp("10.0.1.10:5002", to: "8.8.8.8:53")).packetClass == .deny)
    #expect(scene.send(.udp("10.0.1.10:5003", to: "10.0.2.53:53")).packetClass == .deny)
    network.network.vpcs[0].ipv4Blocks.append(Prefix("10.5.0.0/16")!)
    network.outbound("app", "all to 0.0.0.0/0")
    network.acl("subnet-priv")
    var secondary = Scene(network)
    let answer = secondary.send(.udp("10.0.1.10:5004", to: "10.5.0.2:53"))
    #expect(answer.packetClass == .deny)
    #expect(answer.code == .noPossibleDestination)
  }

  @Test("S13: instance metadata cannot be routed or filtered (RT-9, SG-40)")
  func metadata() {
    var network = SemanticsNetwork()
    network.outbound("app")
    network.route("rtb-priv", "169.254.0.0/16", .networkInterface("eni-web"))
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "169.254.169.254:80")).packetClass == .exempt)
  }

  @Test("S14: the longest prefix wins, then static over propagated (RT-4, RT-5)")
  func routePriority() {
    var network = SemanticsNetwork()
    network.route("rtb-priv", "172.31.0.0/16", .natGateway("nat-1"))
    network.route("rtb-priv", "172.31.5.0/24", .peering("pcx-1"), origin: .propagated, isBlackhole: true)
    network.route("rtb-priv", "192.0.2.0/24", .peering("pcx-1"), origin: .propagated, isBlackhole: true)
    network.route("rtb-priv", "192.0.2.0/24", .natGateway("nat-1"))
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "172.31.5.9:80")).code == .badStateRoute)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "192.0.2.9:80")).packetClass == .allow)
  }

  @Test("S15: a blackhole does not fall through to a shorter route (RT-12)")
  func blackhole() {
    var network = SemanticsNetwork()
    network.removeRoute("rtb-priv", "10.1.0.0/16")
    network.route("rtb-priv", "10.1.0.0/16", .peering("pcx-gone"), isBlackhole: true)
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.1.0.10:80")).code == .badStateRoute)
  }

  @Test("S16: peering gives no transit, but NAT to a peer works without a return route (RT-20, RT-21)")
  func peering() {
    var network = SemanticsNetwork()
    network.route("rtb-b", "0.0.0.0/0", .peering("pcx-1"))
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.1.0.10:40000", to: "203.0.113.7:80")).code == .peeringAddressOutsideVPC)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.1.0.10:80")).packetClass == .allow)
    #expect(scene.send(.tcp("10.1.0.10:80", to: "10.0.1.10:40000", [.syn, .ack])).packetClass == .allow)
    // Through the NAT gateway the reply needs no route back.
    network.removeRoute("rtb-priv", "10.1.0.0/16")
    network.route("rtb-pub", "10.1.0.0/16", .peering("pcx-1"))
    network.removeRoute("rtb-b", "10.0.0.0/16")
    network.removeRoute("rtb-b", "0.0.0.0/0")
    let answer = PacketFilter(network.network).trace(
      TraceQuestion(
        from: .address(IPAddress("10.0.1.10")!), to: .address(IPAddress("10.1.0.10")!),
        service: ServiceKey(.tcp, port: 80)))
    #expect(answer.verdict == .allow, "\(answer.blockers)")
    #expect(answer.steps.contains { $0.step.action == .translate })
  }

  @Test("S17: being let out is not being delivered (AD-13)")
  func internetGateway() {
    var network = SemanticsNetwork()
    network.addHost("bare", "subnet-pub", "10.0.0.11")
    var scene = Scene(network)
    #expect(
      scene.send(.tcp("10.0.0.11:40000", to: "203.0.113.7:443")).code == .gatewayEgressNeedsPublicAddress)
    #expect(scene.send(.tcp("10.0.0.10:40000", to: "192.168.7.7:443")).code == .gatewayEgressToRFC1918)
  }

  @Test("S18: group references are lost through a middlebox (SG-29)")
  func middlebox() {
    var network = SemanticsNetwork()
    network.addHost("fw", "subnet-pub", "10.0.0.50")
    network.interface("eni-fw") { $0.sourceDestinationCheck = false }
    network.route("rtb-priv", "10.0.2.0/24", .networkInterface("eni-fw"))
    network.inbound("db", "tcp 5432 from sg-app")
    var byReference = Scene(network)
    let denied = byReference.send(.tcp("10.0.1.10:40000", to: "10.0.2.10:5432"))
    #expect(denied.packetClass == .deny, "\(denied)")
    #expect(denied.interface == "eni-db")
    #expect(denied.code == .groupReferencesNotPreserved)
    network.inbound("db", "tcp 5432 from 10.0.1.0/24")
    var byBlock = Scene(network)
    let open = byBlock.send(.tcp("10.0.1.10:40000", to: "10.0.2.10:5432"))
    #expect(
      open.packetClass == .unknown, "every group admits it; whether eni-fw forwards is not known: \(open)")
    #expect(open.missing == .forwardingInstance)
  }

  @Test("S19: a NAT gateway forwards UDP fragments and drops those of TCP and ICMP (AD-18)")
  func natFragments() {
    var scene = Scene(SemanticsNetwork())
    let datagram = PacketSummary.udp("10.0.1.10:5000", to: "203.0.113.7:9")
    #expect(scene.send(datagram.fragment(1, offset: 0, more: true)).packetClass == .allow)
    #expect(scene.send(datagram.fragment(1, offset: 1480, more: false)).packetClass == .allow)
    let ping = PacketSummary.icmp("10.0.1.10", to: "203.0.113.7", type: 8)
    let first = scene.send(ping.fragment(2, offset: 0, more: true))
    #expect(first.packetClass == .deny)
    #expect(first.stage == .gateway)
    #expect(scene.send(ping.fragment(2, offset: 1480, more: false)).packetClass == .deny)
    let segment = PacketSummary.tcp("10.0.1.10:5001", to: "203.0.113.7:80")
    #expect(scene.send(segment.fragment(3, offset: 0, more: true)).stage == .gateway)
    #expect(scene.send(segment.fragment(3, offset: 1480, more: false)).packetClass == .deny)
    // And the way back, of flows that began whole.
    #expect(scene.send(.tcp("10.0.1.10:5002", to: "203.0.113.7:80", at: 1)).packetClass == .allow)
    let answer = PacketSummary.tcp("203.0.113.7:80", to: "10.0.1.10:5002", [.syn, .ack], at: 1)
    #expect(scene.send(answer.fragment(4, offset: 0, more: true)).packetClass == .deny)
    #expect(scene.send(.icmp("10.0.1.10", to: "203.0.113.7", type: 8, at: 1)).packetClass == .allow)
    let pong = PacketSummary.icmp("203.0.113.7", to: "10.0.1.10", type: 0, at: 1)
    #expect(scene.send(pong.fragment(5, offset: 0, more: true)).packetClass == .deny)
    let reply = PacketSummary.udp("203.0.113.7:9", to: "10.0.1.10:5000", at: 1)
    #expect(scene.send(reply.fragment(6, offset: 0, more: true)).packetClass == .allow)
  }

  @Test("S20: an idle connection is forgotten after five days, or 350 s on Nitro v6 (CT-13)")
  func idleTimers() {
    var network = SemanticsNetwork()
    network.inbound("db", "tcp 5432 from 10.0.1.0/24")
    network.outbound("db")
    for (timers, expected) in [(IdleTimers.nitro, PacketClass.allow), (.nitroV6, .deny)] {
      var scene = Scene(network, timers: timers)
      #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.0.2.10:5432")).packetClass == .allow)
      #expect(scene.send(.tcp("10.0.2.10:5432", to: "10.0.1.10:40000", [.syn, .ack])).packetClass == .allow)
      #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.0.2.10:5432", .ack)).packetClass == .allow)
      let push = scene.send(.tcp("10.0.2.10:5432", to: "10.0.1.10:40000", [.psh, .ack], at: 400))
      #expect(push.packetClass == expected)
    }
    // Through a NAT gateway 350 s are the end whatever the interface's timer is (AD-17).
    var scene = Scene(SemanticsNetwork(), timers: .nitro)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "203.0.113.7:443")).packetClass == .allow)
    #expect(scene.send(.tcp("203.0.113.7:443", to: "10.0.1.10:40000", [.syn, .ack])).packetClass == .allow)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "203.0.113.7:443", .ack)).packetClass == .allow)
    let inside = scene.send(.tcp("10.0.1.10:40000", to: "203.0.113.7:443", [.psh, .ack], at: 400))
    #expect(inside.packetClass == .deny, "\(inside)")
    #expect(inside.stage == .gateway)
  }

  @Test("S22: other protocols are tracked by address pair for 600 s (CT-3, CT-14)")
  func otherProtocolFlow() {
    var network = SemanticsNetwork()
    network.inbound("app")
    network.removeRoute("rtb-priv", "0.0.0.0/0")
    network.route("rtb-priv", "0.0.0.0/0", .internetGateway("igw-1"))
    network.interface("eni-app") { $0.ipv4Addresses[0].publicAddress = IPv4Address("198.51.100.20")! }
    var scene = Scene(network)
    #expect(scene.send(.other(47, "10.0.1.10", to: "192.0.2.9")).packetClass == .allow)
    #expect(scene.send(.other(47, "192.0.2.9", to: "10.0.1.10", at: 599)).packetClass == .allow)
    #expect(scene.send(.other(47, "192.0.2.9", to: "10.0.1.10", at: 1200)).packetClass == .deny)
  }

  @Test("S24: a segment after close is rejected although the rules would admit a new connection (CT-25)")
  func lateSegment() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from 203.0.113.0/24")
    var scene = Scene(network)
    let client = "203.0.113.7:50000"
    let server = "10.0.0.10:443"
    for packet in [
      PacketSummary.tcp(client, to: server), .tcp(server, to: client, [.syn, .ack]),
      .tcp(client, to: server, .ack),
      .tcp(client, to: server, [.fin, .ack]), .tcp(server, to: client, [.fin, .ack]),
      .tcp(client, to: server, .ack),
    ] {
      #expect(scene.send(packet).packetClass == .allow)
    }
    let late = scene.send(.tcp(client, to: server, .ack, at: 5))
    #expect(late.packetClass == .deny)
    #expect(late.explanation.contains("closed"))
    #expect(scene.send(.tcp(client, to: server, .syn, at: 6)).packetClass == .allow)
  }

  @Test("E1: a reply that leaves by a NAT gateway is lost")
  func asymmetricReply() {
    var network = SemanticsNetwork()
    network.interface("eni-app") { $0.ipv4Addresses[0].publicAddress = IPv4Address("198.51.100.20")! }
    var scene = Scene(network)
    #expect(scene.send(.tcp("203.0.113.7:50000", to: "198.51.100.20:80")).packetClass == .allow)
    let reply = scene.send(.tcp("10.0.1.10:80", to: "203.0.113.7:50000", [.syn, .ack]))
    #expect(reply.packetClass == .deny, "\(reply)")
    #expect(reply.code == .natSourceReassigned)
  }

  @Test("E4: one-way UDP idles for 30 s, a stream for 180 s (CT-13, CT-18)")
  func udpTimers() {
    var network = SemanticsNetwork()
    network.outbound("db")
    network.inbound("db", "udp 514 from 10.0.1.0/24")
    let client = "10.0.1.10:5000"
    let server = "10.0.2.10:514"
    var single = Scene(network)
    #expect(single.send(.udp(client, to: server)).packetClass == .allow)
    #expect(single.send(.udp(server, to: client, at: 29)).packetClass == .allow)
    #expect(single.send(.udp(server, to: client, at: 60)).packetClass == .deny)
    var stream = Scene(network)
    for (index, seconds) in [0.0, 1, 2, 3].enumerated() {
      let packet: PacketSummary =
        index % 2 == 0 ? .udp(client, to: server, at: seconds) : .udp(server, to: client, at: seconds)
      #expect(stream.send(packet).packetClass == .allow)
    }
    #expect(stream.send(.udp(server, to: client, at: 180)).packetClass == .allow)
    #expect(stream.send(.udp(server, to: client, at: 361)).packetClass == .deny)
  }

  @Test("E7: mail to the internet is blocked by default (SG-45)")
  func mail() {
    var scene = Scene(SemanticsNetwork())
    #expect(scene.send(.tcp("10.0.0.10:40000", to: "203.0.113.7:25")).packetClass == .deny)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.0.2.10:25")).packetClass == .allow)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "203.0.113.7:25")).packetClass == .deny)
  }
}
