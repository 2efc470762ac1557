import NetworkTypes

/// Who talks to whom about what: the ends of any number of flows that the network judges alike.
struct Conversation: Sendable, Hashable {
  enum Kind: Int, Sendable, CaseIterable {
    case tcp, udp, icmp
  }

  var client: IPAddress
  var server: IPAddress
  var kind: Kind
  /// The server's port; 0 for pings.
  var port: UInt16

  var ipProtocol: IPProtocol {
    switch kind {
    case .tcp: .tcp
    case .udp: .udp
    case .icmp: client.family == .v4 ? .icmp : .icmpv6
    }
  }

  /// A packet of the conversation, without flags.
  ///
  /// - Parameter clientPort: The client's port, or the identifier of its pings.
  func packet(fromClient: Bool, clientPort: UInt16, at time: CaptureTime) -> PacketSummary? {
    let (source, destination) = fromClient ? (client, server) : (server, client)
    guard let addresses = AddressPair(source: source, destination: destination) else { return nil }
    var packet = PacketSummary(
      addresses: addresses, time: time, wireLength: 0, fields: [.addresses, .transport],
      ipProtocol: ipProtocol)
    if kind == .icmp {
      let (request, reply): (UInt16, UInt16) = client.family == .v4 ? (8, 0) : (128, 129)
      packet.sourcePort = clientPort
      packet.destinationPort = (fromClient ? request : reply) << 8
    } else {
      packet.sourcePort = fromClient ? clientPort : port
      packet.destinationPort = fromClient ? port : clientPort
    }
    return packet
  }
}

/// Conversations by kind, family and whether the network lets them be; none of them twice.
struct ConversationPool: Sendable {
  private var lists = [[Conversation]](repeating: [], count: 12)
  private var known: Set<Conversation> = []
  /// Conversations of one kind, family and answer.
  static let limit = 1024

  static func index(_ kind: Conversation.Kind, _ family: IPFamily, isDenied: Bool) -> Int {
    kind.rawValue * 4 + (family == .v6 ? 2 : 0) + (isDenied ? 1 : 0)
  }

  subscript(index: Int) -> [Conversation] { lists[index] }

  var isEmpty: Bool { lists.allSatisfy(\.isEmpty) }

  func has(_ family: IPFamily) -> Bool {
    Conversation.Kind.allCases.contains { kind in
      [false, true].contains { !lists[Self.index(kind, family, isDenied: $0)].isEmpty }
    }
  }

  func has(denied: Bool) -> Bool {
    lists.indices.contains { $0 & 1 == (denied ? 1 : 0) && !lists[$0].isEmpty }
  }

  /// Whether it was not looked at before.
  mutating func isNew(_ conversation: Conversation) -> Bool { known.insert(conversation).inserted }

  mutating func add(_ conversation: Conversation, isDenied: Bool) {
    let index = Self.index(conversation.kind, conversation.client.family, isDenied: isDenied)
    if lists[index].count < Self.limit { lists[index].append(conversation) }
  }
}
