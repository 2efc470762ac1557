import NetworkTypes
import RuleMatching
import VirtualNetworks

/// One question: does a packet get from here to there, and its reply back?
public struct TraceQuestion: Sendable, Hashable {
  /// One end of a question.
  public enum End: Sendable, Hashable {
    /// A bare address, whoever has it.
    case address(IPAddress)
    /// An interface, meant by its name or id: its primary address, or its public one seen from the internet.
    case interface(InterfaceIndex)
    /// Any host of the internet.
    case internet
  }

  /// Where a packet enters the model, if the addresses are not to tell.
  public enum Entrance: Sendable, Hashable {
    case internet
    case interface(InterfaceIndex)
    /// The router of a VPC, as if from another network.
    case vpc(ResourceID)
    /// The router of a subnet, as if a host of the subnet had sent it.
    case subnet(ResourceID)
  }

  public var from: End
  public var to: End
  public var entersAt: Entrance?
  /// Protocol with the destination port, or with type and code for ICMP.
  public var service: ServiceKey
  public var sourcePort: UInt16
  /// Whether the source port was left open: it then stands for any that a client may choose.
  public var standsForAnyClientPort: Bool
  /// Whether the answer is that of the reply too.
  public var isRoundTrip: Bool

  public init(
    from: End, to: End, entersAt: Entrance? = nil, service: ServiceKey, sourcePort: UInt16? = nil,
    isRoundTrip: Bool? = nil
  ) {
    self.from = from
    self.to = to
    self.entersAt = entersAt
    self.service = service
    self.sourcePort = sourcePort ?? 49152
    standsForAnyClientPort = sourcePort == nil
    self.isRoundTrip = isRoundTrip ?? Self.expectsReply(service)
  }

  /// TCP, UDP and ICMP queries are answered.
  public static func expectsReply(_ service: ServiceKey) -> Bool {
    service.ipProtocol.hasPorts
      || service.ipProtocol.hasICMPKind
        && ICMPQuery.replyType(of: UInt8(service.port >> 8), service.ipProtocol) != nil
  }
}

extension TraceQuestion.End {
  /// The end that a selector means.
  public init(_ end: SelectorEnd) {
    switch end {
    case .address(let address): self = .address(address)
    case .interface(let position): self = .interface(InterfaceIndex(position))
    case .internet: self = .internet
    }
  }
}

extension TraceQuestion.Entrance {
  /// The entrance that a selector means.
  public init(_ entrance: SelectorEntrance) {
    switch entrance {
    case .internet: self = .internet
    case .interface(let position): self = .interface(InterfaceIndex(position))
    case .subnet(let id): self = .subnet(id)
    case .vpc(let id): self = .vpc(id)
    }
  }
}

/// One stage of a traced path, with the packet as it was there.
public struct TraceStep: Sendable, Hashable {
  public enum Way: String, Sendable, Hashable {
    case request, reply
  }

  public var way: Way
  public var step: PathStep
  /// The header after the step.
  public var header: PacketHeader
  /// Whether rules that refer to groups counted here (semantics SG-29).
  package var countsReferences = true
  /// Whether the header's destination port stands for all that a NAT gateway may have chosen (semantics AD-15).
  package var hasTranslatedPort = false
}

/// The answer to a question: verdict, path there and back, and everything that bars it.
public struct TraceAnswer: Sendable, Hashable {
  /// ``PacketClass/allow``, ``PacketClass/deny`` or ``PacketClass/unknown``; traffic that is never filtered is allowed.
  public var verdict: PacketClass
  /// The packet as it was asked about.
  public var header: PacketHeader
  public var steps: [TraceStep]

  /// Every stage that stops the packet or its reply, in order.
  public var blockers: [TraceStep] { steps.filter { $0.step.action == .deny } }
  /// Everything that the model lacks for a certain answer.
  public var unknowns: [TraceStep] { steps.filter { $0.step.action == .unknown } }

  /// Whether a reply passes groups that do not track its flow, since their rules are open to everyone (semantics CT-4,
  /// CT-7).
  public func isUntracked(at reply: TraceStep) -> Bool {
    guard reply.way == .reply, reply.step.element == .securityGroup, reply.step.action == .established else {
      return false
    }
    return steps.contains { request in
      request.way == .request && request.step.interface == reply.step.interface && request.step.isAdmission
        && !request.step.tracksFlow
    }
  }
}

extension TraceAnswer {
  /// The answer where one end has no address that the other could write to.
  package init(withoutAddress header: PacketHeader, interface: InterfaceIndex? = nil) {
    let step = PathStep(
      .placement, .networkInterface, .deny, .egress, interface: interface, code: .interfaceAddress)
    self.init(
      verdict: .deny, header: header, steps: [TraceStep(way: .request, step: step, header: header)])
  }
}
