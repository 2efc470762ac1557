import Locks
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Follows one packet from where it enters the network to where it is delivered or stopped.
///
/// This is the only place that says what happens to a packet, in the strict order of semantics section 0: source
/// check, groups, ACL, route, gateways (each of which begins a new leg), ACL, groups. Auditing and tracing both run it;
/// what it did is the list of ``steps``.
struct PathWalk {
  /// How the packet relates to a flow that groups have admitted before.
  struct Relation: Sendable, Hashable {
    /// Where groups let the packet pass without asking their rules (semantics CT-1).
    enum Tracking: Sendable, Hashable {
      case nowhere, everywhere
      case at([InterfaceIndex])
    }

    let tracking: Tracking
    /// Whether the packet goes against its flow's first one: gateways that keep state give it back.
    let isReply: Bool
    /// Whether gateways that let nothing new in have let the flow begin.
    let isKnown: Bool

    /// Begins a flow, or belongs to none: groups ask their rules.
    static var new: Relation { Relation(tracking: .nowhere, isReply: false, isKnown: false) }
    /// Begins a flow that groups are known to admit: walked again to learn where it went.
    static var admitted: Relation { Relation(tracking: .everywhere, isReply: false, isKnown: false) }
    /// Answers a packet that was stopped after it had got by these interfaces.
    static func new(trackedAt interfaces: [InterfaceIndex]) -> Relation {
      Relation(tracking: .at(interfaces), isReply: false, isKnown: false)
    }
    /// Answers an admitted flow: groups let it pass (semantics CT-1).
    static var reply: Relation { Relation(tracking: .everywhere, isReply: true, isKnown: true) }
    /// Answers a flow that is tracked at these interfaces, and only there.
    static func reply(trackedAt interfaces: [InterfaceIndex]) -> Relation {
      Relation(tracking: .at(interfaces), isReply: true, isKnown: true)
    }
    /// Belongs to a flow that is tracked at these interfaces, and only there: an ICMP error about it (semantics
    /// CT-22), or a packet of it after the rules were changed (CT-8, CT-9).
    static func partOfFlow(trackedAt interfaces: [InterfaceIndex]) -> Relation {
      Relation(tracking: .at(interfaces), isReply: false, isKnown: true)
    }
  }

  /// Where the packet enters the model.
  enum Origin: Sendable, Hashable {
    case interface(InterfaceIndex)
    /// A NAT gateway's interface, with a packet that it has translated already.
    case natGateway(InterfaceIndex)
    case internet
    /// A subnet, sent by a host of it that the model does not hold.
    case subnet(Int)
    /// A network that the model does not hold (a peer, a VPN, …), on the way to an interface.
    case outside(to: InterfaceIndex, missing: MissingPiece?)
  }

  /// Where a packet ended up that nothing stopped.
  enum Delivery: Sendable, Hashable {
    case interface(InterfaceIndex)
    case internet
    case platformService
    /// A network that the model does not hold.
    case outside
  }

  /// An address translation made on the way, which the reply must meet in reverse.
  struct Translation: Sendable, Hashable {
    /// The interface of the NAT gateway or load balancer.
    var interface: InterfaceIndex
    /// Source before the translation.
    var originalSource: IPAddress
    /// Source after it.
    var translatedSource: IPAddress
    /// Destination before the translation.
    var originalDestination: IPAddress?
    /// For a load balancer: the port before it.
    var originalPort: UInt16?
    /// For a NAT gateway between families: the service before it.
    var originalService: ServiceKey?
  }

  /// Whether the packet answers one whose source port a NAT gateway has chosen, and has not come back to it: its destination
  /// port is then any of that gateway's (semantics AD-15).
  var hasTranslatedPort: Bool {
    relation.isReply && !translations.isEmpty && header.ipProtocol.hasPorts
      && translations.contains { compiled.network.balancersByInterface[$0.interface] == nil }
  }

  let compiled: CompiledReference

