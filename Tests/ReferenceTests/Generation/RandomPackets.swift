import NetworkTypes
import TestSupport
import VirtualNetworks

/// A packet as tests send it, with what it quotes.
struct Sent {
  var packet: PacketSummary
  var quote: QuotedPacket?
}

/// Random packets near the edges of a network, and conversations between its hosts.
struct RandomPackets {
  var choices: Choices
  private let addresses: [IPAddress]
  private let hosts: [IPAddress]
  private let world: ReferenceNetwork

  init(_ choices: Choices, _ network: RandomNetwork) {
    self.choices = choices
    world = ReferenceNetwork(network: network.network)
    let owned = network.owned
    let gateways = network.network.networkInterfaces.filter { $0.kind == .natGateway }
    let hosts = owned.filter { address in
      !gateways.contains {
        $0.ipv4Addresses.contains {
          .v4($0.address) == address || $0.publicAddress.map(IPAddress.v4) == address
        }
      }
    }
    self.hosts = hosts + hosts + hosts + RandomNetwork.outsiders
    var addresses = owned + owned + owned
    addresses += owned.flatMap { [Self.near($0, 1), Self.near($0, -1)] }
    for subnet in network.network.subnets {
      guard let block = subnet.ipv4Block else { continue }
      addresses += [0, 1, 2, 3, 15].map { .v4(IPv4Address(rawValue: block.first.rawValue + $0)) }
      for block in subnet.ipv6Blocks { addresses += [0, 1, 2, 9].map { Self.near(.v6(block.first), $0) } }
    }
    addresses += [
      "169.254.169.253", "169.254.169.254", "169.254.169.123", "169.254.170.2", "169.254.169.249",
      "169.254.1.1",
      "169.254.168.9", "fd00:ec2::253", "fd00:ec2::254", "fd00:ec2::99", "fe80:ec2::1", "fe80::1",
      "10.0.0.127",
      "10.0.0.100", "224.0.0.1", "255.255.255.255", "64:ff9b::cb00:7107",
    ].map { IPAddress($0)! }
    self.addresses = addresses + RandomNetwork.outsiders + RandomNetwork.outsiders
  }

  private static func near(_ address: IPAddress, _ step: Int) -> IPAddress {
    switch address {
    case .v4(let address): .v4(IPv4Address(rawValue: address.rawValue &+ UInt32(bitPattern: Int32(step))))
    case .v6(let address):
      .v6(IPv6Address(high: address.high, low: address.low &+ UInt64(bitPattern: Int64(step))))
    }
  }

  // MARK: Single packets

  /// A packet between any two addresses of one family.
  mutating func any(at time: CaptureTime) -> PacketSummary {
    let source = choices.chance(70) ? choices.one(of: hosts) : choices.one(of: addresses)
    return packet(from: source, to: other(than: source, in: addresses), at: time)
  }

  private mutating func other(than source: IPAddress, in addresses: [IPAddress]) -> IPAddress {
    for _ in 0..<50 {
      let address = choices.one(of: addresses)
      if address.family == source.family && !world.isSameOwner(address, source) { return address }
    }
    return RandomNetwork.outsiders.first { $0.family == source.family && $0 != source }!
  }

  private mutating func packet(
    from source: IPAddress, to destination: IPAddress, at time: CaptureTime
  ) -> PacketSummary {
    var packet = PacketSummary(
      addresses: AddressPair(source: source, destination: destination)!, time: time, wireLength: 74,
      fields: [.addresses, .transport])
    switch choices.number(0...9) {
    case 0...4:
      packet.ipProtocol = .tcp
      packet.tcpFlags = choices.one(of: [.syn, .syn, .syn, [.syn, .ack], .ack, [.fin, .ack], .rst])
    case 5...6: packet.ipProtocol = .udp
    case 7...8:
      packet.ipProtocol = source.family == .v4 ? .icmp : .icmpv6
      let type = choices.one(
        of: source.family == .v4 ? [0, 3, 5, 8, 8, 11, 13, 14] : [1, 2, 3, 128, 128, 129, 133, 137])
      packet.sourcePort = UInt16(choices.number(1...3))
      packet.destinationPort = UInt16(type) << 8 | UInt16(choices.one(of: [0, 0, 1, 4]))
    default:
      packet.ipProtocol = IPProtocol(rawValue: choices.one(of: [2, 47, 50, 132]))
      packet.fields.remove(.transport)
    }
    if packet.ipProtocol.hasPorts {
      packet.sourcePort = choices.chance(60) ? 40000 + UInt16(choices.number(0...3)) : choices.port()
      packet.destinationPort = choices.port()
    }
    return packet
  }

  // MARK: Conversations

  /// A few conversations, their packets in order of time.
  mutating func conversations() -> [Sent] {
    // One face of each host at a time: the same flow under two addresses cannot be captured in one place.
    let hidden = Set(
      world.network.networkInterfaces.flatMap { interface in
        interface.ipv4Addresses.compactMap { address in
          address.publicAddress.map { choices.chance(50) ? IPAddress.v4($0) : IPAddress.v4(address.address) }
        }
      })
    let hosts = hosts.filter { !hidden.contains($0) }
    let talks = (0..<choices.number(1...3)).map { _ in conversation(between: hosts) }
    return talks.flatMap { $0 }.sorted { $0.packet.time < $1.packet.time }
  }

