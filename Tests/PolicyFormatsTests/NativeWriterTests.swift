import Foundation
import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

@testable import PolicyFormats

/// Networks written as YAML and read back are the same networks.
@Suite struct NativeWriterTests {
  /// Folders with `aws … describe-*` outputs: the bundled one, and those of the shared data where they are.
  static let folders: [String] = {
    var folders = [Environment.fixture("networks/three-tier")]
    for name in ["moto-three-tier"] where Environment.hasShared(name) {
      folders.append(Environment.shared(name))
    }
    if Environment.hasShared("aws-measured") {
      let root = Environment.shared("aws-measured")
      let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
      folders += names.sorted().filter { $0.contains("-") }.map { "\(root)/\($0)/network" }
    }
    return folders
  }()

  @Test(arguments: folders)
  func aNetworkReadBackIsTheSame(_ folder: String) throws {
    let network = try VirtualNetwork(contentsOf: folder)
    let text = network.yaml()
    let again = try VirtualNetwork(yaml: text)
    #expect(again.bare == network.bare, "\(again.bare.differences(from: network.bare))")
    // Written a second time it is the same text.
    #expect(again.yaml() == text)
  }

  @Test func whatWasWrittenByHandIsTheSame() throws {
    let network = try VirtualNetwork(yaml: NativeReaderTests.sketch)
    let again = try VirtualNetwork(yaml: network.yaml())
    #expect(again.bare == network.bare, "\(again.bare.differences(from: network.bare))")
  }

  @Test func everyTextIsReadBackAsItself() throws {
    let texts = [
      "", " ", "a", "true", "No", "null", "~", "1", "0x1f", "1e5", ".5", "2001-01-01", "12:30:45", "10.0.0.1",
      "::/0",
      "a: b", "a #b", "#a", "- a", "-", "?", "*a", "&a", "!a", "%a", "@a", "`a", "'a'", "\"a\"", "{a}", "[a]",
      "a,b",
      "a:", ":a", "a\nb", "a\tb", "\u{1}", "\u{85}\u{2028}", "ä ö", "名", "x\u{feff}y", "🏰", "a\\b", "x ",
      "<<", "=",
      // Longer than YAML takes a key without a sign, as it stands or once it is written.
      String(repeating: "k", count: 1100), String(repeating: "\u{7f}", count: 300),
      "tcp 443 from 0.0.0.0/0", "all to sg/\"two words\"", "2001:db8::/32",
    ]
    var writer = YAMLWriter()
    writer.member("list", .list(texts.map(YAMLValue.text)))
    writer.member("map", .map(texts.enumerated().map { ("k\($0)", .text($1)) }))
    writer.member("keys", .map(texts.filter { $0 != "<<" }.map { ($0, .word("1")) }))
    let long = String(repeating: "n", count: 2000)
    writer.member(
      "nested", .map([(long, .map([("list", .list([.map([(long, .map([(long, .word("1"))]))])]))]))]))
    let document = try YAMLDocument(parsing: writer.text, file: "w.yaml")
    #expect(document.problems == [])
    let root = try document.root.mapping()
    let strings = { (node: YAMLNode) -> String? in
      if case .scalar(let text, _) = node.content, !node.isNull { text } else { nil }
    }
    for (text, node) in zip(texts, try root.required("list").list()) {
      #expect(strings(node) == text, "\(YAMLWriter.scalar(text))")
    }
    #expect(try root.required("map").mapping().members.map { strings($0.value) } == texts)
    #expect(try root.required("keys").mapping().keys == texts.filter { $0 != "<<" })
    let inner = try root.required("nested").mapping().required(long).mapping().required("list").list()
    #expect(try inner.first?.mapping().required(long).mapping().keys == [long])
  }

  @Test func everythingOfTheModelIsWritten() throws {
    let network = try VirtualNetwork(yaml: Self.everything)
    for (name, value) in Mirror(reflecting: network).children where name != "problems" {
      #expect(!((value as? [Any])?.isEmpty ?? true), "\(name ?? "") is not in the example")
    }
    let again = try VirtualNetwork(yaml: network.yaml())
    #expect(again.bare == network.bare, "\(again.bare.differences(from: network.bare))")
  }

