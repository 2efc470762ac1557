import Filtering
import VirtualNetworks

/// Reads from the steps of an outcome what its packets are charged for.
///
/// The walk was made by the filter, once; nothing is walked again here.
struct ChargeReader {
  private let filter: PacketFilter
  private let kinds: [ResourceID: GatewayKind]
  private let endpointsByInterface: [ResourceID: ResourceID]

  enum GatewayKind {
    case natGateway, loadBalancer, peering, endpoint, vpn
    /// A route table of a transit gateway.
    case transit(ResourceID)
  }

  init(_ filter: PacketFilter) {
    self.filter = filter
    let network = filter.network
    var kinds: [ResourceID: GatewayKind] = [:]
    for gateway in network.natGateways { kinds[gateway.id] = .natGateway }
    for balancer in network.loadBalancers { kinds[balancer.id] = .loadBalancer }
    for peering in network.peeringConnections { kinds[peering.id] = .peering }
    for endpoint in network.endpoints { kinds[endpoint.id] = .endpoint }
    for table in network.transitGatewayRouteTables { kinds[table.id] = .transit(table.transitGateway) }
    for gateway in network.virtualPrivateGateways { kinds[gateway.id] = .vpn }
    for connection in network.vpnConnections { kinds[connection.id] = .vpn }
    for attachment in network.transitGatewayAttachments where attachment.kind == .vpn {
      kinds[attachment.id] = .vpn
    }
    self.kinds = kinds
    endpointsByInterface = Dictionary(
      network.endpoints.flatMap { endpoint in endpoint.networkInterfaces.map { ($0, endpoint.id) } },
      uniquingKeysWith: { first, _ in first })
  }

  func read(_ outcome: PathOutcome) -> ChargedPath {
    var progress = Progress(reader: self)
    for step in outcome.steps { progress.take(step) }
    return progress.path
  }

  // MARK: Step by step

  private struct Progress {
    let reader: ChargeReader
    var path = ChargedPath()
    /// The interface at which the packet is, or which it has left last.
    private var here: InterfaceIndex?
    /// Whether it is on the internet, and by which gateway it got there.
    private var isOnInternet = false
    private var exit: ResourceID?
    /// What it has passed since it left `here`.
    private var peering: ResourceID?
    private var hasCrossedTransit = false
    /// Whether the step before was in a transit gateway: one that is asked next is another's peer, which is not charged.
    private var isInTransit = false

    init(reader: ChargeReader) { self.reader = reader }

    mutating func take(_ step: PathStep) {
      let wasInTransit = isInTransit
      isInTransit = false
      switch step.element {
      case .platformService: charge(.platformService, step.resource.map(id), from: step.interface.map(place))
      case .internet:
        if step.stage == .gateway { charge(.internetOut, exit, from: here.map(place)) }
      case .outside: leave(by: step.resource.map(id))
      case .networkInterface: endBehindGateway(step)
      case .gateway: pass(step, wasInTransit)
      case .sourceCheck, .securityGroup, .networkACL, .route, .connection:
        if let interface = step.interface { arrive(at: interface, step) }
      }
    }

    private mutating func pass(_ step: PathStep, _ wasInTransit: Bool) {
      let resource = step.resource.map(id)
      let kind = resource.flatMap { reader.kinds[$0] }
      switch (kind, step.action) {
      case (.natGateway?, .translate): translate(step, .natGateway, resource)
      case (.loadBalancer?, .translate): translate(step, .loadBalancer, resource)
      case (.peering?, .allow): peering = resource
      case (.transit(let gateway)?, .allow):
        if !wasInTransit { charge(.transitGateway, gateway, from: here.map(place)) }
        hasCrossedTransit = true
        isInTransit = true
      case (.endpoint?, .unfiltered) where step.direction == .egress:
        charge(.gatewayEndpoint, resource, from: here.map(place))
      default:
        if step.direction == .egress {
          isOnInternet = true
          exit = resource
        } else if let interface = step.interface {
          arriveFromInternet(at: interface, by: resource)
        }
      }
    }

    private mutating func translate(_ step: PathStep, _ kind: Charge, _ resource: ResourceID?) {
      guard let interface = step.interface else { return }
      arrive(at: interface, step)
      charge(kind, resource, from: place(interface))
      path.gateways.insert(reader.filter.id(of: interface))
    }

    /// A flow that was first seen behind a gateway's translation ends at the gateway's interface.
    private mutating func endBehindGateway(_ step: PathStep) {
      guard let interface = step.interface else { return }
      arrive(at: interface, step)
      seeBehind(interface)
    }

    private mutating func seeBehind(_ interface: InterfaceIndex) {
      let network = reader.filter.network
      let model = network.networkInterfaces[Int(interface.rawValue)]
      let kind: Charge
      let resource: ResourceID?
      switch model.kind {
      case .natGateway:
        kind = .natGateway
        resource =
          network.natGateways.first {
            $0.addresses.contains { $0.networkInterface == model.id }
          }?.id
      case .networkLoadBalancer:
        kind = .loadBalancer
        resource = nil
      default: return
      }
      path.seenBehind = ChargedPath.SeenBehind(
        interface: model.id, charge: PathCharge(kind, resource, from: place(interface)))
    }

