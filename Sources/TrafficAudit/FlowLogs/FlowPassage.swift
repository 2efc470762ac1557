import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// A packet's passing of one interface, as flow logs see it.
public struct FlowPassage: Sendable, Hashable {
  public var interface: InterfaceIndex
  public var direction: Direction
  /// Whether groups and ACLs let it pass here; nil if the model cannot tell.
  public var isAccepted: Bool?
  /// Addresses and ports as they are on the wire at the interface.
  public var header: PacketHeader
  /// The path that the packet leaves by, in the numbers of the log (semantics section 7.2).
  public var trafficPath: Int?
  /// The interface that it passes next.
  public var next: InterfaceIndex?
}

/// Says which interfaces a judged packet passed, and what each let pass.
public struct PassageFinder: Sendable {
  private let filter: PacketFilter
  private let network: VirtualNetwork
  private let internetGateways: Set<ResourceID>
  private let peerings: [ResourceID: PeeringConnection]
  private let gatewayEndpoints: Set<ResourceID>
  private let virtualPrivateGateways: Set<ResourceID>
  private let natGateways: Set<ResourceID>
  /// Private addresses by their public ones: internet gateways translate one to one (semantics AD-12).
  private let privateAddresses: [IPAddress: IPAddress]
  /// The addresses of both sides.
  private let translated: Set<IPAddress>
  /// Addresses of NAT gateways and load balancers, of either side: as a client's they come with ports that were chosen.
  private let translators: Set<IPAddress>
  /// With them any address may stand for another.
  private let hasBalancers: Bool

