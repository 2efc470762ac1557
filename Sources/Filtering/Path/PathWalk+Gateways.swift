import NetworkTypes
import RuleMatching
import VirtualNetworks

extension PathWalk {
  /// Follows the route that a table has for the destination.
  mutating func follow(table position: Int, vpc: Int?, subnet: Int?, interface: InterfaceIndex?) {
    let table = compiled.network.routeTables[position]
    guard !header.destination.isMulticast, !header.destination.isServiceRange,
      !header.destination.isLocalOnly
    else {
      deny(
        .route, .route, .egress, .noPossibleDestination, interface: interface, resource: table.resource)
      return
    }
    let open = table.unknownRoute(besides: header.destination)
    if let open {
      // A route whose prefix list the input does not hold may be meant.
      markUnknown(
        .route, .route, .egress, .prefixListEntries, interface: interface, resource: table.resource,
        rule: open)
    }
    guard let route = table.route(to: header.destination) else {
      guard open == nil else { return }
      if let gateway = returnsToSender(from: vpc) {
        append(PathStep(.route, .route, .unfiltered, .egress, interface: interface, resource: table.resource))
        receive(at: gateway, fromSubnet: nil)
        return
      }
      deny(.route, .route, .egress, .noRoute, interface: interface, resource: table.resource)
      if findsEveryBlocker { tryDestinationAnyway(fromSubnet: subnet) }
      return
    }
    guard !route.isBlackhole, !isStopped(route.target) else {
      deny(
        .route, .route, .egress, .badStateRoute, interface: interface, resource: table.resource,
        rule: route.rule)
      if findsEveryBlocker { tryDestinationAnyway(fromSubnet: subnet) }
      return
    }
    append(
      PathStep(
        .route, .route, .allow, .egress, interface: interface, resource: table.resource, rule: route.rule))
    guard beginLeg(at: interface) else { return }
    switch route.target {
    case .local: deliver(in: vpc, fromSubnet: subnet, sender: interface)
    case .internetGateway: leaveByInternetGateway(vpc: vpc, interface: interface, resource: route.resource)
    case .egressOnlyGateway: leaveByEgressOnlyGateway(interface: interface, resource: route.resource)
    case .natGateway(let gateway):
      enterNATGateway(gateway, vpc: vpc, fromSubnet: subnet, interface: interface, resource: route.resource)
    case .peering(let peering):
      crossPeering(peering, from: vpc, interface: interface, resource: route.resource)
    case .endpoint(let endpoint):
      enterEndpoint(endpoint, fromSubnet: subnet, interface: interface, resource: route.resource)
    case .networkInterface(let target):
      enterForwarder(target, fromSubnet: subnet, interface: interface, resource: route.resource)
    case .transitGateway(let gateway):
      crossTransitGateway(gateway, from: vpc, subnet: subnet, interface: interface, resource: route.resource)
    case .virtualPrivateGateway(let gateway):
      let connections = compiled.network.model.vpnConnections.filter {
        $0.virtualPrivateGateway == gateway && $0.state != "deleted"
      }
      leaveByVPN(connections, interface: interface, resource: route.resource)
    case .unmodelled:
      leaveModel(.unmodelled, interface: interface, resource: route.resource)
    }
  }

  /// The NAT gateway that gets a reply over a peering although no route leads back to it (semantics RT-21).
  private func returnsToSender(from vpc: Int?) -> InterfaceIndex? {
    guard relation.isReply, let vpc, let translation = translations.last,
      translation.translatedSource == header.destination,
      let home = compiled.network.interfaces[translation.interface.int].vpc
    else { return nil }
    let isPeered = compiled.network.model.peeringConnections.contains {
      $0.state == "active"
        && $0.side(oppositeTo: compiled.network.model.vpcs[vpc].id)?.vpc
          == compiled.network.model.vpcs[home].id
    }
    return isPeered ? translation.interface : nil
  }

  /// A route to an instance that does not run is a blackhole, whatever the input says of its state (semantics LC-9).
  private func isStopped(_ target: CompiledRouteTable.Target) -> Bool {
    guard case .networkInterface(let interface?) = target else { return false }
    return compiled.network.interfaces[interface.int].instanceState.map { !$0.carriesTraffic } ?? false
  }

  /// The packet leaves for a network that the model does not hold.
  mutating func leaveModel(
    _ missing: MissingPiece, interface: InterfaceIndex?, resource: ResourceIndex?
  ) {
    if relation.isReply {
      // Whoever began the flow from there gets its replies.
      append(PathStep(.gateway, .outside, .unfiltered, .egress, interface: interface, resource: resource))
      deliver(to: .outside)
      return
    }
    markUnknown(.gateway, .outside, .egress, missing, interface: interface, resource: resource)
    deliver(to: .outside)
    if missing != .unmodelled { tryDestinationAnyway(fromSubnet: nil) }
  }

