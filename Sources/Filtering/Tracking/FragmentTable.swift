import NetworkTypes

/// Verdicts of first fragments, for the fragments after them, which carry no ports (semantics NACL-18).
struct FragmentTable: Sendable {
  private struct Key: Hashable, Sendable {
    var addresses: AddressPair
    var ipProtocol: IPProtocol
    var identification: UInt32
  }

  private struct Entry: Sendable {
    var verdict: Verdict
    var time: Int64
  }

  private var entries: [Key: Entry] = [:]
  /// How long a datagram's fragments are awaited: Linux's ipfrag_time.
  private static let lifetime: Int64 = 30_000_000_000
  /// First fragments that are remembered at once; when it is reached, those past their lifetime go, and if there
  /// are none, all.
  static let limit = 65_536

  /// Remembers how a first fragment was judged.
  mutating func record(_ packet: PacketSummary, _ verdict: Verdict) {
    let now = packet.time.nanoseconds
    if entries.count >= Self.limit {
      entries = entries.filter { now &- $0.value.time <= Self.lifetime }
      // Half must be free afterwards, or the next few fragments would pay for this again.
      if entries.count > Self.limit / 2 { entries.removeAll(keepingCapacity: true) }
    }
    entries[Self.key(packet)] = Entry(verdict: verdict, time: now)
  }

  /// How the first fragment of the same datagram was judged, if it was seen in time.
  func verdict(for packet: PacketSummary) -> Verdict? {
    guard let entry = entries[Self.key(packet)], packet.time.nanoseconds &- entry.time <= Self.lifetime else {
      return nil
    }
    return entry.verdict
  }

  private static func key(_ packet: PacketSummary) -> Key {
    // In IPv6 a later fragment names the header after the fragment header, a first one may be followed further
    // (RFC 8200 section 4.5).
    let isIPv6 = packet.addresses.family == .v6
    return Key(
      addresses: packet.addresses, ipProtocol: isIPv6 ? IPProtocol(rawValue: 0) : packet.ipProtocol,
      identification: packet.fragmentIdentification)
  }
}
