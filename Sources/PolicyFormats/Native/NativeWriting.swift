import VirtualNetworks

/// What is known while a network is written as YAML: the key of every resource.
final class NativeWriting {
  let network: VirtualNetwork
  let keys = NativeKeys()
  /// Account and Region that a resource has if it says nothing: those of its VPC.
  var home: (account: String?, region: String?) = (nil, nil)
  /// The key of the entry that is being written, if it stands for the Name tag.
  var entryName: String?
  /// The VPC in which the entry is being written, if it is.
  var vpc: ResourceID?
  var vpcKey: String?
  /// The VPC of what names none: the only one there is.
  let onlyVPC: ResourceID?
  let interfaces: [ResourceID: NetworkInterface]
  /// The first route table and ACL that a subnet is associated with.
  private(set) var tableOf: [ResourceID: ResourceID] = [:]
  private(set) var aclOf: [ResourceID: ResourceID] = [:]
  /// The instance that lists an interface.
  private(set) var listedBy: [ResourceID: ResourceID] = [:]
  private(set) var impliedByNAT: Set<ResourceID> = []
  private let subnets: [ResourceID: Subnet]
  private var keyOf: [NativeKind: [ResourceID: String]] = [:]
  /// Keys that only one resource of the kind has: these can be referred to.
  private var unique: [NativeKind: Set<String>] = [:]

