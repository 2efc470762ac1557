import Filtering
import NetworkTypes
import PolicyFormats
import RuleMatching
import TestSupport
import Testing
import TrafficSynthesis
import VirtualNetworks

/// The boundary capture of a network is judged otherwise by every network that differs by one step at all.
@Suite struct BoundaryTests {
  /// Some mutants, others every time, since a thousand take a minute.
  @Test func threeTierNetwork() throws {
    var random = SeededRandom.fresh("boundaries of the example")
    try check(SynthesisTests.network(), mutantCount: 80, &random)
  }

  @Test func networkOfTheSemantics() throws {
    var scene = SemanticsNetwork()
    scene.inbound("web", "tcp 443 from 0.0.0.0/0", "tcp 443 from ::/0", "icmp 8 from 203.0.113.0/24")
    scene.inbound("app", "tcp 8080-8090 from sg-web", "udp 514 from 10.0.0.0/16", "47 from 10.0.2.10/32")
    scene.outbound("app", "tcp 5432 to sg-db", "tcp 443 to 0.0.0.0/0", "udp 53 to 198.51.100.0/24")
    scene.inbound(
      "db", "tcp 5432 from 10.0.1.0/24", "tcp 5432-5433 from 10.0.1.0/25", "icmp 3/4 from 10.0.0.0/8")
    scene.outbound("db")
    scene.acl(
      "subnet-pub",
      inbound: [
        "90 deny tcp 22 from 0.0.0.0/0", "100 allow tcp 443 from 0.0.0.0/0",
        "110 allow tcp 1024-65535 from 0.0.0.0/0",
        "120 allow all from 10.0.0.0/16", "130 allow tcp 443 from ::/0",
        "140 allow icmp any from 203.0.113.0/25",
      ],
      outbound: [
        "100 allow tcp 1024-65535 to 0.0.0.0/0", "105 deny tcp 443 to 198.51.100.128/25",
        "110 allow tcp 443 to 0.0.0.0/0", "120 allow all to 10.0.0.0/16", "130 allow tcp 32768-60999 to ::/0",
      ])
    scene.acl("subnet-db", inbound: ["100 allow tcp 5432 from 10.0.0.0/16", "200 deny all from 0.0.0.0/0"])
    var random = SeededRandom.fresh("boundaries of the semantics")
    try check(scene.network, mutantCount: 80, &random)
  }

  /// Networks of random rules, of each some mutants: others every time.
  @Test func randomRules() throws {
    var random = SeededRandom.fresh("boundaries")
    for _ in 0..<Self.networkCount {
      let scene = scene(&random)
      try check(scene.network, mutantCount: Self.mutantCount, &random)
    }
  }

  /// Where the search is cut short it says of what, and the edges are there all the same.
  @Test func limit() {
    var scene = SemanticsNetwork()
    scene.inbound("web", "tcp 443 from 0.0.0.0/0")
    let whole = BoundaryTraffic(scene.network)
    #expect(whole.report.cuts == [])
    #expect(whole.report.shown + whole.report.alike == whole.report.mutants)
    let cut = BoundaryTraffic(scene.network, workLimit: 200)
    let web = cut.report.cuts.first { $0.owner == "sg-web" }
    #expect(web.map { 1...$0.total ~= $0.mutants } ?? false)
    #expect(cut.report.mutants == whole.report.mutants)
    #expect(cut.flowCount > 20)
    #expect(cut.flowCount <= whole.flowCount)
  }

