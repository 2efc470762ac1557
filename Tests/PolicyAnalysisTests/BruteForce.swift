import Filtering
import NetworkTypes
import PolicyAnalysis
import RuleMatching
import TestSupport
import VirtualNetworks

/// One packet of a question, and the question that a trace of it answers.
struct BrutePacket {
  var header: PacketHeader
  var question: TraceQuestion
}

/// Finds out packet by packet what a ``ReachQuestion`` is about and what the answers are, in the plainest code.
struct BruteForce {
  let network: VirtualNetwork
  let filter: PacketFilter
  let question: ReachQuestion

  init(_ network: VirtualNetwork, _ question: ReachQuestion) {
    self.network = network
    self.question = question
    filter = PacketFilter(network)
  }

  /// The packets between some addresses that the question is about.
  func packets(
    among addresses: [IPAddress], services: [ServiceKey], sourcePorts: [UInt16]
  ) -> [BrutePacket] {
    var packets: [BrutePacket] = []
    for source in addresses {
      for sender in senders(source) {
        for destination in addresses where isMeant(destination, by: source) {
          guard source.family == destination.family, !isOneHost(source, sender, destination),
            !owners(source).isEmpty || !owners(destination).isEmpty
          else { continue }
          for service in services where question.services.contains(UInt128(service.rawValue)) {
            if service.ipProtocol == (source.family == .v4 ? .icmpv6 : .icmp) { continue }
            for port in service.ipProtocol.hasPorts ? sourcePorts : [49152] {
              if service.ipProtocol.hasPorts, !question.sourcePorts.contains(UInt128(port)) { continue }
              packets.append(packet(source, sender, destination, service, port))
            }
          }
        }
      }
    }
    return packets
  }

  private func packet(
    _ source: IPAddress, _ sender: Int?, _ destination: IPAddress, _ service: ServiceKey, _ port: UInt16
  ) -> BrutePacket {
    let isOpen = owners(source).count > 1 || owners(destination).count > 1
    return BrutePacket(
      header: PacketHeader(
        source: source, destination: destination, service: service, sourcePort: port),
      question: TraceQuestion(
        from: .address(source), to: .address(destination),
        entersAt: isOpen ? sender.map { .interface(InterfaceIndex($0)) } : nil, service: service,
        sourcePort: port, isRoundTrip: question.isRoundTrip))
  }

  /// The interfaces that send with an address, nil standing for whoever has it.
  private func senders(_ address: IPAddress) -> [Int?] {
    var senders: [Int?] = []
    var isBare = false
    for end in question.sources {
      switch end {
      case .interface(let position):
        if network.networkInterfaces[position].privatePrefixes.contains(where: { $0.contains(address) }) {
          senders.append(position)
        }
      case .prefix(let prefix): if prefix.contains(address) { isBare = true }
      case .internet: if isInternet(address) { isBare = true }
      }
    }
    return senders + (isBare ? [nil] : [])
  }

  private func isMeant(_ address: IPAddress, by source: IPAddress) -> Bool {
    let isOutside = owners(source).isEmpty && !isInVPC(source) && isGlobal(source)
    return question.destinations.contains { end in
      switch end {
      case .internet: return isInternet(address)
      case .prefix(let prefix): return prefix.contains(address)
      case .interface(let position):
        let interface = network.networkInterfaces[position]
        let faces = interface.ipv4Addresses.compactMap(\.publicAddress).map(IPAddress.v4)
        let isPrivate = interface.privatePrefixes.contains { $0.contains(address) }
        if isOutside && source.family == .v4 && !faces.isEmpty { return faces.contains(address) }
        return isPrivate || question.includesPublicAddresses && faces.contains(address)
      }
    }
  }

  private func owners(_ address: IPAddress) -> [Int] {
    network.networkInterfaces.indices.filter { position in
      let interface = network.networkInterfaces[position]
      return interface.privatePrefixes.contains { $0.contains(address) }
        || interface.ipv4Addresses.contains { $0.publicAddress.map(IPAddress.v4) == address }
    }
  }

  private func isOneHost(_ source: IPAddress, _ sender: Int?, _ destination: IPAddress) -> Bool {
    let left = sender.map { [$0] } ?? owners(source)
    let right = owners(destination)
    guard left.count == 1, right.count == 1 else { return false }
    let instance = network.networkInterfaces[left[0]].instance
    return left == right || instance != nil && instance == network.networkInterfaces[right[0]].instance
  }

  private func isInVPC(_ address: IPAddress) -> Bool { network.vpcs.contains { $0.contains(address) } }

  private func isGlobal(_ address: IPAddress) -> Bool {
    let local = [
      "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7",
      "fe80::/10",
    ]
    return !local.contains { IPPrefix($0)!.contains(address) }
  }

  private func isInternet(_ address: IPAddress) -> Bool {
    let nobodys = ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"]
    return isGlobal(address) && owners(address).isEmpty && !isInVPC(address)
      && !nobodys.contains { IPPrefix($0)!.contains(address) }
      && (address.family == .v4 || IPPrefix("2000::/3")!.contains(address))
  }
}
