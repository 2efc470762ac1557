import NetworkTypes
import RuleMatching
import VirtualNetworks

/// The network that semantics.md uses in its examples, to be changed by each test.
///
/// ```
/// VPC-A 10.0.0.0/16, 2001:db8:a00::/56     VPC-B 10.1.0.0/16 (peer pcx-1)
///   pub  10.0.0.0/24  local; 0.0.0.0/0 -> igw-1 ; ::/0 -> igw-1
///   priv 10.0.1.0/24  local; 0.0.0.0/0 -> nat-1 ; ::/0 -> eigw-1 ; 10.1.0.0/16 -> pcx-1
///   db   10.0.2.0/24  local
/// eni-web 10.0.0.10 (public 198.51.100.10)  eni-app 10.0.1.10   eni-app2 10.0.1.11   eni-db 10.0.2.10
/// nat-1 eni 10.0.0.220 (198.51.100.220)     client 203.0.113.7   eni-b 10.1.0.10
/// ```
/// Each host of VPC-A has an IPv6 address with the same last byte, read as digits; here the db subnet has IPv6 too.
/// Groups are open in both directions and for both families, one a host: `sg-web`, `sg-app`, `sg-app2`, `sg-db`, `sg-b`.
/// Every ACL is open.
public struct SemanticsNetwork {
  public var network = VirtualNetwork()

  public init() {
    addVPC("vpc-a", "10.0.0.0/16", "2001:db8:a00::/56")
    addVPC("vpc-b", "10.1.0.0/16", nil)
    addSubnet("subnet-pub", "vpc-a", "10.0.0.0/24", "2001:db8:a00::/64", table: "rtb-pub")
    addSubnet("subnet-priv", "vpc-a", "10.0.1.0/24", "2001:db8:a00:1::/64", table: "rtb-priv")
    addSubnet("subnet-db", "vpc-a", "10.0.2.0/24", "2001:db8:a00:2::/64", table: "rtb-db")
    addSubnet("subnet-b", "vpc-b", "10.1.0.0/24", nil, table: "rtb-b")
    route("rtb-pub", "0.0.0.0/0", .internetGateway("igw-1"))
    route("rtb-pub", "::/0", .internetGateway("igw-1"))
    route("rtb-priv", "0.0.0.0/0", .natGateway("nat-1"))
    route("rtb-priv", "::/0", .egressOnlyGateway("eigw-1"))
    route("rtb-priv", "10.1.0.0/16", .peering("pcx-1"))
    route("rtb-b", "10.0.0.0/16", .peering("pcx-1"))
    network.internetGateways = [InternetGateway(id: "igw-1", vpc: "vpc-a")]
    network.egressOnlyGateways = [EgressOnlyGateway(id: "eigw-1", vpc: "vpc-a")]
    network.peeringConnections = [
      PeeringConnection(
        id: "pcx-1", requester: .init(vpc: "vpc-a", region: "eu-west-1"),
        accepter: .init(vpc: "vpc-b", region: "eu-west-1"))
    ]
    addHost("web", "subnet-pub", "10.0.0.10", v6: "2001:db8:a00::10", publicAddress: "198.51.100.10")
    addHost("app", "subnet-priv", "10.0.1.10", v6: "2001:db8:a00:1::10")
    addHost("app2", "subnet-priv", "10.0.1.11", v6: "2001:db8:a00:1::11")
    addHost("db", "subnet-db", "10.0.2.10", v6: "2001:db8:a00:2::10")
    addHost("b", "subnet-b", "10.1.0.10")
    network.networkInterfaces.append(
      NetworkInterface(
        id: "eni-nat", vpc: "vpc-a", subnet: "subnet-pub", kind: .natGateway,
        ipv4Addresses: [
          .init(IPv4Address("10.0.0.220")!, publicAddress: IPv4Address("198.51.100.220")!)
        ], sourceDestinationCheck: false))
    network.natGateways = [
      NATGateway(
        id: "nat-1", vpc: "vpc-a", subnet: "subnet-pub",
        addresses: [
          .init(
            networkInterface: "eni-nat", privateAddress: IPv4Address("10.0.0.220")!,
            publicAddress: IPv4Address("198.51.100.220")!)
        ])
    ]
  }

  private mutating func addVPC(_ id: ResourceID, _ v4: String, _ v6: String?) {
    network.vpcs.append(
      VPC(id: id, ipv4Blocks: [Prefix(v4)!], ipv6Blocks: v6.map { [Prefix($0)!] } ?? []))
    network.networkACLs.append(
      NetworkACL(
        id: ResourceID("acl-" + id.rawValue), vpc: id, isDefault: true, inbound: Self.openEntries,
        outbound: Self.openEntries))
  }

  private static var openEntries: [NetworkACLEntry] {
    [
      NetworkACLEntry(number: 100, action: .allow, traffic: .all, prefix: .v4(.everything)),
      NetworkACLEntry(number: 101, action: .allow, traffic: .all, prefix: .v6(.everything)),
    ]
  }