  init(_ network: VirtualNetwork) {
    self.network = network
    onlyVPC = network.vpcs.count == 1 ? network.vpcs[0].id : nil
    interfaces = Dictionary(
      network.networkInterfaces.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    subnets = Dictionary(network.subnets.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    nameEverything()
    tieEverything()
  }

  /// The key under which a resource is written: its name where that is good enough, or its id.
  func key(_ kind: NativeKind, _ id: ResourceID) -> String { keyOf[kind]?[id] ?? id.rawValue }

  /// What names a resource elsewhere: its key where no other has it, or its id.
  func reference(_ kind: NativeKind, _ id: ResourceID) -> String {
    if let key = keyOf[kind]?[id], unique[kind]?.contains(key) ?? false { return key }
    return kind.isID(id.rawValue) ? id.rawValue : "id/" + id.rawValue
  }

  /// `id: …` where the key does not make it.
  func idMember(_ kind: NativeKind, _ id: ResourceID, vpcKey: String? = nil) -> [(String, YAMLValue)] {
    let key = key(kind, id)
    return kind.id(of: key, in: vpcKey) == id ? [] : [("id", .text(id.rawValue))]
  }

  /// Tags besides the Name tag that the key stands for.
  func tags(_ tags: [Tag]) -> YAMLValue? {
    var rest = tags[...]
    if let entryName, tags.first == Tag("Name", entryName) { rest = rest.dropFirst() }
    return rest.isEmpty ? nil : .map(rest.map { ($0.key, .text($0.value)) })
  }

  func setHome(_ vpc: ResourceID?) {
    let attributes = vpc.flatMap { id in network.vpcs.first { $0.id == id } }?.attributes
    home = (attributes?.account, attributes?.region)
  }

  func zone(of subnet: ResourceID?) -> String? { subnet.flatMap { subnets[$0]?.zone } }
  func vpc(of subnet: ResourceID?) -> ResourceID? { subnet.flatMap { subnets[$0]?.vpc } }

  /// What is told at the other end of an association.
  private func tieEverything() {
    for table in network.routeTables {
      for subnet in table.subnets where subnets[subnet] != nil && tableOf[subnet] == nil {
        tableOf[subnet] = table.id
      }
    }
    for acl in network.networkACLs {
      for subnet in acl.subnets where subnets[subnet] != nil && aclOf[subnet] == nil {
        aclOf[subnet] = acl.id
      }
    }
    for instance in network.instances {
      for id in instance.networkInterfaces
      where interfaces[id]?.instance == instance.id && listedBy[id] == nil {
        listedBy[id] = instance.id
      }
    }
    for gateway in network.natGateways where gateway.addresses.count == 1 {
      guard let id = gateway.addresses[0].networkInterface, let interface = interfaces[id],
        NATDraft.interface(of: gateway, location: interface.attributes.location) == interface
      else { continue }
      impliedByNAT.insert(id)
    }
  }

  // MARK: Names

  private func nameEverything() {
    let tagged = { (attributes: ResourceAttributes) in
      // Only a first tag can be left to the key: the order of tags is kept.
      attributes.tags.first.flatMap { $0.key == "Name" ? $0.value : nil }
    }
    func name<Resource>(
      _ kind: NativeKind, _ resources: [Resource], _ id: (Resource) -> ResourceID,
      scope: (Resource) -> ResourceID? = { _ in nil }, _ name: (Resource) -> String?
    ) {
      var holders: [String: [(ResourceID, ResourceID?)]] = [:]
      for resource in resources {
        guard let text = name(resource), isUsable(text, kind) else { continue }
        holders[text, default: []].append((id(resource), scope(resource)))
      }
      let ids = Set(resources.map(id))
      for (text, found) in holders where !ids.contains(ResourceID(rawValue: text)) {
        if found.count == 1 { unique[kind, default: []].insert(text) }
        let scopes = Set(found.map { $0.1?.rawValue ?? "" })
        guard scopes.count == found.count else { continue }
        for (id, _) in found { keyOf[kind, default: [:]][id] = text }
      }
    }
    let network = self.network
    // What belongs to a VPC that is not in the input is written in one section with its like.
    let known = Set(network.vpcs.map(\.id))
    func section<Resource>(_ vpc: KeyPath<Resource, ResourceID>) -> (Resource) -> ResourceID? {
      { known.contains($0[keyPath: vpc]) ? $0[keyPath: vpc] : nil }
    }
    name(.vpc, network.vpcs, \.id) { tagged($0.attributes) }
    name(.subnet, network.subnets, \.id, scope: section(\.vpc)) { tagged($0.attributes) }
    name(.routeTable, network.routeTables, \.id, scope: section(\.vpc)) { tagged($0.attributes) }
    name(.networkACL, network.networkACLs, \.id, scope: section(\.vpc)) { tagged($0.attributes) }
    name(.securityGroup, network.securityGroups, \.id) { $0.groupName }
    name(.prefixList, network.prefixLists, \.id) { $0.listName }
    name(.instance, network.instances, \.id) { tagged($0.attributes) }
    name(.networkInterface, network.networkInterfaces, \.id) { tagged($0.attributes) }
    name(.internetGateway, network.internetGateways, \.id) { tagged($0.attributes) }
    name(.egressOnlyGateway, network.egressOnlyGateways, \.id) { tagged($0.attributes) }
    name(.natGateway, network.natGateways, \.id) { tagged($0.attributes) }
    name(.peering, network.peeringConnections, \.id) { tagged($0.attributes) }
    name(.endpoint, network.endpoints, \.id) { tagged($0.attributes) }
    name(.virtualPrivateGateway, network.virtualPrivateGateways, \.id) { tagged($0.attributes) }
    name(.vpnConnection, network.vpnConnections, \.id) { tagged($0.attributes) }
    name(.transitGateway, network.transitGateways, \.id) { tagged($0.attributes) }
    name(.transitTable, network.transitGatewayRouteTables, \.id) { tagged($0.attributes) }
    name(.loadBalancer, network.loadBalancers, \.id) { $0.balancerName }
    name(.targetGroup, network.targetGroups, \.id) { $0.groupName }
  }

  private func isUsable(_ name: String, _ kind: NativeKind) -> Bool {
    !name.isEmpty && name.count <= 100 && !kind.isID(name) && !name.contains("/") && name != "<<"
      && !["internet", "egress-only", "local", "none", "~", "null", "blackhole"].contains(name.lowercased())
      && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
  }
}
