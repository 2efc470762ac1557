import Filtering
import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

/// What would open a question that a gateway or a missing route stops.
@Suite("Remedies")
struct RemedyTests {
  private func remedy(
    _ network: SemanticsNetwork, _ from: String, _ to: String,
    _ service: ServiceKey = ServiceKey(.tcp, port: 443)
  ) -> (Remedy, TraceAnswer) {
    let filter = PacketFilter(network.network)
    let question = TraceQuestion(
      from: .address(IPAddress(from)!), to: .address(IPAddress(to)!), service: service)
    let answer = filter.trace(question)
    return (filter.remedy(for: answer, to: question), answer)
  }

  private func open(_ network: inout SemanticsNetwork, _ hosts: String...) {
    for host in hosts {
      network.inbound(host, "all from 0.0.0.0/0", "all from ::/0")
      network.outbound(host, "all to 0.0.0.0/0", "all to ::/0")
    }
  }

  @Test("Past an internet gateway that refuses private addresses: the peering that is there (AD-13, RT-20)")
  func peering() {
    var network = SemanticsNetwork()
    open(&network, "web", "b")
    let (remedy, answer) = remedy(network, "10.0.0.10", "10.1.0.10")
    #expect(answer.blockers.first?.step.code == .gatewayEgressToRFC1918)
    #expect(remedy.suggestions.map(\.text) == ["add to rtb-pub a route: 10.1.0.0/16 -> pcx-1"])
    #expect(remedy.isComplete)
    network.route("rtb-pub", "10.1.0.0/16", .peering("pcx-1"))
    #expect(self.remedy(network, "10.0.0.10", "10.1.0.10").1.verdict == .allow)
  }

