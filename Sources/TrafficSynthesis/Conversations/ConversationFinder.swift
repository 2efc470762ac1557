import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Finds out who talks to whom in a network: takes the ends and ports that its rules speak of, and asks the filter.
struct ConversationFinder {
  private let filter: PacketFilter
  private let network: VirtualNetwork
  private var tracker = ConnectionTracker()
  private var random: SynthesisRandom
  private var pool = ConversationPool()
  private let members: [(interface: InterfaceIndex, addresses: [IPAddress])]
  private var asked = 0

  /// Interfaces that are looked at: of more, some are passed over evenly.
  private static let interfaceLimit = 256
  /// Questions that are asked of the filter, two microseconds each.
  private static let questionLimit = 60_000
  private static let usualPorts: [Conversation.Kind: [UInt16]] = [
    .tcp: [443, 80, 22, 5432, 3306, 8080, 8443, 6379, 25, 9200], .udp: [53, 123, 443, 514, 161, 4500, 1194],
    .icmp: [0],
  ]
  private static let scannedPorts: [Conversation.Kind: [UInt16]] = [
    .tcp: [23, 445, 3389, 22, 1433, 5900, 8081, 2375], .udp: [161, 1900, 11211, 5060, 69, 389], .icmp: [0],
  ]

  init(_ network: VirtualNetwork, _ filter: PacketFilter, seed: UInt64) {
    self.network = network
    self.filter = filter
    random = SynthesisRandom(seed: seed ^ 0xc0ff_ee)
    let hosts = network.networkInterfaces.enumerated().filter { $0.element.kind == .standard }
    let all = hosts.map { position, interface in
      (
        interface: InterfaceIndex(position),
        addresses: interface.ipv4Addresses.map { IPAddress.v4($0.address) }
          + interface.ipv6Addresses.map { IPAddress.v6($0) }
      )
    }.filter { !$0.addresses.isEmpty }
    let step = max(1, (all.count + Self.interfaceLimit - 1) / Self.interfaceLimit)
    members = all.enumerated().filter { $0.offset % step == 0 }.map(\.element)
  }

  /// The conversations of the network: what the rules admit, and what scanners and strays try.
  mutating func find() -> ConversationPool {
    for direction in [Direction.ingress, .egress] {
      for member in members {
        for rule in filter.groupRules(at: member.interface, direction) ?? [] {
          askAbout(rule.resolved, at: member.addresses, direction)
        }
      }
    }
    for member in members {
      for kind in Conversation.Kind.allCases {
        for port in Self.scannedPorts[kind] ?? [] {
          for own in member.addresses {
            ask(internetHost(own.family), own, kind, port)
            if let other = neighbour(own.family, but: member.interface) { ask(other, own, kind, port) }
            ask(own, internetHost(own.family), kind, port)
          }
        }
      }
    }
    return pool
  }

  /// Asks for what one rule of an interface speaks of.
  private mutating func askAbout(_ rule: ResolvedRule, at own: [IPAddress], _ direction: Direction) {
    for (kind, ports) in services(rule.traffic) {
      for port in ports {
        for remote in remotes(rule.prefixes) {
          for address in own where address.family == remote.family {
            direction == .ingress ? ask(remote, address, kind, port) : ask(address, remote, kind, port)
          }
        }
      }
    }
  }

  /// Ports that a rule admits, usual ones first.
  private mutating func services(_ traffic: TrafficMatch) -> [(Conversation.Kind, [UInt16])] {
    switch traffic {
    case .all:
      [(.tcp, ports(.all, .tcp)), (.udp, ports(.all, .udp)), (.icmp, [0])]
    case .tcp(let range): [(.tcp, ports(range, .tcp))]
    case .udp(let range): [(.udp, ports(range, .udp))]
    case .icmp, .icmpv6: [(.icmp, [0])]
    case .other: []
    }
  }

  private mutating func ports(_ range: PortRange, _ kind: Conversation.Kind) -> [UInt16] {
    var ports = Array((Self.usualPorts[kind] ?? []).filter(range.contains).prefix(4))
    for port in [range.first, UInt16(random.number(Int(range.first)...Int(range.last)))]
    where port > 0 && ports.count < 4 && !ports.contains(port) {
      ports.append(port)
    }
    return ports
  }

