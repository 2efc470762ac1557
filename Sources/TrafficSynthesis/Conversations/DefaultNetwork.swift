import NetworkTypes
import RuleMatching
import VirtualNetworks

extension VirtualNetwork {
  /// The network that traffic is made up for where none is given: two public web servers, two application servers behind
  /// a NAT gateway, a database, each tier with its group.
  public static let forSynthesis: VirtualNetwork = {
    var network = VirtualNetwork()
    network.vpcs = [
      VPC(
        id: "vpc-synth", ipv4Blocks: [Prefix(IPv4Address(10, 0, 0, 0), length: 16)],
        ipv6Blocks: [Prefix(IPv6Address(high: 0x2600_1f18_0a00_0000, low: 0), length: 56)])
    ]
    network.internetGateways = [InternetGateway(id: "igw-synth", vpc: "vpc-synth")]
    let open = [
      NetworkACLEntry(number: 100, action: .allow, traffic: .all, prefix: .v4(.everything)),
      NetworkACLEntry(number: 101, action: .allow, traffic: .all, prefix: .v6(.everything)),
    ]
    network.networkACLs = [
      NetworkACL(id: "acl-synth", vpc: "vpc-synth", isDefault: true, inbound: open, outbound: open)
    ]
    for (number, name) in ["public", "app", "data"].enumerated() {
      let block = IPv6Address(high: 0x2600_1f18_0a00_0000 | UInt64(number), low: 0)
      network.subnets.append(
        Subnet(
          id: ResourceID("subnet-\(name)"), vpc: "vpc-synth",
          ipv4Block: Prefix(IPv4Address(10, 0, UInt8(number), 0), length: 24),
          ipv6Blocks: [Prefix(block, length: 64)]))
      var routes = [Route(destination: .prefix(.v4(network.vpcs[0].ipv4Blocks[0])), target: .local)]
      routes.append(Route(destination: .prefix(.v6(network.vpcs[0].ipv6Blocks[0])), target: .local))
      if name == "public" {
        routes.append(
          Route(destination: .prefix(.v4(.everything)), target: .internetGateway("igw-synth")))
        routes.append(
          Route(destination: .prefix(.v6(.everything)), target: .internetGateway("igw-synth")))
      } else if name == "app" {
        routes.append(Route(destination: .prefix(.v4(.everything)), target: .natGateway("nat-synth")))
      }
      network.routeTables.append(
        RouteTable(
          id: ResourceID("rtb-\(name)"), vpc: "vpc-synth", subnets: [ResourceID("subnet-\(name)")],
          routes: routes))
    }
    let everyone = [Peer.prefix(.v4(.everything)), .prefix(.v6(.everything))]
    network.addGroup(
      "web",
      inbound: everyone.flatMap {
        [Match(.tcp(PortRange(80)), peer: $0), Match(.tcp(PortRange(443)), peer: $0)]
      })
    network.addGroup(
      "app",
      inbound: [
        Match(.tcp(PortRange(8080)), peer: .group("sg-web")), Match(.icmp(.type(8)), peer: .group("sg-web")),
      ])
    network.addGroup("data", inbound: [Match(.tcp(PortRange(5432)), peer: .group("sg-app"))])
    network.addHost("web-1", "public", 0, 10, publicAddress: IPv4Address(198, 51, 100, 10))
    network.addHost("web-2", "public", 0, 11, publicAddress: IPv4Address(198, 51, 100, 11))
    network.addHost("app-1", "app", 1, 10)
    network.addHost("app-2", "app", 1, 11)
    network.addHost("data-1", "data", 2, 10)
    let (inside, outside) = (IPv4Address(10, 0, 0, 220), IPv4Address(198, 51, 100, 220))
    network.networkInterfaces.append(
      NetworkInterface(
        id: "eni-nat", vpc: "vpc-synth", subnet: "subnet-public", kind: .natGateway,
        ipv4Addresses: [.init(inside, publicAddress: outside)], sourceDestinationCheck: false))
    network.natGateways = [
      NATGateway(
        id: "nat-synth", vpc: "vpc-synth", subnet: "subnet-public",
        addresses: [.init(networkInterface: "eni-nat", privateAddress: inside, publicAddress: outside)])
    ]
    return network
  }()

  private mutating func addGroup(_ name: String, inbound: [Match]) {
    let everywhere = [
      Match(.all, peer: .prefix(.v4(.everything))), Match(.all, peer: .prefix(.v6(.everything))),
    ]
    securityGroups.append(
      SecurityGroup(
        id: ResourceID("sg-\(name)"), groupName: name, vpc: "vpc-synth",
        inbound: inbound.enumerated().map { SecurityGroupRule(id: "inbound-\($0 + 1)", match: $1) },
        outbound: everywhere.enumerated().map { SecurityGroupRule(id: "outbound-\($0 + 1)", match: $1) }))
  }

  /// Adds a host of the tier that its name begins with.
  private mutating func addHost(
    _ name: String, _ subnet: String, _ net: UInt8, _ host: UInt8, publicAddress: IPv4Address? = nil
  ) {
    let tier = name.prefix { $0 != "-" }
    networkInterfaces.append(
      NetworkInterface(
        id: ResourceID("eni-\(name)"), vpc: "vpc-synth", subnet: ResourceID("subnet-\(subnet)"),
        ipv4Addresses: [.init(IPv4Address(10, 0, net, host), publicAddress: publicAddress)],
        ipv6Addresses: [IPv6Address(high: 0x2600_1f18_0a00_0000 | UInt64(net), low: UInt64(host))],
        groups: [ResourceID("sg-\(tier)")]))
  }
}
