import Filtering
import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

/// What the comparison with the reference evaluator brought to light, a row each.
@Suite("Findings of the reference")
struct ReferenceFindingsTests {
  @Test(
    "a group is not known by an IPv6 address that comes over the internet, but over a peering (SG-26, SG-29)")
  func groupOverTheInternet() {
    var network = SemanticsNetwork()
    network.network.vpcs[1].ipv6Blocks = [Prefix("2001:db8:b00::/56")!]
    let subnet = network.network.subnets.firstIndex { $0.id == "subnet-b" }!
    network.network.subnets[subnet].ipv6Blocks = [Prefix("2001:db8:b00::/64")!]
    network.interface("eni-b") { $0.ipv6Addresses = [IPv6Address("2001:db8:b00::10")!] }
    network.network.internetGateways.append(InternetGateway(id: "igw-2", vpc: "vpc-b"))
    network.route("rtb-b", "::/0", .internetGateway("igw-2"))
    network.outbound("web", "tcp 80 to ::/0")
    network.inbound("b", "tcp 80 from sg-web")
    let request = PacketSummary.tcp("[2001:db8:a00::10]:40000", to: "[2001:db8:b00::10]:80")
    var internet = Scene(network)
    #expect(internet.send(request).code == .groupReferencesNotPreserved)
    network.route("rtb-pub", "2001:db8:b00::/56", .peering("pcx-1"))
    network.route("rtb-b", "2001:db8:a00::/56", .peering("pcx-1"))
    var peering = Scene(network)
    #expect(peering.send(request).packetClass == .allow)
  }

  @Test("a reply to a NAT gateway over a peering needs no return route (RT-21)")
  func returnToSender() {
    var network = SemanticsNetwork()
    network.removeRoute("rtb-priv", "10.1.0.0/16")
    network.route("rtb-pub", "10.1.0.0/16", .peering("pcx-1"))
    network.removeRoute("rtb-b", "10.0.0.0/16")
    var scene = Scene(network)
    let request = scene.send(.tcp("10.0.1.10:40000", to: "10.1.0.10:80"))
    #expect(request.packetClass == .allow, "\(request)")
    let reply = scene.send(.tcp("10.1.0.10:80", to: "10.0.1.10:40000", [.syn, .ack]))
    #expect(reply.packetClass == .allow, "\(reply)")
  }

  @Test("a NAT gateway drops TCP fragments of replies too, and whole segments pass afterwards (AD-18)")
  func fragmentsAtNAT() {
    var scene = Scene(SemanticsNetwork(), midstream: .strict)
    let client = "10.0.1.10:40000"
    let server = "203.0.113.7:80"
    let cut = scene.send(PacketSummary.tcp(client, to: server).fragment(1, offset: 0, more: true))
    #expect(cut.packetClass == .deny)
    #expect(scene.send(.tcp(client, to: server)).packetClass == .allow)
    let reply = PacketSummary.tcp(server, to: client, [.syn, .ack])
    #expect(scene.send(reply.fragment(2, offset: 0, more: true)).packetClass == .deny)
    #expect(scene.send(reply).packetClass == .allow)
  }

  @Test("an echo reply without a request begins nothing: the request needs a rule of its own (CT-21)")
  func orphanReply() {
    var network = SemanticsNetwork()
    network.inbound("db", "icmp 0 from 10.0.1.0/24")
    network.outbound("db", "tcp any to 0.0.0.0/0")
    var scene = Scene(network)
    #expect(scene.send(.icmp("10.0.1.10", to: "10.0.2.10", type: 0)).state == .new)
    let request = scene.send(.icmp("10.0.2.10", to: "10.0.1.10", type: 8))
    #expect(request.packetClass == .deny, "\(request)")
    #expect(request.stage == .sourceSecurityGroup)
  }

  @Test("a reset begins nothing (CT-25)")
  func orphanReset() {
    var network = SemanticsNetwork()
    network.inbound("db", "tcp 5432 from 10.0.1.0/24")
    network.outbound("db")
    var scene = Scene(network, midstream: .strict)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.0.2.10:5432", .rst)).packetClass == .allow)
    #expect(scene.send(.tcp("10.0.2.10:5432", to: "10.0.1.10:40000", .ack)).packetClass == .deny)
  }

  @Test(
    "a connection that was met in the middle idles as an established one, and its FINs close it (CT-13, CT-25)"
  )
  func midstream() {
    var network = SemanticsNetwork()
    network.inbound("db", "tcp 5432 from 10.0.1.0/24")
    network.outbound("db")
    let client = "10.0.1.10:40000"
    let server = "10.0.2.10:5432"
    var idle = Scene(network, midstream: .strict)
    #expect(idle.send(.tcp(client, to: server, .ack)).packetClass == .allow)
    #expect(idle.send(.tcp(server, to: client, .ack, at: 4000)).state == .established)
    var closing = Scene(network, midstream: .strict)
    #expect(closing.send(.tcp(client, to: server, [.fin, .ack])).packetClass == .allow)
    #expect(closing.send(.tcp(server, to: client, [.fin, .ack])).packetClass == .allow)
    #expect(closing.send(.tcp(client, to: server, .ack)).packetClass == .allow)
    let late = closing.send(.tcp(client, to: server, .ack, at: 1))
    #expect(late.packetClass == .deny, "\(late)")
    #expect(late.state == .none)
  }

