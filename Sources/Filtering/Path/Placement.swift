import NetworkTypes
import VirtualNetworks

/// Where a packet stands in the network.
enum Placement: Sendable {
  /// It enters here, with this header: addresses as they are where it enters.
  case enters(PathWalk.Origin, PacketHeader)
  /// Traffic of the platform's own services, at an interface.
  case platform(InterfaceIndex?)
  /// What becomes of it hangs on something that is not known: which of several interfaces is meant, or what the
  /// instance behind this one does.
  case unknown(InterfaceIndex, MissingPiece)
  /// Neither address belongs to the network.
  case nowhere
}

extension CompiledNetwork {
  /// Places a packet by its addresses: private, public, secondary, IPv6 and delegated ones.
  ///
  /// - Parameter captureInterface: Where the packet was captured; settles addresses that several interfaces have.
  func place(
    _ header: PacketHeader, at captureInterface: InterfaceIndex?, _ compiled: CompiledReference
  ) -> Placement {
    if let captureInterface { return place(header, seenBy: captureInterface, compiled) }
    let sources = addresses.owners(of: header.source)
    let destinations = addresses.owners(of: header.destination)
    if sources.isEmpty && destinations.isEmpty {
      return PlatformServices.isDHCP(header) || PlatformServices.isNeighborDiscovery(header)
        ? .platform(nil) : .nowhere
    }
    if sources.count > 1 || destinations.count > 1 {
      return placeAmbiguous(header, sources, destinations, compiled)
    }
    return place(header, source: sources.first, destination: destinations.first, compiled)
  }

  private func place(
    _ header: PacketHeader, source: AddressOwners.Owner?, destination: AddressOwners.Owner?,
    _ compiled: CompiledReference
  ) -> Placement {
    if let source { return placeSent(header, by: source, to: destination, compiled) }
    guard let destination else { return .nowhere }
    return placeReceived(header, by: destination, compiled)
  }

  /// A packet whose source belongs to an interface.
  private func placeSent(
    _ header: PacketHeader, by source: AddressOwners.Owner, to destination: AddressOwners.Owner?,
    _ compiled: CompiledReference
  ) -> Placement {
    var header = header
    if let privateAddress = source.privateAddress {
      // Seen beyond the internet gateway: taken back to where it was sent.
      header.source = .v4(privateAddress)
      // A destination seen behind the gateway again is what its public address led to.
      if let destination, !destination.isPublic,
        let publicAddress = publicAddress(of: header.destination, destination)
      {
        header.destination = .v4(publicAddress)
      }
    }
    let interface = source.interface
    if compiled.exemption(at: interface, header.destination, header) != nil {
      return .platform(interface)
    }
    return .enters(
      interfaces[interface.int].natGateway != nil ? .natGateway(interface) : .interface(interface), header)
  }

  /// A packet from outside to an address of an interface.
  private func placeReceived(
    _ header: PacketHeader, by destination: AddressOwners.Owner, _ compiled: CompiledReference
  ) -> Placement {
    let interface = destination.interface
    if compiled.exemption(at: interface, header.source, header.request) != nil {
      return .platform(interface)
    }
    if destination.isPublic { return .enters(.internet, header) }
    let state = interfaces[interface.int]
    if let vpc = state.vpc, model.vpcs[vpc].contains(header.source) {
      return .enters(.outside(to: interface, missing: .interfaceOfAddress), header)
    }
    let back = state.subnet.flatMap { subnets[$0].routeTable }.flatMap {
      routeTables[$0].route(to: header.source)
    }
    switch back?.target {
    case .peering(let position?):
      let peering = model.peeringConnections[position]
      let peer = state.vpc.flatMap { peering.side(oppositeTo: model.vpcs[$0].id) }
      let isModelled = peer.map { index.vpcs[$0.vpc] != nil } ?? false
      return .enters(.outside(to: interface, missing: isModelled ? .interfaceOfAddress : nil), header)
    case .peering(nil), .transitGateway, .virtualPrivateGateway, .networkInterface, .endpoint, .unmodelled:
      return .enters(.outside(to: interface, missing: nil), header)
    case .internetGateway, .egressOnlyGateway:
      return .enters(.internet, beforeGateway(header, destination))
    case .natGateway, .local, nil:
      if header.source.isGlobal, balancerTargets.contains(interface),
        publicAddress(of: header.destination, destination) == nil
      {
        // A client that a balancer hides behind: which listener it asked, the packet does not tell.
        return .unknown(interface, .loadBalancer)
      }
      // No way back to a private source: it came by a way that the model does not have.
      return header.source.isGlobal
        ? .enters(.internet, beforeGateway(header, destination))
        : .enters(.outside(to: interface, missing: .network), header)
    }
  }

