import Filtering
import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

/// Gateways and endpoints, as a question answered there and back.
@Suite("Gateways")
struct GatewayTests {
  private func ask(
    _ network: SemanticsNetwork, _ from: String, _ to: String,
    _ service: ServiceKey = ServiceKey(.tcp, port: 443)
  ) -> TraceAnswer {
    PacketFilter(network.network).trace(
      TraceQuestion(from: .address(IPAddress(from)!), to: .address(IPAddress(to)!), service: service))
  }

  @Test("NAT64: a NAT gateway carries 64:ff9b::/96 to IPv4, and groups see IPv6 (AD-22)")
  func nat64() {
    var network = SemanticsNetwork()
    network.route("rtb-priv", "64:ff9b::/96", .natGateway("nat-1"))
    network.inbound("app")
    network.outbound("app", "tcp 443 to 64:ff9b::/96", "icmpv6 128 to 64:ff9b::/96")
    let open = ask(network, "2001:db8:a00:1::10", "64:ff9b::203.0.113.7")
    #expect(open.verdict == .allow, "\(open.steps.map(\.step))")
    let last = open.steps.last { $0.way == .request }
    #expect(last?.header.destination == IPAddress("203.0.113.7"))
    #expect(last?.header.source == IPAddress("198.51.100.220"))
    #expect(open.steps.last?.header.source == IPAddress("64:ff9b::203.0.113.7"))
    #expect(open.steps.last?.header.destination == IPAddress("2001:db8:a00:1::10"))
    let ping = ask(network, "2001:db8:a00:1::10", "64:ff9b::203.0.113.7", ServiceKey(.icmpv6, port: 128 << 8))
    #expect(ping.verdict == .allow, "\(ping.steps.map(\.step))")
    #expect(ping.steps.last?.header.service == ServiceKey(.icmpv6, port: 129 << 8))
    network.outbound("app", "tcp 443 to 0.0.0.0/0")
    #expect(ask(network, "2001:db8:a00:1::10", "64:ff9b::203.0.113.7").verdict == .deny)
  }

  @Test("A NAT gateway serves its own VPC, and what comes by a transit gateway (AD-20)")
  func natSources() {
    var network = SemanticsNetwork()
    network.route("rtb-b", "0.0.0.0/0", .transitGateway("tgw-1"))
    network.network.transitGateways = [TransitGateway(id: "tgw-1")]
    network.network.subnets.append(
      Subnet(id: "subnet-tgw", vpc: "vpc-a", ipv4Block: Prefix("10.0.9.0/24")!))
    network.network.routeTables.append(
      RouteTable(
        id: "rtb-tgw", vpc: "vpc-a", subnets: ["subnet-tgw"],
        routes: [Route(destination: .prefix(IPPrefix("0.0.0.0/0")!), target: .natGateway("nat-1"))]))
    network.route("rtb-pub", "10.1.0.0/16", .transitGateway("tgw-1"))
    network.network.transitGatewayAttachments = [
      TransitGatewayAttachment(
        id: "att-a", transitGateway: "tgw-1", kind: .vpc, resource: "vpc-a", associatedTable: "tgw-rtb-1",
        subnets: ["subnet-tgw"]),
      TransitGatewayAttachment(
        id: "att-b", transitGateway: "tgw-1", kind: .vpc, resource: "vpc-b", associatedTable: "tgw-rtb-1",
        subnets: ["subnet-b"]),
    ]
    network.network.transitGatewayRouteTables = [
      TransitGatewayRouteTable(
        id: "tgw-rtb-1", transitGateway: "tgw-1",
        routes: [
          TransitGatewayRoute(destination: .prefix(IPPrefix("0.0.0.0/0")!), attachments: ["att-a"])
        ], propagations: ["att-a", "att-b"])
    ]
    let central = ask(network, "10.1.0.10", "203.0.113.7")
    #expect(central.verdict == .allow, "\(central.steps.map(\.step))")
    // The same by peering: the peer's NAT gateway is out of reach (RT-20, RT-21).
    network.removeRoute("rtb-b", "0.0.0.0/0")
    network.route("rtb-b", "0.0.0.0/0", .peering("pcx-1"))
    let transit = ask(network, "10.1.0.10", "203.0.113.7")
    #expect(transit.blockers.first?.step.code == .peeringAddressOutsideVPC)
  }

