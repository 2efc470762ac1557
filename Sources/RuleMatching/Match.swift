import NetworkTypes

/// What a rule matches: some traffic to or from some peer.
///
/// Which end the peer is (source of ingress, destination of egress) is said by the list that the rule stands in; ports
/// are always destination ports (semantics SG-12, NACL-11).
public struct Match: Hashable, Sendable {
  public var traffic: TrafficMatch
  public var peer: Peer

  public init(_ traffic: TrafficMatch, peer: Peer) {
    self.traffic = traffic
    self.peer = peer
  }
}

/// The protocol of a rule and what it narrows within that protocol.
public enum TrafficMatch: Hashable, Sendable {
  /// Every protocol (AWS: -1).
  case all
  case tcp(PortRange)
  case udp(PortRange)
  case icmp(ICMPMatch)
  case icmpv6(ICMPMatch)
  /// Every packet of another protocol: AWS ignores ports written in such a rule (semantics SG-11, NACL-9).
  case other(IPProtocol)
}

/// Type and code of an ICMP rule; nil stands for every one, and a code without a type cannot be written
/// (semantics SG-13).
public struct ICMPMatch: Hashable, Sendable {
  public let type: UInt8?
  public let code: UInt8?

  /// Matches every type and code.
  public static var any: ICMPMatch { ICMPMatch(type: nil, code: nil) }
  public static func type(_ type: UInt8, code: UInt8? = nil) -> ICMPMatch {
    ICMPMatch(type: type, code: code)
  }

  private init(type: UInt8?, code: UInt8?) {
    self.type = type
    self.code = code
  }
}

/// The other end of the traffic that a rule speaks of.
public enum Peer: Hashable, Sendable {
  case prefix(IPPrefix)
  /// A security group by id or name: stands for its members' private addresses (semantics SG-22).
  case group(String)
  /// A managed prefix list by id or name.
  case prefixList(String)
}

/// What a rule looks at besides the peer's address, packed: `protocol << 16 | destination port`, with
/// `type << 8 | code` in the place of the port for ICMP and ICMPv6 and zero for other protocols.
///
/// ```
///  31       24 23       16 15                    0
/// +-----------+-----------+-----------------------+
/// |     0     | protocol  | port, or type and code|
/// +-----------+-----------+-----------------------+
/// ```
public struct ServiceKey: Hashable, Comparable, Sendable {
  public var rawValue: UInt32

  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The key of traffic of `ipProtocol` to `port` (for ICMP and ICMPv6: type and code).
  @inlinable public init(_ ipProtocol: IPProtocol, port: UInt16) {
    let looksAtPort = ipProtocol.hasPorts || ipProtocol.hasICMPKind
    rawValue = UInt32(ipProtocol.rawValue) << 16 | (looksAtPort ? UInt32(port) : 0)
  }

  @inlinable public var ipProtocol: IPProtocol {
    IPProtocol(rawValue: UInt8(truncatingIfNeeded: rawValue >> 16))
  }
  @inlinable public var port: UInt16 { UInt16(truncatingIfNeeded: rawValue) }
  @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension TrafficMatch {
  /// Whether traffic of this key is meant; the specification that every compiled form is compared with.
  public func matches(_ service: ServiceKey) -> Bool {
    switch self {
    case .all: true
    case .tcp(let ports): service.ipProtocol == .tcp && ports.contains(service.port)
    case .udp(let ports): service.ipProtocol == .udp && ports.contains(service.port)
    case .icmp(let match): service.ipProtocol == .icmp && match.matches(service.port)
    case .icmpv6(let match): service.ipProtocol == .icmpv6 && match.matches(service.port)
    case .other(let ipProtocol): service.ipProtocol == ipProtocol
    }
  }

  /// The protocol, or nil for every protocol.
  public var ipProtocol: IPProtocol? {
    switch self {
    case .all: nil
    case .tcp: .tcp
    case .udp: .udp
    case .icmp: .icmp
    case .icmpv6: .icmpv6
    case .other(let ipProtocol): ipProtocol
    }
  }
}

extension ICMPMatch {
  /// Whether type and code, packed as `type << 8 | code`, are meant.
  func matches(_ kind: UInt16) -> Bool {
    (type.map { $0 == UInt8(kind >> 8) } ?? true) && (code.map { $0 == UInt8(kind & 255) } ?? true)
  }
}