  private mutating func addSubnet(
    _ id: ResourceID, _ vpc: ResourceID, _ v4: String, _ v6: String?, table: ResourceID
  ) {
    network.subnets.append(
      Subnet(id: id, vpc: vpc, ipv4Block: Prefix(v4)!, ipv6Blocks: v6.map { [Prefix($0)!] } ?? []))
    network.routeTables.append(RouteTable(id: table, vpc: vpc, subnets: [id]))
  }

  /// Adds a host `eni-NAME` with the open group `sg-NAME`.
  public mutating func addHost(
    _ name: String, _ subnet: ResourceID, _ address: String, v6: String? = nil, publicAddress: String? = nil
  ) {
    let vpc = network.subnets.first { $0.id == subnet }!.vpc
    network.networkInterfaces.append(
      NetworkInterface(
        id: ResourceID("eni-" + name), vpc: vpc, subnet: subnet,
        ipv4Addresses: [.init(IPv4Address(address)!, publicAddress: publicAddress.map { IPv4Address($0)! })],
        ipv6Addresses: v6.map { [IPv6Address($0)!] } ?? [], groups: [ResourceID("sg-" + name)]))
    network.securityGroups.append(
      SecurityGroup(
        id: ResourceID("sg-" + name), groupName: name, vpc: vpc,
        inbound: Self.rules(["all from 0.0.0.0/0", "all from ::/0"], "inbound"),
        outbound: Self.rules(["all to 0.0.0.0/0", "all to ::/0"], "outbound")))
  }

  private static func rules(_ texts: [String], _ side: String) -> [SecurityGroupRule] {
    texts.enumerated().map { index, text in
      SecurityGroupRule(id: "\(side)-\(index + 1)", match: try! Match.parse(text).match)
    }
  }

  // MARK: Changes

  /// Replaces the inbound rules of `sg-NAME`.
  public mutating func inbound(_ name: String, _ texts: String...) {
    let index = network.securityGroups.firstIndex { $0.id.rawValue == "sg-" + name }!
    network.securityGroups[index].inbound = Self.rules(texts, "inbound")
  }

  /// Replaces the outbound rules of `sg-NAME`.
  public mutating func outbound(_ name: String, _ texts: String...) {
    let index = network.securityGroups.firstIndex { $0.id.rawValue == "sg-" + name }!
    network.securityGroups[index].outbound = Self.rules(texts, "outbound")
  }

  /// Gives a subnet an ACL of its own; entries as text: `100 allow tcp 443 from 0.0.0.0/0`.
  public mutating func acl(_ subnet: ResourceID, inbound: [String]? = nil, outbound: [String]? = nil) {
    func entries(_ texts: [String]?) -> [NetworkACLEntry] {
      guard let texts else { return Self.openEntries }
      return texts.map { text in
        let entry = try! NumberedMatch.parse(text)
        guard case .prefix(let prefix) = entry.match.peer else { preconditionFailure(text) }
        return NetworkACLEntry(
          number: entry.number, action: entry.allows ? .allow : .deny, traffic: entry.match.traffic,
          prefix: prefix)
      }
    }
    let vpc = network.subnets.first { $0.id == subnet }!.vpc
    network.networkACLs.removeAll { $0.subnets.contains(subnet) }
    network.networkACLs.append(
      NetworkACL(
        id: ResourceID("acl-" + subnet.rawValue), vpc: vpc, subnets: [subnet], inbound: entries(inbound),
        outbound: entries(outbound)))
  }

  /// Adds a route, or replaces the one with the same destination.
  public mutating func route(
    _ table: ResourceID, _ destination: String, _ target: Route.Target, origin: Route.Origin = .createdByUser,
    isBlackhole: Bool = false
  ) {
    let index = network.routeTables.firstIndex { $0.id == table }!
    network.routeTables[index].routes.append(
      Route(
        destination: .prefix(IPPrefix(destination)!), target: target, origin: origin, isBlackhole: isBlackhole
      ))
  }

  public mutating func removeRoute(_ table: ResourceID, _ destination: String) {
    let index = network.routeTables.firstIndex { $0.id == table }!
    network.routeTables[index].routes.removeAll { $0.destination == .prefix(IPPrefix(destination)!) }
  }

  /// Puts `eni-web` into the running instance `i-web`, whose name is `web-1`.
  public mutating func addWebInstance() {
    interface("eni-web") { $0.instance = "i-web" }
    network.instances.append(
      Instance(
        id: "i-web", networkInterfaces: ["eni-web"],
        attributes: ResourceAttributes(tags: [Tag("Name", "web-1")])))
  }

  /// Changes an interface.
  public mutating func interface(_ id: ResourceID, _ change: (inout NetworkInterface) -> Void) {
    let index = network.networkInterfaces.firstIndex { $0.id == id }!
    change(&network.networkInterfaces[index])
  }
}
