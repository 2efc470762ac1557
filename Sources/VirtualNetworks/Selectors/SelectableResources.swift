import NetworkTypes

/// Everything of a network that a selector can name, with what it covers.
struct SelectableResources: Sendable {
  struct Resource: Sendable {
    var kind: Selector.Kind
    var id: ResourceID
    var name: String?
    var coverage: SelectorCoverage
    /// What a selector of its kind and name looks like, with the id: `instance/web-1 (i-0123)`.
    var label: String { name.map { "\(kind.rawValue)/\($0) (\(id))" } ?? id.rawValue }
  }

  private(set) var all: [Resource] = []
  private(set) var byID: [String: [Int]] = [:]
  private(set) var byName: [String: [Int]] = [:]
  /// Interfaces of each instance, the primary one first.
  private(set) var interfacesByInstance: [ResourceID: [Int]] = [:]

  init(_ network: VirtualNetwork) {
    let interfaces = network.networkInterfaces
    let bySubnet = Self.group(interfaces) { [$0.subnet] }
    let byVPC = Self.group(interfaces) { [$0.vpc] }
    let byGroup = Self.group(interfaces) { $0.groups }
    let positions = Dictionary(
      interfaces.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    addInstances(network, positions)
    for (position, interface) in interfaces.enumerated() {
      add(.networkInterface, interface.id, interface.attributes.name, [position])
    }
    for subnet in network.subnets { add(.subnet, subnet.id, subnet.attributes.name, bySubnet[subnet.id]) }
    for vpc in network.vpcs { add(.vpc, vpc.id, vpc.attributes.name, byVPC[vpc.id]) }
    for group in network.securityGroups {
      add(.securityGroup, group.id, group.groupName.isEmpty ? nil : group.groupName, byGroup[group.id])
      if let name = group.attributes.name, name != group.groupName {
        byName[name, default: []].append(all.count - 1)
      }
    }
    for gateway in network.natGateways where gateway.state != "deleted" {
      let own = gateway.addresses.compactMap { $0.networkInterface.flatMap { positions[$0] } }
      add(.natGateway, gateway.id, gateway.attributes.name, own)
    }
    for balancer in network.loadBalancers {
      let ending = balancer.id.rawValue.components(after: "loadbalancer/").map { "ELB " + $0 }
      add(
        .loadBalancer, balancer.id, balancer.balancerName,
        interfaces.indices.filter { ending != nil && interfaces[$0].summary == ending })
    }
    for endpoint in network.endpoints {
      add(
        .endpoint, endpoint.id, endpoint.attributes.name,
        endpoint.networkInterfaces.compactMap { positions[$0] })
    }
    for gateway in network.internetGateways {
      add(.internetGateway, gateway.id, gateway.attributes.name, SelectorCoverage(isInternet: true))
    }
    for peering in network.peeringConnections {
      let sides = [peering.requester, peering.accepter]
      add(
        .peering, peering.id, peering.attributes.name,
        SelectorCoverage(
          interfaces: sides.flatMap { byVPC[$0.vpc] ?? [] },
          prefixes: sides.filter { side in !network.vpcs.contains { $0.id == side.vpc } }.flatMap(\.blocks)))
    }
  }

  /// Instances of the input, and those that only their interfaces tell of.
  private mutating func addInstances(_ network: VirtualNetwork, _ positions: [ResourceID: Int]) {
    let interfaces = network.networkInterfaces
    interfacesByInstance = Self.group(interfaces) { $0.instance.map { [$0] } ?? [] }
    var known: Set<ResourceID> = []
    for instance in network.instances {
      let listed = instance.networkInterfaces.compactMap { positions[$0] }
      let own = listed + (interfacesByInstance[instance.id] ?? []).filter { !listed.contains($0) }
      interfacesByInstance[instance.id] = own
      known.insert(instance.id)
      // A terminated instance keeps its name for an hour, beside the one that took its place.
      add(.instance, instance.id, instance.state == .terminated ? nil : instance.attributes.name, own)
    }
    for (id, own) in interfacesByInstance.sorted(by: { $0.key < $1.key }) {
      // The primary interface is the one with device index 0; where that is not told, the one that is listed first.
      interfacesByInstance[id] = own.enumerated().sorted {
        (interfaces[$0.element].deviceIndex ?? 1, $0.offset) < (
          interfaces[$1.element].deviceIndex ?? 1, $1.offset
        )
      }.map(\.element)
      if !known.contains(id) { add(.instance, id, nil, own) }
    }
  }

  private static func group(
    _ interfaces: [NetworkInterface], by keys: (NetworkInterface) -> [ResourceID]
  ) -> [ResourceID: [Int]] {
    var groups: [ResourceID: [Int]] = [:]
    for (position, interface) in interfaces.enumerated() {
      for key in keys(interface) { groups[key, default: []].append(position) }
    }
    return groups
  }

  private mutating func add(_ kind: Selector.Kind, _ id: ResourceID, _ name: String?, _ interfaces: [Int]?) {
    add(kind, id, name, SelectorCoverage(interfaces: interfaces ?? []))
  }

  private mutating func add(
    _ kind: Selector.Kind, _ id: ResourceID, _ name: String?, _ coverage: SelectorCoverage
  ) {
    byID[id.rawValue, default: []].append(all.count)
    if let name { byName[name, default: []].append(all.count) }
    all.append(Resource(kind: kind, id: id, name: name, coverage: coverage))
  }
}

extension String {
  /// What follows the last occurrence of `separator`; nil if there is none.
  fileprivate func components(after separator: String) -> String? {
    ranges(of: separator).last.map { String(self[$0.upperBound...]) }
  }
}