  private mutating func conversation(between hosts: [IPAddress]) -> [Sent] {
    let client = choices.one(of: hosts)
    let isFar = choices.chance(65)
    // A public source is seen by hosts of the internet only.
    let others =
      world.publicOwner(client) != nil
      ? RandomNetwork.outsiders
      : hosts.filter { isFar || world.vpcHaving($0) == world.vpcHaving(client) }
    let server = other(than: client, in: others.isEmpty ? hosts : others)
    let start = CaptureTime(nanoseconds: Int64(choices.number(0...3)) * 500_000_000)
    let first = packet(from: client, to: server, at: start)
    var sent: [Sent] = []
    var time = first.time
    for flags in script(first) {
      if choices.chance(4) { continue }
      time = CaptureTime(nanoseconds: time.nanoseconds + pause())
      var packet = flags.fromClient ? first : answer(first)
      packet.time = time
      if packet.ipProtocol == .tcp { packet.tcpFlags = flags.flags }
      sent += fragments(packet, UInt32(sent.count))
      if choices.chance(5) { sent.append(Sent(packet: packet)) }
      if choices.chance(8) { sent.append(error(about: packet, by: hosts)) }
    }
    return sent
  }

  private mutating func pause() -> Int64 {
    if choices.chance(85) { return Int64(choices.number(1...900)) * 1_000_000 }
    let timer = choices.one(of: [30, 60, 120, 180, 350, 600, 432_000])
    return Int64(timer) * 1_000_000_000 + Int64(choices.one(of: [-1_000_000_000, -1, 0, 1, 1_000_000_000]))
  }

  private struct Turn {
    var fromClient: Bool
    var flags: TCPFlags

    init(_ fromClient: Bool, _ flags: TCPFlags) {
      self.fromClient = fromClient
      self.flags = flags
    }
  }

  private mutating func script(_ first: PacketSummary) -> [Turn] {
    guard first.ipProtocol == .tcp else {
      return (0..<choices.number(1...6)).map { index in Turn(index == 0 || choices.chance(50), []) }
    }
    var turns = [Turn(true, .syn), Turn(false, [.syn, .ack]), Turn(true, .ack)]
    if choices.chance(10) { turns.removeFirst(choices.number(1...2)) }
    for _ in 0..<choices.number(0...4) { turns.append(Turn(choices.chance(50), [.psh, .ack])) }
    let firstOut = choices.chance(50)
    switch choices.number(0...5) {
    case 0...2:
      turns += [
        Turn(firstOut, [.fin, .ack]), Turn(!firstOut, .ack), Turn(!firstOut, [.fin, .ack]),
        Turn(firstOut, .ack),
      ]
    case 3: turns += [Turn(firstOut, [.fin, .ack]), Turn(!firstOut, [.fin, .ack]), Turn(firstOut, .ack)]
    case 4: turns.append(Turn(firstOut, [.rst, .ack]))
    default: break
    }
    for _ in 0..<choices.number(0...2) {
      turns.append(Turn(choices.chance(50), choices.one(of: [.ack, .rst, .syn])))
    }
    return turns
  }

  /// The packet that goes the other way in the same flow.
  private func answer(_ packet: PacketSummary) -> PacketSummary {
    var answer = packet
    answer.addresses = packet.addresses.reversed
    if packet.ipProtocol.hasPorts {
      swap(&answer.sourcePort, &answer.destinationPort)
    } else if let reply = FlowName.replies[packet.ipProtocol]?[packet.icmp.type] {
      answer.destinationPort = UInt16(reply) << 8
    }
    return answer
  }

  private mutating func fragments(_ packet: PacketSummary, _ number: UInt32) -> [Sent] {
    guard choices.chance(6) else { return [Sent(packet: packet)] }
    let first = packet.fragment(number, offset: 0, more: true)
    var later = packet.fragment(number, offset: 1480, more: false)
    later.time.nanoseconds += 1000
    return choices.chance(20) ? [Sent(packet: later)] : [Sent(packet: first), Sent(packet: later)]
  }

  /// An ICMP error to the packet's sender, by its receiver or by someone on the way.
  private mutating func error(about packet: PacketSummary, by hosts: [IPAddress]) -> Sent {
    let from =
      choices.chance(40) ? packet.addresses.destination : other(than: packet.addresses.source, in: hosts)
    var error = packet
    error.addresses = AddressPair(source: from, destination: packet.addresses.source)!
    error.fields.insert(.transport)
    error.tcpFlags = []
    error.sourcePort = 0
    error.ipProtocol = packet.addresses.family == .v4 ? .icmp : .icmpv6
    let type = packet.addresses.family == .v4 ? choices.one(of: [3, 3, 11]) : choices.one(of: [1, 2, 3])
    error.destinationPort = UInt16(type) << 8 | UInt16(choices.one(of: [0, 1, 4]))
    error.time.nanoseconds += 1_000_000
    return Sent(packet: error, quote: QuotedPacket(packet))
  }
}
