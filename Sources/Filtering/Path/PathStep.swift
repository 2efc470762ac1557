import NetworkTypes

/// One thing that happened to a packet on its way: a stage that admitted it, stopped it or could not tell.
///
/// Small integers only; ``PacketFilter/explain(_:)`` turns them into words.
public struct PathStep: Sendable, Hashable {
  public enum Action: UInt8, Sendable, Hashable {
    /// A rule, or the absence of a restriction, lets the packet pass.
    case allow
    case deny
    /// The model lacks what the stage needs: see ``PathStep/missing``.
    case unknown
    /// Passes because its flow is tracked: no rule was asked (semantics CT-1).
    case established
    /// Passes because nothing filters here: an interface without groups, a subnet's inside.
    case unfiltered
    /// The packet's addresses change here.
    case translate
  }

  /// What the walk passes, in more detail than the stage tells.
  public enum Element: UInt8, Sendable, Hashable {
    case sourceCheck, securityGroup, networkACL, route, gateway, networkInterface, internet, platformService,
      outside
    /// The connection table: a segment of a connection that was closed (semantics CT-25).
    case connection
  }

  public var stage: EvaluationStage
  public var element: Element
  public var action: Action
  public var direction: Direction
  public var code: ReachabilityCode?
  public var missing: MissingPiece?
  /// For a group's rule that admits: whether the flow that the packet begins is tracked at the interface (semantics
  /// CT-4, CT-5).
  public var tracksFlow = false
  /// Which leg of the path: a NAT gateway, a transit gateway or a load balancer begins a new one.
  public var leg: UInt8
  /// The interface on whose side this happens, or nil between interfaces.
  public var interface: InterfaceIndex?
  /// What decided: the ACL, route table, gateway, …; for groups the interface.
  public var resource: ResourceIndex?
  /// The rule or route that decided.
  public var rule: RuleIndex?

  init(
    _ stage: EvaluationStage, _ element: Element, _ action: Action, _ direction: Direction,
    interface: InterfaceIndex? = nil, resource: ResourceIndex? = nil, rule: RuleIndex? = nil,
    code: ReachabilityCode? = nil, missing: MissingPiece? = nil, leg: UInt8 = 0
  ) {
    self.stage = stage
    self.element = element
    self.action = action
    self.direction = direction
    self.code = code
    self.missing = missing
    self.leg = leg
    self.interface = interface
    self.resource = resource
    self.rule = rule
  }
}

extension PathStep {
  // Written out, as three words instead of eleven fields: outcomes are looked up for the first packet of every flow.
  public func hash(into hasher: inout Hasher) {
    let small =
      UInt64(stage.rawValue) | UInt64(element.rawValue) << 8 | UInt64(action.rawValue) << 16
      | UInt64(direction.rawValue) << 24 | UInt64(leg) << 32 | (tracksFlow ? 1 << 40 : 0)
      | UInt64(missing?.rawValue ?? .max) << 48
    let place =
      UInt64(interface?.rawValue ?? .max) << 32 | UInt64(resource?.rawValue ?? .max)
    hasher.combine(small)
    hasher.combine(place)
    hasher.combine(rule?.rawValue ?? .max)
  }

  /// Whether a group's rule admitted the packet here.
  var isAdmission: Bool { element == .securityGroup && action == .allow }
  /// Whether the flow is tracked at the interface where this happened.
  var isTracking: Bool {
    element == .securityGroup && (action == .established || action == .allow && tracksFlow)
  }
}

/// What an unknown answer hangs on.
public enum MissingPiece: UInt8, Sendable, Hashable, CaseIterable {
  /// Two or more interfaces have the address.
  case ambiguousAddress
  /// The address is inside a VPC, but no interface of the input has it.
  case interfaceOfAddress
  /// The interface's security groups are not in the input.
  case securityGroup
  /// Members of a referenced group are not in the input.
  case groupMembers
  /// A prefix list's entries are not in the input.
  case prefixListEntries
  /// The subnet's network ACL is not in the input.
  case networkACL
  /// The subnet's route table is not in the input.
  case routeTable
  /// The subnet or VPC itself is not in the input.
  case subnet
  /// The peer VPC is not in the input.
  case peerVPC
  /// What lies behind a VPN, Direct Connect or another gateway.
  case network
  /// An instance or appliance forwards the packet, or does not.
  case forwardingInstance
  /// A part of the cloud that Sallyport does not model yet.
  case unmodelled
  /// A fragment without ports whose first fragment was not seen.
  case firstFragment
  /// The transit gateway's routes are not in the input.
  case transitRoutes
  /// A load balancer's listeners, target groups or targets are not in the input.
  case loadBalancer
  /// A load balancer may choose among targets of which some would get the packet and some not.
  case choiceOfTarget
}

/// Position of an interface in ``VirtualNetwork/networkInterfaces``.
public struct InterfaceIndex: Sendable, Hashable, Comparable {
  public var rawValue: UInt32
  public init(_ value: Int) { rawValue = UInt32(value) }
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  var int: Int { Int(rawValue) }
}

/// Position of any resource in ``PacketFilter``'s table of resources.
public struct ResourceIndex: Sendable, Hashable {
  public var rawValue: UInt32
  init(_ value: Int) { rawValue = UInt32(value) }
  var int: Int { Int(rawValue) }
}

/// Position of a rule, ACL entry or route in ``PacketFilter/rules``.
public struct RuleIndex: Sendable, Hashable, Comparable {
  public var rawValue: UInt32
  public init(_ value: Int) { rawValue = UInt32(value) }
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  public var int: Int { Int(rawValue) }
}

/// A path and its conclusion, as it is counted: equal outcomes are counted together.
public struct PathOutcome: Sendable, Hashable {
  public var packetClass: PacketClass
  public var steps: [PathStep]
  /// Where decoding stopped, for packets that were never placed.
  public var stop: DecodingStop?

  init(_ packetClass: PacketClass, steps: [PathStep] = [], stop: DecodingStop? = nil) {
    self.packetClass = packetClass
    self.steps = steps
    self.stop = stop
  }

  /// Whether the packet is a segment that came after its connection was closed (semantics CT-25).
  public var isLateSegment: Bool {
    guard packetClass == .deny, let step = decisiveStep else { return false }
    return step.element == .connection && step.stage != .placement && step.stage != .gateway
  }

  /// The step that settled the verdict: the first denial, or else the first thing unknown.
  public var decisiveStep: PathStep? {
    switch packetClass {
    case .deny: steps.first { $0.action == .deny }
    case .unknown: steps.first { $0.action == .unknown }
    default: steps.last { $0.rule != nil } ?? steps.last
    }
  }
}