  var header: PacketHeader
  let relation: Relation
  /// Whether to go on after a denial, to find every blocker.
  let findsEveryBlocker: Bool
  private let keepsHeaders: Bool
  /// Whether the group identity of the sender still counts (semantics SG-29).
  var preservesGroupIdentity = true
  /// Translations that a reply's forward path made.
  var translations: [Translation] = []
  /// Whether the gateways on the way have forgotten the packet's flow, since it was idle for too long (AD-17, CT-15).
  var isForgottenByGateways = false

  private(set) var steps: [PathStep] = []
  /// The header at each step; kept only when asked for.
  private(set) var headers: [PacketHeader] = []
  /// Whether references to groups counted at each step, and whether its destination port is a NAT gateway's choice; kept with
  /// the headers.
  private(set) var countsReferences: [Bool] = []
  private(set) var translatedPorts: [Bool] = []
  private(set) var delivery: Delivery?
  private(set) var isDenied = false
  private(set) var isUnknown = false
  /// Whether something on the path makes AWS track the flow whatever the rules (semantics CT-6).
  var isTrackedAutomatically = false
  /// Whether the packet has come through a transit gateway (semantics AD-20).
  var cameByTransitGateway = false
  /// Whether the walk only asks what became of the packet at one of several targets; it does not ask that of others.
  var isProbe = false
  var leg: UInt8 = 0
  /// Legs are few in any real network; routes that lead in circles end here.
  static let legLimit: UInt8 = 16
  /// Targets of one listener that are asked whether they agree.
  static let targetLimit = 64

  init(
    _ compiled: CompiledReference, _ header: PacketHeader, relation: Relation = .new,
    findsEveryBlocker: Bool = false, keepsHeaders: Bool = false, reusing steps: consuming [PathStep] = []
  ) {
    self.compiled = compiled
    self.header = header
    self.relation = relation
    self.findsEveryBlocker = findsEveryBlocker
    self.keepsHeaders = keepsHeaders
    self.steps = steps
    self.steps.removeAll(keepingCapacity: true)
  }

  /// What the walk found: a denial outweighs what is unknown, and what is unknown outweighs a pass.
  var packetClass: PacketClass {
    if isDenied { return .deny }
    if delivery == .platformService { return .exempt }
    return isUnknown || delivery == nil ? .unknown : .allow
  }

  /// Whether groups track the flow anywhere on the path.
  var isTracked: Bool {
    !steps.contains { $0.isAdmission } || steps.contains { $0.isTracking }
  }

  /// The idle timers of gateways on the path; a load balancer's are the shorter ones.
  var gatewayTimers: GatewayTimers {
    guard let gateway = translations.first else { return .none }
    return compiled.network.balancersByInterface[gateway.interface] == nil
      && translations.allSatisfy { compiled.network.balancersByInterface[$0.interface] == nil }
      ? .natGateway : .loadBalancer
  }

  /// The interface that got the packet exactly as `sent`, if one did without any doubt.
  func plainEnd(of sent: PacketHeader) -> InterfaceIndex? {
    guard case .interface(let interface)? = delivery, !isDenied, !isUnknown, translations.isEmpty,
      header == sent, !sent.isFragment, !steps.contains(where: { $0.action == .translate })
    else { return nil }
    return interface
  }

  /// Gives the list of steps away.
  mutating func takeSteps() -> [PathStep] {
    defer { steps = [] }
    return steps
  }

  mutating func run(from origin: Origin) {
    enter(at: origin)
    if isTrackedAutomatically {
      for index in steps.indices where steps[index].isAdmission { steps[index].tracksFlow = true }
    }
  }

  private mutating func enter(at origin: Origin) {
    switch origin {
    case .interface(let interface): leave(interface)
    case .natGateway(let interface): leaveNATGateway(interface)
    case .internet: arriveFromInternet()
    case .subnet(let subnet): leave(subnet: subnet, interface: nil)
    case .outside(let interface, let missing):
      if let missing { markUnknown(.placement, .outside, .ingress, missing, interface: interface) }
      // The sender may be a neighbour that the input lacks: inside a subnet no ACL acts (semantics P-5, NACL-12).
      let home = compiled.network.interfaces[interface.int].subnet
      let isNeighbour = home.map { compiled.network.model.subnets[$0].contains(header.source) } ?? false
      receive(at: interface, fromSubnet: isNeighbour ? home : nil)
    }
  }

