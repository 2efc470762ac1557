import NetworkTypes
import VirtualNetworks

/// A summary of a network that a person can hold against the console: what there is, what it is tied to, and why a
/// subnet is public.
public struct NetworkSummary: Sendable {
  public let network: VirtualNetwork
  /// Whether problems of severity `note` are shown, too.
  public let showsNotes: Bool
  /// Whether the text ends with the network's problems.
  public var showsProblems = true

  let subnets: [ResourceID: [Subnet]]
  let interfaces: [ResourceID: [NetworkInterface]]
  let instances: [ResourceID: Instance]
  let names: [ResourceID: String]
  private let tables: [ResourceID: RouteTable]
  private let mainTables: [ResourceID: RouteTable]
  private let acls: [ResourceID: NetworkACL]
  private let defaultACLs: [ResourceID: NetworkACL]

  public init(_ network: VirtualNetwork, showsNotes: Bool = false) {
    self.network = network
    self.showsNotes = showsNotes
    subnets = Dictionary(grouping: network.subnets, by: \.vpc)
    interfaces = Dictionary(grouping: network.networkInterfaces, by: \.subnet)
    instances = Dictionary(network.instances.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    tables = Dictionary(
      network.routeTables.flatMap { table in table.subnets.map { ($0, table) } },
      uniquingKeysWith: { first, _ in first })
    mainTables = Dictionary(
      network.routeTables.filter(\.isMain).map { ($0.vpc, $0) }, uniquingKeysWith: { first, _ in first })
    acls = Dictionary(
      network.networkACLs.flatMap { acl in acl.subnets.map { ($0, acl) } },
      uniquingKeysWith: { first, _ in first })
    defaultACLs = Dictionary(
      network.networkACLs.filter(\.isDefault).map { ($0.vpc, $0) }, uniquingKeysWith: { first, _ in first })
    names = Self.names(of: network)
  }

  /// What people call each resource: its Name tag, or the name it has of its own.
  private static func names(of network: VirtualNetwork) -> [ResourceID: String] {
    var names: [ResourceID: String] = [:]
    func add(_ id: ResourceID, _ attributes: ResourceAttributes, own: String = "") {
      names[id] = attributes.name ?? (own.isEmpty ? nil : own)
    }
    for vpc in network.vpcs { add(vpc.id, vpc.attributes) }
    for subnet in network.subnets { add(subnet.id, subnet.attributes) }
    for interface in network.networkInterfaces { add(interface.id, interface.attributes) }
    for instance in network.instances { add(instance.id, instance.attributes) }
    for group in network.securityGroups {
      // A group is known by its own name; the Name tag is often the stack's.
      names[group.id] = group.groupName.isEmpty ? group.attributes.name : group.groupName
    }
    for acl in network.networkACLs { add(acl.id, acl.attributes) }
    for table in network.routeTables { add(table.id, table.attributes) }
    for list in network.prefixLists { add(list.id, list.attributes, own: list.listName) }
    for gateway in network.internetGateways { add(gateway.id, gateway.attributes) }
    for gateway in network.egressOnlyGateways { add(gateway.id, gateway.attributes) }
    for gateway in network.natGateways { add(gateway.id, gateway.attributes) }
    for peering in network.peeringConnections { add(peering.id, peering.attributes) }
    for endpoint in network.endpoints { add(endpoint.id, endpoint.attributes) }
    for gateway in network.virtualPrivateGateways { add(gateway.id, gateway.attributes) }
    for connection in network.vpnConnections { add(connection.id, connection.attributes) }
    for gateway in network.transitGateways { add(gateway.id, gateway.attributes) }
    for attachment in network.transitGatewayAttachments { add(attachment.id, attachment.attributes) }
    for table in network.transitGatewayRouteTables { add(table.id, table.attributes) }
    for balancer in network.loadBalancers {
      add(balancer.id, balancer.attributes, own: balancer.balancerName)
    }
    for group in network.targetGroups { add(group.id, group.attributes, own: group.groupName) }
    return names
  }

  /// The table that routes for a subnet: its own, or the VPC's main one (semantics RT-1).
  func routeTable(of subnet: Subnet) -> RouteTable? { tables[subnet.id] ?? mainTables[subnet.vpc] }

  /// The ACL at a subnet's border: its own, or the VPC's default one (semantics NACL-1).
  func networkACL(of subnet: Subnet) -> NetworkACL? { acls[subnet.id] ?? defaultACLs[subnet.vpc] }

  /// The problems to show, errors first, each severity in the order of the input.
  var problems: [ModelProblem] {
    let shown = ModelProblem.Severity.allCases.filter { $0 != .note || showsNotes }
    return shown.flatMap { severity in network.problems.filter { $0.severity == severity } }
  }

  func count(_ severity: ModelProblem.Severity) -> Int {
    network.problems.count { $0.severity == severity }
  }
}

/// Whether a subnet reaches the internet through an internet gateway, and what says so (semantics RT-15).
struct SubnetExposure {
  enum Kind: String {
    case isPublic = "public"
    case isPrivate = "private"
    case isUnknown = "unknown"
  }

  var kind: Kind
  /// The reason, without the kind: `rtb-… sends 0.0.0.0/0 to igw-…`.
  var reason: String
}

extension NetworkSummary {
  func exposure(of subnet: Subnet) -> SubnetExposure {
    guard let table = routeTable(of: subnet) else {
      return SubnetExposure(kind: .isUnknown, reason: "the input has no route table for it")
    }
    let defaults = table.routes.filter(\.isDefault)
    let toInternet = table.routes.filter { route in
      if case .internetGateway = route.target { return !route.isBlackhole }
      return false
    }
    let name = table.id.rawValue + (table.isMain && !table.subnets.contains(subnet.id) ? " (main)" : "")
    // Of several routes the widest one explains best.
    if let route = toInternet.first(where: \.isDefault) ?? toInternet.first,
      let gateway = route.target.resource
    {
      return SubnetExposure(kind: .isPublic, reason: "\(name) sends \(route.destination.text) to \(gateway)")
    }
    let elsewhere = defaults.compactMap { route in
      route.target.resource.map {
        "sends \(route.destination.text) to \($0)" + (route.isBlackhole ? " (blackhole)" : "")
      }
    }
    return SubnetExposure(
      kind: .isPrivate,
      reason: elsewhere.isEmpty
        ? "\(name) has no route to an internet gateway" : "\(name) " + elsewhere.joined(separator: ", "))
  }
}

extension Route {
  /// Whether the route takes whatever no other takes: 0.0.0.0/0 or ::/0.
  var isDefault: Bool {
    if case .prefix(let prefix) = destination { return prefix.isEverything }
    return false
  }
}

extension Route.Destination {
  var text: String {
    switch self {
    case .prefix(let prefix): prefix.description
    case .prefixList(let list): list.rawValue
    }
  }
}

extension Route.Target {
  var text: String {
    switch self {
    case .local: "local"
    case .none: "nothing"
    default: resource?.rawValue ?? ""
    }
  }
}

extension NetworkInterface.Kind {
  /// The name in reports: `interface`, `nat_gateway`, …
  var text: String {
    switch self {
    case .standard: "interface"
    case .natGateway: "nat_gateway"
    case .networkLoadBalancer: "network_load_balancer"
    case .gatewayLoadBalancer: "gateway_load_balancer"
    case .transitGateway: "transit_gateway"
    case .interfaceEndpoint: "vpc_endpoint"
    case .gatewayLoadBalancerEndpoint: "gateway_load_balancer_endpoint"
    case .lambda: "lambda"
    case .other(let name): name
    }
  }
}