  /// The header as it was before the internet gateway translated its destination.
  private func beforeGateway(_ header: PacketHeader, _ destination: AddressOwners.Owner) -> PacketHeader {
    var header = header
    if let publicAddress = publicAddress(of: header.destination, destination) {
      header.destination = .v4(publicAddress)
    }
    return header
  }

  private func publicAddress(of address: IPAddress, _ owner: AddressOwners.Owner) -> IPv4Address? {
    model.networkInterfaces[owner.interface.int].ipv4Addresses.first { .v4($0.address) == address }?
      .publicAddress
  }

  // MARK: Several candidates

  /// Several interfaces have an address: the pair that the network joins most closely is meant, if there is just one.
  private func placeAmbiguous(
    _ header: PacketHeader, _ sources: [AddressOwners.Owner], _ destinations: [AddressOwners.Owner],
    _ compiled: CompiledReference
  ) -> Placement {
    let somewhere = sources.first?.interface ?? destinations[0].interface
    var best: [(AddressOwners.Owner?, AddressOwners.Owner?)] = []
    var bestRank = Int.max
    for source in sources.isEmpty ? [nil] : sources.map(Optional.some) {
      for destination in destinations.isEmpty ? [nil] : destinations.map(Optional.some) {
        let rank = distance(source, destination)
        if rank < bestRank { best = [] }
        if rank <= bestRank {
          best.append((source, destination))
          bestRank = rank
        }
      }
    }
    guard best.count == 1 else { return .unknown(somewhere, .ambiguousAddress) }
    return place(header, source: best[0].0, destination: best[0].1, compiled)
  }

  /// 0 within a VPC, 1 over an active peering, 2 otherwise.
  private func distance(_ source: AddressOwners.Owner?, _ destination: AddressOwners.Owner?) -> Int {
    guard let source, let destination, let left = interfaces[source.interface.int].vpc,
      let right = interfaces[destination.interface.int].vpc
    else { return 2 }
    if left == right { return 0 }
    let isPeered = model.peeringConnections.contains {
      $0.state == "active" && $0.side(oppositeTo: model.vpcs[left].id)?.vpc == model.vpcs[right].id
    }
    return isPeered ? 1 : 2
  }

  /// A packet captured at a known interface: that interface sent it if it has the source, and else received it.
  private func place(
    _ header: PacketHeader, seenBy interface: InterfaceIndex, _ compiled: CompiledReference
  ) -> Placement {
    if PlatformServices.isDHCP(header) || PlatformServices.isNeighborDiscovery(header) {
      return .platform(interface)
    }
    let own = { (address: IPAddress) in
      addresses.owners(of: address).first { $0.interface == interface }
    }
    if let source = own(header.source) {
      return place(
        header, source: source, destination: addresses.owners(of: header.destination).first, compiled)
    }
    guard let destination = own(header.destination) else {
      // What never leaves the link, or is for many, is nobody's in particular.
      if header.destination.isMulticast || header.source.isLinkLocal { return .nowhere }
      return interfaces[interface.int].checksAddresses
        ? .enters(.outside(to: interface, missing: nil), header) : .unknown(interface, .forwardingInstance)
    }
    // Of several that have the sender's address, only one that the interface's VPC can hear.
    let senders = addresses.owners(of: header.source).filter { distance($0, destination) < 2 || $0.isPublic }
    return place(
      header, source: senders.count == 1 ? senders[0] : nil, destination: destination, compiled)
  }
}
