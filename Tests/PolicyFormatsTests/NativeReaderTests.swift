import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

@testable import PolicyFormats

/// Networks written by hand: what a line means, and what is said of a wrong one.
@Suite struct NativeReaderTests {
  /// The sketch of the format, as the interface gives it.
  static let sketch = """
    vpcs:
      shop:
        cidr: [10.0.0.0/16, "2001:db8:a00::/56"]
        subnets:
          public-a: {cidr: 10.0.0.0/24, zone: ap-northeast-2a, routes: public}
          data-a: {cidr: 10.0.2.0/24, zone: ap-northeast-2a, routes: private, acl: data}
        route_tables:
          public: {0.0.0.0/0: internet}            # creates and attaches the internet gateway
          private: {0.0.0.0/0: nat-a, 10.1.0.0/16: peering/shop-billing}
        network_acls:
          data:
            inbound: ["100 allow tcp 5432 from 10.0.1.0/24", "200 deny all from 0.0.0.0/0"]
            outbound: ["100 allow all to 0.0.0.0/0"]
    security_groups:
      web:
        inbound: [tcp 443 from 0.0.0.0/0, tcp 443 from ::/0, tcp 22 from sg/bastion, icmp 8 from pl/office]
        outbound: [all to 0.0.0.0/0]
    prefix_lists:
      office: [203.0.113.0/24, 198.51.100.0/24]
    instances:
      web-1: {subnet: public-a, private_ip: 10.0.0.10, public_ip: 198.51.100.10, groups: [web]}
    nat_gateways:
      nat-a: {subnet: public-a, private_ip: 10.0.0.220, public_ip: 198.51.100.220}
    """