  public init(_ filter: PacketFilter, _ network: VirtualNetwork) {
    self.filter = filter
    self.network = network
    internetGateways = Set(network.internetGateways.map(\.id)).union(network.egressOnlyGateways.map(\.id))
    peerings = Dictionary(
      network.peeringConnections.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    gatewayEndpoints = Set(network.endpoints.filter { $0.kind == .gateway }.map(\.id))
    virtualPrivateGateways = Set(network.virtualPrivateGateways.map(\.id))
    natGateways = Set(network.natGateways.map(\.id))
    var pairs: [IPAddress: IPAddress] = [:]
    var translators: Set<IPAddress> = []
    for interface in network.networkInterfaces {
      let translates = [.natGateway, .networkLoadBalancer].contains(interface.kind)
      for address in interface.ipv4Addresses {
        if let outer = address.publicAddress { pairs[.v4(outer)] = .v4(address.address) }
        if translates {
          translators.formUnion([address.address, address.publicAddress].compactMap { $0.map(IPAddress.v4) })
        }
      }
    }
    for address in network.natGateways.flatMap(\.addresses) {
      translators.formUnion(
        [address.privateAddress, address.publicAddress].compactMap { $0.map(IPAddress.v4) })
      if let outer = address.publicAddress, let own = address.privateAddress { pairs[.v4(outer)] = .v4(own) }
    }
    privateAddresses = pairs
    translated = Set(pairs.keys).union(pairs.values)
    self.translators = translators
    hasBalancers = network.networkInterfaces.contains { $0.kind == .networkLoadBalancer }
  }

  /// The passages of a packet that was judged to have this outcome, in the order of its way; none for what is never
  /// logged (semantics FL-13) or not the network's.
  ///
  /// Walks the packet's way once more: ask once for each flow and direction.
  public func passages(of header: PacketHeader, _ outcome: PathOutcome) -> [FlowPassage] {
    guard [.allow, .deny, .unknown].contains(outcome.packetClass) else { return [] }
    if let late = outcome.steps.first, outcome.steps.count == 1, late.element == .connection {
      // The connection was closed: rejected where it is tracked (semantics CT-25).
      guard let interface = late.interface else { return [] }
      return [FlowPassage(interface: interface, direction: late.direction, isAccepted: false, header: header)]
    }
    return passages(along: way(of: header, outcome), from: header)
  }

  /// How many translations are between a passage and where the packet that tells of it was captured.
  enum Distance: UInt8, CaseIterable, Comparable {
    /// At the interface, or with the same addresses elsewhere.
    case none
    /// Beyond an internet gateway: with a public address.
    case gateway
    /// Beyond an internet gateway that both ends are behind.
    case bothGateways
    /// Beyond a NAT gateway or load balancer, which may choose ports.
    case translation

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  /// How far from a passage the packet with this header was captured; of each packet the nearest copy counts.
  func distance(of passage: FlowPassage, from captured: PacketHeader) -> Distance {
    let ends = [
      (passage.header.source, captured.source), (passage.header.destination, captured.destination),
    ].filter { $0.0 != $0.1 }
    guard !ends.isEmpty else { return .none }
    guard ends.allSatisfy({ privateAddresses[$0.0] == $0.1 || privateAddresses[$0.1] == $0.0 }) else {
      return .translation
    }
    return ends.count == 1 ? .gateway : .bothGateways
  }

  /// What a passage has in common with what copies of its packets tell; nil where there can be none.
  func way(of passage: FlowPassage, _ isAccepted: Bool) -> TranslatedCopies.Way? {
    let header = passage.header
    guard hasBalancers || isTranslated(header.source) || isTranslated(header.destination) else { return nil }
    let (hasPorts, hasKind) = (header.ipProtocol.hasPorts, header.ipProtocol.hasICMPKind)
    let isChosen = translators.contains(header.destination)
    return TranslatedCopies.Way(
      interface: passage.interface, direction: passage.direction, isAccepted: isAccepted,
      source: header.source, destination: header.destination,
      sourcePort: hasPorts && !translators.contains(header.source) ? header.sourcePort : 0,
      service: hasKind || hasPorts && !isChosen
        ? header.service : ServiceKey(rawValue: header.service.rawValue & 0xff_0000))
  }

  private func isTranslated(_ address: IPAddress) -> Bool {
    translators.contains(address) || translated.contains(address)
  }

  /// What a packet met, and its header after each step.
  private typealias Way = [(step: PathStep, header: PacketHeader)]

  /// The steps by which the packet was judged, with headers from a walk along the same way.
  ///
  /// The walk alone would not do: it knows neither the flow that a packet belongs to nor the first fragment of a later one.
  private func way(of header: PacketHeader, _ outcome: PathOutcome) -> Way {
    var best: (way: Way, known: Int) = (outcome.steps.map { ($0, header) }, -1)
    func consider(_ walked: [TraceStep]) {
      var (way, known, current): (Way, Int, PacketHeader) = ([], 0, header)
      var rest = walked[...]
      for step in outcome.steps {
        if let place = rest.firstIndex(where: { $0.step.isSamePlace(as: step) }) {
          current = rest[place].header
          rest = rest[(place + 1)...]
          known += 1
        }
        way.append((step, current))
      }
      if known > best.known { best = (way, known) }
    }
    func considerReply() {
      var request = header.request
      if header.ipProtocol.hasICMPKind && request.service == header.service {
        // An error answers no message of its own kind: it comes back as the answer to a ping would.
        request.service = ServiceKey(header.ipProtocol, port: header.ipProtocol == .icmp ? 8 << 8 : 128 << 8)
      }
      // Whatever rules say of it: only its way is wanted.
      let answer = (filter.trace(captured: request, isRoundTrip: nil, findsEveryBlocker: true)?.steps ?? [])
        .filter { $0.way == .reply }
      consider(
        answer.map { step in
          var step = step
          if header.ipProtocol.hasICMPKind { step.header.service = header.service }
          return step
        })
    }
    let isReply = outcome.steps.contains { $0.action == .established }
    if isReply { considerReply() }
    if best.known < outcome.steps.count {
      consider((filter.trace(captured: header)?.steps ?? []).filter { $0.way == .request })
    }
    // An ACL stopped it before it came to where its flow is tracked.
    if !isReply && best.known < outcome.steps.count { considerReply() }
    return best.way
  }

  private func passages(along way: Way, from header: PacketHeader) -> [FlowPassage] {
    var passages: [FlowPassage] = []
    var before = header
    for traced in way {
      let step = traced.step
      if let last = passages.indices.last, passages[last].direction == .egress,
        passages[last].trafficPath == nil,
        let resource = step.resource
      {
        passages[last].trafficPath = path(over: filter.id(of: resource))
      }
      if let interface = step.interface {
        switch step.element {
        case .securityGroup, .networkACL, .connection:
          if passages.last?.interface != interface || passages.last?.direction != step.direction {
            passages.append(
              FlowPassage(
                interface: interface, direction: step.direction, isAccepted: true, header: traced.header))
          }
          if step.action == .deny { passages[passages.count - 1].isAccepted = false }
          if step.action == .unknown { passages[passages.count - 1].isAccepted = nil }
        case .gateway where step.action == .translate && translates(interface) && !isInternetGateway(step):
          // A NAT gateway's or balancer's own interface: in as the packet was, out as it has become.
          if passages.last?.interface != interface || passages.last?.direction != .ingress {
            passages.append(
              FlowPassage(interface: interface, direction: .ingress, isAccepted: true, header: before))
          }
          passages.append(
            FlowPassage(interface: interface, direction: .egress, isAccepted: true, header: traced.header))
        default: break
        }
      }
      if step.action == .deny { break }
      before = traced.header
    }
    for index in passages.indices.dropLast() where passages[index].direction == .egress {
      let next = passages[index + 1].interface
      passages[index].next = next
      if passages[index].trafficPath == nil && vpc(of: next) == vpc(of: passages[index].interface) {
        passages[index].trafficPath = 1
      }
    }
    return passages
  }

  private func vpc(of interface: InterfaceIndex) -> ResourceID {
    network.networkInterfaces[Int(interface.rawValue)].vpc
  }

  /// Internet gateways have no interface of their own: their translation is beyond the one that is named.
  private func isInternetGateway(_ step: PathStep) -> Bool {
    step.resource.map { internetGateways.contains(filter.id(of: $0)) } ?? false
  }

  private func translates(_ interface: InterfaceIndex) -> Bool {
    switch network.networkInterfaces[Int(interface.rawValue)].kind {
    case .natGateway, .networkLoadBalancer: true
    default:
      network.natGateways.contains { gateway in
        gateway.addresses.contains { $0.networkInterface == filter.id(of: interface) }
      }
    }
  }

  /// 7 and 8 in place of 2: what Nitro instances write ([mem] in semantics section 7.2).
  private func path(over gateway: ResourceID) -> Int? {
    if internetGateways.contains(gateway) { return 8 }
    if gatewayEndpoints.contains(gateway) { return 7 }
    if natGateways.contains(gateway) { return 1 }
    if virtualPrivateGateways.contains(gateway) { return 3 }
    guard let peering = peerings[gateway] else { return nil }
    let regions = Set([peering.requester.region, peering.accepter.region].compactMap { $0 })
    return regions.count > 1 ? 5 : 4
  }
}

extension PathStep {
  /// Whether another step happened at the same place.
  fileprivate func isSamePlace(as other: PathStep) -> Bool {
    element == other.element && direction == other.direction && interface == other.interface
      && resource == other.resource
  }
}
