import NetworkTypes

extension VirtualNetwork {
  mutating func perform(
    _ action: InstanceAction, on id: ResourceID, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    let position = try position(of: id, "instance", in: instances.lazy.map(\.id))
    let instance = instances[position]
    let states: [InstanceState]
    do { states = try InstanceLifecycle.states(for: action, from: instance.state) } catch {
      throw .transition(id, error)
    }
    switch action {
    case .stop, .hibernate:
      if let objection = instance.objectionToStopping { throw .refused(id, objection) }
      if action == .hibernate && !instance.canHibernate {
        throw .refused(id, "it was not launched with hibernation configured")
      }
    case .terminate:
      if instance.isProtectedFromTermination && instance.state != .terminated {
        throw .refused(id, "it is protected from termination (disableApiTermination)")
      }
    case .start, .reboot: break
    }
    if action == .reboot { applied.effects.append("\(id) reboots: its addresses and groups stay") }
    for state in states { enter(state, at: position, hibernating: action == .hibernate, &applied) }
  }

  mutating func setState(
    _ state: InstanceState, of id: ResourceID, _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    let position = try position(of: id, "instance", in: instances.lazy.map(\.id))
    let now = instances[position].state
    if now == state { return }
    guard let way = Self.way(from: now, to: state) else {
      throw .refused(id, "is \(now); from there it cannot come to \(state)")
    }
    if way.contains(.stopping), let objection = instances[position].objectionToStopping {
      throw .refused(id, objection)
    }
    for state in way { enter(state, at: position, hibernating: false, &applied) }
  }

  /// The shortest way: states between may have passed unseen.
  private static func way(from state: InstanceState, to goal: InstanceState) -> [InstanceState]? {
    var ways: [[InstanceState]] = [[]]
    var seen: Set<InstanceState> = [state]
    while !ways.isEmpty {
      var longer: [[InstanceState]] = []
      for way in ways {
        for next in InstanceLifecycle.next(after: way.last ?? state) where seen.insert(next).inserted {
          if next == goal { return way + [next] }
          longer.append(way + [next])
        }
      }
      ways = longer
    }
    return nil
  }

  /// What comes with a state (semantics LC-3).
  private mutating func enter(
    _ state: InstanceState, at position: Int, hibernating: Bool, _ applied: inout AppliedChange
  ) {
    let id = instances[position].id
    let wasBilled = instances[position].state.isBilled(whileHibernating: hibernating)
    instances[position].state = state
    let own = interfaces(of: instances[position])
    for index in own { applied.scope.interfaces.insert(networkInterfaces[index].id) }
    switch state {
    case .stopping:
      if hibernating { applied.effects.append("\(id) hibernates: its memory goes to the root volume") }
    case .stopped:
      releaseAutomaticAddresses(of: position, own, &applied)
      let kept = belongings(of: position, own)
      if !kept.isEmpty { applied.effects.append("\(id) keeps its \(Self.list(kept))") }
      applied.effects.append("\(id) is not billed until it starts\(billedAnyway(position, own))")
    case .pending: break
    case .running:
      giveAutomaticAddress(to: position, own, &applied)
      applied.effects.append("\(id) is billed from here on")
    case .shuttingDown: if wasBilled { applied.effects.append("\(id) is billed no more") }
    case .terminated: tearDown(position, own, &applied)
    }
  }

  /// What an instance has that a stop leaves to it (semantics LC-3).
  private func belongings(of position: Int, _ own: [Int]) -> [String] {
    let interfaces = own.map { networkInterfaces[$0] }
    let addresses = interfaces.flatMap(\.ipv4Addresses)
    let hasPrivate = interfaces.contains { !$0.privatePrefixes.isEmpty }
    let elastic = addresses.count(where: isElastic)
    return [
      hasPrivate ? "private addresses" : nil, Self.counted(elastic, "Elastic address", "es"),
      Self.counted(interfaces.count, "interface", "s"),
      Self.counted(instances[position].volumes.count, "EBS volume", "s"),
    ].compactMap { $0 }
  }

  /// What of a stopped instance is billed all the same (semantics LC-4).
  private func billedAnyway(_ position: Int, _ own: [Int]) -> String {
    let elastic = own.flatMap { networkInterfaces[$0].ipv4Addresses }.count(where: isElastic)
    let things = [
      Self.counted(instances[position].volumes.count, "EBS volume", "s"),
      Self.counted(elastic, "Elastic address", "es"),
    ].compactMap { $0 }
    return things.isEmpty ? "" : ", apart from its \(Self.list(things))"
  }

  /// `interface`, `interfaces`; nil for none.
  private static func counted(_ count: Int, _ noun: String, _ plural: String) -> String? {
    count == 0 ? nil : count == 1 ? noun : noun + plural
  }