  // MARK: The strict order

  /// Source check, groups, ACL and route of the sending interface (semantics P-2).
  private mutating func leave(_ interface: InterfaceIndex) {
    let state = compiled.network.interfaces[interface.int]
    guard isUsable(interface, .sourceCheck, .egress) || findsEveryBlocker else { return }
    guard passesAddressCheck(interface, header.source, .egress) || findsEveryBlocker else { return }
    if let service = compiled.exemption(at: interface, header.destination, header) {
      deliverToPlatform(service, from: interface)
      return
    }
    guard passesGroups(interface, .egress) else { return }
    guard let subnet = state.subnet else {
      markUnknown(.route, .route, .egress, .subnet, interface: interface)
      return
    }
    leave(subnet: subnet, interface: interface)
  }

  /// ACL and route of the sender's subnet, or straight to a neighbour.
  private mutating func leave(subnet: Int, interface: InterfaceIndex?) {
    if let balancer = hiddenBalancer, let door = compiled.network.interfaces[balancer.int].subnet {
      if door != subnet {
        guard passesACL(of: subnet, .egress, interface: interface) else { return }
      }
      receive(at: balancer, fromSubnet: subnet)
      return
    }
    if compiled.network.model.subnets[subnet].contains(header.destination) {
      // Inside a subnet neither ACLs nor routes are asked (semantics P-5, NACL-12, RT-19).
      deliver(in: compiled.network.subnets[subnet].vpc, fromSubnet: subnet, sender: interface)
      return
    }
    guard passesACL(of: subnet, .egress, interface: interface) else { return }
    route(from: subnet, interface: interface)
  }

  /// Looks the destination up in the subnet's route table and follows the route.
  mutating func route(from subnet: Int, interface: InterfaceIndex?) {
    guard let table = compiled.network.subnets[subnet].routeTable else {
      markUnknown(
        .route, .route, .egress, .routeTable, interface: interface,
        resource: compiled.network.subnets[subnet].resource
      )
      tryDestinationAnyway(fromSubnet: subnet)
      return
    }
    follow(table: table, vpc: compiled.network.subnets[subnet].vpc, subnet: subnet, interface: interface)
  }

  /// Finds who has the destination in the VPC and hands the packet to it.
  mutating func deliver(in vpc: Int?, fromSubnet subnet: Int?, sender: InterfaceIndex?) {
    let interfaces = compiled.network.interfaces
    let owner = compiled.owners(of: header.destination).first { owner in
      !owner.isPublic && (vpc == nil || interfaces[owner.interface.int].vpc == vpc)
    }
    guard let owner else {
      deny(
        .route, .route, .egress, .noPossibleDestination, interface: sender,
        resource: vpc.map { compiled.network.vpcs[$0].resource })
      return
    }
    receive(at: owner.interface, fromSubnet: subnet)
  }

  /// ACL and groups of the receiving interface (semantics P-1).
  mutating func receive(at interface: InterfaceIndex, fromSubnet: Int?) {
    let state = compiled.network.interfaces[interface.int]
    guard isUsable(interface, .destinationNetworkACL, .ingress) || findsEveryBlocker else { return }
    guard let subnet = state.subnet else {
      markUnknown(.destinationNetworkACL, .networkACL, .ingress, .subnet, interface: interface)
      if passesGroups(interface, .ingress) { delivery = .interface(interface) }
      return
    }
    if subnet != fromSubnet {
      guard passesACL(of: subnet, .ingress, interface: interface) else { return }
    }
    if state.natGateway != nil {
      receive(atNATGateway: interface, subnet: subnet)
      return
    }
    if let balancer = compiled.network.balancersByInterface[interface] {
      receive(atBalancer: interface, balancer, subnet: subnet)
      return
    }
    guard passesAddressCheck(interface, header.destination, .ingress) else { return }
    guard passesGroups(interface, .ingress) else { return }
    if state.kind == .networkLoadBalancer && !relation.isKnown {
      // Whose interface it is, the input does not tell: whether it listens is not known.
      markUnknown(.gateway, .networkInterface, .ingress, .loadBalancer, interface: interface)
    }
    delivery = .interface(interface)
  }