  /// Of a rule with many blocks each gets edges, up to a limit; and they are sent where somebody takes them.
  @Test func everyBlockHasEdges() throws {
    let text = """
      vpcs:
        v:
          cidr: [10.0.0.0/16, "2001:db8:a00::/56"]
          subnets:
            pub: {cidr: [10.0.0.0/24, "2001:db8:a00::/64"], routes: pub}
          route_tables:
            pub: {0.0.0.0/0: internet, "::/0": internet}
      prefix_lists:
        p: [\((1...6).map { "20.0.\(16 * $0).0/24" }.joined(separator: ", "))]
      security_groups:
        app: {inbound: ["tcp 443 from pl/p", "tcp 22 from 2600:1::/32"], outbound: []}
      instances:
        a: {subnet: pub, private_ip: 10.0.0.9, groups: [app], state: stopped}
        h:
          subnet: pub
          private_ip: 10.0.0.10
          public_ip: 198.51.100.10
          ipv6: "2001:db8:a00::10"
          groups: [app]
      """
    let network = try VirtualNetwork(yaml: text)
    let capture = try MadeCapture(boundariesOf: network).packets()
    let original = MadeCapture.verdicts(on: capture, in: network)
    for block in (1...6).map({ "20.0.\(16 * $0).0/2" }) {
      let narrow = try VirtualNetwork(yaml: text.replacing(block + "4", with: block + "5"))
      #expect(
        MadeCapture.differs(capture, from: original, in: narrow), "\(block)4 is narrower, and nothing shows")
    }
    let first = IPAddress("2600:1::")
    let last = IPAddress("2600:1:ffff:ffff:ffff:ffff:ffff:ffff")
    let after = IPAddress("2600:2::")
    for edge in [first, last, after] {
      #expect(
        capture.packets.contains { $0.addresses.source == edge },
        "nothing from \(edge.map(String.init(describing:)) ?? "")")
    }
    let toStopped = capture.packets.filter { $0.addresses.destination == IPAddress("10.0.0.9") }
    #expect(!toStopped.contains { $0.addresses.source == IPAddress("20.0.16.0") })
    let limited = BoundaryTraffic(network, blockLimit: 1)
    #expect(limited.report.blocksWithoutEdges == 1)
    #expect(BoundaryTraffic(network).report.blocksWithoutEdges == 0)
  }

  /// What is asked of a search takes a share of the limit, however large the lists and sets: it ends, and says what is left.
  @Test func largeListsAreCutShort() throws {
    var scene = SemanticsNetwork()
    scene.acl("subnet-pub", inbound: [], outbound: [])
    let acl = scene.network.networkACLs.count - 1
    let id = scene.network.networkACLs[acl].id
    // Every second entry denies: 79,800 pairs may change places.
    scene.network.networkACLs[acl].inbound = (1...400).map { number in
      NetworkACLEntry(
        number: number, action: number.isMultiple(of: 2) ? .deny : .allow,
        traffic: number <= 200 ? .all : .tcp(PortRange(UInt16(10 + 2 * number))),
        prefix: number <= 200 ? IPPrefix("20.\(number).0.0/16")! : IPPrefix("0.0.0.0/0")!)
    }
    let traffic = BoundaryTraffic(scene.network, workLimit: 20_000)
    let cut = try #require(traffic.report.cuts.first { $0.owner == id })
    #expect(cut.mutants > 50_000)
    let report = traffic.report
    let all = report.cuts.reduce(report.shown + report.alike + report.givenUp) { $0 + $1.mutants }
    #expect(all == report.mutants)
  }

  private static let networkCount = 2
  private static let mutantCount = 40

  // MARK: Random rules

  private func scene(_ random: inout SeededRandom) -> SemanticsNetwork {
    var scene = SemanticsNetwork()
    for host in ["web", "app", "db"] {
      let index = scene.network.securityGroups.firstIndex { $0.id.rawValue == "sg-" + host }!
      let open = scene.network.securityGroups[index].outbound
      scene.network.securityGroups[index].inbound = (0..<4).map { rule(&random, "inbound-\($0)") }
      scene.network.securityGroups[index].outbound =
        Bool.random(using: &random) ? open : (0..<3).map { rule(&random, "outbound-\($0)") }
    }
    let subnets = ["subnet-pub", "subnet-priv", "subnet-db"]
    for subnet in Bool.random(using: &random) ? subnets : [subnets.randomElement(using: &random)!] {
      scene.acl(ResourceID(subnet), inbound: [], outbound: [])
      let acl = scene.network.networkACLs.count - 1
      scene.network.networkACLs[acl].inbound = entries(&random)
      scene.network.networkACLs[acl].outbound = entries(&random)
    }
    return scene
  }

  private func rule(_ random: inout SeededRandom, _ id: String) -> SecurityGroupRule {
    SecurityGroupRule(id: id, match: Match(traffic(&random), peer: .prefix(prefix(&random))))
  }

  private func entries(_ random: inout SeededRandom) -> [NetworkACLEntry] {
    (1...5).map { number in
      NetworkACLEntry(
        number: 100 * number,
        action: number.isMultiple(of: 2) && Bool.random(using: &random) ? .deny : .allow,
        traffic: Bool.random(using: &random) ? .all : traffic(&random), prefix: prefix(&random))
    }
  }

  private func traffic(_ random: inout SeededRandom) -> TrafficMatch {
    let first = [22, 80, 443, 1024, 5432, 32_768].randomElement(using: &random)! as UInt16
    let last = [first, first + 1, 60_999, 65_535].randomElement(using: &random)! as UInt16
    return [
      .tcp(PortRange(first, last)!), .tcp(PortRange(first, last)!), .udp(PortRange(first, last)!),
      .icmp(.type(8)), .all,
    ]
    .randomElement(using: &random)!
  }

  private func prefix(_ random: inout SeededRandom) -> IPPrefix {
    let blocks = [
      "0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/24", "10.0.1.8/29", "203.0.113.0/24", "203.0.113.0/25",
      "10.0.0.10/32",
      "::/0", "2001:db8:a00::/64",
    ]
    return IPPrefix(blocks.randomElement(using: &random)!)!
  }

  // MARK: The bar

  /// - Parameter mutantCount: How many mutants, drawn from all, are tried; nil for every one.
  private func check(
    _ network: VirtualNetwork, mutantCount: Int? = nil, _ random: inout SeededRandom,
    sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) throws {
    // A short first look as well: after it is worked out where packets may be met.
    let firstLook = Bool.random(using: &random) ? 1 : BoundaryTraffic.firstLook
    let batch = try MadeCapture(boundariesOf: network, firstLook: firstLook).packets()
    let original = MadeCapture.verdicts(on: batch, in: network)
    var mutants = NetworkMutants(of: network).all
    if let mutantCount { mutants = Array(mutants.shuffled(using: &random).prefix(mutantCount)) }
    let probes = Probes(network)
    var same = 0
    for mutant in mutants where !MadeCapture.differs(batch, from: original, in: mutant.network) {
      same += 1
      if let probe = probes.difference(mutant) {
        Issue.record("\(mutant.name): not shown, yet \(probe)", sourceLocation: sourceLocation)
      }
    }
    print(
      "boundaries: first look \(firstLook), \(batch.packets.count) packets, \(mutants.count) mutants, \(same) of them the "
        + "same policy")
    // Random rules make many that never decide; that some do is what keeps this test from being empty.
    #expect(mutants.count - same > mutants.count / 20, sourceLocation: sourceLocation)
  }
}