  @Test("E6: across a transit gateway references count inbound only (SG-25)")
  func referencesAcrossTransitGateways() {
    var network = SemanticsNetwork()
    network.network.peeringConnections = []
    for (table, block) in [("rtb-priv", "10.1.0.0/16"), ("rtb-b", "10.0.0.0/16")] {
      network.removeRoute(ResourceID(table), block)
      network.route(ResourceID(table), block, .transitGateway("tgw-1"))
    }
    var gateway = TransitGateway(id: "tgw-1")
    gateway.supportsGroupReferences = true
    network.network.transitGateways = [gateway]
    network.network.transitGatewayAttachments = [
      ("att-a", "vpc-a", "subnet-priv"), ("att-b", "vpc-b", "subnet-b"),
    ]
    .map { id, vpc, subnet in
      var attachment = TransitGatewayAttachment(
        id: ResourceID(id), transitGateway: "tgw-1", kind: .vpc, resource: ResourceID(vpc),
        associatedTable: "tgw-rtb-1", subnets: [ResourceID(subnet)])
      attachment.supportsGroupReferences = true
      return attachment
    }
    network.network.transitGatewayRouteTables = [
      TransitGatewayRouteTable(
        id: "tgw-rtb-1", transitGateway: "tgw-1",
        routes: [
          TransitGatewayRoute(destination: .prefix(IPPrefix("10.0.0.0/16")!), attachments: ["att-a"]),
          TransitGatewayRoute(destination: .prefix(IPPrefix("10.1.0.0/16")!), attachments: ["att-b"]),
        ], propagations: ["att-a", "att-b"])
    ]
    network.inbound("b", "tcp 443 from sg-app")
    network.outbound("app", "tcp 443 to 10.1.0.0/16")
    #expect(ask(network, "10.0.1.10", "10.1.0.10").verdict == .allow)
    network.outbound("app", "tcp 443 to sg-b")
    let denied = ask(network, "10.0.1.10", "10.1.0.10")
    #expect(denied.verdict == .deny)
    #expect(denied.blockers.map(\.step.stage) == [.sourceSecurityGroup])
  }

  @Test("A route to a prefix list whose entries are missing makes answers unknown where it might apply")
  func unknownPrefixList() {
    var network = SemanticsNetwork()
    network.network.routeTables[1].routes.append(
      Route(destination: .prefixList("pl-s3"), target: .endpoint("vpce-s3")))
    network.network.endpoints = [VPCEndpoint(id: "vpce-s3", vpc: "vpc-a", kind: .gateway)]
    #expect(ask(network, "10.0.1.10", "52.216.10.20").verdict == .unknown)
    #expect(ask(network, "10.0.1.10", "203.0.113.7").verdict == .allow)
    #expect(ask(network, "10.0.1.10", "10.0.2.10").verdict == .allow)
    network.network.prefixLists = [PrefixList(id: "pl-s3", entries: [IPPrefix("52.216.0.0/15")!])]
    #expect(ask(network, "10.0.1.10", "52.216.10.20").verdict == .allow)
    // A gateway endpoint takes TCP and ICMP echo only (RT-22).
    let dns = ask(network, "10.0.1.10", "52.216.10.20", ServiceKey(.udp, port: 53))
    #expect(dns.blockers.first?.step.code == .endpointProtocol)
  }