  /// Out by VPN connections: their static routes tell what lies behind them; routes learned by BGP are not told.
  mutating func leaveByVPN(
    _ connections: [VPNConnection], interface: InterfaceIndex?, resource: ResourceIndex?
  ) {
    let destination = header.destination
    if connections.contains(where: { $0.staticRoutes.contains { $0.contains(destination) } }) {
      append(PathStep(.gateway, .outside, .unfiltered, .egress, interface: interface, resource: resource))
      deliver(to: .outside)
      return
    }
    let tellAll = !connections.isEmpty && connections.allSatisfy { !$0.staticRoutes.isEmpty }
    guard tellAll && !relation.isKnown else {
      leaveModel(.network, interface: interface, resource: resource)
      return
    }
    deny(.gateway, .gateway, .egress, .noRoute, interface: interface, resource: resource)
  }

  // MARK: Internet gateway

  private mutating func leaveByInternetGateway(
    vpc: Int?, interface: InterfaceIndex?, resource: ResourceIndex?
  ) {
    guard let vpc, compiled.network.vpcs[vpc].internetGateway != nil else {
      deny(.gateway, .gateway, .egress, .unassociatedComponent, interface: interface, resource: resource)
      return
    }
    if compiled.network.model.vpcs[vpc].contains(header.destination) {
      deny(.gateway, .gateway, .egress, .gatewayDestinationInVPC, interface: interface, resource: resource)
      guard findsEveryBlocker else { return }
    }
    if case .v4(let destination) = header.destination {
      if let code = SpecialBlocks.egressCode(destination) {
        deny(.gateway, .gateway, .egress, code, interface: interface, resource: resource)
        if findsEveryBlocker { tryDestinationAnyway(fromSubnet: nil) }
        return
      }
    }
    guard isOfInternet(interface, resource) else { return }
    if isBlockedMail {
      deny(.gateway, .gateway, .egress, .protocolRestriction, interface: interface, resource: resource)
      guard findsEveryBlocker else { return }
    }
    if case .v4(let source) = header.source {
      let owner = interface.flatMap { publicAddress(of: source, at: $0) }
      if owner == nil, let interface, hasUnknownPublicAddress(source, at: interface) {
        // A public address that was given since: nothing on the way depends on which.
        append(PathStep(.gateway, .gateway, .translate, .egress, interface: interface, resource: resource))
        enterInternet()
        return
      }
      guard let publicAddress = owner else {
        deny(
          .gateway, .gateway, .egress, .gatewayEgressNeedsPublicAddress, interface: interface,
          resource: resource)
        return
      }
      header.source = .v4(publicAddress)
    }
    append(
      PathStep(.gateway, .gateway, .translate, .egress, interface: interface, resource: resource))
    enterInternet()
  }

  /// Whether the internet may have the destination; else it is denied here.
  private mutating func isOfInternet(_ interface: InterfaceIndex?, _ resource: ResourceIndex?) -> Bool {
    if !header.destination.isForeignToInternet { return true }
    deny(.gateway, .gateway, .egress, .noPossibleDestination, interface: interface, resource: resource)
    return false
  }

  static var mail: ServiceKey { ServiceKey(.tcp, port: 25) }

  /// Mail to the internet is blocked by default whatever the rules (semantics SG-45).
  private var isBlockedMail: Bool {
    if case .v6(let destination) = header.destination, SpecialBlock.isUniqueLocal(destination) {
      return false
    }
    return !relation.isKnown && header.hasTransport && header.service == Self.mail
  }

  private func hasUnknownPublicAddress(_ address: IPv4Address, at interface: InterfaceIndex) -> Bool {
    compiled.network.model.networkInterfaces[interface.int].ipv4Addresses.contains {
      $0.address == address && $0.hasUnknownPublicAddress
    }
  }

  private func publicAddress(of source: IPv4Address, at interface: InterfaceIndex) -> IPv4Address? {
    let model = compiled.network.model.networkInterfaces[interface.int]
    if let own = model.ipv4Addresses.first(where: { $0.address == source })?.publicAddress { return own }
    guard let gateway = compiled.network.interfaces[interface.int].natGateway else { return nil }
    return compiled.network.model.natGateways[gateway].addresses.first { $0.privateAddress == source }?
      .publicAddress
  }