  /// When the way is not known or barred, the far end's stages can still be judged.
  mutating func tryDestinationAnyway(fromSubnet: Int?) {
    let owners = compiled.owners(of: header.destination)
    guard !isDenied || findsEveryBlocker, owners.count == 1, let owner = owners.first else { return }
    if let privateAddress = owner.privateAddress { header.destination = .v4(privateAddress) }
    receive(at: owner.interface, fromSubnet: fromSubnet)
  }

  // MARK: Recording

  mutating func append(_ step: PathStep) {
    var step = step
    step.leg = leg
    if step.element == .networkACL && step.action == .deny {
      step.hasTranslatedPort = header.hasTransport && hasTranslatedPort
    }
    steps.append(step)
    if keepsHeaders { keepHeader() }
  }

  private mutating func keepHeader() {
    headers.append(header)
    countsReferences.append(preservesGroupIdentity)
    translatedPorts.append(hasTranslatedPort)
  }

  /// Begins a new leg; false where there have been too many, as routes or balancers that lead in circles make them.
  mutating func beginLeg(at interface: InterfaceIndex?) -> Bool {
    guard leg < Self.legLimit else {
      deny(.route, .route, .egress, .noPossibleDestination, interface: interface)
      return false
    }
    leg += 1
    return true
  }

  mutating func deny(
    _ stage: EvaluationStage, _ element: PathStep.Element, _ direction: Direction, _ code: ReachabilityCode,
    interface: InterfaceIndex? = nil, resource: ResourceIndex? = nil, rule: RuleIndex? = nil
  ) {
    isDenied = true
    append(
      PathStep(
        stage, element, .deny, direction, interface: interface, resource: resource, rule: rule, code: code))
  }

  /// Makes the answer unknown for a reason that another walk found, as of the request that this packet answers.
  mutating func inherit(_ step: PathStep) {
    isUnknown = true
    steps.append(step)
    if findsEveryBlocker { keepHeader() }
  }

  mutating func markUnknown(
    _ stage: EvaluationStage, _ element: PathStep.Element, _ direction: Direction, _ missing: MissingPiece,
    interface: InterfaceIndex? = nil, resource: ResourceIndex? = nil, rule: RuleIndex? = nil,
    code: ReachabilityCode? = nil
  ) {
    isUnknown = true
    append(
      PathStep(
        stage, element, .unknown, direction, interface: interface, resource: resource, rule: rule,
        code: code, missing: missing))
  }

  mutating func deliver(to delivery: Delivery) { self.delivery = delivery }

  private mutating func deliverToPlatform(_ service: ResourceIndex?, from interface: InterfaceIndex) {
    append(
      PathStep(
        .sourceSecurityGroup, .platformService, .unfiltered, .egress, interface: interface, resource: service)
    )
    delivery = .platformService
  }
}

/// The compiled network behind a reference, so that a walk holds one pointer and not thirty arrays.
final class CompiledReference: Sendable {
  let network: CompiledNetwork
  let kinds = LazyKinds()
  private let resolved = Guarded<[Int: [ResolvedRule]]>([:])
  /// Policies whose rules are kept for explanations, at most.
  private static let resolvedLimit = 256
  init(_ network: CompiledNetwork) { self.network = network }

  // Asked here and not of `network.addresses`, which a walk would copy first.

  /// Every interface that has the address, in the order of the input.
  func owners(of address: IPAddress) -> [AddressOwners.Owner] { network.addresses.owners(of: address) }

  /// The rules that a policy was made from; kept for the next explanation.
  func resolvedRules(ofPolicy position: Int) -> [ResolvedRule] {
    resolved.withLock { resolved in
      if let rules = resolved[position] { return rules }
      if resolved.count >= Self.resolvedLimit { resolved.removeAll() }
      let rules = network.resolvedRules(ofPolicy: position)
      resolved[position] = rules
      return rules
    }
  }

  /// Whether an interface has the address for its own, and not as its public one.
  func isOwn(_ address: IPAddress, of interface: InterfaceIndex) -> Bool {
    network.addresses.isOwn(address, of: interface)
  }
}