  @Test("An internet gateway's own route table sends traffic to an appliance first (RT-16)")
  func edgeTable() {
    var network = SemanticsNetwork()
    network.addHost("fw", "subnet-db", "10.0.2.50")
    network.interface("eni-fw") { $0.sourceDestinationCheck = false }
    network.network.routeTables.append(
      RouteTable(
        id: "rtb-edge", vpc: "vpc-a", gateways: ["igw-1"],
        routes: [Route(destination: .prefix(IPPrefix("10.0.0.0/24")!), target: .networkInterface("eni-fw"))]))
    let answer = ask(network, "203.0.113.7", "198.51.100.10")
    #expect(answer.verdict == .unknown)
    #expect(answer.unknowns.first?.step.missing == .forwardingInstance)
    #expect(answer.steps.contains { $0.step.stage == .route && $0.step.direction == .ingress })
  }

  @Test("Nothing begins outside an egress-only gateway, and its replies come back (AD-24)")
  func egressOnly() {
    let network = SemanticsNetwork()
    #expect(ask(network, "2001:db8:a00:1::10", "2001:db8:ffff::7").verdict == .allow)
    #expect(ask(network, "2001:db8:ffff::7", "2001:db8:a00:1::10").verdict == .deny)
    #expect(ask(network, "2001:db8:ffff::7", "2001:db8:a00::10").verdict == .allow)
  }

  @Test("A source of the VPC itself does not come from the internet (AD-13)")
  func spoofedSource() {
    let filter = PacketFilter(SemanticsNetwork().network)
    let question = TraceQuestion(
      from: .address(IPAddress("2001:db8:a00:1::10")!), to: .address(IPAddress("2001:db8:a00::10")!),
      entersAt: .internet, service: ServiceKey(.tcp, port: 443))
    #expect(filter.trace(question).blockers.first?.step.code == .spoofedSource)
  }

  @Test("IPv6 between two VPCs over their internet gateways meets the groups of both")
  func twoGateways() {
    var network = SemanticsNetwork()
    network.network.vpcs[1].ipv6Blocks = [Prefix("2001:db8:b00::/56")!]
    network.network.subnets[3].ipv6Blocks = [Prefix("2001:db8:b00::/64")!]
    network.interface("eni-b") { $0.ipv6Addresses = [IPv6Address("2001:db8:b00::10")!] }
    network.network.internetGateways.append(InternetGateway(id: "igw-b", vpc: "vpc-b"))
    network.route("rtb-b", "::/0", .internetGateway("igw-b"))
    #expect(ask(network, "2001:db8:a00::10", "2001:db8:b00::10").verdict == .allow)
    network.inbound("b", "tcp 443 from 10.0.0.0/8")
    let denied = ask(network, "2001:db8:a00::10", "2001:db8:b00::10")
    #expect(denied.blockers.first?.step.stage == .destinationSecurityGroup)
  }

  @Test("A stopped instance neither sends nor receives, and a route through it leads nowhere (LC-8, LC-9)")
  func stoppedInstance() {
    var network = SemanticsNetwork()
    network.network.instances = [Instance(id: "i-app2", state: .stopped)]
    network.interface("eni-app2") { $0.instance = "i-app2" }
    let answer = ask(network, "10.0.1.10", "10.0.1.11")
    #expect(answer.verdict == .deny)
    #expect(answer.blockers.first?.step.code == .badState)
    network.route("rtb-db", "203.0.113.0/24", .networkInterface("eni-app2"))
    #expect(ask(network, "10.0.2.10", "203.0.113.7").blockers.contains { $0.step.code == .badStateRoute })
  }