    // MARK: From interface to interface

    private mutating func arrive(at interface: InterfaceIndex, _ step: PathStep) {
      guard let from = here else {
        here = interface
        if step.direction == .egress { seeBehind(interface) } else { enter(at: interface) }
        return
      }
      guard from != interface else { return }
      cross(from, interface)
    }

    private mutating func arriveFromInternet(at interface: InterfaceIndex, by gateway: ResourceID?) {
      guard let from = here, isOnInternet else {
        charge(.internetIn, gateway, to: place(interface), atReceiver: true)
        here = interface
        return
      }
      cross(from, interface)
    }

    private mutating func cross(_ from: InterfaceIndex, _ to: InterfaceIndex) {
      let (left, right) = (place(from), place(to))
      let network = reader.filter.network
      let (sender, receiver) = (
        network.networkInterfaces[Int(from.rawValue)], network.networkInterfaces[Int(to.rawValue)]
      )
      let isOtherVPC = sender.vpc != receiver.vpc
      if !isOnInternet && !hasCrossedTransit && isOtherVPC {
        charge(.peering, peering, from: left, to: right)
      }
      if left.sharesRegion(with: right) == false {
        charge(.regionOut, from: left, to: right)
        charge(.regionIn, from: left, to: right, atReceiver: true)
      } else if isOnInternet {
        if left.sharesRegion(with: right) == nil {
          charge(.placeUnknown, from: left, to: right)
        } else {
          charge(.publicAddressOut, exit, from: left, to: right)
          charge(.publicAddressIn, exit, from: left, to: right, atReceiver: true)
        }
      } else if hasCrossedTransit {
        if left.sharesRegion(with: right) == nil { charge(.placeUnknown, from: left, to: right) }
      } else if let endpoint = [receiver, sender].first(where: { $0.kind == .interfaceEndpoint })?.id {
        charge(.interfaceEndpoint, reader.endpointsByInterface[endpoint] ?? endpoint, from: left, to: right)
      } else {
        crossZones(left, right)
      }
      here = to
      (isOnInternet, exit, peering, hasCrossedTransit) = (false, nil, nil, false)
    }

    private mutating func crossZones(_ left: ResourcePlace, _ right: ResourcePlace) {
      switch left.sharesZone(with: right) {
      case true?: charge(.sameZone, from: left, to: right)
      case false?:
        charge(.zoneOut, from: left, to: right)
        charge(.zoneIn, from: left, to: right, atReceiver: true)
      case nil: charge(.placeUnknown, from: left, to: right)
      }
    }

    // MARK: Beyond the input

    private mutating func leave(by resource: ResourceID?) {
      let isVPN = if case .vpn? = resource.flatMap({ reader.kinds[$0] }) { true } else { false }
      charge(isVPN ? .vpnOut : .outsideOut, resource, from: here.map(place))
    }

    /// In from beyond the input: by the only way that the interface's route table has there, if it is one.
    private mutating func enter(at interface: InterfaceIndex) {
      let ways = Set(reader.waysOutside(of: interface))
      guard ways.count == 1, let way = ways.first else {
        charge(.outsideIn, to: place(interface), atReceiver: true)
        return
      }
      switch reader.kinds[way] {
      case .endpoint?: charge(.gatewayEndpoint, way, to: place(interface), atReceiver: true)
      case .vpn?: charge(.vpnIn, way, to: place(interface), atReceiver: true)
      default: charge(.outsideIn, way, to: place(interface), atReceiver: true)
      }
    }

    private mutating func charge(
      _ charge: Charge, _ resource: ResourceID? = nil, from: ResourcePlace? = nil, to: ResourcePlace? = nil,
      atReceiver: Bool = false
    ) {
      path.charges.append(PathCharge(charge, resource, from: from, to: to, atReceiver: atReceiver))
    }

    private func place(_ interface: InterfaceIndex) -> ResourcePlace { reader.filter.place(of: interface) }
    private func id(_ resource: ResourceIndex) -> ResourceID { reader.filter.id(of: resource) }
  }

  /// What the interface's route table has for networks beyond the input, the internet not among them.
  private func waysOutside(of interface: InterfaceIndex) -> [ResourceID] {
    let network = filter.network
    let model = network.networkInterfaces[Int(interface.rawValue)]
    let table =
      network.routeTables.first { $0.subnets.contains(model.subnet) }
      ?? network.routeTables.first { $0.vpc == model.vpc && $0.isMain }
    return (table?.routes ?? []).compactMap { route in
      switch route.target {
      case .local, .internetGateway, .egressOnlyGateway, .natGateway, .none: nil
      case .peering(let id):
        isModelled(id, from: model.vpc) ? nil : id
      case .transitGateway(let id), .virtualPrivateGateway(let id), .networkInterface(let id),
        .instance(let id),
        .endpoint(let id), .other(let id):
        id
      }
    }
  }

  /// Whether the VPC at the other end of a peering connection is in the input: then its packets come from interfaces.
  private func isModelled(_ peering: ResourceID, from vpc: ResourceID) -> Bool {
    let peer = filter.network.peeringConnections.first { $0.id == peering }?.side(oppositeTo: vpc)?.vpc
    return filter.network.vpcs.contains { $0.id == peer }
  }
}