  private static func list(_ words: [String]) -> String {
    words.count < 2
      ? words.joined() : words.dropLast().joined(separator: ", ") + " and " + words[words.count - 1]
  }

  /// Positions of an instance's interfaces, the primary one first.
  func interfaces(of instance: Instance) -> [Int] {
    networkInterfaces.indices.filter {
      networkInterfaces[$0].instance == instance.id
        || instance.networkInterfaces.contains(networkInterfaces[$0].id)
    }.sorted { left, right in
      let rank = { (index: Int) in
        networkInterfaces[index].deviceIndex ?? instance.networkInterfaces.firstIndex(
          of: networkInterfaces[index].id)
          ?? index
      }
      return (rank(left), left) < (rank(right), right)
    }
  }

  private mutating func releaseAutomaticAddresses(
    of instance: Int, _ own: [Int], _ applied: inout AppliedChange
  ) {
    var had = false
    for index in own {
      for place in networkInterfaces[index].ipv4Addresses.indices {
        let address = networkInterfaces[index].ipv4Addresses[place]
        guard !isElastic(address) else { continue }
        if address.hasUnknownPublicAddress {
          had = true
          networkInterfaces[index].ipv4Addresses[place].hasUnknownPublicAddress = false
        }
        guard let publicAddress = address.publicAddress else { continue }
        had = true
        networkInterfaces[index].ipv4Addresses[place].publicAddress = nil
        applied.effects.append("\(publicAddress) is released")
        applied.scope.addresses = true
      }
    }
    // Under an Elastic address nobody sees whether there would be another one.
    let isCovered = own.first.map { networkInterfaces[$0].ipv4Addresses.contains(where: isElastic) } ?? false
    if had || instances[instance].hadPublicAddress == nil && !isCovered {
      instances[instance].hadPublicAddress = had
    }
  }

  /// A new public address at a start, or in place of an Elastic one, unless there is a second interface or an Elastic address (semantics AD-10).
  mutating func giveAutomaticAddress(
    to instance: Int, _ own: [Int], _ applied: inout AppliedChange
  ) {
    guard let primary = own.first, own.count == 1,
      !networkInterfaces[primary].ipv4Addresses.isEmpty,
      networkInterfaces[primary].ipv4Addresses.allSatisfy({
        $0.publicAddress == nil && !$0.hasUnknownPublicAddress
      })
    else { return }
    let subnet = subnets.first { $0.id == networkInterfaces[primary].subnet }
    guard instances[instance].hadPublicAddress ?? subnet?.mapsPublicAddressOnLaunch ?? false else { return }
    networkInterfaces[primary].ipv4Addresses[0].hasUnknownPublicAddress = true
    applied.scope.addresses = true
    applied.effects.append("\(instances[instance].id) gets a new public address, which is not known")
  }

  private mutating func tearDown(_ position: Int, _ own: [Int], _ applied: inout AppliedChange) {
    let instance = instances[position]
    for (rank, index) in own.enumerated() {
      let interface = networkInterfaces[index]
      let goes = interface.deletesOnTermination ?? (rank == 0)
      for place in interface.ipv4Addresses.indices {
        guard let publicAddress = interface.ipv4Addresses[place].publicAddress else { continue }
        // An Elastic address of an interface that stays, stays with it (semantics AD-11).
        let isElastic = isElastic(interface.ipv4Addresses[place])
        if isElastic && !goes { continue }
        networkInterfaces[index].ipv4Addresses[place].publicAddress = nil
        networkInterfaces[index].ipv4Addresses[place].isElastic = false
        if isElastic { freeElasticAddress(publicAddress) }
        applied.effects.append(
          isElastic
            ? "\(publicAddress) is disassociated, and still allocated" : "\(publicAddress) is released")
      }
      for place in interface.ipv4Addresses.indices {
        networkInterfaces[index].ipv4Addresses[place].hasUnknownPublicAddress = false
      }
      if goes {
        networkInterfaces[index].isDeleted = true
        applied.effects.append("\(interface.id) is deleted")
      } else {
        networkInterfaces[index].isAttached = false
        networkInterfaces[index].instance = nil
        applied.effects.append("\(interface.id) stays, detached")
      }
      applied.scope.members.formUnion(interface.groups)
      applied.scope.addresses = true
    }
    for volume in instance.volumes {
      applied.effects.append("\(volume.id) \(volume.deletesOnTermination ? "is deleted" : "stays, detached")")
    }
    instances[position].networkInterfaces = own.map { networkInterfaces[$0] }.filter(\.isDeleted).map(\.id)
    instances[position].volumes = []
    barRoutes(to: instance.id, own.map { networkInterfaces[$0] }.filter(\.isDeleted).map(\.id), &applied)
  }

