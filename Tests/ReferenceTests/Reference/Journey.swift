import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

extension Way {
  /// A packet that begins at `place`, leg after leg, until somebody has it or it stays on the internet.
  mutating func go(from place: Place, _ header: Header) throws {
    var (place, header) = (place, header)
    for _ in 0..<8 {
      entersNAT = false
      // SG-29, SG-32: what comes from the internet is of no group, though an address may be one of a group's.
      if place == .internet { keepsIdentity = false }
      let leg = try leave(place, header)
      legs.append(leg)
      if leg.received != leg.sent { keepsIdentity = false }
      header = leg.received
      place = leg.to
      if entersNAT { continue }
      switch place {
      case .interface(let interface):
        // AD-19: a NAT gateway takes nothing that is meant for itself.
        if world.natGateway(having: interface) != nil && !isKnown {
          throw WayEnd.refused(.gateway, .natDestinationPreserved)
        }
        return
      case .otherNetwork: return
      case .internet:
        // SG-32: what has a public address in the network comes back in by it.
        let comesBack =
          world.publicOwner(header.destination) != nil
          || header.family == .v6 && !world.privateOwners(header.destination).isEmpty
        if !comesBack { return }
      }
    }
    // Two gateways that send a packet to each other.
    throw WayEnd.refused(.route, .noPossibleDestination)
  }

  /// The packet that answers one whose legs are known: the same legs from their ends to their beginnings, each by the
  /// routes of its own side. `from` replaces the source, for errors that another host on the way sends.
  mutating func comeBack(over request: [Leg], _ packet: Header, from: IPAddress? = nil) throws {
    isReply = true
    for (index, leg) in request.enumerated().reversed() {
      var header = packet.between(from ?? leg.received.destination, leg.received.source)
      // AD-15: outside of a NAT gateway the answer goes to the port that the gateway chose.
      header.hasChosenPort =
        index > 0
        && request[...index].dropFirst().contains { outer in
          if case .interface(let begin) = outer.from { world.natGateway(having: begin) != nil } else { false }
        }
      let back: Leg
      switch (leg.from, leg.to) {
      case (.interface(let begin), .internet) where leg.crossesEgressOnlyGateway:
        back = try comeBackByEgressOnlyGateway(header, to: begin)
      case (_, .interface(let end)) where world.natGateway(having: end) != nil:
        // The gateway gives the packet back to the side that it took it from; AD-18 both ways.
        if packet.isFragment && packet.ipProtocol != .udp {
          throw WayEnd.refused(.gateway, .protocolRestriction)
        }
        if isForgotten { throw WayEnd.refused(.gateway, .badState) }
        back = try leave(
          leg.to, packet.between(from ?? leg.sent.destination, leg.sent.source), asGateway: true)
      default:
        if case .interface(let begin) = leg.from, leg.crossesPeering, world.natGateway(having: begin) != nil {
          returnsTo = begin
        }
        back = try leaveAndComeBackIn(leg, header)
        returnsTo = nil
      }
      legs.append(back)
      // RT-20: no way back is wrong as long as it ends where the flow began.
      // Beyond the description there may be a way, too.
      if back.to == request.first?.from || back.to == .otherNetwork { return }
      guard back.to == leg.from else { return try lose(.gateway) }
    }
  }

  /// IPv6 answers may leave by one gateway and come back in by another, since no address changes.
  private mutating func leaveAndComeBackIn(_ leg: Leg, _ header: Header) throws -> Leg {
    let back = try leave(leg.to, header)
    guard header.family == .v6, back.to == .internet, leg.from != .internet else { return back }
    return try enter(back.received)
  }

  /// A leg whose beginning is a gateway's interface: no source check, no groups.
  private mutating func leave(_ place: Place, _ header: Header, asGateway: Bool) throws -> Leg {
    guard case .interface(let interface) = place else { return try leave(place, header) }
    var free = interface
    free.sourceDestinationCheck = false
    var leg = try leave(.interface(free), header)
    leg.from = place
    return leg
  }
}