/// Flows between all edges of the network's rules and all its hosts, on all ports at edges, asked one by one.
struct Probes {
  private var flows: [(request: PacketSummary, reply: PacketSummary)] = []
  private let network: VirtualNetwork

  private struct Answer: Equatable {
    var request: PacketClass
    var reply: PacketClass
  }

  init(_ network: VirtualNetwork) {
    var prefixes: Set<IPPrefix> = []
    var services: Set<ServiceKey> = [ServiceKey(.icmp, port: 0x0800), ServiceKey(.icmpv6, port: 0x8000)]
    func add(_ traffic: TrafficMatch, _ prefix: IPPrefix?) {
      if let prefix { prefixes.insert(prefix) }
      let range = traffic.services
      for step in [-1, 0, 1] {
        for end in [range.lowerBound, range.upperBound] {
          let port = UInt16(truncatingIfNeeded: Int(end.port) + step)
          if traffic != .all { services.insert(ServiceKey(range.lowerBound.ipProtocol, port: port)) }
          for other in [IPProtocol.tcp, .udp] where traffic.ipProtocol?.hasPorts ?? false {
            services.insert(ServiceKey(other, port: port))
          }
        }
      }
    }
    for group in network.securityGroups {
      for rule in group.inbound + group.outbound {
        if case .prefix(let prefix) = rule.match.peer {
          add(rule.match.traffic, prefix)
        } else {
          add(rule.match.traffic, nil)
        }
      }
    }
    for acl in network.networkACLs {
      for entry in acl.inbound + acl.outbound { add(entry.traffic, entry.prefix) }
    }
    var addresses: Set<IPAddress> = []
    for prefix in prefixes {
      addresses.insert(prefix.first)
      addresses.insert(prefix.last)
      if prefix.length < (prefix.family == .v4 ? 32 : 128) {
        addresses.insert(IPPrefix(prefix.last, length: prefix.length + 1).first)
      }
      if prefix.length > 0 {
        let wide = IPPrefix(prefix.first, length: prefix.length - 1)
        addresses.insert(wide.first)
        addresses.insert(wide.last)
      }
    }
    // NAT gateways send nothing of their own.
    let hosts = network.networkInterfaces.filter { $0.kind != .natGateway }.flatMap { interface in
      interface.ipv4Addresses.prefix(1).map { IPAddress.v4($0.address) }
        + interface.ipv6Addresses.prefix(1).map { .v6($0) }
    }
    addresses.formUnion(hosts)
    for host in hosts {
      for remote in addresses where remote.family == host.family && remote != host {
        for service in services.sorted() {
          for (source, destination) in [(host, remote), (remote, host)] {
            for sourcePort in service.ipProtocol.hasPorts ? [49_152, 443, 1023, 1024] : [1] as [UInt16] {
              let pair = AddressPair(source: source, destination: destination)!
              var request = PacketSummary(
                addresses: pair, time: TrafficMix.start, wireLength: 60, fields: [.addresses, .transport],
                ipProtocol: service.ipProtocol, sourcePort: sourcePort, destinationPort: service.port)
              var reply = request
              let header = PacketHeader(request).reply
              reply.addresses = pair.reversed
              reply.destinationPort = header.service.port
              reply.sourcePort = header.sourcePort
              if service.ipProtocol == .tcp { (request.tcpFlags, reply.tcpFlags) = (.syn, [.syn, .ack]) }
              flows.append((request, reply))
            }
          }
        }
      }
    }
    self.network = network
  }

