import NetworkTypes

/// Idle timers of the gateways that a flow passes: not those of its interfaces, and not configurable.
enum GatewayTimers: UInt8, Sendable {
  case none
  /// A NAT gateway: 350 s (semantics AD-17).
  case natGateway
  /// A network load balancer: TCP 350 s, UDP 120 s (semantics CT-15).
  case loadBalancer

  /// Nanoseconds that a flow may be idle before a gateway forgets it.
  @inline(__always)
  func limit(_ ipProtocol: IPProtocol) -> Int64 {
    switch self {
    case .none: .max
    case .natGateway: 350_000_000_000
    case .loadBalancer: ipProtocol == .udp ? 120_000_000_000 : 350_000_000_000
    }
  }
}

/// After how many seconds without a packet a flow is forgotten (semantics section 2.3).
public struct IdleTimers: Sendable, Hashable {
  public var tcpEstablished: Int64
  public var udp: Int64
  public var udpStream: Int64
  /// Not published by AWS: Linux's value (semantics CT-16).
  public var icmp: Int64 = 30
  public var other: Int64 = 600
  // Not published by AWS: Linux's values (semantics CT-17).
  public var tcpSynSent: Int64 = 120
  public var tcpSynReceived: Int64 = 60
  public var tcpClosing: Int64 = 120
  public var tcpLastAck: Int64 = 30
  /// How long a closed connection is remembered, so that late segments are recognised (semantics CT-25).
  public var tcpClosed: Int64 = 120

  /// Nitro instances: established TCP idles for five days (semantics CT-13).
  public static var nitro: IdleTimers { IdleTimers(tcpEstablished: 432_000, udp: 30, udpStream: 180) }
  /// Nitro version 6 instances: established TCP idles for 350 seconds (semantics CT-13).
  public static var nitroV6: IdleTimers { IdleTimers(tcpEstablished: 350, udp: 30, udpStream: 180) }

  public init(tcpEstablished: Int64, udp: Int64, udpStream: Int64) {
    self.tcpEstablished = tcpEstablished
    self.udp = udp
    self.udpStream = udpStream
  }

  /// Nanoseconds that a flow in this phase may be idle.
  func limit(_ phase: ConnectionPhase) -> Int64 {
    let seconds =
      switch phase {
      case .synSent: tcpSynSent
      case .synReceived: tcpSynReceived
      case .established: tcpEstablished
      case .finFromInitiator, .finFromResponder: tcpClosing
      case .lastAckFromInitiator, .lastAckFromResponder: tcpLastAck
      case .closed: tcpClosed
      case .udpRequest, .udpReplied, .udpAgain: udp
      case .udpStream: udpStream
      case .icmp: icmp
      case .other: other
      }
    return seconds * 1_000_000_000
  }
}

/// For each phase the nanoseconds that a flow may be idle, as a table.
struct PhaseLimits: Sendable {
  private let nanoseconds: [Int64]

  init(_ timers: IdleTimers) { nanoseconds = ConnectionPhase.allCases.map(timers.limit) }

  subscript(phase: ConnectionPhase) -> Int64 {
    @inline(__always) get { nanoseconds[Int(phase.rawValue)] }
  }
}
