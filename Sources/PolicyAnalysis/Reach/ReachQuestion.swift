import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// A question about every packet between some ends: all their addresses, all services and all source ports named.
///
/// Packets that never leave a host (both ends are one interface or one instance) and packets of which neither end
/// belongs to the network are not meant.
public struct ReachQuestion: Sendable, Hashable {
  /// Some of the ends of a question.
  public enum End: Sendable, Hashable {
    /// An interface, by its position in the network: every address that it has.
    case interface(Int)
    /// Bare addresses, whoever has them.
    case prefix(IPPrefix)
    /// Every address that a host of the internet may have: global, unicast, and not the network's own.
    case internet
  }

  public var sources: [End]
  public var destinations: [End]
  /// Keys of ``ServiceKey``s: protocols with destination ports, or with types and codes.
  public var services: IntervalSet
  /// Source ports of TCP and UDP.
  public var sourcePorts: IntervalSet
  /// Whether replies must come back too; nil: where replies are usual (TCP, UDP, ICMP queries).
  public var isRoundTrip: Bool?
  /// Whether interfaces are meant by their public addresses, too, when the source is not on the internet.
  ///
  /// Hosts of the internet always mean the public address of whoever has one.
  public var includesPublicAddresses: Bool
  /// Whether ICMP over IPv6 and ICMPv6 over IPv4 are meant as well, which nobody sends but whoever makes packets up.
  package var includesStrayICMP = false
  /// Whether only packets are meant that answer requests which are denied, but not before the asker's groups let them out and
  /// track them: these groups let the answer in.
  package var isOfAnswersToDenied = false
  /// Of the sources, and of the destinations, only such as are among these addresses; nil: all of them.
  package var sourcesWithin: AddressSet?
  package var destinationsWithin: AddressSet?

  public init(
    from sources: [End], to destinations: [End], services: IntervalSet, sourcePorts: IntervalSet = .everyPort,
    isRoundTrip: Bool? = nil, includesPublicAddresses: Bool = false
  ) {
    self.sources = sources
    self.destinations = destinations
    self.services = services
    self.sourcePorts = sourcePorts
    self.isRoundTrip = isRoundTrip
    self.includesPublicAddresses = includesPublicAddresses
  }
}

extension ReachQuestion.End {
  /// What selectors cover, as ends of a question.
  public static func covered(by coverage: SelectorCoverage) -> [ReachQuestion.End] {
    coverage.interfaces.map { .interface($0) } + coverage.prefixes.map { .prefix($0) }
      + (coverage.isInternet ? [.internet] : [])
  }
}

extension IntervalSet {
  /// 0 to 65535.
  public static let everyPort = IntervalSet(0...65535)
  /// Every protocol with every port, type and code.
  public static let everyService = IntervalSet(IPProtocol.allValues.map { IntervalSet.run(of: $0) })

  /// The services of one rule's traffic.
  public init(_ traffic: TrafficMatch) {
    let keys = traffic.services
    self.init(Key(keys.lowerBound.rawValue)...Key(keys.upperBound.rawValue))
  }

  /// What packets of a protocol may have: one key where there are neither ports nor types.
  fileprivate static func run(of ipProtocol: IPProtocol) -> ClosedRange<Key> {
    let services = ServiceKey.all(of: ipProtocol)
    return Key(services.lowerBound.rawValue)...Key(services.upperBound.rawValue)
  }

  /// Those of the services that packets of a family can have.
  fileprivate func services(of family: IPFamily) -> IntervalSet {
    intersection(.everyService).subtracting(IntervalSet(Self.run(of: family == .v4 ? .icmpv6 : .icmp)))
  }
}

extension ReachQuestion {
  /// Those of the services that packets of a family can have.
  func services(of family: IPFamily) -> IntervalSet {
    includesStrayICMP ? services.intersection(.everyService) : services.services(of: family)
  }
}

extension IPProtocol {
  fileprivate static var allValues: some Sequence<IPProtocol> {
    (UInt8.min...UInt8.max).lazy.map { IPProtocol(rawValue: $0) }
  }
}

/// Some of the packets of a question, all of which meet the same fate.
public struct ReachRegion: Sendable {
  /// Whether they and their replies get through.
  public var verdict: PacketClass
  /// Which packets: every combination of one of each set, but for those that never leave a host.
  public var packets: PacketBox
  /// One of them, as a question that ``PacketFilter/trace(_:)`` answers.
  public var witness: TraceQuestion
  /// What becomes of the witness; its blockers are those of every packet if the question wanted every blocker.
  public var answer: TraceAnswer
  /// The rules that decided, in the order in which they were asked.
  public var rules: [RuleIndex]

  /// Whether such packets are met every day, for examples that people believe: no special addresses, no odd protocols
  /// or ports, nothing of the platform's own, and both ends where the model says.
  package var isUsual: Bool {
    guard case .address(let source) = witness.from, case .address(let destination) = witness.to,
      witness.service.ipProtocol.hasPorts
        ? witness.sourcePort >= 1024 : witness.service.ipProtocol.hasICMPKind,
      !Self.isUnusual(source), !Self.isUnusual(destination)
    else { return false }
    return answer.steps.allSatisfy { $0.step.element != .platformService && $0.step.action != .unknown }
  }

  /// Addresses that hosts of everyday traffic have.
  package static let usualAddresses = AddressSet(
    v4: IntervalSet.everything(.v4).subtracting(IntervalSet(.v4, unusual)),
    v6: IntervalSet.everything(.v6).subtracting(IntervalSet(.v6, unusual)))

  /// Whether an address is not one that hosts of everyday traffic have.
  package static func isUnusual(_ address: IPAddress) -> Bool { unusual.contains { $0.contains(address) } }

  private static let unusual = [
    "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/3", "4000::/2", "8000::/1",
  ].compactMap { IPPrefix($0) }
}

/// The packets that combine one of each set of addresses, services and ports.
public struct PacketBox: Sendable, Hashable {
  public var family: IPFamily
  public var sources: IntervalSet
  public var destinations: IntervalSet
  public var services: IntervalSet
  /// Means something for TCP and UDP only.
  public var sourcePorts: IntervalSet
  var sender: Sender

  /// Who sends packets with the sources.
  enum Sender: Sendable, Hashable {
    /// Whoever has the address.
    case anybody
    /// The one interface that has it.
    case holder
    /// This interface, although others have the address as well.
    case interface(InterfaceIndex)
  }

  /// Whether a packet with this header is among them.
  public func contains(_ header: PacketHeader) -> Bool {
    header.family == family && sources.contains(header.source.key)
      && destinations.contains(header.destination.key)
      && services.contains(IntervalSet.Key(header.service.rawValue))
      && (!header.ipProtocol.hasPorts || sourcePorts.contains(IntervalSet.Key(header.sourcePort)))
  }
}

/// Why a question about every packet has no answer.
public enum ReachError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No packet is meant.
  case noPackets
  /// More kinds of packets than the limit.
  case tooManyKinds(limit: Int)

  public var description: String {
    switch self {
    case .noPackets:
      "no packet of the network is meant: its ends are one host, or both outside of the network"
    case .tooManyKinds(let limit):
      "more than \(limit) kinds of packets are told apart, expected a question about fewer ends or ports"
    }
  }
}
