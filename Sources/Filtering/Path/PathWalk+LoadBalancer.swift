import NetworkTypes
import RuleMatching
import VirtualNetworks

extension PathWalk {
  /// A packet for a network load balancer's interface: its groups, the listener, a target, and on.
  mutating func receive(atBalancer interface: InterfaceIndex, _ balancer: CompiledBalancer, subnet: Int) {
    isTrackedAutomatically = true
    if relation.isReply {
      answer(atBalancer: interface, subnet: subnet)
      return
    }
    guard passesGroups(interface, .ingress) else { return }
    guard balancer.isActive else {
      deny(.gateway, .gateway, .ingress, .badState, interface: interface, resource: balancer.resource)
      return
    }
    guard !balancer.listeners.isEmpty else {
      markUnknown(
        .gateway, .gateway, .ingress, .loadBalancer, interface: interface, resource: balancer.resource)
      deliver(to: .interface(interface))
      return
    }
    let listener = balancer.listeners.first {
      $0.port == header.service.port && $0.ipProtocol.contains(header.ipProtocol)
        && header.ipProtocol.hasPorts
    }
    guard let listener else {
      deny(
        .gateway, .gateway, .ingress, .listenersMismatch, interface: interface, resource: balancer.resource)
      return
    }
    guard listener.hasTargetGroup else {
      deny(
        .gateway, .gateway, .ingress, .listenerHasNoTargets, interface: interface, resource: balancer.resource
      )
      return
    }
    guard listener.targetsAreKnown else {
      markUnknown(
        .gateway, .gateway, .ingress, .loadBalancer, interface: interface, resource: balancer.resource)
      deliver(to: .interface(interface))
      return
    }
    guard let target = listener.candidates.first else {
      deny(.gateway, .gateway, .ingress, .noTargetsInZone, interface: interface, resource: balancer.resource)
      return
    }
    guard remembersFlow(at: interface, balancer.resource, .ingress) else { return }
    if targetsDisagree(listener, interface, balancer, subnet: subnet) {
      markUnknown(
        .gateway, .gateway, .ingress, .choiceOfTarget, interface: interface, resource: balancer.resource)
    }
    forward(to: target, from: interface, balancer, subnet: subnet)
  }

  /// Whether it depends on the target that the balancer chooses what becomes of the packet.
  private func targetsDisagree(
    _ listener: CompiledBalancer.Listener, _ interface: InterfaceIndex, _ balancer: CompiledBalancer,
    subnet: Int
  ) -> Bool {
    guard listener.candidates.count > 1, !isProbe else { return false }
    let found = listener.candidates.prefix(Self.targetLimit).map { target in
      var probe = self
      probe.isProbe = true
      probe.forward(to: target, from: interface, balancer, subnet: subnet)
      return probe.packetClass
    }
    return found.contains { $0 != found[0] }
  }

  private mutating func forward(
    to target: CompiledBalancer.Target, from interface: InterfaceIndex, _ balancer: CompiledBalancer,
    subnet: Int
  ) {
    let before = header
    if !target.preservesClient {
      header.source = before.destination
      preservesGroupIdentity = false
    }
    header.destination = .v4(target.address)
    header.service = ServiceKey(header.ipProtocol, port: target.port)
    translations.append(
      Translation(
        interface: interface, originalSource: before.source, translatedSource: header.source,
        originalDestination: before.destination, originalPort: before.service.port))
    append(
      PathStep(.gateway, .gateway, .translate, .ingress, interface: interface, resource: balancer.resource))
    guard beginLeg(at: interface) else { return }
    if header.source == header.destination {
      // A target that calls itself through its balancer with its address preserved is not answered.
      deny(
        .gateway, .gateway, .egress, .sourceAddressPreservation, interface: interface,
        resource: balancer.resource)
      return
    }
    leaveBalancer(interface, subnet: subnet)
  }

  private mutating func leaveBalancer(_ interface: InterfaceIndex, subnet: Int) {
    if compiled.network.model.subnets[subnet].contains(header.destination) {
      deliver(in: compiled.network.interfaces[interface.int].vpc, fromSubnet: subnet, sender: interface)
      return
    }
    guard passesACL(of: subnet, .egress, interface: interface) else { return }
    route(from: subnet, interface: interface)
  }

  /// The target's answer, back at the balancer: the client gets it from the balancer's address.
  private mutating func answer(atBalancer interface: InterfaceIndex, subnet: Int) {
    let resource = compiled.network.balancersByInterface[interface]?.resource
    guard let position = translations.lastIndex(where: { $0.interface == interface }) else {
      append(
        PathStep(
          .gateway, .networkInterface, .established, .ingress, interface: interface, resource: resource))
      deliver(to: .interface(interface))
      return
    }
    guard remembersFlow(at: interface, resource, .egress) else { return }
    let translation = translations.remove(at: position)
    header.destination = translation.originalSource
    if let balancerAddress = translation.originalDestination { header.source = balancerAddress }
    header.sourcePort = translation.originalPort ?? header.sourcePort
    append(PathStep(.gateway, .gateway, .translate, .egress, interface: interface, resource: resource))
    guard beginLeg(at: interface) else { return }
    leaveBalancer(interface, subnet: subnet)
  }

  /// Whether an answer leaving a target belongs to a balancer that hid behind the client's address: then the platform
  /// hands it to the balancer, whatever the routes say.
  var hiddenBalancer: InterfaceIndex? {
    guard relation.isReply, let last = translations.last, last.originalPort != nil,
      last.originalSource == last.translatedSource
    else { return nil }
    return last.interface
  }
}
