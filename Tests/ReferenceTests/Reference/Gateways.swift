import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

extension Way {
  // MARK: Internet gateway

  /// AD-12, AD-13, SG-45
  mutating func leaveByInternetGateway(
    _ id: ResourceID, _ subnet: Subnet, _ leg: inout Leg, _ header: Header
  ) throws {
    guard let gateway = world.network.internetGateways.first(where: { $0.id == id }) else {
      return try lose(.gateway)
    }
    guard gateway.vpc == subnet.vpc else { throw WayEnd.refused(.gateway, .unassociatedComponent) }
    if world.vpc(subnet.vpc)?.contains(header.destination) == true {
      throw WayEnd.refused(.gateway, .gatewayDestinationInVPC)
    }
    if case .v4(let destination) = header.destination {
      if SpecialBlock.isRFC1918(destination) { throw WayEnd.refused(.gateway, .gatewayEgressToRFC1918) }
      if SpecialBlock.isRFC6598(destination) { throw WayEnd.refused(.gateway, .gatewayEgressToRFC6598) }
    }
    if ReferenceNetwork.isNobodysOnInternet(header.destination) {
      throw WayEnd.refused(.gateway, .noPossibleDestination)
    }
    try blockMail(header)
    if header.family == .v6 { return }
    guard case .interface(let interface) = leg.from,
      let face = world.publicAddress(of: header.source, interface)
    else { throw WayEnd.refused(.gateway, .gatewayEgressNeedsPublicAddress) }
    leg.received = header.between(face, header.destination)
  }

  /// SG-45
  private func blockMail(_ header: Header) throws {
    if case .v6(let destination) = header.destination, SpecialBlock.isUniqueLocal(destination) { return }
    if header.ipProtocol == .tcp && header.hasPorts && header.destinationPort == 25 && !isReply {
      throw WayEnd.refused(.gateway, .protocolRestriction)
    }
  }

  /// P-1, AD-13, AD-14: from the internet to whoever has the address.
  mutating func enter(_ header: Header) throws -> Leg {
    var leg = Leg(from: .internet, to: .internet, sent: header, received: header)
    if case .v4(let source) = header.source {
      if SpecialBlock.isRFC1918(source) { throw WayEnd.refused(.gateway, .gatewayIngressFromRFC1918) }
      if SpecialBlock.isRFC6598(source) { throw WayEnd.refused(.gateway, .gatewayIngressFromRFC6598) }
    }
    if ReferenceNetwork.isNobodysOnInternet(header.source) {
      throw WayEnd.refused(.gateway, .spoofedSource)
    }
    let receiver =
      world.publicOwner(header.destination)?.interface ?? world.privateOwners(header.destination).first
    if let receiver, world.vpc(receiver.vpc)?.contains(header.source) == true {
      throw WayEnd.refused(.gateway, .spoofedSource)
    }
    let interface: NetworkInterface
    if header.family == .v4 {
      guard let owner = world.publicOwner(header.destination) else {
        throw WayEnd.refused(.gateway, .gatewayIngressNeedsPublicAddress)
      }
      interface = owner.interface
      leg.received = header.between(header.source, owner.address)
    } else {
      let owners = world.privateOwners(header.destination)
      guard owners.count == 1 else {
        try lose(.placement)
        return leg
      }
      interface = owners[0]
      // AD-24: what answers by an egress-only gateway is not reached from outside.
      if case .egressOnlyGateway = world.wayBack(header, interface), !isKnown {
        throw WayEnd.refused(.gateway, .gatewayIngressNeedsPublicAddress)
      }
    }
    guard world.internetGateway(of: interface.vpc) != nil || header.family == .v6 && isKnown else {
      throw WayEnd.refused(.gateway, .unassociatedComponent)
    }
    leg.to = try arrive(leg.received, at: interface, from: nil)
    return leg
  }

  // MARK: Egress-only gateway

  /// AD-24
  mutating func leaveByEgressOnlyGateway(
    _ id: ResourceID, _ subnet: Subnet, _ leg: inout Leg, _ header: Header
  ) throws {
    guard let gateway = world.network.egressOnlyGateways.first(where: { $0.id == id }) else {
      return try lose(.gateway)
    }
    guard gateway.vpc == subnet.vpc else { throw WayEnd.refused(.gateway, .unassociatedComponent) }
    if ReferenceNetwork.isNobodysOnInternet(header.destination) {
      throw WayEnd.refused(.gateway, .noPossibleDestination)
    }
    try blockMail(header)
    meetsTrackingGateway = true
    leg.crossesEgressOnlyGateway = true
  }

  /// Back through the stateful gateway that the request left by.
  mutating func comeBackByEgressOnlyGateway(_ header: Header, to interface: NetworkInterface) throws -> Leg {
    let to = try arrive(header, at: interface, from: nil)
    return Leg(from: .internet, to: to, sent: header, received: header)
  }

  // MARK: NAT gateway

  /// AD-15, AD-18, AD-20, NACL-19
  mutating func enterNAT(_ id: ResourceID, _ subnet: Subnet, _ leg: inout Leg, _ header: Header) throws {
    guard let gateway = world.network.natGateways.first(where: { $0.id == id }) else {
      return try lose(.gateway)
    }
    meetsTrackingGateway = true
    if isReply { throw WayEnd.refused(.gateway, .natSourceReassigned) }
    guard gateway.state == "available" else { throw WayEnd.refused(.gateway, .badState) }
    guard world.vpc(gateway.vpc)?.contains(header.source) == true else {
      throw WayEnd.refused(.gateway, .natSourceOutsideVPC)
    }
    guard header.ipProtocol.hasPorts || header.ipProtocol == .icmp, header.family == .v4 else {
      throw WayEnd.refused(.gateway, .protocolRestriction)
    }
    if header.isFragment && header.ipProtocol != .udp { throw WayEnd.refused(.gateway, .protocolRestriction) }
    guard let face = gateway.addresses.first,
      let interface = world.network.networkInterfaces.first(where: { $0.id == face.networkInterface })
    else { return try lose(.gateway) }
    if gateway.subnet != subnet.id { try passACL(world.subnet(interface), .ingress, header) }
    if isForgotten { throw WayEnd.refused(.gateway, .badState) }
    leg.to = .interface(interface)
    leg.received = header.between(.v4(face.privateAddress!), header.destination)
    entersNAT = true
  }

  // MARK: Peering

  /// RT-20
  mutating func crossPeering(_ id: ResourceID, _ subnet: Subnet, _ leg: inout Leg, _ header: Header) throws {
    guard let peering = world.network.peeringConnections.first(where: { $0.id == id }) else {
      return try lose(.gateway)
    }
    guard peering.state == "active" else { throw WayEnd.refused(.gateway, .badState) }
    guard let side = peering.side(oppositeTo: subnet.vpc) else {
      throw WayEnd.refused(.gateway, .unassociatedComponent)
    }
    leg.crossesPeering = true
    guard let peer = world.vpc(side.vpc) else { return try lose(.gateway) }
    guard peer.contains(header.destination) else {
      throw WayEnd.refused(.gateway, .peeringAddressOutsideVPC)
    }
    leg.to = try arrive(header, vpc: side.vpc, from: nil)
  }
}
