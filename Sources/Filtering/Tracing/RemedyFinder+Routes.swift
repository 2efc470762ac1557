import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Ways that are missing, or that lead the wrong way.
extension RemedyFinder {
  /// A route where there is none.
  mutating func addRoute(_ blocker: TraceStep) -> Bool {
    let step = blocker.step
    if step.code == .badStateRoute {
      guard let table = step.resource else { return false }
      let text = step.rule.map { filter.rules[$0].text } ?? "its route"
      let start = step.rule.flatMap(filter.startableTarget).map { "start \(filter.label($0)), or " } ?? ""
      append(
        Suggestion(
          change: .other,
          text: "\(start)give a working target to the route \(text) of \(filter.label(filter.id(of: table)))")
      )
      return false
    }
    guard step.code == .noRoute else { return false }
    return addRoute(to: step.resource, blocker)
  }

  /// A route past the gateway that refuses the destination: its default route is not for private networks.
  mutating func addWayAround(_ blocker: TraceStep) -> Bool {
    let turn = answer.steps.first {
      $0.way == blocker.way && $0.step.element == .route && $0.step.action == .allow
    }
    guard let turn else { return false }
    // Behind a gateway that translated it, the other end was judged with another source than it will see.
    let isUnchanged = blocker.header.source == turn.header.source
    return addRoute(to: turn.step.resource, blocker) && isUnchanged
  }

  private mutating func addRoute(to resource: ResourceIndex?, _ blocker: TraceStep) -> Bool {
    guard let resource, let table = network.routeTables.first(where: { $0.resource == resource }),
      let vpc = table.vpc, let target = target(from: vpc, blocker)
    else { return false }
    let id = filter.id(of: resource)
    let remote = target.isPrivate ? network.vpc(containing: blocker.header.destination) : nil
    let block = remote.flatMap { self.block(of: $0, blocker.header.destination) } ?? self.remote(blocker)
    let route = Route(destination: .prefix(block), target: target.target)
    let isInVPC = network.model.vpcs[vpc].contains(blocker.header.destination)
    guard !isInVPC, !isGateway(blocker.header.destination), !has(route, id) else { return false }
    append(
      Suggestion(
        change: .route(id, route),
        text: "add to \(filter.label(id)) a route: \(block) -> \(target.target.text)"))
    return target.showsWhatFollows && isSomebodys(blocker.header.destination)
  }

  /// Whether a table has the route already.
  private func has(_ route: Route, _ table: ResourceID) -> Bool {
    network.model.routeTables.first { $0.id == table }?.routes.contains {
      $0.destination == route.destination && $0.target == route.target
    } ?? false
  }

  private func isSomebodys(_ address: IPAddress) -> Bool { !network.addresses.owners(of: address).isEmpty }

  /// Whether an address is a gateway's or a balancer's own, which judges by what came before.
  private func isGateway(_ address: IPAddress) -> Bool {
    network.addresses.owners(of: address).contains {
      network.interfaces[$0.interface.int].natGateway != nil
        || network.balancersByInterface[$0.interface] != nil
    }
  }

  private func block(of vpc: Int, _ address: IPAddress) -> IPPrefix? {
    let model = network.model.vpcs[vpc]
    let blocks = model.ipv4Blocks.map(IPPrefix.v4) + model.ipv6Blocks.map(IPPrefix.v6)
    return blocks.first { $0.contains(address) }
  }

  private struct Target {
    var target: Route.Target
    /// Whether it leads to another VPC.
    var isPrivate = false
    /// Whether the stages behind it were judged as they will be: addresses stay, and nothing else decides there.
    var showsWhatFollows = false
  }

  /// The one gateway that certainly leads to the destination, if there is just one.
  private func target(from vpc: Int, _ blocker: TraceStep) -> Target? {
    let model = network.model
    let home = model.vpcs[vpc].id
    let destination = blocker.header.destination
    if let other = network.vpc(containing: destination) {
      return target(from: home, to: model.vpcs[other].id)
    }
    guard destination.isGlobal, let gateway = model.internetGateways.first(where: { $0.vpc == home }) else {
      guard case .v6 = destination, blocker.way == .request, destination.isGlobal,
        let outward = model.egressOnlyGateways.first(where: { $0.vpc == home })
      else { return nil }
      return Target(target: .egressOnlyGateway(outward.id))
    }
    guard case .v4(let source) = blocker.header.source else {
      return Target(target: .internetGateway(gateway.id))
    }
    let own = network.addresses.owners(of: .v4(source)).first {
      network.interfaces[$0.interface.int].vpc == vpc
    }
    let hasPublic = own.map { owner in
      model.networkInterfaces[owner.interface.int].ipv4Addresses.contains {
        $0.address == source && $0.publicAddress != nil
      }
    }
    if hasPublic == true { return Target(target: .internetGateway(gateway.id)) }
    guard blocker.way == .request else { return nil }
    let nats = model.natGateways.filter { $0.vpc == home && $0.isPublic && $0.state == "available" }
    return nats.count == 1 ? Target(target: .natGateway(nats[0].id)) : nil
  }

  /// Between VPCs: the only peering, or else the only transit gateway that both are attached to.
  private func target(from home: ResourceID, to away: ResourceID) -> Target? {
    let model = network.model
    let peerings = model.peeringConnections.filter {
      $0.state == "active" && $0.side(oppositeTo: home)?.vpc == away
    }
    if let peering = peerings.first {
      return peerings.count == 1
        ? Target(target: .peering(peering.id), isPrivate: true, showsWhatFollows: true) : nil
    }
    func gateways(of vpc: ResourceID) -> Set<ResourceID> {
      Set(
        model.transitGatewayAttachments.filter {
          $0.kind == .vpc && $0.resource == vpc && $0.state == "available"
        }.map(\.transitGateway))
    }
    let common = gateways(of: home).intersection(gateways(of: away))
    return common.count == 1 ? Target(target: .transitGateway(common.first!), isPrivate: true) : nil
  }

  /// A static route of a transit gateway's table to the only attachment of the destination's VPC.
  func transitRoute(_ step: PathStep, _ header: PacketHeader) -> String? {
    guard let resource = step.resource, let vpc = network.vpc(containing: header.destination),
      let block = block(of: vpc, header.destination)
    else { return nil }
    let id = filter.id(of: resource)
    let model = network.model
    guard let table = model.transitGatewayRouteTables.first(where: { $0.id == id }) else { return nil }
    let attachments = model.transitGatewayAttachments.filter {
      $0.transitGateway == table.transitGateway && $0.kind == .vpc && $0.resource == model.vpcs[vpc].id
    }
    guard attachments.count == 1 else { return nil }
    return
      "add to \(filter.label(id)) a route: \(block) -> \(attachments[0].id), or let it propagate its routes"
  }

  /// Whether a peering waits to be accepted.
  func isPending(_ step: PathStep) -> Bool {
    guard let id = step.resource.map({ filter.id(of: $0) }) else { return false }
    return network.model.peeringConnections.contains { $0.id == id && $0.state == "pending-acceptance" }
  }
}
