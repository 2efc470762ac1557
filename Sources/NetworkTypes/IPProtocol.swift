/// An IANA protocol number, as the IPv4 `protocol` and the last IPv6 `next header` field carry it.
public struct IPProtocol: RawRepresentable, Hashable, Comparable, Sendable {
  public var rawValue: UInt8

  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  @inlinable public static var icmp: Self { Self(rawValue: 1) }
  @inlinable public static var tcp: Self { Self(rawValue: 6) }
  @inlinable public static var udp: Self { Self(rawValue: 17) }
  @inlinable public static var icmpv6: Self { Self(rawValue: 58) }

  @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// Whether AWS rules of this protocol look at ports (semantics SG-11, NACL-9).
  @inlinable public var hasPorts: Bool { self == .tcp || self == .udp }
  /// Whether AWS rules of this protocol look at type and code (semantics SG-13).
  @inlinable public var hasICMPKind: Bool { self == .icmp || self == .icmpv6 }
}

extension IPProtocol: CustomStringConvertible {
  /// `tcp`, `udp`, `icmp`, `icmpv6`, or the number.
  public var description: String {
    switch self {
    case .icmp: "icmp"
    case .tcp: "tcp"
    case .udp: "udp"
    case .icmpv6: "icmpv6"
    default: String(rawValue)
    }
  }

  /// Parses a name that ``description`` prints, or a number 0 to 255.
  public init?(_ text: some StringProtocol) {
    switch text.lowercased() {
    case "icmp": self = .icmp
    case "tcp": self = .tcp
    case "udp": self = .udp
    case "icmpv6": self = .icmpv6
    default:
      guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt8(text) else { return nil }
      self.init(rawValue: number)
    }
  }
}

/// ICMP or ICMPv6 type and code.
public struct ICMPKind: Hashable, Sendable {
  public var type: UInt8
  public var code: UInt8

  @inlinable public init(type: UInt8, code: UInt8) {
    self.type = type
    self.code = code
  }
}

/// Ports `first` to `last`, both included.
public struct PortRange: Hashable, Sendable {
  public var first: UInt16
  public var last: UInt16

  /// Makes a range; nil if its ends are the wrong way round.
  @inlinable public init?(_ first: UInt16, _ last: UInt16) {
    guard first <= last else { return nil }
    self.first = first
    self.last = last
  }

  /// The range of one port.
  @inlinable public init(_ port: UInt16) {
    first = port
    last = port
  }

  /// 0 to 65535.
  @inlinable public static var all: Self { Self(first: 0, last: .max) }

  @usableFromInline init(first: UInt16, last: UInt16) {
    self.first = first
    self.last = last
  }

  @inlinable public func contains(_ port: UInt16) -> Bool { first <= port && port <= last }
}

extension PortRange: CustomStringConvertible {
  /// `443`, `1024-65535`.
  public var description: String { first == last ? "\(first)" : "\(first)-\(last)" }
}

/// The flag bits of a TCP header (RFC 9293 section 3.1), CWR the highest of the eight, AE (RFC 7560) above it.
public struct TCPFlags: OptionSet, Hashable, Sendable {
  public var rawValue: UInt16

  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

  @inlinable public static var fin: Self { Self(rawValue: 0x01) }
  @inlinable public static var syn: Self { Self(rawValue: 0x02) }
  @inlinable public static var rst: Self { Self(rawValue: 0x04) }
  @inlinable public static var psh: Self { Self(rawValue: 0x08) }
  @inlinable public static var ack: Self { Self(rawValue: 0x10) }
  @inlinable public static var urg: Self { Self(rawValue: 0x20) }
  @inlinable public static var ece: Self { Self(rawValue: 0x40) }
  @inlinable public static var cwr: Self { Self(rawValue: 0x80) }
}

extension TCPFlags: CustomStringConvertible {
  /// One letter a flag, in tcpdump's spirit but without punctuation: `S`, `SA`, `FA`, `PA`, `R`; empty for none.
  public var description: String {
    let letters: [(TCPFlags, String)] = [
      (.syn, "S"), (.fin, "F"), (.rst, "R"), (.psh, "P"), (.ack, "A"), (.urg, "U"), (.ece, "E"), (.cwr, "W"),
    ]
    return letters.reduce(into: "") { text, pair in if contains(pair.0) { text += pair.1 } }
  }
}

/// Which way a packet passes an interface or a subnet's border: *ingress* towards the instance.
public enum Direction: UInt8, Hashable, Sendable, CaseIterable {
  case ingress = 0
  case egress = 1

  @inlinable public var opposite: Direction { self == .ingress ? .egress : .ingress }
}

extension Direction: CustomStringConvertible {
  public var description: String { self == .ingress ? "ingress" : "egress" }
}
