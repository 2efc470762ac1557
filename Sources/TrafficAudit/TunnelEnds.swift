import NetworkTypes

/// Tells tunnels of an overlay from those of mirrors, and keeps count of flows that were mirrored on their way.
///
/// The target of mirrored traffic sends none back to its source (semantics TM-1); two hosts of an overlay, such as a cluster's
/// nodes, send each other what their containers send.
package struct TunnelEnds: Sendable {
  /// Pairs of addresses, and flows, that are remembered; further ones are not told apart.
  package static let limit = 1 << 16

  private var pairs: Set<AddressPair> = []
  private var latest: (pair: AddressPair, isOverlay: Bool)?
  private var flows: Set<Flow> = []

  private struct Flow: Hashable {
    var addresses: AddressPair
    var ipProtocol: IPProtocol
    var ports: UInt32
  }

  /// Takes note of a tunnel; true if there was one in the other direction.
  mutating func note(_ addresses: AddressPair) -> Bool {
    if let latest, latest.pair == addresses { return latest.isOverlay }
    if pairs.count < Self.limit { pairs.insert(addresses) }
    let isOverlay = pairs.contains(addresses.reversed)
    latest = (addresses, isOverlay)
    return isOverlay
  }

  /// Whether the packet is the first of its flow, in either direction.
  mutating func beginsFlow(_ packet: PacketSummary) -> Bool {
    guard packet.hasTransport, flows.count < Self.limit else { return false }
    let ports = (packet.sourcePort, packet.destinationPort)
    let hasPorts = packet.ipProtocol.hasPorts
    let there = Flow(
      addresses: packet.addresses, ipProtocol: packet.ipProtocol,
      ports: hasPorts ? UInt32(ports.0) << 16 | UInt32(ports.1) : 0)
    let back = Flow(
      addresses: packet.addresses.reversed, ipProtocol: packet.ipProtocol,
      ports: hasPorts ? UInt32(ports.1) << 16 | UInt32(ports.0) : 0)
    return !flows.contains(back) && flows.insert(there).inserted
  }
}
