import NetworkTypes
import VirtualNetworks

/// A place that a traced packet passes or ends at.
public struct TraceHop: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable {
    case interface
    /// A NAT gateway or a load balancer, which passes the packet on with other addresses.
    case gateway
    case internet
    /// A network that the model does not hold.
    case outside
  }

  public var kind: Kind
  /// The interface, or the gateway that it belongs to.
  public var resource: ResourceID?
  public var interface: ResourceID?
  public var place: ResourcePlace?

  /// Whether both are the same interface, or the same kind of place beyond all interfaces.
  public func isSame(as other: TraceHop) -> Bool {
    interface == other.interface && (interface != nil || kind == other.kind)
  }
}

extension PacketFilter {
  /// Where an interface stands: the zone of its subnet and the Region of the nearest thing that tells one.
  public func place(of interface: InterfaceIndex) -> ResourcePlace {
    let model = compiled.network.model
    let state = compiled.network.interfaces[interface.int]
    var place = state.subnet.map { model.place(of: model.subnets[$0]) } ?? ResourcePlace()
    let own = model.networkInterfaces[interface.int].attributes
    place.region = place.region ?? own.region ?? state.vpc.flatMap { model.vpcs[$0].attributes.region }
    place.account = place.account ?? own.account
    return place
  }

  /// Where the packet of an answer comes from and where it was to go, whether it gets there or not.
  public func ends(of question: TraceQuestion, _ answer: TraceAnswer) -> (from: TraceHop, to: TraceHop) {
    (hop(of: question.from, answer.header.source), hop(of: question.to, answer.header.destination))
  }

  private func hop(of end: TraceQuestion.End, _ address: IPAddress) -> TraceHop {
    switch end {
    case .interface(let interface): return hop(at: interface)
    case .internet: return TraceHop(kind: .internet)
    case .address: break
    }
    let owners = Set(compiled.network.addresses.owners(of: address).map(\.interface))
    if owners.count == 1, let owner = owners.first { return hop(at: owner) }
    let model = compiled.network.model
    let homes = model.subnets.filter { $0.contains(address) }
    if homes.count == 1 { return TraceHop(kind: .outside, place: model.place(of: homes[0])) }
    let isInside = !owners.isEmpty || compiled.network.vpc(containing: address) != nil
    return TraceHop(kind: address.isGlobal && !isInside ? .internet : .outside)
  }

  private func hop(at interface: InterfaceIndex) -> TraceHop {
    TraceHop(
      kind: .interface, resource: id(of: interface), interface: id(of: interface), place: place(of: interface)
    )
  }

  /// What the packet of an answer, or its reply, passes from interface to interface, as far as it was followed.
  public func hops(of answer: TraceAnswer, _ way: TraceStep.Way) -> [TraceHop] {
    var hops: [TraceHop] = []
    var here: InterfaceIndex?
    for traced in answer.steps where traced.way == way {
      let step = traced.step
      if step.element == .internet && step.stage == .gateway { hops.append(TraceHop(kind: .internet)) }
      if hops.isEmpty, step.element == .gateway, step.direction == .ingress {
        hops.append(TraceHop(kind: .internet))
      }
      guard let interface = step.interface else { continue }
      if interface != here { hops.append(hop(at: interface)) }
      here = interface
      if step.element == .gateway, step.action == .translate, let gateway = step.resource.map({ id(of: $0) }),
        isTranslator(gateway)
      {
        hops[hops.count - 1].kind = .gateway
        hops[hops.count - 1].resource = gateway
      }
    }
    return hops
  }

  /// Whether the gateway passes packets on from an interface of its own, as an internet gateway does not.
  private func isTranslator(_ gateway: ResourceID) -> Bool {
    let network = compiled.network
    return network.index.natGateways[gateway] != nil
      || network.model.loadBalancers.contains { $0.id == gateway }
  }
}