  @Test("an ICMP error about a closed connection is related to nothing (CT-22, CT-25)")
  func errorAfterClose() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from 203.0.113.0/24")
    network.outbound("web", "tcp any to 203.0.113.0/24")
    var scene = Scene(network)
    let request = PacketSummary.tcp("203.0.113.7:50000", to: "10.0.0.10:443")
    let reset = PacketSummary.tcp("10.0.0.10:443", to: "203.0.113.7:50000", .rst)
    #expect(scene.send(request).packetClass == .allow)
    #expect(scene.send(reset).packetClass == .allow)
    let error = scene.send(
      .icmp("192.0.2.1", to: "10.0.0.10", type: 3, code: 4, at: 1), quoting: QuotedPacket(reset))
    #expect(error.packetClass == .deny, "\(error)")
  }

  @Test("a host behind an internet gateway may send an error about a reply that it got (CT-22, CT-23)")
  func errorAboutReply() {
    var network = SemanticsNetwork()
    network.outbound("web", "udp any to 203.0.113.0/24")
    var scene = Scene(network)
    let query = PacketSummary.udp("10.0.0.10:40000", to: "203.0.113.7:53")
    let answer = PacketSummary.udp("203.0.113.7:53", to: "10.0.0.10:40000")
    #expect(scene.send(query).packetClass == .allow)
    #expect(scene.send(answer).packetClass == .allow)
    for source in ["10.0.0.10", "198.51.100.10"] {
      let error = scene.send(
        .icmp(source, to: "203.0.113.7", type: 3, code: 3, at: 1), quoting: QuotedPacket(answer))
      #expect(error.packetClass == .allow, "\(error)")
      #expect(error.state == .related)
    }
  }

  @Test("no route leads to the range of the platform's services (RT-9)")
  func serviceRange() {
    var scene = Scene(SemanticsNetwork())
    #expect(scene.send(.tcp("10.0.0.10:40000", to: "169.254.168.9:80")).code == .noPossibleDestination)
  }

  @Test("inside a subnet no ACL acts, even if the input lacks the sender (P-5, NACL-12)")
  func unknownNeighbour() {
    var network = SemanticsNetwork()
    network.acl("subnet-priv", inbound: [])
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.1.77:40000", to: "10.0.1.10:80")).packetClass == .unknown)
    #expect(scene.send(.tcp("10.0.2.77:40000", to: "10.0.1.10:80")).code == .networkACL)
  }

  @Test("a route to an instance that does not run is a blackhole (LC-9)")
  func stoppedForwarder() {
    var network = SemanticsNetwork()
    network.network.instances = [Instance(id: "i-fw", state: .stopped, networkInterfaces: ["eni-app2"])]
    network.interface("eni-app2") { $0.instance = "i-fw" }
    network.route("rtb-db", "0.0.0.0/0", .networkInterface("eni-app2"))
    var scene = Scene(network)
    let answer = scene.send(.tcp("10.0.2.10:40000", to: "203.0.113.7:80"))
    #expect(answer.code == .badStateRoute, "\(answer)")
  }

  @Test("a propagated route does not replace local (RT-3, RT-5)")
  func propagatedLocal() {
    var network = SemanticsNetwork()
    network.route("rtb-priv", "10.0.0.0/16", .peering("pcx-1"), origin: .propagated)
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.0.2.10:80")).packetClass == .allow)
  }

  @Test("mail is blocked at an egress-only gateway too, but not to local addresses (SG-45)")
  func mailOverIPv6() {
    var scene = Scene(SemanticsNetwork())
    let app = "[2001:db8:a00:1::10]:40000"
    #expect(scene.send(.tcp(app, to: "[2001:db8:ffff::7]:25")).code == .protocolRestriction)
    // The internet has no local addresses: mail to them is not stopped for being mail.
    #expect(scene.send(.tcp(app, to: "[fd12::7]:25")).code == .noPossibleDestination)
  }

  @Test("what is certain stays certain behind something unknown")
  func noRouteBehindUnknown() {
    var network = SemanticsNetwork()
    network.interface("eni-db") { $0.groups = [] }
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.2.10:40000", to: "203.0.113.7:80")).code == .noRoute)
  }

  @Test(
    "a fragment without ports may be meant by any rule of its protocol with an unknown prefix list (SG-33)")
  func fragmentAndUnknownList() {
    var network = SemanticsNetwork()
    network.inbound("db", "tcp 5432 from pl-unknown")
    var scene = Scene(network)
    let later = PacketSummary.tcp("10.0.1.10:40000", to: "10.0.2.10:5432", .ack)
      .fragment(7, offset: 1480, more: false)
    #expect(scene.send(later).packetClass == .unknown)
  }

  @Test("fragments of a denied datagram are as new as the first, and exempt ICMP has no flow")
  func states() {
    var network = SemanticsNetwork()
    network.outbound("app", "udp any to 10.0.0.0/8")
    network.inbound("db")
    var scene = Scene(network)
    let datagram = PacketSummary.udp("10.0.1.10:5000", to: "10.0.2.10:9")
    #expect(scene.send(datagram.fragment(1, offset: 0, more: true)).state == .new)
    #expect(scene.send(datagram.fragment(1, offset: 1480, more: false)).state == .new)
    let error = scene.send(.icmp("10.0.1.10", to: "169.254.169.254", type: 3, code: 3))
    #expect(error.packetClass == .exempt)
    #expect(error.state == .none)
  }
}
