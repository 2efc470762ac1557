import NetworkTypes
import RuleMatching
import VirtualNetworks

extension PathWalk {
  /// A packet is routed to a NAT gateway: its subnet's ACL, the translation, and on (semantics NACL-19, AD-15).
  mutating func enterNATGateway(
    _ position: Int?, vpc: Int?, fromSubnet: Int?, interface: InterfaceIndex?, resource: ResourceIndex?
  ) {
    isTrackedAutomatically = true
    guard let position else {
      markUnknown(.gateway, .gateway, .egress, .unmodelled, interface: interface, resource: resource)
      return
    }
    let gateway = compiled.network.model.natGateways[position]
    guard !relation.isReply else {
      // A reply that leaves by a NAT gateway which did not translate its request gets a new source and is lost (E1).
      deny(.gateway, .gateway, .egress, .natSourceReassigned, interface: interface, resource: resource)
      return
    }
    guard gateway.state == "available" else {
      deny(.gateway, .gateway, .egress, .badState, interface: interface, resource: resource)
      return
    }
    guard let vpc, gateway.vpc == compiled.network.model.vpcs[vpc].id,
      cameByTransitGateway || compiled.network.model.vpcs[vpc].contains(header.source)
    else {
      // AD-20: sources of its own VPC, or such as come by a transit gateway.
      deny(.gateway, .gateway, .egress, .natSourceOutsideVPC, interface: interface, resource: resource)
      return
    }
    let original = header
    if case .v6(let destination) = header.destination {
      guard let embedded = NAT64.embeddedAddress(destination) else {
        deny(.gateway, .gateway, .egress, .protocolRestriction, interface: interface, resource: resource)
        return
      }
      header.destination = .v4(embedded)
      header.service = NAT64.service(header.service)
    }
    guard header.ipProtocol.hasPorts || header.ipProtocol == .icmp else {
      deny(.gateway, .gateway, .egress, .protocolRestriction, interface: interface, resource: resource)
      return
    }
    if header.isFragment && header.ipProtocol != .udp {
      // AD-18: TCP and ICMP fragments are dropped.
      deny(.gateway, .gateway, .egress, .protocolRestriction, interface: interface, resource: resource)
      return
    }
    let address = gateway.addresses.first { $0.networkInterface != nil && $0.privateAddress != nil }
    guard let natInterface = address?.networkInterface.flatMap({ compiled.network.index.interfaces[$0] }),
      let translated = address?.privateAddress
    else {
      markUnknown(.gateway, .gateway, .egress, .unmodelled, interface: interface, resource: resource)
      return
    }
    let own = InterfaceIndex(natInterface)
    if let subnet = compiled.network.interfaces[natInterface].subnet, subnet != fromSubnet {
      // The ACL sees the packet as it comes, in its own family (semantics AD-22).
      let translatedHeader = header
      header = original
      guard passesACL(of: subnet, .ingress, interface: own) else { return }
      header = translatedHeader
    }
    guard remembersFlow(at: own, resource, .egress) else { return }
    translations.append(
      Translation(
        interface: own, originalSource: original.source, translatedSource: .v4(translated),
        originalDestination: original.destination,
        originalService: original.family == .v6 ? original.service : nil))
    header.source = .v4(translated)
    preservesGroupIdentity = false
    append(PathStep(.gateway, .gateway, .translate, .egress, interface: own, resource: resource))
    leaveNATGateway(own)
  }

  /// Whether a gateway that keeps state of its own still knows the packet's flow (semantics AD-17, CT-15).
  mutating func remembersFlow(
    at interface: InterfaceIndex, _ resource: ResourceIndex?, _ direction: Direction
  ) -> Bool {
    guard isForgottenByGateways else { return true }
    deny(.gateway, .connection, direction, .badState, interface: interface, resource: resource)
    return false
  }