  /// Routes to what is gone are blackholes (semantics RT-11).
  private mutating func barRoutes(
    to instance: ResourceID, _ interfaces: [ResourceID], _ applied: inout AppliedChange
  ) {
    for table in routeTables.indices {
      for index in routeTables[table].routes.indices where !routeTables[table].routes[index].isBlackhole {
        let leadsThere =
          switch routeTables[table].routes[index].target {
          case .instance(let id): id == instance
          case .networkInterface(let id): interfaces.contains(id)
          default: false
          }
        guard leadsThere else { continue }
        routeTables[table].routes[index].isBlackhole = true
        applied.scope.routeTables.insert(routeTables[table].id)
        applied.effects.append(
          "the route to \(Self.text(routeTables[table].routes[index].destination)) of \(routeTables[table].id) is a "
            + "blackhole")
      }
    }
  }

  // MARK: Launch

  mutating func run(
    _ instance: Instance, _ interfaces: [NetworkInterface], _ applied: inout AppliedChange
  ) throws(NetworkChangeError) {
    if instances.contains(where: { $0.id == instance.id }) { throw .duplicate(instance.id, "been launched") }
    guard !interfaces.isEmpty else { throw .refused(instance.id, "an instance has at least one interface") }
    for interface in interfaces { try check(interface, of: instance) }
    var instance = instance
    instance.networkInterfaces = interfaces.map(\.id)
    instance.subnet = instance.subnet ?? interfaces[0].subnet
    instance.vpc = instance.vpc ?? interfaces[0].vpc
    let home = subnets.first { $0.id == interfaces[0].subnet }
    instance.zone = instance.zone ?? home?.zone
    if instance.attributes.region == nil { instance.attributes.region = home?.attributes.region }
    for (place, interface) in interfaces.enumerated() {
      var interface = interface
      interface.instance = instance.id
      interface.isAttached = true
      interface.deviceIndex = interface.deviceIndex ?? place
      if interface.groups.isEmpty, let group = defaultGroup(of: interface.vpc) { interface.groups = [group] }
      giveUpAddresses(interface)
      for address in interface.ipv4Addresses {
        guard let known = elasticAddresses.first(where: { $0.publicAddress == address.publicAddress }) else {
          continue
        }
        hold(.init(known.publicAddress, with: .interface(interface.id)), by: interface, address.address)
      }
      networkInterfaces.append(interface)
      applied.scope.interfaces.insert(interface.id)
      applied.scope.members.formUnion(interface.groups)
    }
    instances.append(instance)
    applied.scope.addresses = true
    if instance.state == .running {
      giveAutomaticAddress(to: instances.count - 1, self.interfaces(of: instance), &applied)
    }
  }

  private func check(_ interface: NetworkInterface, of instance: Instance) throws(NetworkChangeError) {
    let place = try position(of: interface.subnet, "subnet", in: subnets.lazy.map(\.id))
    if networkInterfaces.contains(where: { $0.id == interface.id }) {
      throw .duplicate(interface.id, "been made")
    }
    for group in interface.groups {
      _ = try livingGroup(group)
    }
    for address in interface.ipv4Addresses.map({ IPAddress.v4($0.address) })
      + interface.ipv6Addresses.map(IPAddress.v6)
    {
      guard subnets[place].contains(address) else {
        throw .refused(instance.id, "\(address) is outside of \(subnets[place].title)")
      }
      if subnets[place].reserves(address) {
        throw .refused(
          instance.id,
          "\(address) is reserved: AWS keeps the first four addresses of each subnet and the last one, here of "
            + subnets[place].title)
      }
      let holder = networkInterfaces.first { other in
        other.vpc == interface.vpc && other.privatePrefixes.contains { $0.contains(address) }
      }
      if let holder { throw .refused(instance.id, "\(address) is in use by \(holder.id)") }
    }
    for address in interface.ipv4Addresses.compactMap(\.publicAddress) {
      let holder = networkInterfaces.first { other in
        other.ipv4Addresses.contains { $0.publicAddress == address }
      }
      if let holder = holder?.id ?? natGateway(with: address) {
        throw .refused(instance.id, "\(address) is in use by \(holder)")
      }
    }
  }

  /// The VPC's group named `default`, which whatever is launched without a group gets (semantics SG-7).
  private func defaultGroup(of vpc: ResourceID) -> ResourceID? {
    securityGroups.first { $0.vpc == vpc && $0.groupName == "default" }?.id
  }

  /// Takes the addresses of a new interface from deleted ones that had them.
  private mutating func giveUpAddresses(_ interface: NetworkInterface) {
    let taken = Set(interface.ipv4Addresses.map(\.address))
    for index in networkInterfaces.indices
    where networkInterfaces[index].isDeleted && networkInterfaces[index].vpc == interface.vpc {
      networkInterfaces[index].ipv4Addresses.removeAll { taken.contains($0.address) }
      networkInterfaces[index].ipv6Addresses.removeAll { interface.ipv6Addresses.contains($0) }
    }
  }
}
