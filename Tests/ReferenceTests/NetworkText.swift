import NetworkTypes
import RuleMatching
import VirtualNetworks

/// Networks and packets as a few lines of text.
enum NetworkText {
  static func lines(_ network: VirtualNetwork) -> String {
    var lines: [String] = []
    for vpc in network.vpcs {
      lines.append("\(vpc.id) \(list(vpc.ipv4Blocks)) \(list(vpc.ipv6Blocks))")
      for subnet in network.subnets where subnet.vpc == vpc.id {
        lines.append("  \(subnet.id) \(subnet.ipv4Block!) \(list(subnet.ipv6Blocks))")
        for interface in network.networkInterfaces where interface.subnet == subnet.id {
          lines.append("    " + line(interface, network))
        }
      }
      for table in network.routeTables where table.vpc == vpc.id {
        lines.append("  \(table.id)\(table.isMain ? " main" : "") \(list(table.subnets))")
        lines += table.routes.map { "    " + line($0) }
      }
      for acl in network.networkACLs where acl.vpc == vpc.id {
        lines.append("  \(acl.id)\(acl.isDefault ? " default" : "") \(list(acl.subnets))")
        lines += acl.inbound.map { "    \($0.number) \($0.action) \($0.traffic) from \($0.prefix)" }
        lines += acl.outbound.map { "    \($0.number) \($0.action) \($0.traffic) to \($0.prefix)" }
      }
      for group in network.securityGroups where group.vpc == vpc.id {
        lines.append("  \(group.id)")
        lines += group.inbound.map { "    " + $0.match.text(.ingress) }
        lines += group.outbound.map { "    " + $0.match.text(.egress) }
      }
    }
    lines += network.prefixLists.map { "\($0.id) \($0.entriesAreKnown ? list($0.entries) : "?")" }
    lines += network.internetGateways.map { "\($0.id) in \($0.vpc!)" }
    lines += network.egressOnlyGateways.map { "\($0.id) in \($0.vpc!)" }
    lines += network.natGateways.map { "\($0.id) in \($0.subnet) \($0.state)" }
    lines += network.peeringConnections.map {
      "\($0.id) \($0.requester.vpc) \($0.accepter.vpc) \($0.state) \($0.accepter.region ?? "")"
    }
    return lines.joined(separator: "\n")
  }

  private static func list<Element>(_ elements: [Element]) -> String {
    elements.map { "\($0)" }.joined(separator: " ")
  }

  private static func line(_ interface: NetworkInterface, _ network: VirtualNetwork) -> String {
    var words = ["\(interface.id)"]
    words += interface.ipv4Addresses.map { address in
      "\(address.address)" + (address.publicAddress.map { "=\($0)" } ?? "")
    }
    words += interface.ipv6Addresses.map { "\($0)" } + interface.delegatedPrefixes.map { "\($0)" }
    words.append("{\(list(interface.groups))}")
    if interface.kind != .standard { words.append("\(interface.kind)") }
    if !interface.sourceDestinationCheck { words.append("unchecked") }
    if !interface.isAttached { words.append("detached") }
    if let instance = network.instances.first(where: { $0.id == interface.instance }) {
      words.append("\(instance.id) \(instance.state)")
    }
    return words.joined(separator: " ")
  }

  private static func line(_ route: Route) -> String {
    let target = route.target.resource?.rawValue ?? "\(route.target)"
    return "\(route.destination) -> \(target)" + (route.isBlackhole ? " blackhole" : "")
      + (route.origin == .propagated ? " propagated" : "")
  }

  static func line(_ sent: Sent) -> String {
    let packet = sent.packet
    var text = "t=\(Double(packet.time.nanoseconds) / 1e9) \(packet.ipProtocol) "
    text += end(packet.addresses.source, packet.ipProtocol.hasPorts ? packet.sourcePort : nil) + " > "
    text += end(packet.addresses.destination, packet.ipProtocol.hasPorts ? packet.destinationPort : nil)
    if packet.ipProtocol.hasICMPKind {
      text += " type \(packet.icmp.type) code \(packet.icmp.code) id \(packet.sourcePort)"
    }
    if packet.ipProtocol == .tcp { text += " \(packet.tcpFlags)" }
    if packet.isFragment { text += " fragment \(packet.fragmentIdentification) at \(packet.fragmentOffset)" }
    if let quote = sent.quote {
      text += " quoting \(quote.ipProtocol) \(end(quote.addresses.source, quote.sourcePort))"
      text += " > \(end(quote.addresses.destination, quote.destinationPort))"
    }
    return text
  }

  private static func end(_ address: IPAddress, _ port: UInt16?) -> String {
    guard let port else { return "\(address)" }
    return address.family == .v4 ? "\(address):\(port)" : "[\(address)]:\(port)"
  }
}