  /// A flow that the other network judges otherwise, among some thousands that the changed rules speak of.
  func difference(_ mutant: NetworkMutants.Mutant) -> String? {
    let touched = flows.filter { mutant.concerns($0.request) || mutant.concerns($0.reply) }
    let step = max(1, touched.count / 1000)
    let asked = touched.indices.filter { $0 % step == 0 }.map { touched[$0] }
    let (before, after) = (Self.answers(asked, network), Self.answers(asked, mutant.network))
    let found = before.indices.first { index in
      // Alone, so that no flow before has a say.
      before[index] != after[index]
        && Self.answers([asked[index]], network) != Self.answers([asked[index]], mutant.network)
    }
    guard let index = found else { return nil }
    let packet = asked[index].request
    return "\(packet.addresses) \(packet.ipProtocol) \(packet.sourcePort) > \(packet.destinationPort): "
      + "\(before[index]), then \(after[index])"
  }

  private static func answers(
    _ flows: [(request: PacketSummary, reply: PacketSummary)], _ network: VirtualNetwork
  ) -> [Answer] {
    let filter = PacketFilter(network)
    var tracker = ConnectionTracker()
    var time = TrafficMix.start
    return flows.map { flow in
      var (request, reply) = flow
      // Longer than any idle timer, so that flows know nothing of each other.
      time = time.advanced(bySeconds: 500_000)
      request.time = time
      reply.time = time
      let first = filter.evaluate(request, tracking: &tracker).packetClass
      return Answer(request: first, reply: filter.evaluate(reply, tracking: &tracker).packetClass)
    }
  }
}
