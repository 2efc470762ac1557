import NetworkTypes
import RuleMatching
import VirtualNetworks

/// A network of a given size: VPCs of sixteen subnets, each with an ACL and routes, interfaces with one group each.
public struct SyntheticNetwork {
  public struct Size: Sendable {
    public var interfaces = 1_000
    public var groups = 100
    public var rulesPerGroup = 60

    public init(interfaces: Int = 1_000, groups: Int = 100, rulesPerGroup: Int = 60) {
      self.interfaces = interfaces
      self.groups = groups
      self.rulesPerGroup = rulesPerGroup
    }
  }

  /// Interfaces of one VPC; its /16 holds them in subnets of 4,096 addresses.
  private static let interfacesPerVPC = 40_000
  private static let subnetsPerVPC = 16

  public private(set) var network = VirtualNetwork()
  private var rules: SyntheticRules

  public init(_ size: Size, seed: UInt64) {
    rules = SyntheticRules(seed: seed)
    let vpcs = max(1, (size.interfaces + Self.interfacesPerVPC - 1) / Self.interfacesPerVPC)
    for vpc in 0..<vpcs { addVPC(vpc) }
    for group in 0..<size.groups { addGroup(group, vpc: group % vpcs, rules: size.rulesPerGroup) }
    for interface in 0..<size.interfaces { addInterface(interface, vpcs: vpcs, groups: size.groups) }
  }

  private mutating func addVPC(_ number: Int) {
    let id = ResourceID("vpc-\(number)")
    let base = UInt32(0x0a00_0000) | UInt32(number) << 16
    network.vpcs.append(VPC(id: id, ipv4Blocks: [Prefix(IPv4Address(rawValue: base), length: 16)]))
    network.internetGateways.append(InternetGateway(id: ResourceID("igw-\(number)"), vpc: id))
    var subnets: [ResourceID] = []
    for subnet in 0..<Self.subnetsPerVPC {
      let block = Prefix(IPv4Address(rawValue: base | UInt32(subnet) << 12), length: 20)
      subnets.append(ResourceID("subnet-\(number)-\(subnet)"))
      network.subnets.append(Subnet(id: subnets[subnet], vpc: id, ipv4Block: block))
    }
    var entries: [NetworkACLEntry] = []
    for index in 0..<18 {
      entries.append(
        NetworkACLEntry(
          number: 100 + 10 * index, action: index % 3 == 0 ? .deny : .allow,
          traffic: index % 3 == 0 ? .tcp(PortRange(UInt16(2_000 + index))) : rules.traffic(),
          prefix: index % 3 == 0 ? .v4(.everything) : rules.block()))
    }
    entries.append(
      NetworkACLEntry(number: 900, action: .allow, traffic: .all, prefix: .v4(.everything)))
    network.networkACLs.append(
      NetworkACL(
        id: ResourceID("acl-\(number)"), vpc: id, isDefault: true, inbound: entries, outbound: entries))
    var routes = [
      Route(destination: .prefix(.v4(.everything)), target: .internetGateway(ResourceID("igw-\(number)")))
    ]
    for index in 0..<48 {
      let block = Prefix(IPv4Address(rawValue: 0xac10_0000 | UInt32(index) << 12), length: 20)
      routes.append(
        Route(destination: .prefix(.v4(block)), target: .internetGateway(ResourceID("igw-\(number)"))))
    }
    network.routeTables.append(
      RouteTable(id: ResourceID("rtb-\(number)"), vpc: id, isMain: true, subnets: subnets, routes: routes))
  }

  private mutating func addGroup(_ number: Int, vpc: Int, rules count: Int) {
    let inbound = (0..<count).map { index in
      // The first rules let neighbours in, so that most traffic is allowed, as in networks that work.
      let match =
        index < 2
        ? Match(
          [.tcp(.all), .udp(.all)][index], peer: .prefix(.v4(Prefix(IPv4Address(10, 0, 0, 0), length: 8))))
        : Match(rules.traffic(), peer: .prefix(rules.block()))
      return SecurityGroupRule(id: "sgr-\(number)-\(index)", match: match)
    }
    let outbound = [
      SecurityGroupRule(id: "sgr-\(number)-out", match: Match(.all, peer: .prefix(.v4(.everything))))
    ]
    network.securityGroups.append(
      SecurityGroup(
        id: ResourceID("sg-\(number)"), vpc: ResourceID("vpc-\(vpc)"), inbound: inbound, outbound: outbound))
  }

  private mutating func addInterface(_ number: Int, vpcs: Int, groups: Int) {
    let vpc = number % vpcs
    let host = number / vpcs
    let subnet = host % Self.subnetsPerVPC
    // The first four addresses of a subnet are not given out.
    let offset = UInt32(subnet) << 12 | UInt32(4 + host / Self.subnetsPerVPC)
    let address = IPv4Address(rawValue: 0x0a00_0000 | UInt32(vpc) << 16 | offset)
    let groupsOfVPC = (groups - vpc + vpcs - 1) / vpcs
    let group = groupsOfVPC > 0 ? vpc + vpcs * (host % groupsOfVPC) : 0
    network.networkInterfaces.append(
      NetworkInterface(
        id: ResourceID("eni-\(number)"), vpc: ResourceID("vpc-\(vpc)"),
        subnet: ResourceID("subnet-\(vpc)-\(subnet)"), ipv4Addresses: [.init(address)],
        groups: [ResourceID("sg-\(group)")]))
  }
}
