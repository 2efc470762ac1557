import NetworkTypes

extension VirtualNetwork {
  /// Associates an Elastic address; what it and the private address had before is given up (semantics AD-10, AD-11).
  mutating func associate(
    _ association: NetworkChange.AddressAssociation, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    let index = try interface(of: association.target)
    let interface = networkInterfaces[index]
    let publicAddress = association.publicAddress
    let wanted = association.privateAddress ?? interface.ipv4Addresses.first?.address
    guard let place = interface.ipv4Addresses.firstIndex(where: { $0.address == wanted }) else {
      throw .refused(
        interface.id,
        association.privateAddress.map { "\($0) is not an address of it" } ?? "has no IPv4 address")
    }
    let holder = networkInterfaces.indices.first { other in
      networkInterfaces[other].ipv4Addresses.contains { $0.publicAddress == publicAddress }
    }
    if let holder {
      let isHere = holder == index && interface.ipv4Addresses[place].publicAddress == publicAddress
      if isHere { return }
      if association.refusesReassociation {
        throw .refused(networkInterfaces[holder].id, "has \(publicAddress) already, and it may not be moved")
      }
      let before = networkInterfaces[holder].ipv4Addresses.first { $0.publicAddress == publicAddress }
      if let before, !isElastic(before) {
        throw .refused(networkInterfaces[holder].id, "has \(publicAddress), which is not an Elastic address")
      }
      try disassociate(publicAddress, movingTo: index, &applied)
    } else if let gateway = natGateway(with: publicAddress) {
      throw .refused(gateway, "has \(publicAddress), and the address of a NAT gateway does not move")
    }
    if let old = interface.ipv4Addresses[place].publicAddress {
      let isElastic = isElastic(interface.ipv4Addresses[place])
      if isElastic { freeElasticAddress(old) }
      applied.effects.append(
        isElastic ? "\(old) is disassociated, and still allocated" : "\(old) is released")
      if !isElastic { remember(automaticAddressOf: interface) }
    } else if interface.ipv4Addresses[place].hasUnknownPublicAddress {
      remember(automaticAddressOf: interface)
    }
    networkInterfaces[index].ipv4Addresses[place].publicAddress = publicAddress
    networkInterfaces[index].ipv4Addresses[place].isElastic = true
    networkInterfaces[index].ipv4Addresses[place].hasUnknownPublicAddress = false
    hold(association, by: networkInterfaces[index], interface.ipv4Addresses[place].address)
    applied.scope.addresses = true
    applied.scope.interfaces.insert(interface.id)
  }

  /// Takes an Elastic address from what has it; the primary interface of a running instance that gets public addresses
  /// by itself gets another one at once (semantics AD-10).
  ///
  /// - Parameter goal: The interface that is about to get the address.
  mutating func disassociate(
    _ publicAddress: IPv4Address, movingTo goal: Int? = nil, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    let holder = networkInterfaces.indices.first { other in
      networkInterfaces[other].ipv4Addresses.contains { $0.publicAddress == publicAddress }
    }
    guard let holder,
      let place = networkInterfaces[holder].ipv4Addresses.firstIndex(where: {
        $0.publicAddress == publicAddress
      })
    else {
      let known = networkInterfaces.flatMap(\.ipv4Addresses).compactMap(\.publicAddress)
      throw .unknown(
        kind: "Elastic address", "\(publicAddress) that is associated",
        nearest: NearestNames.find(publicAddress.description, among: known.map(\.description)))
    }
    guard isElastic(networkInterfaces[holder].ipv4Addresses[place]) else {
      throw .refused(
        networkInterfaces[holder].id, "\(publicAddress) was given by Amazon and is not an Elastic address")
    }
    networkInterfaces[holder].ipv4Addresses[place].publicAddress = nil
    networkInterfaces[holder].ipv4Addresses[place].isElastic = false
    freeElasticAddress(publicAddress)
    applied.effects.append("\(publicAddress) is disassociated, and still allocated")
    applied.scope.addresses = true
    applied.scope.interfaces.insert(networkInterfaces[holder].id)
    // Within one interface it goes to another private address, and stays its only public one.
    guard place == 0, goal != holder,
      let instance = instances.firstIndex(where: { $0.id == networkInterfaces[holder].instance }),
      instances[instance].state == .running
    else { return }
    giveAutomaticAddress(to: instance, interfaces(of: instances[instance]), &applied)
  }

  /// The NAT gateway that has a public address.
  func natGateway(with publicAddress: IPv4Address) -> ResourceID? {
    natGateways.first { gateway in
      gateway.state != "deleted" && gateway.addresses.contains { $0.publicAddress == publicAddress }
    }?.id
  }

  /// Whether an address has a public one that belongs to the account.
  func isElastic(_ address: NetworkInterface.PrivateAddress) -> Bool {
    guard let publicAddress = address.publicAddress else { return false }
    return address.isElastic || elasticAddresses.contains { $0.publicAddress == publicAddress }
  }

  private func interface(of target: NetworkChange.AddressAssociation.Target) throws(NetworkChangeError) -> Int
  {
    switch target {
    case .interface(let id):
      return try position(of: id, "network interface", in: networkInterfaces.lazy.map(\.id))
    case .instance(let id):
      let instance = try position(of: id, "instance", in: instances.lazy.map(\.id))
      guard let primary = interfaces(of: instances[instance]).first, instances[instance].state != .terminated
      else {
        throw .refused(
          id, "is \(instances[instance].state) and has no interface to associate an address with")
      }
      return primary
    }
  }

  private mutating func remember(automaticAddressOf interface: NetworkInterface) {
    guard let index = instances.firstIndex(where: { $0.id == interface.instance }) else { return }
    instances[index].hadPublicAddress = true
  }

  /// An address that the account has got, or gives back.
  mutating func allocate(_ address: ElasticAddress) throws(NetworkChangeError) {
    if elasticAddresses.contains(where: { $0.id == address.id || $0.publicAddress == address.publicAddress })
    {
      throw .duplicate(address.id, "\(address.publicAddress)")
    }
    elasticAddresses.append(address)
  }

  mutating func release(_ publicAddress: IPv4Address) throws(NetworkChangeError) {
    guard let index = elasticAddresses.firstIndex(where: { $0.publicAddress == publicAddress }) else {
      throw .unknown(kind: "Elastic address", publicAddress.description)
    }
    if let holder = elasticAddresses[index].networkInterface {
      throw .refused(elasticAddresses[index].id, "\(publicAddress) is associated with \(holder)")
    }
    elasticAddresses.remove(at: index)
  }

  mutating func freeElasticAddress(_ publicAddress: IPv4Address) {
    for index in elasticAddresses.indices where elasticAddresses[index].publicAddress == publicAddress {
      elasticAddresses[index].networkInterface = nil
      elasticAddresses[index].instance = nil
      elasticAddresses[index].privateAddress = nil
      elasticAddresses[index].association = nil
    }
  }

  mutating func hold(
    _ association: NetworkChange.AddressAssociation, by interface: NetworkInterface,
    _ privateAddress: IPv4Address
  ) {
    let known = elasticAddresses.firstIndex { $0.publicAddress == association.publicAddress }
    if known == nil {
      elasticAddresses.append(
        ElasticAddress(
          id: association.allocation ?? ResourceID(association.publicAddress.description),
          publicAddress: association.publicAddress))
    }
    let index = known ?? elasticAddresses.count - 1
    elasticAddresses[index].networkInterface = interface.id
    elasticAddresses[index].instance = interface.instance
    elasticAddresses[index].privateAddress = privateAddress
    elasticAddresses[index].association = association.id
  }
}
