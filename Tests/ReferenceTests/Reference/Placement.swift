import Filtering
import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Where a captured packet begins its way.
enum Beginning {
  case at(Place, Header)
  case exempt
  case unplaced
  case unknown
  case refused(EvaluationStage, ReachabilityCode)
}

extension ReferenceNetwork {
  /// A packet is judged from its sender on, wherever it was captured: public addresses are taken back to the private
  /// ones that the sender used, and a private destination that only the internet gateway can have written is taken
  /// back to its public address.
  func beginning(of packet: Header) -> Beginning {
    let senders = privateOwners(packet.source)
    let receivers = privateOwners(packet.destination)
    let publicSender = senders.isEmpty ? publicOwner(packet.source) : nil
    let publicReceiver = receivers.isEmpty ? publicOwner(packet.destination) : nil
    let sender = senders.first ?? publicSender?.interface
    let receiver = receivers.first ?? publicReceiver?.interface
    let sent = publicSender.map { packet.between($0.address, publicFace(packet.destination)) } ?? packet
    if isExempt(sent, sender, receiver) { return .exempt }
    if sender == nil && receiver == nil { return .unplaced }
    if senders.count > 1 || receivers.count > 1 && sender == nil { return .unknown }
    if let sender {
      // LC-8
      if !sender.isAttached { return .refused(.placement, .unassociatedComponent) }
      if !isRunning(sender) { return .refused(.placement, .badState) }
      return .at(.interface(sender), sent)
    }
    if publicReceiver != nil { return .at(.internet, packet) }
    if vpc(receiver!.vpc)?.contains(packet.source) == true { return .at(.otherNetwork, packet) }
    switch wayBack(packet, receiver!) {
    case .internetGateway, .egressOnlyGateway: break
    case .virtualPrivateGateway, .transitGateway, .peering, .networkInterface, .instance:
      return .at(.otherNetwork, packet)
    default: if isPrivate(packet.source) { return .at(.otherNetwork, packet) }
    }
    return .at(.internet, packet.between(packet.source, publicFace(packet.destination)))
  }

  /// By which route the receiver answers tells from where a stranger's packet came.
  func wayBack(_ packet: Header, _ receiver: NetworkInterface) -> Route.Target? {
    guard let table = table(of: subnet(receiver)) else { return nil }
    return bestRoute(table, to: packet.source)?.target
  }

  /// Whether nobody of the network has an address that hosts of the internet may have.
  func isOfInternet(_ address: IPAddress) -> Bool {
    !isPrivate(address) && privateOwners(address).isEmpty && publicOwner(address) == nil
  }

  /// AD-13: an address that no host of the internet has.
  private func isPrivate(_ address: IPAddress) -> Bool {
    switch address {
    case .v4(let address):
      return SpecialBlock.isRFC1918(address) || SpecialBlock.isRFC6598(address)
        || SpecialBlock.isLinkLocal(address)
    case .v6(let address): return SpecialBlock.isUniqueLocal(address) || SpecialBlock.isLinkLocal(address)
    }
  }

  /// The public address of a private one; any other address stays as it is.
  private func publicFace(_ address: IPAddress) -> IPAddress {
    for owner in privateOwners(address) {
      if let face = publicAddress(of: address, owner) { return face }
    }
    return address
  }
}
