import Filtering
import NetworkTypes
import VirtualNetworks

extension AuditReport {
  /// Adds what the network tells beside the counts: who the other ends of denied packets are, and which groups and
  /// ACLs had packets to judge.
  public mutating func complete(from network: VirtualNetwork, _ filter: PacketFilter) {
    nameRemotes(network, filter)
    nameChanged(filter)
    findPassedPolicies(network)
  }

  /// Names the remotes that are one address of one interface only.
  private mutating func nameRemotes(_ network: VirtualNetwork, _ filter: PacketFilter) {
    var wanted: Set<IPAddress> = []
    for denial in denials where denial.remote.first == denial.remote.last {
      wanted.insert(denial.remote.first)
    }
    var owners: [IPAddress: Set<ResourceID>] = [:]
    for interface in network.networkInterfaces {
      for address in interface.ownAddresses where wanted.contains(address) {
        owners[address, default: []].insert(interface.id)
      }
    }
    for index in denials.indices where denials[index].remote.first == denials[index].remote.last {
      guard let owner = owners[denials[index].remote.first], owner.count == 1, let id = owner.first else {
        continue
      }
      denials[index].remoteName = filter.name(of: id)
    }
  }

  private mutating func nameChanged(_ filter: PacketFilter) {
    for index in changes.indices {
      for word in ([changes[index].text] + changes[index].effects).flatMap(Change.words) {
        changes[index].names[String(word)] = filter.name(of: ResourceID(String(word)))
      }
    }
  }

  private mutating func findPassedPolicies(_ network: VirtualNetwork) {
    let passed = Set(interfaces.map(\.id))
    var explicit: [ResourceID: ResourceID] = [:]
    var defaults: [ResourceID: ResourceID] = [:]
    for acl in network.networkACLs {
      for subnet in acl.subnets { explicit[subnet] = acl.id }
      if acl.isDefault { defaults[acl.vpc] = acl.id }
    }
    var owners: Set<ResourceID> = []
    for interface in network.networkInterfaces where passed.contains(interface.id) {
      owners.formUnion(interface.groups)
      if let acl = explicit[interface.subnet] ?? defaults[interface.vpc] { owners.insert(acl) }
    }
    for index in rules.indices { rules[index].hadPackets = owners.contains(rules[index].owner) }
  }
}

extension NetworkInterface {
  fileprivate var ownAddresses: [IPAddress] {
    ipv4Addresses.map { .v4($0.address) } + ipv4Addresses.compactMap { $0.publicAddress.map { .v4($0) } }
      + ipv6Addresses.map { .v6($0) }
  }
}
