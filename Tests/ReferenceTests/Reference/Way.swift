import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Where a leg of a packet's way begins or ends.
enum Place: Hashable {
  case interface(NetworkInterface)
  case internet
  /// A host that no interface of the input is, behind a VPN or in a network that is not described.
  case otherNetwork
}

/// A part of the way between two ends; a NAT gateway or the internet joins two of them.
struct Leg {
  var from: Place
  var to: Place
  var sent: Header
  var received: Header
  var crossesEgressOnlyGateway = false
  var crossesPeering = false
}

/// How an interface's groups were met.
struct Meeting {
  var interface: NetworkInterface
  var direction: Direction
  var isUntrackedByRules: Bool
}

/// The way of one packet through the network, one stage after another (P-1 to P-4).
struct Way {
  let world: ReferenceNetwork
  /// Interfaces whose groups let the packet pass because its flow is tracked there (CT-1).
  var remembered: Set<ResourceID> = []
  /// Whether the packet's flow was seen before.
  var isKnown = false
  /// AD-17: whether NAT gateways have forgotten the packet's connection.
  var isForgotten = false
  /// Whether the sender's groups still count (SG-29).
  var keepsIdentity = true
  /// Whether the packet answers another one.
  var isReply = false
  /// The NAT gateway that takes the packet back even if no route leads to it (RT-21).
  var returnsTo: NetworkInterface?
  /// Whether the packet answers one that went beyond the network's description.
  var isExpectedFromElsewhere = false
  /// Whether the leg that ends now is followed by one with the NAT gateway's address.
  var entersNAT = false
  /// CT-6: whether the packet met a gateway whose connections are tracked whatever the rules are.
  var meetsTrackingGateway = false

  var legs: [Leg] = []
  var meetings: [Meeting] = []
  var doubts: [EvaluationStage] = []

  init(_ world: ReferenceNetwork) { self.world = world }

  // MARK: Stages

  mutating func passGroups(_ interface: NetworkInterface, _ direction: Direction, _ header: Header) throws {
    guard world.isFiltered(interface) else { return }
    let stage: EvaluationStage = direction == .egress ? .sourceSecurityGroup : .destinationSecurityGroup
    if interface.groups.isEmpty {
      doubts.append(stage)
      return
    }
    // CT-1, CT-7: an answer passes where its flow is tracked, and where it is not its rules admit everything.
    if !remembered.contains(interface.id) && !isReply {
      switch world.groupAnswer(interface, direction, header, keepsIdentity: keepsIdentity) {
      case .admits: break
      case .refuses(let code): throw WayEnd.refused(stage, code)
      case .cannotTell:
        doubts.append(stage)
        return
      }
    }
    meetings.append(
      Meeting(
        interface: interface, direction: direction,
        isUntrackedByRules: !remembered.contains(interface.id)
          && world.isUntracked(interface, direction, header)))
  }

  mutating func passACL(_ subnet: Subnet, _ direction: Direction, _ header: Header) throws {
    let stage: EvaluationStage = direction == .egress ? .sourceNetworkACL : .destinationNetworkACL
    switch world.aclAnswer(subnet, direction, header) {
    case .admits: break
    case .refuses(let code): throw WayEnd.refused(stage, code)
    case .cannotTell: doubts.append(stage)
    }
  }

  /// AD-6: neither broadcast nor multicast leads anywhere.
  private static func isMulticast(_ address: IPAddress) -> Bool {
    switch address {
    case .v4(let address): address.rawValue >> 28 == 14 || address == .allOnes
    case .v6(let address): address.high >> 56 == 0xff
    }
  }

  // MARK: One leg

  /// P-2: source check, groups, then the subnet's inside or ACL and routes.
  mutating func leave(_ place: Place, _ header: Header) throws -> Leg {
    var leg = Leg(from: place, to: .internet, sent: header, received: header)
    switch place {
    case .internet: return try enter(header)
    case .interface(let interface):
      // AD-25
      if interface.sourceDestinationCheck,
        !interface.privatePrefixes.contains(where: { $0.contains(header.source) })
      {
        throw WayEnd.refused(.sourceCheck, .sourceDestinationCheck)
      }
      try passGroups(interface, .egress, header)
      try leaveSubnet(world.subnet(interface), &leg, header)
    case .otherNetwork:
      let owner = world.privateOwners(header.destination)[0]
      // Nobody of the VPC has the address, or no route tells where its owner may be.
      switch world.wayBack(header, owner) {
      case _ where isExpectedFromElsewhere: break
      case .virtualPrivateGateway, .transitGateway, .networkInterface, .instance:
        if world.vpc(owner.vpc)?.contains(header.source) == true { doubts.append(.placement) }
      default: doubts.append(.placement)
      }
      // P-5: the sender may be a neighbour whose interface is not in the input.
      let home = world.subnet(owner)
      leg.to = try arrive(header, at: owner, from: home.contains(header.source) ? home : nil)
    }
    return leg
  }

