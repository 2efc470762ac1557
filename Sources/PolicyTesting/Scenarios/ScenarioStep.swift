import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Packets, changes and time, in their order.
public struct Scenario: Sendable {
  public var steps: [ScenarioStep]
  /// How long idle flows are remembered.
  public var timers: IdleTimers

  public init(steps: [ScenarioStep], timers: IdleTimers = .nitro) {
    self.steps = steps
    self.timers = timers
  }
}

/// One thing that happens in a scenario.
public struct ScenarioStep: Sendable {
  public enum Action: Sendable {
    case send(ScenarioPacket, ScenarioExpectation?)
    /// Nanoseconds in which nothing happens.
    case wait(Int64)
    case change(ScenarioChange)
  }

  public var action: Action
  public var location: SourceLocation
}

/// A packet that a scenario sends.
public struct ScenarioPacket: Sendable, Hashable {
  public struct End: Sendable, Hashable {
    public var selector: Selector
    public var port: UInt16?
    public var location: SourceLocation
  }

  public var from: End
  public var to: End
  public var ipProtocol: IPProtocol
  public var tcpFlags: TCPFlags
  /// Type and code, for ICMP and ICMPv6.
  public var icmp: UInt16

  /// `tcp S from 203.0.113.7:51000 to web-1:443`
  public var words: String {
    let kind =
      ipProtocol == .tcp
      ? "tcp \(tcpFlags)"
      : ipProtocol.hasICMPKind ? "\(ipProtocol)/\(icmp >> 8)/\(icmp & 255)" : PacketWords.name(of: ipProtocol)
    func end(_ end: End) -> String { end.selector.text + (end.port.map { ":\($0)" } ?? "") }
    return "\(kind) from \(end(from)) to \(end(to))"
  }
}

/// What should become of a packet.
public struct ScenarioExpectation: Sendable, Hashable {
  public enum Fate: String, Sendable, Hashable, CaseIterable {
    case allow, deny, unknown
  }

  public var fate: Fate
  /// Codes of which the denial must be one; empty: any.
  public var because: [ReachabilityCode]
}

/// A change of the network, named as its author names things.
public enum ScenarioChange: Sendable, Hashable {
  case addRule(group: String, Match, Direction)
  case removeRule(group: String, Match, Direction)
  case addEntry(acl: String, NumberedMatch)
  case removeEntry(acl: String, NumberedMatch)
  case instance(String, InstanceAction)
  case associate(IPv4Address, with: String)
  case disassociate(IPv4Address)

  /// The change as the network knows it.
  func resolved(in network: VirtualNetwork) throws(NetworkChangeError) -> NetworkChange {
    switch self {
    case .addRule(let name, let match, let direction):
      return .addRule(
        group: try network.resource(.securityGroup, named: name), direction,
        SecurityGroupRule(id: "", match: try network.resolving(match)))
    case .removeRule(let name, let match, let direction):
      return .removeRule(
        group: try network.resource(.securityGroup, named: name), direction,
        .match(try network.resolving(match)))
    case .addEntry(let name, let entry):
      let acl = try network.resource(.networkACL, named: name)
      return .createEntry(acl: acl, entry.direction, try Self.entry(entry, of: acl))
    case .removeEntry(let name, let entry):
      let acl = try network.resource(.networkACL, named: name)
      let wanted = try Self.entry(entry, of: acl)
      let has = network.networkACLs.first { $0.id == acl }?.entries(entry.direction) ?? []
      let isThere = has.contains { $0.number == wanted.number && Self.isSame($0, wanted) }
      guard isThere else {
        throw .missing(acl, "entry \"\(entry.text)\"", has: has.map { "entry \($0.number)" })
      }
      return .deleteEntry(acl: acl, entry.direction, number: entry.number)
    case .instance(let name, let action):
      return .instance(try network.resource(.instance, named: name), action)
    case .associate(let address, let name):
      return .associateAddress(
        .init(address, with: .interface(try network.resource(.networkInterface, named: name))))
    case .disassociate(let address): return .disassociateAddress(address)
    }
  }

  private static func isSame(_ left: NetworkACLEntry, _ right: NetworkACLEntry) -> Bool {
    left.action == right.action && left.traffic == right.traffic && left.prefix == right.prefix
  }

  private static func entry(
    _ entry: NumberedMatch, of acl: ResourceID
  ) throws(NetworkChangeError) -> NetworkACLEntry {
    guard case .prefix(let prefix) = entry.match.peer else {
      throw .refused(acl, "the peer of an ACL's entry is a block of addresses, found \(entry.match.peer)")
    }
    return NetworkACLEntry(
      number: entry.number, action: entry.allows ? .allow : .deny, traffic: entry.match.traffic,
      prefix: prefix)
  }
}
