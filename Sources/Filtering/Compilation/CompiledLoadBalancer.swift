import NetworkTypes
import RuleMatching
import VirtualNetworks

/// A network load balancer's interface in one zone: what its listeners do with packets for it.
struct CompiledBalancer: Sendable {
  struct Target: Sendable {
    var address: IPv4Address
    var interface: InterfaceIndex?
    var port: UInt16
    /// Whether its health is told, and good.
    var isHealthy: Bool
    var preservesClient: Bool
  }

  struct Listener: Sendable {
    var ipProtocol: [IPProtocol]
    var port: UInt16
    var hasTargetGroup: Bool
    /// Whether the input holds the target groups, and targets for any group at all.
    var targetsAreKnown: Bool
    /// Those that the balancer may choose: any healthy one; without a healthy one it fails open and sends to all.
    var candidates: [Target]
  }

  var resource: ResourceIndex
  var isActive: Bool
  /// Empty when the input holds none: a balancer without listeners does nothing, so they are taken to be missing.
  var listeners: [Listener]
}

extension CompiledNetwork {
  /// Ties the interfaces of network load balancers to their listeners and targets.
  mutating func compileBalancers() {
    for (position, interface) in model.networkInterfaces.enumerated()
    where interface.kind == .networkLoadBalancer {
      guard let balancer = balancer(of: interface) else { continue }
      let zone = index.subnets[interface.subnet].flatMap { model.subnets[$0].zoneKey }
      balancersByInterface[InterfaceIndex(position)] = CompiledBalancer(
        resource: resources.index(of: balancer.id), isActive: balancer.state == "active",
        listeners: balancer.listeners.map { compile($0, of: balancer, zone: zone) })
    }
    for balancer in balancersByInterface.values {
      for target in balancer.listeners.flatMap(\.candidates) where target.preservesClient {
        if let interface = target.interface { balancerTargets.insert(interface) }
      }
    }
  }

  /// The balancer that an interface says it belongs to: `ELB net/NAME/ID`.
  private func balancer(of interface: NetworkInterface) -> LoadBalancer? {
    let parts = interface.summary.split(separator: " ")
    guard parts.count == 2, parts[0] == "ELB" else { return nil }
    return model.loadBalancers.first { $0.id.rawValue.hasSuffix("loadbalancer/" + parts[1]) }
  }

  private func compile(
    _ listener: LoadBalancer.Listener, of balancer: LoadBalancer, zone: String?
  ) -> CompiledBalancer.Listener {
    let groups = listener.targetGroups.compactMap { id in model.targetGroups.first { $0.id == id } }
    let targets = groups.flatMap { group in
      group.targets.compactMap { compile($0, of: group, balancer, zone: zone) }
    }
    let healthy = targets.filter(\.isHealthy)
    let ipProtocol: [IPProtocol] =
      switch listener.listenerProtocol {
      case "UDP", "QUIC": [.udp]
      case "TCP_UDP", "TCP_QUIC": [.tcp, .udp]
      default: [.tcp]
      }
    return CompiledBalancer.Listener(
      ipProtocol: ipProtocol, port: listener.port, hasTargetGroup: !listener.targetGroups.isEmpty,
      targetsAreKnown: groups.count == listener.targetGroups.count
        && model.targetGroups.contains { !$0.targets.isEmpty },
      candidates: healthy.isEmpty ? targets : healthy)
  }

  /// A target that the balancer's interface in `zone` may choose: of the same zone unless balancing crosses zones.
  private func compile(
    _ target: TargetGroup.Target, of group: TargetGroup, _ balancer: LoadBalancer, zone: String?
  ) -> CompiledBalancer.Target? {
    // A target that leaves its group, or whose group is in no use, gets nothing; an unhealthy one may.
    guard let port = target.port ?? group.port, target.health != "draining", target.health != "unused" else {
      return nil
    }
    let interface: Int?
    let address: IPv4Address?
    switch group.kind {
    case .instance:
      let candidates = model.networkInterfaces.indices.filter {
        model.networkInterfaces[$0].instance?.rawValue == target.id
      }
      interface = candidates.first
      address = interface.flatMap { model.networkInterfaces[$0].ipv4Addresses.first?.address }
    case .address:
      address = IPv4Address(target.id)
      interface = address.flatMap { address in
        addresses.owners(of: .v4(address)).first { !$0.isPublic }?.interface.int
      }
    default: return nil
    }
    guard let address else { return nil }
    let targetZone = interface.flatMap { index.subnets[model.networkInterfaces[$0].subnet] }
      .flatMap { model.subnets[$0].zoneKey }
    if balancer.isCrossZone != true, let zone, let targetZone, zone != targetZone { return nil }
    return CompiledBalancer.Target(
      address: address, interface: interface.map(InterfaceIndex.init), port: port,
      isHealthy: target.health == "healthy",
      preservesClient: group.preservesClientAddress
        ?? (group.kind == .instance || ["UDP", "TCP_UDP"].contains(group.groupProtocol)))
  }
}
