import Filtering
import PolicyFormats
import Testing
import TrafficSynthesis
import VirtualNetworks

/// Changes of a rule that a packet shows which meets the rule in a roundabout way.
@Suite struct BoundaryMissTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var network: String
    /// A rule of the network.
    var rule: String
    /// What it is instead, one at a time; nothing: it is not there.
    var mutants: [String]

    var testDescription: String { name }
  }

  @Test(arguments: [
    Row(
      name: "an ACL that is asked of a request and of its reply",
      network: natGateway(),
      rule: "110 allow tcp 1024-65535 to 10.0.0.0/16",
      mutants: ["110 allow tcp 1025-65535 to 10.0.0.0/16", "110 allow tcp 1024-65534 to 10.0.0.0/16"]),
    Row(
      name: "the same, a port wider", network: natGateway(inbound: "110 allow tcp any from 0.0.0.0/0"),
      rule: "110 allow tcp 1024-65535 to 10.0.0.0/16", mutants: ["110 allow tcp 1023-65535 to 10.0.0.0/16"]),
    Row(
      name: "a NAT gateway with one partner", network: natGateway(partners: "203.0.113.0/24"),
      rule: "100 allow tcp 443 to 0.0.0.0/0",
      mutants: ["100 allow tcp 442-443 to 0.0.0.0/0", "100 allow tcp 444 to 0.0.0.0/0", ""]),
    Row(
      name: "replies through a NAT gateway with one partner", network: natGateway(partners: "203.0.113.0/24"),
      rule: "110 allow tcp 1024-65535 from 0.0.0.0/0",
      mutants: ["110 allow tcp 1025-65535 from 0.0.0.0/0"]),
    Row(
      name: "a NAT gateway for clients of IPv6 (NAT64)", network: nat64,
      rule: "100 allow tcp 443 to 0.0.0.0/0",
      mutants: ["100 allow tcp 442-443 to 0.0.0.0/0", ""]),
    Row(
      name: "a transit gateway's attachment of which the input lacks the interfaces", network: transitGateway,
      rule: "100 allow tcp 443 from 10.0.0.0/16",
      mutants: ["100 allow tcp 442-443 from 10.0.0.0/16", "100 allow tcp 443 from 10.0.128.0/17", ""]),
    Row(
      name: "answers of a protocol without ports", network: vpnHost,
      rule: "100 allow proto 50 from 203.0.113.0/24",
      mutants: [
        "", "100 allow proto 49 from 203.0.113.0/24", "100 allow proto 51 from 203.0.113.0/24",
        "100 allow proto 50 from 203.0.113.128/25", "100 allow proto 50 from 203.0.112.0/23",
      ]),
    Row(
      name: "packets of senders that nobody has, and many kinds of them", network: emptySubnets,
      rule: "100 allow tcp 1024-65535 to 10.0.0.0/16",
      mutants: [
        "100 allow tcp 1025-65535 to 10.0.0.0/16", "100 allow tcp 1024-65534 to 10.0.0.0/16",
      ]),
    Row(
      name: "an ACL that is asked of nothing but answers to requests which it refuses on their way out",
      network: refused, rule: "100 allow tcp 1024-65535 from 203.0.113.0/24",
      mutants: [
        "", "100 allow tcp 1023-65535 from 203.0.113.0/24", "100 allow tcp 1024-65534 from 203.0.113.0/24",
        "100 allow tcp 1024-65535 from 203.0.113.0/25", "100 allow tcp 1024-65535 from 203.0.112.0/23",
        "100 deny tcp 1024-65535 from 203.0.113.0/24",
      ]),
    Row(
      name: "a group that lets out what is refused further on, and tracks it", network: refused,
      rule: "tcp 443 to 203.0.113.0/24",
      mutants: [
        "", "tcp 444 to 203.0.113.0/24", "tcp 443 to 203.0.113.128/25", "udp 443 to 203.0.113.0/24",
      ]),
    Row(
      name: "answers to ICMP over IPv6", network: strayICMP, rule: "100 allow icmp 8 to ::/0",
      mutants: ["100 allow icmp any to ::/0"]),
  ])
  func isShown(_ row: Row) throws {
    let network = try VirtualNetwork(yaml: row.network)
    let batch = try MadeCapture(boundariesOf: network).packets()
    let original = MadeCapture.verdicts(on: batch, in: network)
    let line = "\"\(row.rule)\""
    #expect(row.network.contains(line))
    for mutant in row.mutants {
      let text =
        mutant.isEmpty
        ? row.network.replacing("\(line), ", with: "").replacing(", \(line)", with: "")
        : row.network.replacing(line, with: "\"\(mutant)\"")
      let other = try VirtualNetwork(yaml: text)
      #expect(
        MadeCapture.differs(batch, from: original, in: other),
        "\(row.rule) is now \(mutant), and nothing shows")
    }
  }

  /// An ACL that no packet comes past is said to be one, and no other.
  @Test func rulesThatNoPacketMeets() throws {
    let met = BoundaryTraffic(try VirtualNetwork(yaml: Self.transitGateway)).report
    #expect(met.rulesWithoutCarrier == 0)
    #expect(met.givenUp == 0)
    let alone = Self.transitGateway.replacing("subnets: [att]", with: "subnets: [app]")
    #expect(BoundaryTraffic(try VirtualNetwork(yaml: alone)).report.rulesWithoutCarrier == 3)
  }

  // MARK: Networks

  private static func natGateway(
    inbound: String = "110 allow tcp 1024-65535 from 0.0.0.0/0", partners: String = "0.0.0.0/0"
  ) -> String {
    """
    vpcs:
      v:
        cidr: [10.0.0.0/16]
        subnets:
          pub: {cidr: 10.0.0.0/24, routes: pub, acl: pub}
          priv: {cidr: 10.0.1.0/24, routes: priv}
        route_tables:
          pub: {0.0.0.0/0: internet}
          priv: {\(partners): nat-a}
        network_acls:
          pub:
            inbound: ["100 allow all from 10.0.0.0/16", "\(inbound)"]
            outbound: ["100 allow tcp 443 to 0.0.0.0/0", "110 allow tcp 1024-65535 to 10.0.0.0/16"]
    security_groups:
      app: {inbound: ["tcp 22 from 10.0.0.0/16"], outbound: ["all to 0.0.0.0/0"]}
    instances:
      app-1: {subnet: priv, private_ip: 10.0.1.10, groups: [app]}
    nat_gateways:
      nat-a: {subnet: pub, private_ip: 10.0.0.220, public_ip: 198.51.100.220}
    """
  }

  private static let refused = """
    vpcs:
      v:
        cidr: [10.0.0.0/16]
        subnets:
          pub: {cidr: 10.0.0.0/24, routes: pub, acl: pub}
        route_tables:
          pub: {0.0.0.0/0: internet}
        network_acls:
          pub:
            inbound: ["100 allow tcp 1024-65535 from 203.0.113.0/24", "110 allow tcp 443 from 192.0.2.0/24"]
            outbound: ["100 deny all to 203.0.112.0/22", "110 allow all to 0.0.0.0/0"]
    security_groups:
      app:
        inbound: []
        outbound: ["tcp 443 to 203.0.113.0/24", "tcp 443 to 203.0.112.0/24", "udp 53 to 192.0.2.0/24"]
    instances:
      app-1: {subnet: pub, private_ip: 10.0.0.10, public_ip: 198.51.100.10, groups: [app]}
    """

  private static let strayICMP = """
    vpcs:
      v:
        cidr: [10.0.0.0/16, "2001:db8:a00::/56"]
        subnets:
          pub: {cidr: [10.0.0.0/24, "2001:db8:a00::/64"], routes: pub, acl: pub}
        route_tables:
          pub: {0.0.0.0/0: internet, "::/0": internet}
        network_acls:
          pub:
            inbound: ["100 allow icmp 8 from ::/0"]
            outbound: ["100 allow icmp 8 to ::/0", "110 allow tcp any to ::/0"]
    security_groups:
      app: {inbound: ["icmp 8 from ::/0"], outbound: []}
    instances:
      app-1: {subnet: pub, private_ip: 10.0.0.10, ipv6: "2001:db8:a00::10", groups: [app]}
    """

  private static let nat64 = """
    vpcs:
      v:
        cidr: [10.0.0.0/16, "2001:db8:a00::/56"]
        subnets:
          pub: {cidr: 10.0.0.0/24, routes: pub, acl: pub}
          v6: {cidr: "2001:db8:a00:1::/64", routes: priv}
        route_tables:
          pub: {0.0.0.0/0: internet}
          priv: {"64:ff9b::/96": nat-a}
        network_acls:
          pub:
            inbound: ["100 allow all from 2001:db8:a00::/56", "110 allow tcp 1024-65535 from 0.0.0.0/0"]
            outbound: ["100 allow tcp 443 to 0.0.0.0/0", "110 allow all to 2001:db8:a00::/56"]
    security_groups:
      app: {inbound: [], outbound: ["all to ::/0"]}
    instances:
      app-1: {subnet: v6, ipv6: "2001:db8:a00:1::10", groups: [app]}
    nat_gateways:
      nat-a: {subnet: pub, private_ip: 10.0.0.220, public_ip: 198.51.100.220}
    """

  private static let transitGateway = """
    vpcs:
      a:
        cidr: [10.0.0.0/16]
        subnets:
          app: {cidr: 10.0.1.0/24, zone: eu-west-1a, routes: r}
          att: {cidr: 10.0.9.0/28, zone: eu-west-1a, routes: r, acl: att}
        route_tables:
          r: {10.1.0.0/16: tgw/hub}
        network_acls:
          att:
            inbound: ["100 allow tcp 443 from 10.0.0.0/16", "110 allow tcp 1024-65535 from 10.1.0.0/16"]
            outbound: ["100 allow all to 0.0.0.0/0"]
      b:
        cidr: [10.1.0.0/16]
        subnets:
          app2: {cidr: 10.1.1.0/24, zone: eu-west-1a, routes: r2}
          att2: {cidr: 10.1.9.0/28, zone: eu-west-1a, routes: r2}
        route_tables:
          r2: {10.0.0.0/16: tgw/hub}
    security_groups:
      ga: {vpc: a, inbound: ["tcp 22 from 10.0.0.0/8"], outbound: ["all to 0.0.0.0/0"]}
      gb: {vpc: b, inbound: ["all from 10.0.0.0/8"], outbound: ["all to 0.0.0.0/0"]}
    instances:
      i-a: {subnet: app, private_ip: 10.0.1.10, groups: [ga]}
      i-b: {subnet: app2, private_ip: 10.1.1.10, groups: [gb]}
    transit_gateways:
      hub: {}
    transit_gateway_route_tables:
      t:
        transit_gateway: hub
        default_association: true
        default_propagation: true
        propagations: [va, vb]
        routes: {10.0.0.0/16: va, 10.1.0.0/16: vb}
    transit_gateway_attachments:
      va: {transit_gateway: hub, resource: a, routes: t, subnets: [att]}
      vb: {transit_gateway: hub, resource: b, routes: t, subnets: [att2]}
    """

  private static let vpnHost = """
    vpcs:
      v:
        cidr: [10.0.0.0/16]
        subnets:
          pub: {cidr: 10.0.0.0/24, routes: pub, acl: pub}
        route_tables:
          pub: {0.0.0.0/0: internet}
        network_acls:
          pub:
            inbound: ["100 allow proto 50 from 203.0.113.0/24", "110 allow tcp 22 from 0.0.0.0/0"]
            outbound: ["100 allow all to 0.0.0.0/0"]
    security_groups:
      app: {inbound: ["tcp 22 from 10.0.0.0/16"], outbound: ["all to 0.0.0.0/0"]}
    instances:
      vpn: {subnet: pub, private_ip: 10.0.0.10, public_ip: 198.51.100.10, groups: [app]}
    """

  private static let emptySubnets = """
    vpcs:
      v:
        cidr: [10.0.0.0/16]
        subnets:
          c: {cidr: 10.0.100.0/24}
          s: {cidr: 10.0.200.0/24, acl: x}
    \((0..<8).map { "      e\($0): {cidr: 10.0.\($0).0/24}" }.joined(separator: "\n"))
        network_acls:
          x:
            inbound: ["100 allow all from 10.0.0.0/16"]
            outbound: ["100 allow tcp 1024-65535 to 10.0.0.0/16"]
    security_groups:
      cl: {inbound: [], outbound: ["all to 0.0.0.0/0"]}
      s1:
        inbound: [\([22, 80, 443, 5432, 8080, 8443, 9090, 9100].map { "tcp \($0) from 10.0.0.0/16" }.joined(separator: ", "))]
        outbound: []
    instances:
      cl-1: {subnet: c, private_ip: 10.0.100.10, groups: [cl]}
      srv-1: {subnet: s, private_ip: 10.0.200.10, groups: [s1]}
    """
}