  @Test("A route through a stopped instance is opened by a start; a terminated one does not start (LC-9)")
  func stoppedHop() {
    var network = SemanticsNetwork()
    open(&network, "db")
    network.route("rtb-db", "0.0.0.0/0", .instance("i-web"))
    network.interface("eni-web") { $0.instance = "i-web" }
    network.network.instances = [Instance(id: "i-web", state: .stopped, networkInterfaces: ["eni-web"])]
    #expect(
      remedy(network, "10.0.2.10", "203.0.113.7").0.suggestions.map(\.text) == [
        "start i-web, or give a working target to the route 0.0.0.0/0 -> i-web of rtb-db"
      ])
    network.network.instances[0].state = .terminated
    #expect(
      remedy(network, "10.0.2.10", "203.0.113.7").0.suggestions.map(\.text) == [
        "give a working target to the route 0.0.0.0/0 -> i-web of rtb-db"
      ])
  }

  @Test("An instance that does not run is started or waited for; a terminated one does not come back (LC-2)")
  func idleEnd() {
    var network = SemanticsNetwork()
    open(&network, "app", "db")
    network.interface("eni-db") { $0.instance = "i-db" }
    for (state, texts) in [
      (InstanceState.stopped, ["start i-db"]), (.pending, ["wait until i-db runs"]), (.terminated, []),
    ] {
      network.network.instances = [Instance(id: "i-db", state: state, networkInterfaces: ["eni-db"])]
      let (remedy, answer) = remedy(network, "10.0.1.10", "10.0.2.10")
      #expect(answer.verdict == .deny)
      #expect(remedy.suggestions.map(\.text) == texts, "\(state)")
      #expect(!remedy.isComplete)
    }
  }

  @Test("A reply without a way back")
  func reply() {
    var network = SemanticsNetwork()
    open(&network, "app", "b")
    network.removeRoute("rtb-b", "10.0.0.0/16")
    let (remedy, answer) = remedy(network, "10.0.1.10", "10.1.0.10")
    #expect(answer.blockers.map(\.way) == [.reply])
    #expect(remedy.suggestions.map(\.text) == ["add to rtb-b a route: 10.0.0.0/16 -> pcx-1"])
    var noWay = SemanticsNetwork()
    open(&noWay, "web")
    noWay.removeRoute("rtb-pub", "0.0.0.0/0")
    let back = self.remedy(noWay, "203.0.113.7", "198.51.100.10").0
    #expect(back.suggestions.map(\.text) == ["add to rtb-pub a route: 203.0.113.7/32 -> igw-1"])
  }

  @Test("IPv6 to the internet: by the internet gateway, or out only")
  func ipv6() {
    var network = SemanticsNetwork()
    open(&network, "web", "db")
    let (way, answer) = remedy(network, "2001:db8:a00:2::10", "2001:4860:4860::8888")
    #expect(answer.blockers.first?.step.code == .noRoute)
    #expect(way.suggestions.map(\.text) == ["add to rtb-db a route: 2001:4860:4860::8888/128 -> igw-1"])
    network.network.internetGateways = []
    let out = remedy(network, "2001:db8:a00:2::10", "2001:4860:4860::8888").0
    #expect(out.suggestions.map(\.text) == ["add to rtb-db a route: 2001:4860:4860::8888/128 -> eigw-1"])
  }

  @Test("Transit gateways: a zone that an attachment does not serve, a table without the route (RT-24)")
  func transit() {
    var network = SemanticsNetwork()
    open(&network, "app", "b")
    network.network.peeringConnections = []
    network.removeRoute("rtb-priv", "10.1.0.0/16")
    network.removeRoute("rtb-b", "10.0.0.0/16")
    network.network.transitGateways = [TransitGateway(id: "tgw-1")]
    network.network.transitGatewayAttachments = [
      TransitGatewayAttachment(
        id: "att-a", transitGateway: "tgw-1", kind: .vpc, resource: "vpc-a", associatedTable: "tgw-rtb-1",
        subnets: ["subnet-pub"]),
      TransitGatewayAttachment(
        id: "att-b", transitGateway: "tgw-1", kind: .vpc, resource: "vpc-b", associatedTable: "tgw-rtb-1",
        subnets: ["subnet-b"]),
    ]
    network.network.transitGatewayRouteTables = [
      TransitGatewayRouteTable(id: "tgw-rtb-1", transitGateway: "tgw-1", routes: [], propagations: [])
    ]
    for index in network.network.subnets.indices {
      network.network.subnets[index].zone =
        network.network.subnets[index].id == "subnet-priv" ? "eu-1b" : "eu-1a"
    }
    // By the NAT gateway as it is: the transit gateway joins the two.
    network.route("rtb-b", "10.0.0.0/16", .transitGateway("tgw-1"))
    let direct = remedy(network, "10.0.1.10", "10.1.0.10").0
    #expect(direct.suggestions.map(\.text).contains("add to rtb-priv a route: 10.1.0.0/16 -> tgw-1"))
    network.route("rtb-priv", "10.1.0.0/16", .transitGateway("tgw-1"))
    let (zone, answer) = remedy(network, "10.0.1.10", "10.1.0.10")
    #expect(answer.blockers.map(\.step.code).prefix(2) == [.transitZone, .transitNoRoute])
    #expect(
      zone.suggestions.map(\.text) == [
        "add a subnet of zone eu-1b to att-a",
        "add to tgw-rtb-1 a route: 10.1.0.0/16 -> att-b, or let it propagate its routes",
      ])
    #expect(!zone.isComplete)
  }

  @Test("A peering that nobody accepted, and what no change opens for certain")
  func others() {
    var network = SemanticsNetwork()
    open(&network, "app", "b")
    network.network.peeringConnections[0].state = "pending-acceptance"
    #expect(remedy(network, "10.0.1.10", "10.1.0.10").0.suggestions.map(\.text) == ["accept pcx-1"])
    let nowhere = remedy(network, "10.0.0.10", "192.168.7.7").0
    #expect(nowhere.suggestions.isEmpty && !nowhere.isComplete)
  }
}
