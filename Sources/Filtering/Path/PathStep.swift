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
  /// Which leg of the path: a NAT gateway, a transit gateway or a load balancer begins a new one.
  public var leg: UInt8
  private var marks: UInt8 = 0
  // Numbers without their options, which would make a step half as large again: there are many.
  private let interfaceNumber: UInt32
  private let resourceNumber: UInt32
  private let ruleNumber: UInt32
  private static var none: UInt32 { .max }

  /// The interface on whose side this happens, or nil between interfaces.
  public var interface: InterfaceIndex? {
    interfaceNumber == Self.none ? nil : InterfaceIndex(Int(interfaceNumber))
  }
  /// What decided: the ACL, route table, gateway, …; for groups the interface.
  public var resource: ResourceIndex? {
    resourceNumber == Self.none ? nil : ResourceIndex(Int(resourceNumber))
  }
  /// The rule or route that decided.
  public var rule: RuleIndex? { ruleNumber == Self.none ? nil : RuleIndex(Int(ruleNumber)) }

  /// For a group's rule that admits: whether the flow that the packet begins is tracked at the interface (semantics
  /// CT-4, CT-5).
  public var tracksFlow: Bool {
    get { marks & 1 != 0 }
    set { marks = newValue ? marks | 1 : marks & ~1 }
  }
  /// For an ACL that stops an answer: whether it was asked about every port that a NAT gateway may have chosen (semantics AD-15).
  public var hasTranslatedPort: Bool {
    get { marks & 2 != 0 }
    set { marks = newValue ? marks | 2 : marks & ~2 }
  }

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
    interfaceNumber = interface?.rawValue ?? Self.none
    resourceNumber = resource?.rawValue ?? Self.none
    ruleNumber = rule?.rawValue ?? Self.none
  }
}

extension PathStep {
  public func hash(into hasher: inout Hasher) { hasher.combine(mixed(into: 0)) }

  /// Mixes the step into a fingerprint: outcomes are looked up for the first packet of every flow.
  @inline(__always)
  func mixed(into fingerprint: UInt64) -> UInt64 {
    let small =
      UInt64(stage.rawValue) | UInt64(element.rawValue) << 8 | UInt64(action.rawValue) << 16
      | UInt64(direction.rawValue) << 24 | UInt64(leg) << 32 | UInt64(marks) << 40
      | UInt64(missing?.rawValue ?? .max) << 48
    let place = UInt64(interfaceNumber) << 32 | UInt64(resourceNumber)
    let product = (fingerprint ^ small ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(
      by: place ^ 0xe703_7ed1_a0b4_28db)
    return (product.high ^ product.low &+ UInt64(ruleNumber)) &* 0x9e37_79b9_7f4a_7c15
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
  /// Which port a NAT gateway chose for the flow, where rules tell some of its ports from others.
  case translatedPort
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
  /// Nearly always different where outcomes are; different in each process.
  let fingerprint: UInt64
  public let packetClass: PacketClass
  public private(set) var steps: [PathStep]
  /// Where decoding stopped, for packets that were never placed.
  public let stop: DecodingStop?

  private static let seed = UInt64.random(in: .min ... .max)

  init(_ packetClass: PacketClass, steps: [PathStep] = [], stop: DecodingStop? = nil) {
    self.packetClass = packetClass
    self.steps = steps
    self.stop = stop
    var fingerprint = Self.seed ^ UInt64(packetClass.rawValue)
    if let stop { fingerprint ^= UInt64(stop.detail) << 32 | UInt64(stop.reason.rawValue) << 8 }
    for step in steps { fingerprint = step.mixed(into: fingerprint) }
    self.fingerprint = fingerprint ^ fingerprint >> 32
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }

  /// The same with no more memory than its steps take.
  var compact: PathOutcome {
    var outcome = self
    outcome.steps = []
    outcome.steps.reserveCapacity(steps.count)
    outcome.steps.append(contentsOf: steps)
    return outcome
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
