/// What becomes of a packet.
public enum PacketClass: UInt8, Sendable, Hashable, CaseIterable {
  case allow
  case deny
  /// Traffic of the platform's own services, which groups and ACLs never filter (semantics SG-40, NACL-13).
  case exempt
  /// The answer hangs on something that the model does not have.
  case unknown
  /// Neither address belongs to the network.
  case unplaced
  /// Not IP, or cut too short for the rules.
  case undecoded
}

extension PacketClass: CustomStringConvertible {
  public var description: String {
    switch self {
    case .allow: "allow"
    case .deny: "deny"
    case .exempt: "exempt"
    case .unknown: "unknown"
    case .unplaced: "unplaced"
    case .undecoded: "undecoded"
    }
  }
}

/// How connection tracking saw a packet (semantics section 2).
public enum FlowState: UInt8, Sendable, Hashable, CaseIterable {
  /// Not subject to tracking: never judged, or judged without a flow.
  case none
  /// Begins a flow, or was judged as if it did.
  case new
  /// Belongs to a tracked flow.
  case established
  /// An ICMP error about a tracked flow.
  case related
  /// Belongs to a flow that AWS does not track (semantics CT-4).
  case untracked
}

extension FlowState: CustomStringConvertible {
  public var description: String {
    switch self {
    case .none: "none"
    case .new: "new"
    case .established: "established"
    case .related: "related"
    case .untracked: "untracked"
    }
  }
}

/// Where a packet was decided, in the strict order of semantics section 0.
public enum EvaluationStage: UInt8, Sendable, Hashable, CaseIterable {
  case placement
  case sourceCheck
  case sourceSecurityGroup
  case sourceNetworkACL
  case route
  case gateway
  case destinationNetworkACL
  case destinationSecurityGroup
}

extension EvaluationStage: CustomStringConvertible {
  public var description: String {
    switch self {
    case .placement: "placement"
    case .sourceCheck: "source_check"
    case .sourceSecurityGroup: "source_security_group"
    case .sourceNetworkACL: "source_network_acl"
    case .route: "route"
    case .gateway: "gateway"
    case .destinationNetworkACL: "destination_network_acl"
    case .destinationSecurityGroup: "destination_security_group"
    }
  }
}

/// The judgement of one packet: small integers, turned into words by ``PacketFilter``.
public struct Verdict: Sendable, Hashable {
  public var packetClass: PacketClass
  public var state: FlowState
  /// Whether this packet is the first of its flow: what flow counts are made of.
  public var beginsFlow: Bool
  /// Whether this packet is the first of its flow in its direction.
  public var beginsDirection: Bool
  /// Which path it took and what decided there: an index for ``PacketFilter`` and ``ConnectionTracker``.
  public var outcome: OutcomeID

  public init(
    _ packetClass: PacketClass, state: FlowState, outcome: OutcomeID, beginsFlow: Bool = false,
    beginsDirection: Bool = false
  ) {
    self.packetClass = packetClass
    self.state = state
    self.beginsFlow = beginsFlow
    self.beginsDirection = beginsDirection
    self.outcome = outcome
  }
}

/// Index of an interned path outcome in the tracker that produced it.
public struct OutcomeID: Sendable, Hashable {
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
}