  /// From the NAT gateway's subnet towards the destination: ACL and route, no groups (semantics SG-46).
  mutating func leaveNATGateway(_ interface: InterfaceIndex) {
    let state = compiled.network.interfaces[interface.int]
    guard let subnet = state.subnet else {
      markUnknown(.route, .route, .egress, .subnet, interface: interface)
      return
    }
    if compiled.network.model.subnets[subnet].contains(header.destination) {
      deliver(in: state.vpc, fromSubnet: subnet, sender: interface)
      return
    }
    guard passesACL(of: subnet, .egress, interface: interface) else { return }
    route(from: subnet, interface: interface)
  }

  /// A packet for the NAT gateway's own address: the reply of a translated flow, or nothing that it takes
  /// (semantics AD-19).
  mutating func receive(atNATGateway interface: InterfaceIndex, subnet: Int) {
    let resource = compiled.network.interfaces[interface.int].natGatewayResource
    guard relation.isKnown else {
      deny(.gateway, .gateway, .ingress, .natDestinationPreserved, interface: interface, resource: resource)
      return
    }
    guard let position = translations.lastIndex(where: { $0.interface == interface }) else {
      // A flow that was first seen behind the translation ends here.
      append(
        PathStep(
          .gateway, .networkInterface, .established, .ingress, interface: interface, resource: resource))
      deliver(to: .interface(interface))
      return
    }
    if header.isFragment && header.ipProtocol != .udp {
      deny(.gateway, .gateway, .ingress, .protocolRestriction, interface: interface, resource: resource)
      return
    }
    guard remembersFlow(at: interface, resource, .ingress) else { return }
    let translation = translations.remove(at: position)
    header.destination = translation.originalSource
    if let destination = translation.originalDestination, isPrivateFace(header.source, of: destination) {
      // Whoever answers from its private address is who was written to by its public one.
      header.source = destination
    }
    if let destination = translation.originalDestination, let service = translation.originalService {
      var request = header
      request.service = service
      header.service = request.ipProtocol.hasICMPKind ? request.reply.service : header.service
      header.source = destination
    }
    append(PathStep(.gateway, .gateway, .translate, .ingress, interface: interface, resource: resource))
    guard beginLeg(at: interface) else { return }
    leaveNATGateway(interface)
  }

  /// Whether `address` is the private address behind `other`, a public one.
  private func isPrivateFace(_ address: IPAddress, of other: IPAddress) -> Bool {
    guard case .v4(let privateAddress) = address, case .v4(let publicAddress) = other else { return false }
    return privateAddress != publicAddress
      && compiled.network.addresses.canonical(publicAddress) == privateAddress
  }

  /// A peering connection: only addresses of the two VPCs pass (semantics RT-20).
  mutating func crossPeering(
    _ position: Int?, from vpc: Int?, interface: InterfaceIndex?, resource: ResourceIndex?
  ) {
    guard let position, let vpc else {
      markUnknown(.gateway, .gateway, .egress, .peerVPC, interface: interface, resource: resource)
      return
    }
    let peering = compiled.network.model.peeringConnections[position]
    guard peering.state == "active" else {
      deny(.gateway, .gateway, .egress, .badState, interface: interface, resource: resource)
      return
    }
    guard let side = peering.side(oppositeTo: compiled.network.model.vpcs[vpc].id) else {
      deny(.gateway, .gateway, .egress, .unassociatedComponent, interface: interface, resource: resource)
      return
    }
    guard let peer = compiled.network.index.vpcs[side.vpc] else {
      if !side.blocks.isEmpty && !side.blocks.contains(where: { $0.contains(header.destination) }) {
        deny(.gateway, .gateway, .egress, .peeringAddressOutsideVPC, interface: interface, resource: resource)
        return
      }
      markUnknown(.gateway, .gateway, .egress, .peerVPC, interface: interface, resource: resource)
      deliver(to: .outside)
      return
    }
    guard compiled.network.model.vpcs[peer].contains(header.destination) else {
      deny(.gateway, .gateway, .egress, .peeringAddressOutsideVPC, interface: interface, resource: resource)
      return
    }
    append(PathStep(.gateway, .gateway, .allow, .egress, interface: interface, resource: resource))
    deliver(in: peer, fromSubnet: nil, sender: interface)
  }
}