  /// Every key of every kind at least once.
  static let everything = """
    vpcs:
      a:
        id: vpc-0aaa
        cidr: [10.0.0.0/16, 2001:db8:a00::/56, 10.9.0.0/16]
        default: true
        account: "111111111111"
        region: eu-west-1
        tags: {Environment: production, Empty: ""}
        subnets:
          one: {cidr: [10.0.0.0/24, 2001:db8:a00::/64], zone: eu-west-1a, zone_id: euw1-az1, routes: r, acl: strict, public_ip_on_launch: true}
          two: {cidr: 10.0.1.0/24, zone: eu-west-1b, account: "222222222222", region: eu-west-1}
        route_tables:
          r:
            id: rtb-0aaa
            gateways: [internet]
            associations: {rtbassoc-1: one}
            0.0.0.0/0: internet
            "::/0": egress-only
            10.0.0.0/16: local
            pl/office: {to: eni/router, blackhole: true}
            10.2.0.0/16: [vgw/office, {to: pcx-ab, origin: propagated}]
            10.3.0.0/16: tgw/hub
            10.4.0.0/16: instance/web
            10.5.0.0/16: endpoint/s3
            10.6.0.0/16: other/lgw-1
            10.7.0.0/16: {blackhole: true}
            tags: {Name: routes}
          m: {main: true, vpc: a, subnets: [subnet-gone]}
        network_acls:
          strict: {id: acl-1, associations: {aclassoc-1: one}, inbound: [100 allow tcp 1-2 from 0.0.0.0/0, 32767 deny all from 0.0.0.0/0], outbound: []}
          usual: {default: true, subnets: [subnet-gone], inbound: [1 deny icmp 3/4 from ::/0], outbound: [5 allow proto 47 to 10.0.0.0/8]}
      b: {cidr: 10.1.0.0/16, defaults: false}
    subnets:
      far: {vpc: vpc-far, cidr: 10.8.0.0/24}
    security_groups:
      web:
        vpc: a
        inbound:
          - tcp 443 from 0.0.0.0/0
          - {rule: tcp 22 from sg-0999, id: sgr-1, description: "from the other side: ssh", account: "333333333333", vpc: vpc-b, peering: pcx-ab, peering_status: active}
        outbound: [all to pl/office]
        tags: {Name: Web servers}
      loose: {vpc: ~, outbound: []}
    prefix_lists:
      office: [203.0.113.0/24]
      big: {id: pl-1, entries: 198.51.100.0/24, max_entries: 20}
      s3list: {name: com.amazonaws.s3, entries_known: false}
    instances:
      web: {subnet: one, private_ip: [10.0.0.4, {ip: 10.0.0.5, public_ip: 198.51.100.5, elastic: true}, {ip: 10.0.0.6, unknown_public_ip: true}], public_ip: 198.51.100.4, ipv6: "2001:db8:a00::4", groups: [web], prefixes: 10.0.0.16/28, source_dest_check: false, interface: eni-0web, state: stopping, type: t3.micro, image: ami-1, key_pair: admin, zone: eu-west-1a, root_device: instance-store, volumes: [{id: vol-1, device: /dev/xvda, root: true, delete_on_termination: true}], hibernation: true, termination_protection: true, had_public_ip: false, delete_on_termination: true, elastic: true}
      two-faced:
        subnet: two
        zone: ~
        interfaces:
          front: {subnet: one, private_ip: 10.0.0.8, groups: [web], device_index: 3, type: efa-odd, attached: false, deleted: true, delete_on_termination: false}
          back: {subnet: two, private_ip: 10.0.1.8, groups: [], description: back side, managed: true}
          eni-gone:
      gone: {state: terminated}
    network_interfaces:
      router: {subnet: two, private_ip: 10.0.1.9, groups: [web], source_dest_check: false}
      loose: {subnet: far, vpc: vpc-far, type: lambda, instance: i-elsewhere, device_index: 1}
    elastic_addresses:
      eipalloc-1: {public_ip: 198.51.100.4, interface: eni-0web, instance: web, private_ip: 10.0.0.4, association: eipassoc-1}
    nat_gateways:
      plain: {subnet: one, private_ip: 10.0.0.220, public_ip: 198.51.100.220}
      inner: {subnet: two, vpc: a, connectivity: private, state: pending, addresses: [{interface: router, private_ip: 10.0.1.9}]}
    peering_connections:
      ab: {id: pcx-ab, requester: a, accepter: {vpc: b, account: "444444444444", region: us-east-1, cidr: 10.1.0.0/16}, state: deleted}
    endpoints:
      s3: {vpc: a, type: gateway, service: com.amazonaws.eu-west-1.s3, route_tables: [r]}
      api: {vpc: a, type: interface, state: pending, subnets: one, interfaces: router, groups: web}
    virtual_private_gateways:
      office: {vpc: a}
    vpn_connections:
      v: {gateway: office, transit_gateway: hub, customer_gateway: cgw-1, state: deleted, static_routes: [10.2.0.0/16]}
    transit_gateways:
      hub: {state: pending, group_references: true}
    transit_gateway_attachments:
      a-hub: {transit_gateway: hub, resource: a, routes: t, subnets: [one], group_references: true, state: modifying}
      b-hub: {transit_gateway: hub, type: vpn, resource: v}
      c-hub: {transit_gateway: hub, type: connect, resource: x-1}
    transit_gateway_route_tables:
      t:
        transit_gateway: hub
        default_association: true
        default_propagation: true
        propagations: [b-hub]
        routes_known: false
        routes:
          10.0.0.0/16: a-hub
          10.1.0.0/16: blackhole
          10.2.0.0/16: {to: [a-hub, b-hub], propagated: true}
    load_balancers:
      edge:
        id: arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/net/edge/1
        internet_facing: true
        vpc: a
        state: provisioning
        zones: [{zone: eu-west-1a, subnet: one, addresses: [198.51.100.9, 10.0.0.99]}]
        groups: [web]
        cross_zone: false
        listeners: [{id: arn:l, port: 443, protocol: TCP, target_groups: [tg]}]
    target_groups:
      tg: {port: 8443, protocol: TCP, type: ip, vpc: a, targets: [{target: 10.0.0.4, port: 1, zone: eu-west-1a, health: healthy}, {target: web}], preserve_client_ip: true}
    internet_gateways:
      spare: {vpc: ~}
    egress_only_gateways:
      out6: {vpc: a}
    """
}