  /// The packet is on the internet: it stays there, or comes back in by the public address of an interface.
  private mutating func enterInternet() {
    let isIPv6 = header.family == .v6
    guard compiled.owners(of: header.destination).contains(where: { $0.isPublic || isIPv6 }) else {
      append(PathStep(.gateway, .internet, .unfiltered, .egress))
      deliver(to: .internet)
      return
    }
    arriveFromInternet()
  }

  /// From the internet through the gateway of whoever has the address (semantics P-1, AD-13).
  mutating func arriveFromInternet() {
    // A public address means that group identity is gone (semantics SG-32).
    preservesGroupIdentity = false
    if case .v4(let source) = header.source, let code = SpecialBlocks.ingressCode(source) {
      deny(.gateway, .gateway, .ingress, code, interface: receiver, resource: receiversGateway)
      guard findsEveryBlocker else { return }
    }
    if header.source.isForeignToInternet {
      deny(
        .gateway, .gateway, .ingress, .spoofedSource, interface: receiver, resource: receiversGateway)
      guard findsEveryBlocker else { return }
    } else if let vpc = receiver.flatMap({ compiled.network.interfaces[$0.int].vpc }),
      compiled.network.model.vpcs[vpc].contains(header.source)
    {
      // Nothing of the VPC's own comes in from outside (semantics AD-13).
      deny(
        .gateway, .gateway, .ingress, .spoofedSource, interface: receiver, resource: receiversGateway)
      guard findsEveryBlocker else { return }
    }
    switch header.destination {
    case .v4: arriveFromInternetV4()
    case .v6: arriveFromInternetV6()
    }
  }

  private var receiver: InterfaceIndex? {
    compiled.owners(of: header.destination).first?.interface
  }

  private var receiversGateway: ResourceIndex? {
    let vpc = receiver.flatMap { compiled.network.interfaces[$0.int].vpc }
    return vpc.flatMap { compiled.network.vpcs[$0].internetGateway }
  }

  private mutating func arriveFromInternetV4() {
    guard let (interface, privateAddress) = translation else {
      deny(.gateway, .gateway, .ingress, .gatewayIngressNeedsPublicAddress, interface: receiver)
      if findsEveryBlocker { tryDestinationAnyway(fromSubnet: nil) }
      return
    }
    let state = compiled.network.interfaces[interface.int]
    guard let vpc = state.vpc, let gateway = compiled.network.vpcs[vpc].internetGateway else {
      deny(.gateway, .gateway, .ingress, .unassociatedComponent, interface: interface)
      if findsEveryBlocker { tryDestinationAnyway(fromSubnet: nil) }
      return
    }
    header.destination = .v4(privateAddress)
    append(PathStep(.gateway, .gateway, .translate, .ingress, interface: interface, resource: gateway))
    enterVPCFromGateway(vpc, to: interface)
  }

  /// Whose private address the gateway puts in the place of the destination; a private address itself stands for a
  /// public one that it has and that is not known.
  private var translation: (InterfaceIndex, IPv4Address)? {
    let owners = compiled.owners(of: header.destination)
    if let owner = owners.first(where: \.isPublic), let privateAddress = owner.privateAddress {
      return (owner.interface, privateAddress)
    }
    guard case .v4(let address) = header.destination else { return nil }
    let hidden = owners.first { hasUnknownPublicAddress(address, at: $0.interface) }
    return hidden.map { ($0.interface, address) }
  }

  private mutating func arriveFromInternetV6() {
    guard let owner = compiled.owners(of: header.destination).first else {
      deny(.gateway, .gateway, .ingress, .unknownDestination)
      return
    }
    let state = compiled.network.interfaces[owner.interface.int]
    guard let vpc = state.vpc, let subnet = state.subnet else {
      markUnknown(.gateway, .gateway, .ingress, .subnet, interface: owner.interface)
      receive(at: owner.interface, fromSubnet: nil)
      return
    }
    let table = compiled.network.subnets[subnet].routeTable
    let back = table.flatMap { compiled.network.routeTables[$0].route(to: header.source) }
    if case .egressOnlyGateway? = back?.target, !relation.isKnown {
      // Nothing begins outside an egress-only gateway (semantics AD-24).
      deny(
        .gateway, .gateway, .ingress, .gatewayIngressNeedsPublicAddress, interface: owner.interface,
        resource: back?.resource)
      guard findsEveryBlocker else { return }
    } else if compiled.network.vpcs[vpc].internetGateway == nil, !relation.isKnown {
      deny(.gateway, .gateway, .ingress, .unassociatedComponent, interface: owner.interface)
      guard findsEveryBlocker else { return }
    } else {
      append(
        PathStep(
          .gateway, .gateway, .unfiltered, .ingress, interface: owner.interface,
          resource: back?.resource ?? compiled.network.vpcs[vpc].internetGateway))
    }
    enterVPCFromGateway(vpc, to: owner.interface)
  }