  @Test("Routes that lead in circles end: two transit gateways, each of which has the other's hosts")
  func circles() {
    var network = SemanticsNetwork()
    network.route("rtb-b", "10.9.0.0/16", .transitGateway("tgw-1"))
    network.network.transitGateways = [TransitGateway(id: "tgw-1"), TransitGateway(id: "tgw-2")]
    network.network.transitGatewayAttachments = [
      TransitGatewayAttachment(
        id: "att-b", transitGateway: "tgw-1", kind: .vpc, resource: "vpc-b", associatedTable: "tgw-rtb-1",
        subnets: ["subnet-b"]),
      TransitGatewayAttachment(
        id: "att-12", transitGateway: "tgw-1", kind: .peering, resource: "tgw-2", associatedTable: "tgw-rtb-1"
      ),
      TransitGatewayAttachment(
        id: "att-21", transitGateway: "tgw-2", kind: .peering, resource: "tgw-1", associatedTable: "tgw-rtb-2"
      ),
    ]
    network.network.transitGatewayRouteTables = [
      ("tgw-rtb-1", "tgw-1", "att-12"), ("tgw-rtb-2", "tgw-2", "att-21"),
    ]
    .map { table, gateway, attachment in
      TransitGatewayRouteTable(
        id: ResourceID(table), transitGateway: ResourceID(gateway),
        routes: [
          TransitGatewayRoute(
            destination: .prefix(IPPrefix("10.9.0.0/16")!), attachments: [ResourceID(attachment)])
        ], propagations: [])
    }
    let answer = ask(network, "10.1.0.10", "10.9.0.1")
    #expect(answer.blockers.last?.step.code == .noPossibleDestination, "\(answer.steps.map(\.step))")
    #expect(answer.steps.map(\.step.leg).max() == 16)
  }

  @Test(
    "Answers go to a port of the NAT gateway's own choice, 1024 to 65535, whatever port the request came from (AD-15)"
  )
  func translatedPorts() {
    for (entries, expected) in [
      (["100 allow udp 1024-65535 from 0.0.0.0/0"], PacketClass.allow),
      (["100 allow udp 1024-40000 from 0.0.0.0/0", "110 allow udp 40001-65535 from 203.0.113.0/24"], .allow),
      (["100 allow udp 32768-65535 from 0.0.0.0/0"], .unknown),
      (["100 deny udp 5000 from 203.0.113.7/32", "110 allow all from 0.0.0.0/0"], .unknown),
      (["100 allow udp 0-1023 from 0.0.0.0/0"], .deny),
    ] {
      for port in [123, 5000, 40_000] {
        var network = SemanticsNetwork()
        network.acl("subnet-pub", inbound: ["50 allow all from 10.0.0.0/16"] + entries)
        var scene = Scene(network)
        #expect(scene.send(.udp("10.0.1.10:\(port)", to: "203.0.113.7:123")).packetClass == .allow)
        let answer = scene.send(.udp("203.0.113.7:123", to: "10.0.1.10:\(port)"))
        #expect(answer.packetClass == expected, "\(entries), \(port): \(answer)")
        #expect(answer.missing == (expected == .unknown ? .translatedPort : nil))
        // Where both sides of the gateway were captured its outside is known.
        let outside = scene.send(.udp("10.0.0.220:40000", to: "203.0.113.7:123"))
        #expect(outside.packetClass == .allow)
        let known = scene.send(.udp("203.0.113.7:123", to: "10.0.0.220:40000"))
        #expect(known.packetClass == (expected == .deny ? .deny : .allow), "\(entries)")
        if expected == .deny {
          #expect(answer.explanation.contains("udp 1024-65535 from 203.0.113.7: the answer goes to one of"))
          #expect(known.explanation.contains("allows udp 40000 from 203.0.113.7; nearest"), "\(known)")
        }
        // What nobody asked for is no answer, whichever of the gateway's addresses it is for.
        for address in ["10.0.0.220", "198.51.100.220"] where expected == .deny {
          let scan = scene.send(.udp("203.0.113.7:50000", to: "\(address):2222"))
          #expect(scan.packetClass == .deny)
          #expect(scan.explanation.contains("allows udp 2222 from 203.0.113.7; nearest"), "\(scan)")
        }
        // No port of an ICMP query changes.
        #expect(scene.send(.icmp("10.0.1.10", to: "203.0.113.7", type: 8)).packetClass == .allow)
      }
    }
  }
}