  private mutating func leaveSubnet(_ subnet: Subnet, _ leg: inout Leg, _ header: Header) throws {
    // P-5, RT-19
    if subnet.contains(header.destination) {
      leg.to = try arrive(header, vpc: subnet.vpc, from: subnet)
      return
    }
    try passACL(subnet, .egress, header)
    if Self.isMulticast(header.destination) { throw WayEnd.refused(.route, .noPossibleDestination) }
    switch world.route(subnet, to: header.destination) {
    case .refused(let code):
      guard code == .noRoute, let back = returnsTo else { throw WayEnd.refused(.route, code) }
      leg.to = try arrive(header, at: back, from: subnet)
    case .cannotTell:
      doubts.append(.route)
      throw WayEnd.lost
    case .target(let target): try follow(target, subnet, &leg, header)
    }
  }

  private mutating func follow(
    _ target: Route.Target, _ subnet: Subnet, _ leg: inout Leg, _ header: Header
  ) throws {
    switch target {
    case .local: leg.to = try arrive(header, vpc: subnet.vpc, from: subnet)
    case .internetGateway(let id): try leaveByInternetGateway(id, subnet, &leg, header)
    case .egressOnlyGateway(let id): try leaveByEgressOnlyGateway(id, subnet, &leg, header)
    case .natGateway(let id): try enterNAT(id, subnet, &leg, header)
    case .peering(let id): try crossPeering(id, subnet, &leg, header)
    case .networkInterface(let id): try visit(id, subnet, &leg, header)
    case .instance(let id):
      guard let instance = world.network.instances.first(where: { $0.id == id }),
        instance.networkInterfaces.count == 1
      else { return try lose(.route) }
      try visit(instance.networkInterfaces[0], subnet, &leg, header)
    case .virtualPrivateGateway:
      if isReply {
        leg.to = .otherNetwork
      } else {
        try lose(.gateway, header)
      }
    case .transitGateway, .endpoint, .other, .none: try lose(.gateway)
    }
  }

  mutating func lose(_ stage: EvaluationStage) throws {
    doubts.append(stage)
    throw WayEnd.lost
  }

  /// Beyond what is described; if the packet still gets to somebody described, that end can be judged.
  private mutating func lose(_ stage: EvaluationStage, _ header: Header, from subnet: Subnet? = nil) throws {
    doubts.append(stage)
    let receiver = world.canonical(header.destination)
    let owners = world.privateOwners(receiver)
    if let owner = owners.first, owners.count == 1 {
      if subnet != nil { keepsIdentity = false }
      _ = try arrive(header.between(header.source, receiver), at: owner, from: subnet)
      if world.natGateway(having: owner) != nil && !isKnown {
        throw WayEnd.refused(.gateway, .natDestinationPreserved)
      }
    }
    throw WayEnd.lost
  }

  /// The inside of a VPC: ACL unless the packet stays in its subnet, then the interface's groups.
  mutating func arrive(_ header: Header, vpc: ResourceID, from subnet: Subnet?) throws -> Place {
    let owners = world.privateOwners(header.destination).filter { $0.vpc == vpc }
    if owners.count > 1 { try lose(.placement) }
    if let owner = owners.first { return try arrive(header, at: owner, from: subnet) }
    throw WayEnd.refused(.route, .noPossibleDestination)
  }

  mutating func arrive(_ header: Header, at interface: NetworkInterface, from subnet: Subnet?) throws -> Place
  {
    let home = world.subnet(interface)
    try checkState(interface)
    if home.id != subnet?.id { try passACL(home, .ingress, header) }
    try passGroups(interface, .ingress, header)
    return .interface(interface)
  }

  /// LC-8, AD-14
  private func checkState(_ interface: NetworkInterface) throws {
    if !interface.isAttached { throw WayEnd.refused(.placement, .unassociatedComponent) }
    if !world.isRunning(interface) { throw WayEnd.refused(.placement, .badState) }
  }

  /// A route to an interface that forwards: it must be willing to take the packet (AD-25), and what it does with it
  /// is not in the network's description.
  private mutating func visit(
    _ id: ResourceID, _ subnet: Subnet, _ leg: inout Leg, _ header: Header
  ) throws {
    guard let next = world.network.networkInterfaces.first(where: { $0.id == id }) else {
      return try lose(.route)
    }
    let home = world.subnet(next)
    if next.privatePrefixes.contains(where: { $0.contains(header.destination) }) {
      leg.to = try arrive(header, at: next, from: subnet)
      return
    }
    if home.id != subnet.id { try passACL(home, .ingress, header) }
    try checkState(next)
    if next.sourceDestinationCheck {
      throw WayEnd.refused(.sourceCheck, .sourceDestinationCheck)
    }
    try passGroups(next, .ingress, header)
    leg.to = .interface(next)
    try lose(.gateway, header, from: home)
  }
}