  /// Ends that a rule's blocks cover: interfaces of the network, and hosts elsewhere.
  private mutating func remotes(_ prefixes: [IPPrefix]) -> [IPAddress] {
    var remotes: [IPAddress] = []
    for prefix in prefixes.prefix(16) {
      if prefix.isEverything {
        for _ in 0..<6 { remotes.append(internetHost(prefix.family)) }
      } else {
        remotes.append(address(in: prefix))
      }
      remotes += ends(in: prefix, limit: prefix.isEverything ? 2 : 6, from: random.below(members.count))
    }
    return remotes
  }

  /// Addresses of interfaces within a block, looking from one of them on.
  private func ends(in prefix: IPPrefix, limit: Int, from offset: Int) -> [IPAddress] {
    var ends: [IPAddress] = []
    for index in members.indices where ends.count < limit {
      let member = members[(index + offset) % members.count]
      if let address = member.addresses.first(where: prefix.contains) { ends.append(address) }
    }
    return ends
  }

  private mutating func neighbour(_ family: IPFamily, but own: InterfaceIndex) -> IPAddress? {
    let other = members[random.below(members.count)]
    return other.interface == own ? nil : other.addresses.first { $0.family == family }
  }

  private mutating func address(in prefix: IPPrefix) -> IPAddress {
    switch prefix {
    case .v4(let prefix):
      let host = UInt32(truncatingIfNeeded: random.next()) & ~IPv4Address.mask(length: prefix.length).rawValue
      return .v4(IPv4Address(rawValue: prefix.address.rawValue | host))
    case .v6(let prefix):
      let mask = IPv6Address.mask(length: prefix.length)
      return .v6(
        IPv6Address(
          high: prefix.address.high | random.next() & ~mask.high,
          low: prefix.address.low | random.next() & ~mask.low))
    }
  }

  /// A host that might be anybody's: from blocks that hold many hosts and nothing special.
  private mutating func internetHost(_ family: IPFamily) -> IPAddress {
    switch family {
    case .v4:
      let blocks: [UInt32] = [0x1700_0000, 0x4d00_0000, 0x5100_0000, 0x8500_0000, 0xc300_0000, 0xd900_0000]
      let host = UInt32(truncatingIfNeeded: random.next()) & 0x00ff_ffff
      return .v4(IPv4Address(rawValue: blocks[random.below(blocks.count)] | host))
    case .v6:
      let high = 0x2a00_0000_0000_0000 | random.next() & 0x00ff_ffff_ffff_0000
      return .v6(IPv6Address(high: high, low: random.next() & 0xffff_ffff))
    }
  }

  // MARK: Questions

  /// Puts a conversation where the filter says that it belongs: all of it allowed, or its first packet denied.
  private mutating func ask(
    _ client: IPAddress, _ server: IPAddress, _ kind: Conversation.Kind, _ port: UInt16
  ) {
    let conversation = Conversation(client: client, server: server, kind: kind, port: port)
    guard client != server, asked < Self.questionLimit, pool.isNew(conversation) else { return }
    asked += 1
    // Both ends of the range of ports that flows use: ACLs may let one pass and not the other.
    let low = answer(conversation, clientPort: TrafficSynthesizer.clientPorts.lowerBound)
    guard let low, low == answer(conversation, clientPort: TrafficSynthesizer.clientPorts.upperBound) else {
      return
    }
    pool.add(conversation, isDenied: low == .deny)
  }

  private mutating func answer(_ conversation: Conversation, clientPort: UInt16) -> PacketClass? {
    let time = TrafficMix.start
    guard var request = conversation.packet(fromClient: true, clientPort: clientPort, at: time),
      var reply = conversation.packet(fromClient: false, clientPort: clientPort, at: time)
    else { return nil }
    if conversation.kind == .tcp {
      request.tcpFlags = .syn
      reply.tcpFlags = [.syn, .ack]
    }
    let verdict = filter.evaluate(request, tracking: &tracker)
    switch verdict.packetClass {
    case .allow: return filter.evaluate(reply, tracking: &tracker).packetClass == .allow ? .allow : nil
    case .deny:
      // What groups and ACLs stop is what captures show; that nothing leads there at all is not.
      switch tracker[verdict.outcome].decisiveStep?.element {
      case .securityGroup, .networkACL: return .deny
      default: return nil
      }
    default: return nil
    }
  }
}