  @Test func theSketchIsReadAsItStands() throws {
    let network = try VirtualNetwork(yaml: Self.sketch)
    #expect(network.vpcs.map(\.id) == ["vpc-shop"])
    #expect(network.vpcs[0].attributes.name == "shop")
    #expect(network.vpcs[0].ipv6Blocks.map(\.description) == ["2001:db8:a00::/56"])
    #expect(network.subnets.map(\.id) == ["subnet-shop-data-a", "subnet-shop-public-a"])
    #expect(network.subnets.map(\.attributes.region) == ["ap-northeast-2", "ap-northeast-2"])
    #expect(
      network.internetGateways.map(\.id) == ["igw-shop"] && network.internetGateways[0].vpc == "vpc-shop")
    let tables = Dictionary(uniqueKeysWithValues: network.routeTables.map { ($0.id, $0) })
    #expect(tables["rtb-shop-public"]?.routes.map(\.target) == [.internetGateway("igw-shop")])
    #expect(tables["rtb-shop-public"]?.subnets == ["subnet-shop-public-a"])
    #expect(
      tables["rtb-shop-private"]?.routes.map(\.target) == [
        .natGateway("nat-a"), .peering("pcx-shop-billing"),
      ])
    #expect(tables["rtb-shop-main"]?.isMain == true)
    let acls = Dictionary(uniqueKeysWithValues: network.networkACLs.map { ($0.id, $0) })
    #expect(acls["acl-shop-data"]?.inbound.map(\.number) == [100, 200])
    #expect(acls["acl-shop-default"]?.isDefault == true)
    #expect(
      network.securityGroups.first?.inbound.map { $0.match.text(.ingress) } == [
        "tcp 443 from 0.0.0.0/0", "tcp 443 from ::/0", "tcp 22 from sg-bastion", "icmp 8 from pl-office",
      ])
    #expect(network.instances.map(\.networkInterfaces) == [["eni-web-1"]])
    #expect(network.instances[0].zone == "ap-northeast-2a")
    let web = try #require(network.networkInterfaces.first { $0.id == "eni-web-1" })
    #expect(web.groups == ["sg-web"] && web.instance == "i-web-1" && web.deviceIndex == 0)
    #expect(web.ipv4Addresses.first?.publicAddress == IPv4Address("198.51.100.10"))
    let nat = try #require(network.networkInterfaces.first { $0.id == "eni-nat-a" })
    #expect(nat.kind == .natGateway && !nat.sourceDestinationCheck && nat.groups == [])
    // What it names without describing it is said, with its place.
    #expect(
      network.problems.filter { $0.severity != .note }.map { "\($0.location): \($0.message)" } == [
        "network.yaml:9:48: no peering connection is called \"shop-billing\"; it leads nowhere",
        "network.yaml:16:58: no security group is called \"bastion\"; it matches nothing",
      ])
  }

  @Test func everyProblemIsToldAtOnce() {
    let text = """
      vpcs:
        shop:
          cdir: 10.0.0.0/16
          cidr: [10.0.0.0/33, 10.1.0.0/16]
          subnets:
            a: {cidr: 10.1.0.0/24, routes: publik, zone: [x]}
          route_tables:
            public: {0.0.0.0/0: intarnet, 10.0.0.0: local, man: true}
      security_groups:
        web:
          inbound: [tcp 44x from 0.0.0.0/0, tcp 443 to 0.0.0.0/0, "udp"]
          inbuond: []
      instances:
        web-1: {subnet: a, private_ip: 10.1.0.300, groups: [wab], state: runing}
        web-2: {subnet: a}
        web-3: {subnet: b, private_ip: 10.1.0.4}
      instance: {}
      """
    let error = #expect(throws: PolicyFormatError.self) { try VirtualNetwork(yaml: text) }
    #expect(
      error?.description == """
        the network has 17 problems
          network.yaml:3:5: unknown key "cdir"; did you mean "cidr"?
          network.yaml:4:12: found "10.0.0.0/33", expected a block of addresses (10.0.0.0/16)
          network.yaml:6:38: no route table is called "publik"; did you mean "public"?
          network.yaml:6:52: found a list, expected text
          network.yaml:8:27: nothing that a route can lead to is called "intarnet"; expected internet, local, egress-only, a gateway's name or id, peering/NAME, instance/NAME, eni/NAME
          network.yaml:8:37: found "10.0.0.0", expected a destination (10.0.0.0/16, pl/NAME)
          network.yaml:8:54: found "man", expected a destination (10.0.0.0/16, pl/NAME); did you mean "main"?
          network.yaml:11:19: found "44x", expected any, a port, or a range of ports with the lower one first (1024-65535), in "tcp 44x from 0.0.0.0/0"
          network.yaml:11:39: found "tcp 443 to 0.0.0.0/0", expected "from": it stands in inbound
          network.yaml:11:61: found nothing, expected any, a port, or a range of ports with the lower one first (1024-65535), in "udp"
          network.yaml:12:5: unknown key "inbuond"; did you mean "inbound"?
          network.yaml:14:34: found "10.1.0.300", expected an IPv4 address
          network.yaml:14:55: no security group is called "wab"; did you mean "web"?
          network.yaml:14:68: found "runing", expected one of pending, running, shutting-down, terminated, stopping, stopped; did you mean "running"?
          network.yaml:15:10: found no address of the instance, expected private_ip, ipv6 or interfaces (interfaces: {} for none)
          network.yaml:16:19: no subnet is called "b"; did you mean "a"?
          network.yaml:17:1: unknown key "instance"; did you mean "instances"?
        """)
  }

  @Test func whatAWSMakesByItselfIsMade() throws {
    let text = """
      vpcs: {v: {cidr: 10.0.0.0/16, subnets: {s: {cidr: 10.0.0.0/24}}}}
      security_groups: {open: {}, shut: {outbound: []}}
      instances: {a: {subnet: s, private_ip: 10.0.0.4}, b: {subnet: s, private_ip: 10.0.0.5, groups: []}}
      """
    let network = try VirtualNetwork(yaml: text)
    let groups = Dictionary(uniqueKeysWithValues: network.securityGroups.map { ($0.id, $0) })
    // SG-4: a new group lets everything out; IPv6 only where the VPC has a block.
    #expect(groups["sg-open"]?.outbound.map { $0.match.text(.egress) } == ["all to 0.0.0.0/0"])
    #expect(groups["sg-open"]?.inbound == [])
    #expect(groups["sg-shut"]?.outbound == [])
    // SG-6, SG-7: without a group, the VPC's default one.
    #expect(groups["sg-v-default"]?.inbound.map { $0.match.peer } == [.group("sg-v-default")])
    #expect(network.networkInterfaces.map(\.groups) == [["sg-v-default"], []])
    let none = try VirtualNetwork(yaml: "vpcs: {v: {cidr: 10.0.0.0/16, defaults: false}}")
    #expect(none.networkACLs.isEmpty && none.routeTables.isEmpty)
    #expect(network.networkACLs.map(\.isDefault) == [true] && network.routeTables.map(\.isMain) == [true])
  }

  @Test func whatIsCalledMainOrDefaultIs() throws {
    let network = try VirtualNetwork(
      yaml: """
        vpcs:
          a:
            cidr: 10.0.0.0/16
            subnets: {front: {cidr: 10.0.0.0/24}, back: {cidr: 10.0.1.0/24, routes: main, acl: default}}
            route_tables: {main: {0.0.0.0/0: internet}}
            network_acls: {default: {inbound: [100 allow tcp 443 from 0.0.0.0/0], outbound: []}}
        """)
    #expect(network.problems.isEmpty, "\(network.problems)")
    #expect(network.routeTables.map(\.isMain) == [true])
    #expect(network.networkACLs.map(\.isDefault) == [true])
    #expect(network.networkACLs[0].inbound.count == 1)
    #expect(try VirtualNetwork(yaml: network.yaml()).problems.isEmpty)
  }

  @Test func whatIsCalledMainIsWhereverItStandsAndWhateverItsID() throws {
    let network = try VirtualNetwork(
      yaml: """
        vpcs:
          a: {cidr: 10.0.0.0/16, route_tables: {main: {id: rtb-0123, 0.0.0.0/0: internet}}}
          b: {cidr: 10.1.0.0/16, network_acls: {default: {default: false, inbound: [], outbound: []}}}
          c: {cidr: 10.2.0.0/16, route_tables: {main: {main: false}}}
        route_tables: {main: {vpc: b, 0.0.0.0/0: internet}}
        network_acls: {default: {vpc: a, inbound: [], outbound: []}}
        """)
    #expect(network.problems.isEmpty, "\(network.problems)")
    func main(_ vpc: ResourceID) -> [ResourceID] {
      network.routeTables.filter { $0.vpc == vpc && $0.isMain }.map(\.id)
    }
    #expect(main("vpc-a") == ["rtb-0123"] && main("vpc-b") == ["rtb-main"])
    #expect(network.routeTables.filter { $0.vpc != "vpc-c" }.count == 2)
    #expect(network.networkACLs.filter { $0.vpc == "vpc-a" }.map(\.isDefault) == [true])
    // What says that it is not is not, keeps its name, and another one is made.
    #expect(main("vpc-c") == ["rtb-c-main-2"])
    #expect(network.networkACLs.filter { $0.vpc == "vpc-b" }.map(\.isDefault) == [false, true])
    let again = try VirtualNetwork(yaml: network.yaml())
    #expect(again.routeTables.map(\.isMain) == network.routeTables.map(\.isMain))
    #expect(again.networkACLs.map(\.isDefault) == network.networkACLs.map(\.isDefault))
  }

  @Test func whatIsCalledMainOrDefaultTwiceIsAProblem() throws {
    let first = """
      vpcs:
        v:
          cidr: 10.0.0.0/16
          route_tables: {main: {0.0.0.0/0: none}}
          network_acls: {default: {inbound: [], outbound: []}}
      """
    let second = """
      route_tables:
        main: {vpc: vpc-v, 0.0.0.0/0: internet}
      network_acls:
        default: {vpc: vpc-v, inbound: [], outbound: []}
      """
    func read(_ texts: [(name: String, text: String)]) throws -> VirtualNetwork {
      let folder = try TemporaryFolder(
        Dictionary(uniqueKeysWithValues: texts.map { ($0.name + ".yaml", $0.text) }))
      return try NetworkReader().read(paths: texts.map { "\(folder.path)/\($0.name).yaml" })
    }
    let inputs = [(name: "a", text: first), (name: "b", text: second)]
    for order in [inputs, inputs.reversed()] {
      let error = #expect(throws: PolicyFormatError.self) { try read(order) }
      let text = error?.description ?? ""
      for words in [
        "rtb-main", "rtb-v-main", "acl-default", "acl-v-default", "a.yaml:4:20", "a.yaml:5:20", "b.yaml:2:3",
        "b.yaml:4:3",
      ] {
        #expect(text.contains(words), "\(words): \(text)")
      }
      let settled = order.map { ($0.name, $0.text.replacing("main: {vpc", with: "main: {main: false, vpc")) }
      let half = #expect(throws: PolicyFormatError.self) { try read(settled) }
      #expect(!(half?.description.contains("rtb-main") ?? true))
    }
    // Another one that says it is leaves nothing to guess.
    let third =
      "route_tables: {other: {vpc: v, main: true}}\nnetwork_acls: {other: {vpc: v, default: true}}\n"
    let said = try read([(name: "a", text: first), (name: "c", text: third)])
    #expect(said.routeTables.filter(\.isMain).map(\.id) == ["rtb-other"])
    #expect(said.networkACLs.filter(\.isDefault).map(\.id) == ["acl-other"])
  }

  @Test func whatIsCalledMainIsSoWithoutDefaults() throws {
    let text = """
      vpcs:
        v:
          cidr: 10.0.0.0/16
          defaults: false
          subnets: {s: {cidr: 10.0.0.0/24}}
          route_tables: {main: {0.0.0.0/0: internet}}
          network_acls: {default: {inbound: [], outbound: []}}
      """
    let network = try VirtualNetwork(yaml: text)
    #expect(network.problems.isEmpty, "\(network.problems)")
    #expect(network.routeTables.map(\.isMain) == [true] && network.networkACLs.map(\.isDefault) == [true])
    // Those that say they are not are not, also when they are written and read again.
    let not = try VirtualNetwork(
      yaml: text.replacing("{main: {", with: "{main: {main: false, ")
        .replacing("{default: {", with: "{default: {default: false, "))
    #expect(not.routeTables.map(\.isMain) == [false] && not.networkACLs.map(\.isDefault) == [false])
    let again = try VirtualNetwork(yaml: not.yaml())
    #expect(again.bare == not.bare, "\(again.bare.differences(from: not.bare))")
  }

  /// A peering of two transit gateways is an attachment of each, and both have its id.
  @Test func anAttachmentOfTwoGatewaysHasOneID() throws {
    let text = """
      transit_gateways: {one: {}, two: {}}
      transit_gateway_attachments:
        there: {id: tgw-attach-1, transit_gateway: one, type: peering, resource: two}
        back: {id: tgw-attach-1, transit_gateway: two, type: peering, resource: one}
      """
    let network = try VirtualNetwork(yaml: text)
    #expect(network.problems.allSatisfy { $0.severity != .error }, "\(network.problems)")
    #expect(network.transitGatewayAttachments.map(\.id) == ["tgw-attach-1", "tgw-attach-1"])
    let again = try VirtualNetwork(yaml: network.yaml())
    #expect(again.bare == network.bare, "\(again.bare.differences(from: network.bare))")
    let error = #expect(throws: PolicyFormatError.self) {
      try VirtualNetwork(yaml: text.replacing("transit_gateway: two", with: "transit_gateway: one"))
    }
    #expect(error?.description.contains("has the id tgw-attach-1, which another one has already") ?? false)
  }

  @Test func namesAreFoundInTheirVPCFirst() throws {
    let text = """
      vpcs:
        one: {cidr: 10.0.0.0/16, subnets: {a: {cidr: 10.0.0.0/24, routes: r}}, route_tables: {r: {}}}
        two: {cidr: 10.1.0.0/16, subnets: {a: {cidr: 10.1.0.0/24, routes: r}}, route_tables: {r: {}}}
      instances: {x: {subnet: two/a, private_ip: 10.1.0.4, groups: []}}
      """
    let network = try VirtualNetwork(yaml: text)
    #expect(network.networkInterfaces.map(\.vpc) == ["vpc-two"])
    #expect(network.routeTables.filter { !$0.isMain }.map(\.subnets) == [["subnet-one-a"], ["subnet-two-a"]])
    let error = #expect(throws: PolicyFormatError.self) {
      try VirtualNetwork(yaml: text.replacing("two/a,", with: "a,"))
    }
    #expect(
      error?.description
        == "network.yaml:4:25: \"a\" is ambiguous: subnet-one-a, subnet-two-a are called so; expected VPC/NAME or an id"
    )
  }

  @Test func everyCutAndManyChangedBytesAreReadOrRefused() {
    let text = Array(NativeWriterTests.everything.utf8)
    var random = SeededRandom.fresh("changed YAML networks")
    for _ in 0..<250 {
      var changed = text
      if Bool.random(using: &random) {
        changed = Array(text[..<Int.random(in: 0..<text.count, using: &random)])
      }
      for _ in 0..<Int.random(in: 0...3, using: &random) where !changed.isEmpty {
        let byte: UInt8 = [0x20, 0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d, 0x7e, 0x30, 0x2f, 0x2d, 0x61, 0x0a]
          .randomElement(using: &random)!
        changed[Int.random(in: 0..<changed.count, using: &random)] = byte
      }
      do {
        let network = try VirtualNetwork(yaml: String(decoding: changed, as: UTF8.self))
        _ = try VirtualNetwork(yaml: network.yaml())
      } catch { #expect(!error.description.isEmpty) }
    }
  }

  @Test func anchorsStandUnderFreeKeys() throws {
    let network = try VirtualNetwork(
      yaml: """
        x-usual: &usual {subnet: s, groups: []}
        vpcs: {v: {cidr: 10.0.0.0/16, subnets: {s: {cidr: 10.0.0.0/24}}}}
        instances: {a: {<<: *usual, private_ip: 10.0.0.4}, b: {<<: *usual, private_ip: 10.0.0.5}}
        """)
    #expect(network.networkInterfaces.map(\.subnet) == ["subnet-v-s", "subnet-v-s"])
    let error = #expect(throws: PolicyFormatError.self) { try VirtualNetwork(yaml: "vpcs:\n") }
    #expect(
      error?.description.hasPrefix("network.yaml: found a YAML network without a single resource") ?? false)
  }

  @Test func oneIDIsOneResource() {
    let error = #expect(throws: PolicyFormatError.self) {
      try VirtualNetwork(yaml: "prefix_lists: {a: {id: pl-1}, b: {id: pl-1}}")
    }
    #expect(error?.description.contains("network.yaml:1:31") ?? false)
  }

  @Test func partsAreMergedAndNameEachOther() throws {
    let folder = try TemporaryFolder([
      "groups.json":
        #"{"SecurityGroups": [{"GroupId": "sg-0123", "GroupName": "web", "VpcId": "vpc-1", "IpPermissions": []}]}"#,
      "a.yaml": "# one\n---\nvpcs: {vpc-1: {cidr: 10.0.0.0/16}}\n",
      "b.yml": """
      subnets: {s: {vpc: vpc-1, cidr: 10.0.0.0/24}}
      instances: {i: {subnet: s, private_ip: 10.0.0.4, groups: [web]}}
      """,
    ])
    let (json, first, second) = (
      folder.path + "/groups.json", folder.path + "/a.yaml", folder.path + "/b.yml"
    )
    let network = try NetworkReader().read(paths: [second, json, first])
    #expect(network.networkInterfaces.map(\.groups) == [["sg-0123"]])
    #expect(network.networkInterfaces.map(\.vpc) == ["vpc-1"])
    #expect(try NetworkReader().read(paths: [first, second, json]).bare == network.bare)
  }

  @Test func otherYAMLIsNamedForWhatItIs() throws {
    for (text, part) in [
      ("apiVersion: v1\nkind: Pod\n", "is a Kubernetes object"),
      ("# a template\nAWSTemplateFormatVersion: 2010-09-09\n", "is a CloudFormation template"),
      ("SecurityGroups:\n- GroupId: sg-1\n", "is output of aws --output yaml"),
      ("tests:\n- name: x\n", "found YAML with \"tests\" and no section of a network"),
      ("vpcs: [\n", "not YAML"),
    ] {
      let folder = try TemporaryFolder(["n.yaml": text])
      let error = #expect(throws: PolicyFormatError.self) {
        try VirtualNetwork(contentsOf: folder.path + "/n.yaml")
      }
      #expect(error?.description.contains(part) ?? false, "\(error?.description ?? "")")
    }
  }
}
