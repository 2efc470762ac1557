import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

@testable import Filtering

/// A host with a public address is written to by either of its two, and answers from either: one flow to the table of
/// connections, but ways of their own (semantics SG-32, AD-1).
@Suite("Hosts of two addresses")
struct TwoAddressTests {
  private static let entries = [
    [], ["10 deny udp 1-1025 from 198.51.100.0/24"], ["10 deny udp 1-1025 from 10.0.0.0/24"],
    ["10 deny udp 1024-65535 from 10.0.0.10/32"],
  ]

  /// - Parameter way: Where the NAT gateway's subnet sends what is not local; nil for nowhere.
  private func network(_ way: Route.Target?, _ entries: [String]) -> VirtualNetwork {
    var network = SemanticsNetwork()
    for name in ["web", "app", "app2", "db"] {
      network.inbound(name, "udp 1-65535 from 0.0.0.0/0")
      network.outbound(name, "udp 1-65535 to 0.0.0.0/0")
    }
    network.interface("eni-app2") { $0.ipv4Addresses[0].publicAddress = IPv4Address("198.51.100.11")! }
    network.removeRoute("rtb-pub", "0.0.0.0/0")
    if let way { network.route("rtb-pub", "0.0.0.0/0", way) }
    for subnet in ["subnet-pub", "subnet-priv"] {
      network.acl(ResourceID(subnet), inbound: entries + ["100 allow all from 0.0.0.0/0"])
    }
    return network.network
  }

  private static let hosts = [
    ["10.0.0.10", "198.51.100.10"], ["10.0.1.11", "198.51.100.11"], ["10.0.1.10"], ["10.0.2.10"],
  ]

  /// All pairs of an address of one host and one of another's.
  private func pairs(fromPublic: Bool) -> [(source: String, destination: String)] {
    Self.hosts.flatMap { client in
      Self.hosts.filter { $0 != client }.flatMap { server in
        client.prefix(fromPublic ? 2 : 1).flatMap { source in server.map { (source, $0) } }
      }
    }
  }

  private static let ways: [Route.Target?] = [
    .internetGateway("igw-1"), .virtualPrivateGateway("vgw-1"), nil,
  ]

  @Test("get the reference's verdicts, whatever address is written to", arguments: ways)
  func answers(_ way: Route.Target?) {
    var answers: [PacketClass: Int] = [:]
    for entries in Self.entries {
      let comparison = Comparison(network: network(way, entries))
      for (source, destination) in pairs(fromPublic: false) {
        let sent = [
          PacketSummary.udp("\(source):1025", to: "\(destination):5353"),
          .udp("\(destination):5353", to: "\(source):1025", at: 1),
          .udp("\(source):1025", to: "\(destination):5353", at: 2),
        ].map { Sent(packet: $0) }
        let (judged, disagreement) = comparison.run(sent)
        for answer in judged { answers[answer.packetClass, default: 0] += 1 }
        if disagreement != nil { Issue.record(Comment(rawValue: comparison.report(sent))) }
      }
    }
    #expect(answers.values.reduce(0, +) == 4 * 18 * 3)
    #expect(answers.count > 1, "\(answers)")
  }

  /// An answer may come from the other address than the one that was written to: one flow, and another way.
  @Test("are judged from memory as by a walk, whatever address answers whatever other", arguments: ways)
  func memory(_ way: Route.Target?) {
    for entries in Self.entries {
      let filter = PacketFilter(network(way, entries))
      for (source, destination) in pairs(fromPublic: true) {
        let (clients, servers) = (faces(source), faces(destination))
        for answerer in servers {
          for asker in clients {
            // Twice, so that what is remembered of the first conversation is used for the second.
            let packets = [(1025, 0.0), (1026, 2)].flatMap { port, time in
              [
                PacketSummary.udp("\(source):\(port)", to: "\(destination):5353", at: time),
                .udp("\(answerer):5353", to: "\(asker):\(port)", at: time + 1),
              ]
            }
            let (walked, remembered) = (judge(packets, filter, .max), judge(packets, filter, 0))
            #expect(walked == remembered, "\(source) > \(destination), \(answerer) > \(asker)")
          }
        }
      }
    }
  }

  private func faces(_ address: String) -> [String] { Self.hosts.first { $0.contains(address) }! }

  private func judge(_ packets: [PacketSummary], _ filter: PacketFilter, _ patience: Int) -> [PathOutcome] {
    var tracker = ConnectionTracker()
    tracker.shards[0].memory.memo.patience = patience
    return packets.map { packet in
      let verdict = filter.evaluate(packet, tracking: &tracker)
      return tracker[verdict.outcome]
    }
  }
}
