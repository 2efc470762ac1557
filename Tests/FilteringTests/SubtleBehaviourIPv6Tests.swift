import Filtering
import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

/// Semantics section 12 in IPv6, where it applies.
@Suite("Subtle behaviours in IPv6")
struct SubtleBehaviourIPv6Tests {
  private let client = "2001:db8:ffff::7"
  private let web = "2001:db8:a00::10"
  private let app = "2001:db8:a00:1::10"
  private let app2 = "2001:db8:a00:1::11"
  private let db = "2001:db8:a00:2::10"

  @Test("S1: a group reference means members' IPv6 addresses too (SG-24)")
  func groupReference() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from sg-app")
    var scene = Scene(network)
    #expect(scene.send(.tcp("[\(app)]:40000", to: "[\(web)]:443")).packetClass == .allow)
    #expect(scene.send(.tcp("[\(app2)]:40000", to: "[\(web)]:443")).packetClass == .deny)
  }

  @Test("S2: an ACL does not act inside a subnet (NACL-12)")
  func subnetInside() {
    var network = SemanticsNetwork()
    network.acl(
      "subnet-priv", inbound: ["90 deny tcp 8080 from 2001:db8:a00::/56", "100 allow all from ::/0"])
    var scene = Scene(network)
    #expect(scene.send(.tcp("[\(app)]:40000", to: "[\(app2)]:8080")).packetClass == .allow)
    #expect(scene.send(.tcp("[\(db)]:40000", to: "[\(app2)]:8080")).rule == "acl-subnet-priv/90")
  }

  @Test("S3, S4: tracking is decided per family (CT-4), and decides what outlives a rule (CT-8, CT-9)")
  func ruleRemoval() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 22 from ::/0", "tcp 22 from 203.0.113.0/24")
    var scene = Scene(network)
    #expect(scene.send(.tcp("[\(client)]:50000", to: "[\(web)]:22")).state == .untracked)
    #expect(scene.send(.tcp("203.0.113.7:50000", to: "10.0.0.10:22")).state == .new)
    network.inbound("web")
    scene.change(to: network)
    #expect(scene.send(.tcp("[\(client)]:50000", to: "[\(web)]:22", .ack, at: 11)).packetClass == .deny)
    #expect(scene.send(.tcp("203.0.113.7:50000", to: "10.0.0.10:22", .ack, at: 11)).packetClass == .allow)
    // Without an IPv6 outbound rule every IPv6 flow is tracked, and IPv4 is as before (CT-4).
    network.inbound("web", "tcp 22 from ::/0", "tcp 22 from 0.0.0.0/0")
    network.outbound("web", "all to 0.0.0.0/0")
    var narrow = Scene(network)
    #expect(narrow.send(.tcp("[\(client)]:50001", to: "[\(web)]:22")).state == .new)
    #expect(narrow.send(.tcp("203.0.113.7:50001", to: "10.0.0.10:22")).state == .untracked)
  }

  @Test("S6: ICMPv6 type and code are no range (SG-13)")
  func icmpTypes() {
    var network = SemanticsNetwork()
    network.inbound("web", "icmpv6 1/4 from ::/0")
    var scene = Scene(network)
    #expect(scene.send(.icmp(client, to: web, type: 1, code: 4)).packetClass == .allow)
    #expect(scene.send(.icmp(client, to: web, type: 1, code: 3)).packetClass == .deny)
    #expect(scene.send(.icmp(client, to: web, type: 4, code: 0)).packetClass == .deny)
  }

  @Test(
    "S7: other protocols have no ports, and tcp any is not all traffic, in ACLs as well (SG-11, SG-16, NACL-9)"
  )
  func otherProtocols() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp any from ::/0", "132 from ::/0")
    var scene = Scene(network)
    #expect(scene.send(.other(132, client, to: web)).packetClass == .allow)
    #expect(scene.send(.udp("[\(client)]:5000", to: "[\(web)]:53")).packetClass == .deny)
    #expect(scene.send(.icmp(client, to: web, type: 128)).packetClass == .deny)
    #expect(scene.send(.other(47, client, to: web)).packetClass == .deny)
    network.inbound("web", "all from ::/0")
    network.acl("subnet-pub", inbound: ["100 allow tcp any from ::/0", "110 allow 132 from ::/0"])
    var behindACL = Scene(network)
    #expect(behindACL.send(.other(132, client, to: web)).packetClass == .allow)
    #expect(behindACL.send(.other(47, client, to: web)).stage == .destinationNetworkACL)
    #expect(behindACL.send(.udp("[\(client)]:5000", to: "[\(web)]:53")).stage == .destinationNetworkACL)
  }

  @Test("S18: group references are lost through a middlebox (SG-29)")
  func middlebox() {
    var network = SemanticsNetwork()
    network.addHost("fw", "subnet-pub", "10.0.0.50", v6: "2001:db8:a00::50")
    network.interface("eni-fw") { $0.sourceDestinationCheck = false }
    network.route("rtb-priv", "2001:db8:a00:2::/64", .networkInterface("eni-fw"))
    network.inbound("db", "tcp 5432 from sg-app")
    var byReference = Scene(network)
    let denied = byReference.send(.tcp("[\(app)]:40000", to: "[\(db)]:5432"))
    #expect(denied.packetClass == .deny && denied.code == .groupReferencesNotPreserved, "\(denied)")
    network.inbound("db", "tcp 5432 from 2001:db8:a00:1::/64")
    var byBlock = Scene(network)
    let open = byBlock.send(.tcp("[\(app)]:40000", to: "[\(db)]:5432"))
    #expect(open.packetClass == .unknown && open.missing == .forwardingInstance, "\(open)")
  }

  @Test("S5: packet-too-big passes for a tracked flow only (CT-22)")
  func icmpErrors() {
    for (rule, expected) in [
      ("tcp 443 from ::/0", PacketClass.deny), ("tcp 443 from 2001:db8:ffff::/48", .allow),
    ] {
      var network = SemanticsNetwork()
      network.inbound("web", rule)
      var scene = Scene(network)
      #expect(scene.send(.tcp("[\(client)]:50000", to: "[\(web)]:443")).packetClass == .allow)
      let reply = PacketSummary.tcp("[\(web)]:443", to: "[\(client)]:50000", [.syn, .ack])
      let error = PacketSummary.icmp("2001:db8:eeee::1", to: web, type: 2, at: 1)
      #expect(scene.send(error, quoting: QuotedPacket(reply)).packetClass == expected)
    }
  }

  @Test("S9: the default group admits itself only (SG-6)")
  func defaultGroup() {
    var network = SemanticsNetwork()
    network.inbound("db", "all from sg-db")
    var scene = Scene(network)
    #expect(scene.send(.tcp("[\(app)]:40000", to: "[\(db)]:5432")).packetClass == .deny)
    network.interface("eni-app") { $0.groups = ["sg-db"] }
    var both = Scene(network)
    #expect(both.send(.tcp("[\(app)]:40000", to: "[\(db)]:5432")).packetClass == .allow)
  }

  @Test("S10, S11: order of ACL entries, and replies through a stateless ACL (NACL-2, NACL-8)")
  func acl() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from 2001:db8:ffff::/48")
    network.outbound("web")
    network.acl(
      "subnet-pub", inbound: ["110 deny all from 2001:db8:ffff::7/128", "100 allow tcp 443 from ::/0"],
      outbound: ["100 allow tcp 443 to ::/0"])
    var scene = Scene(network)
    #expect(scene.send(.tcp("[\(client)]:51000", to: "[\(web)]:443")).packetClass == .allow)
    let reply = scene.send(.tcp("[\(web)]:443", to: "[\(client)]:51000", [.syn, .ack]))
    #expect(reply.packetClass == .deny)
    #expect(reply.stage == .sourceNetworkACL)
    #expect(reply.state == .established)
  }

  @Test("S12, S13: Amazon's DNS, metadata and time are exempt at their IPv6 addresses (SG-41)")
  func platformServices() {
    var network = SemanticsNetwork()
    network.outbound("app")
    network.acl("subnet-priv", inbound: [], outbound: [])
    var scene = Scene(network)
    for service in ["fd00:ec2::253", "fd00:ec2::254", "fd00:ec2::123", "fd00:ec2::250"] {
      #expect(scene.send(.udp("[\(app)]:5000", to: "[\(service)]:53")).packetClass == .exempt)
    }
    #expect(scene.send(.udp("[\(app)]:5000", to: "[2001:4860:4860::8888]:53")).packetClass == .deny)
    #expect(scene.send(.icmp(app, to: "ff02::1:ff00:1", type: 135)).packetClass == .exempt)
  }

  @Test("S14, S15: longest prefix first, and a blackhole does not fall through (RT-4, RT-12)")
  func routes() {
    var network = SemanticsNetwork()
    network.route("rtb-priv", "2001:db8:1234::/48", .egressOnlyGateway("eigw-gone"), isBlackhole: true)
    var scene = Scene(network)
    #expect(scene.send(.tcp("[\(app)]:40000", to: "[2001:db8:1234::1]:80")).code == .badStateRoute)
    #expect(scene.send(.tcp("[\(app)]:40000", to: "[2001:db8:1235::1]:80")).packetClass == .allow)
  }

  @Test("S20: idle timers (CT-13)")
  func idleTimers() {
    var network = SemanticsNetwork()
    network.inbound("db", "tcp 5432 from 2001:db8:a00:1::/64")
    network.outbound("db")
    for (timers, expected) in [(IdleTimers.nitro, PacketClass.allow), (.nitroV6, .deny)] {
      var scene = Scene(network, timers: timers)
      #expect(scene.send(.tcp("[\(app)]:40000", to: "[\(db)]:5432")).packetClass == .allow)
      #expect(scene.send(.tcp("[\(db)]:5432", to: "[\(app)]:40000", [.syn, .ack])).packetClass == .allow)
      #expect(scene.send(.tcp("[\(app)]:40000", to: "[\(db)]:5432", .ack)).packetClass == .allow)
      #expect(scene.send(.tcp("[\(db)]:5432", to: "[\(app)]:40000", .ack, at: 400)).packetClass == expected)
    }
  }

  @Test("S21: delegated /80 prefixes belong to the interface (AD-25, AD-27)")
  func addressCheck() {
    var network = SemanticsNetwork()
    network.interface("eni-app") { $0.delegatedPrefixes = [IPPrefix("2001:db8:a00:1:5::/80")!] }
    var scene = Scene(network)
    #expect(scene.send(.tcp("[\(db)]:40000", to: "[2001:db8:a00:1:5::33]:80")).packetClass == .allow)
    #expect(scene.send(.tcp("[\(db)]:40000", to: "[2001:db8:a00:1:6::33]:80")).packetClass == .deny)
  }

  @Test("S22: other protocols are tracked by address pair for 600 s (CT-3)")
  func otherProtocolFlow() {
    var network = SemanticsNetwork()
    network.inbound("app")
    var scene = Scene(network)
    #expect(scene.send(.other(47, app, to: "2001:db8:9::9")).packetClass == .allow)
    #expect(scene.send(.other(47, "2001:db8:9::9", to: app, at: 599)).packetClass == .allow)
    #expect(scene.send(.other(47, "2001:db8:9::9", to: app, at: 1200)).packetClass == .deny)
  }

  @Test("S24: late segments are rejected (CT-25)")
  func lateSegment() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from 2001:db8:ffff::/48")
    var scene = Scene(network)
    let from = "[\(client)]:50000"
    let to = "[\(web)]:443"
    #expect(scene.send(.tcp(from, to: to)).packetClass == .allow)
    #expect(scene.send(.tcp(to, from)).packetClass == .allow)
    #expect(scene.send(.tcp(from, to: to, .rst)).packetClass == .allow)
    #expect(scene.send(.tcp(from, to: to, .ack, at: 1)).packetClass == .deny)
  }
}

extension PacketSummary {
  /// The SYN-ACK of a server.
  fileprivate static func tcp(_ server: String, _ client: String) -> PacketSummary {
    .tcp(server, to: client, [.syn, .ack])
  }
}