  /// The gateway's own route table may send the packet somewhere else first (semantics RT-16).
  private mutating func enterVPCFromGateway(_ vpc: Int, to interface: InterfaceIndex) {
    guard let edge = compiled.network.vpcs[vpc].edgeTable,
      let route = compiled.network.routeTables[edge].route(to: header.destination)
    else {
      receive(at: interface, fromSubnet: nil)
      return
    }
    let table = compiled.network.routeTables[edge].resource
    if route.isBlackhole {
      deny(.route, .route, .ingress, .badStateRoute, interface: interface, resource: table, rule: route.rule)
      return
    }
    switch route.target {
    case .local, .networkInterface(.some(interface)): break
    case .networkInterface(let target):
      append(
        PathStep(.route, .route, .allow, .ingress, interface: interface, resource: table, rule: route.rule))
      enterForwarder(target, fromSubnet: nil, interface: interface, resource: route.resource)
      return
    default:
      // A Gateway Load Balancer's endpoint: what stands behind it passes the packet on, or does not.
      markUnknown(
        .gateway, .networkInterface, .ingress, .unmodelled, interface: interface, resource: route.resource)
      preservesGroupIdentity = false
    }
    receive(at: interface, fromSubnet: nil)
  }

  private mutating func leaveByEgressOnlyGateway(interface: InterfaceIndex?, resource: ResourceIndex?) {
    guard header.family == .v6 else {
      deny(.gateway, .gateway, .egress, .protocolRestriction, interface: interface, resource: resource)
      return
    }
    guard isOfInternet(interface, resource) else { return }
    if isBlockedMail {
      deny(.gateway, .gateway, .egress, .protocolRestriction, interface: interface, resource: resource)
      guard findsEveryBlocker else { return }
    }
    isTrackedAutomatically = true
    append(PathStep(.gateway, .gateway, .unfiltered, .egress, interface: interface, resource: resource))
    enterInternet()
  }

  // MARK: Forwarders and endpoints

  /// A route through an interface: the instance behind it forwards, or does not, by rules of its own.
  private mutating func enterForwarder(
    _ target: InterfaceIndex?, fromSubnet: Int?, interface: InterfaceIndex?, resource: ResourceIndex?
  ) {
    guard let target else {
      markUnknown(.route, .networkInterface, .egress, .unmodelled, interface: interface, resource: resource)
      return
    }
    // Its public address is not one that the instance knows (semantics AD-12).
    let owns = compiled.owners(of: header.destination).contains {
      $0.interface == target && !$0.isPublic
    }
    if owns {
      receive(at: target, fromSubnet: fromSubnet)
      return
    }
    if let subnet = compiled.network.interfaces[target.int].subnet, subnet != fromSubnet {
      guard passesACL(of: subnet, .ingress, interface: target) else { return }
    }
    guard isUsable(target, .gateway, .ingress) || findsEveryBlocker else { return }
    guard passesAddressCheck(target, header.destination, .ingress) else { return }
    guard passesGroups(target, .ingress) else { return }
    markUnknown(
      .gateway, .networkInterface, .egress, .forwardingInstance, interface: target, resource: resource)
    // What the appliance sends on has lost its sender's groups (semantics SG-29).
    preservesGroupIdentity = false
    tryDestinationAnyway(fromSubnet: compiled.network.interfaces[target.int].subnet)
  }

  static var echo: ServiceKey { ServiceKey(.icmp, port: 8 << 8) }

  /// A gateway endpoint takes TCP and ICMP echo (semantics RT-22); others are not modelled yet.
  private mutating func enterEndpoint(
    _ position: Int?, fromSubnet: Int?, interface: InterfaceIndex?, resource: ResourceIndex?
  ) {
    guard let position, compiled.network.model.endpoints[position].kind == .gateway else {
      leaveModel(.unmodelled, interface: interface, resource: resource)
      return
    }
    let isEcho = header.service == Self.echo
    guard header.ipProtocol == .tcp || isEcho else {
      deny(.gateway, .gateway, .egress, .endpointProtocol, interface: interface, resource: resource)
      return
    }
    isTrackedAutomatically = true
    append(PathStep(.gateway, .gateway, .unfiltered, .egress, interface: interface, resource: resource))
    deliver(to: .outside)
  }
}
