import NetworkTypes
import RuleMatching
import VirtualNetworks

extension NetworkSummary {
  /// The summary as text of 80 columns where ids and names allow it.
  public func text() -> String {
    var page = TextPage()
    page.list(0, "", totals())
    for vpc in network.vpcs { write(vpc, to: &page) }
    writeStrays(to: &page)
    writeBetweenVPCs(to: &page)
    if showsProblems { writeProblems(to: &page) }
    return page.text
  }

  private func totals() -> [String] {
    let counts: [(Int, String, String)] = [
      (network.vpcs.count, "VPC", "VPCs"), (network.subnets.count, "subnet", "subnets"),
      (network.networkInterfaces.count, "interface", "interfaces"),
      (network.instances.count, "instance", "instances"),
      (network.securityGroups.count, "security group", "security groups"),
      (network.networkACLs.count, "network ACL", "network ACLs"),
      (network.routeTables.count, "route table", "route tables"),
    ]
    return counts.map { "\($0.0) \($0.0 == 1 ? $0.1 : $0.2)" }
  }

  /// `sg-0123 "web"`
  func named(_ id: ResourceID) -> String { names[id].map { "\(id) \"\(Self.plain($0))\"" } ?? id.rawValue }

  /// Names come from outside: nothing in them may end a line or move the cursor.
  static func plain(_ text: String) -> String {
    String(
      text.unicodeScalars.map { scalar -> Character in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: "?"
        default: Character(scalar)
        }
      })
  }

  private func write(_ vpc: VPC, to page: inout TextPage) {
    page.blank()
    let origin = [
      vpc.attributes.region, vpc.attributes.account.map { "account \($0)" },
      vpc.isDefault ? "default VPC" : nil,
    ]
    page.line(0, "VPC \(named(vpc.id))" + origin.compactMap { $0.map { "  \($0)" } }.joined())
    page.list(2, "", vpc.ipv4Blocks.map(\.description) + vpc.ipv6Blocks.map(\.description))
    for gateway in network.internetGateways where gateway.vpc == vpc.id {
      page.line(2, "internet gateway \(named(gateway.id))")
    }
    for gateway in network.egressOnlyGateways where gateway.vpc == vpc.id {
      page.line(2, "egress-only internet gateway \(named(gateway.id))")
    }
    for gateway in network.virtualPrivateGateways where gateway.vpc == vpc.id {
      page.line(2, "virtual private gateway \(named(gateway.id))")
    }
    for gateway in network.natGateways where gateway.vpc == vpc.id {
      let kind = gateway.isPublic ? "NAT gateway" : "private NAT gateway"
      page.line(2, "\(kind) \(named(gateway.id)), \(gateway.state)")
      page.line(4, "in \(named(gateway.subnet))")
      for address in gateway.addresses {
        let text = address.privateAddress.map(\.description) ?? "no private address"
        page.line(4, text + (address.publicAddress.map { " (public \($0))" } ?? ""))
      }
    }
    for endpoint in network.endpoints where endpoint.vpc == vpc.id {
      page.line(2, "endpoint \(named(endpoint.id)) \(endpoint.serviceName), \(endpoint.state)")
    }
    for balancer in network.loadBalancers where balancer.vpc == vpc.id { write(balancer, to: &page) }
    for subnet in subnets[vpc.id] ?? [] { write(subnet, to: &page) }
    for group in network.securityGroups where group.vpc == vpc.id { write(group, to: &page) }
    for acl in network.networkACLs where acl.vpc == vpc.id { write(acl, to: &page) }
    for table in network.routeTables where table.vpc == vpc.id { write(table, to: &page) }
  }

  func write(_ subnet: Subnet, to page: inout TextPage) {
    page.blank()
    let blocks = (subnet.ipv4Block.map { [$0.description] } ?? []) + subnet.ipv6Blocks.map(\.description)
    page.line(2, "subnet \(named(subnet.id))" + (subnet.zone.map { "  \($0)" } ?? ""))
    page.list(4, "", blocks)
    let exposure = exposure(of: subnet)
    page.paragraph(4, "\(exposure.kind.rawValue): \(exposure.reason)")
    if let acl = networkACL(of: subnet) { page.line(4, "network ACL \(named(acl.id))") }
    for interface in interfaces[subnet.id] ?? [] { write(interface, to: &page) }
  }

  func write(_ interface: NetworkInterface, to page: inout TextPage) {
    let kind = interface.kind == .standard ? "" : "  \(interface.kind.text)"
    page.line(4, "interface \(named(interface.id))" + kind + (interface.isAttached ? "" : "  (not attached)"))
    if let id = interface.instance {
      page.line(6, "instance \(named(id))" + (instances[id].map(Self.words) ?? ""))
    } else if !interface.summary.isEmpty {
      page.line(6, Self.plain(interface.summary))
    }
    let addresses =
      interface.ipv4Addresses.map { address in
        address.address.description + (address.publicAddress.map { " (public \($0))" } ?? "")
      } + interface.ipv6Addresses.map(\.description) + interface.delegatedPrefixes.map(\.description)
    page.list(6, "addresses ", addresses)
    page.list(6, "groups ", interface.groups.map(named))
    if !interface.sourceDestinationCheck { page.line(6, "source/destination check off") }
  }

  /// What there is beside an instance's name: state, type, key pair, volumes.
  private static func words(_ instance: Instance) -> String {
    var words = ["\(instance.state)"]
    if !instance.instanceType.isEmpty { words.append(plain(instance.instanceType)) }
    if let key = instance.keyName { words.append("key pair \(plain(key))") }
    if !instance.volumes.isEmpty {
      words.append("\(instance.volumes.count) volume\(instance.volumes.count == 1 ? "" : "s")")
    }
    // That a running instance is billed goes without saying (semantics LC-4).
    if !instance.state.isBilled() {
      words.append(instance.volumes.isEmpty ? "not billed" : "not billed but for volumes")
    }
    return ", " + words.joined(separator: ", ")
  }

  func write(_ group: SecurityGroup, to page: inout TextPage) {
    page.blank()
    page.line(2, "security group \(named(group.id))")
    for direction in Direction.allCases {
      let word = direction == .ingress ? "in " : "out"
      let rules = group.rules(direction)
      if rules.isEmpty { page.line(4, "\(word) nothing") }
      for rule in rules {
        page.line(4, "\(word) \(rule.id)  \(rule.match.text(direction))\(peerName(rule.match.peer))")
      }
    }
  }

  /// The name behind a peer's id, in parentheses.
  func peerName(_ peer: Peer) -> String {
    switch peer {
    case .prefix: return ""
    case .group(let id), .prefixList(let id):
      return names[ResourceID(rawValue: id)].map { "  (\(Self.plain($0)))" } ?? ""
    }
  }

  func write(_ acl: NetworkACL, to page: inout TextPage) {
    page.blank()
    page.line(2, "network ACL \(named(acl.id))" + (acl.isDefault ? "  (default)" : ""))
    page.list(4, "subnets ", acl.subnets.map(named))
    for direction in Direction.allCases {
      let word = direction == .ingress ? "in " : "out"
      for entry in acl.entries(direction) {
        let number = entry.isFinalDeny ? "*" : String(entry.number)
        page.line(4, "\(word) \(number.leftPadded(to: 5)) \(entry.text(direction))")
      }
      if !acl.entries(direction).contains(where: \.isFinalDeny) {
        page.line(4, "\(word)     * deny all the rest")
      }
    }
  }

  func write(_ table: RouteTable, to page: inout TextPage) {
    page.blank()
    page.line(2, "route table \(named(table.id))" + (table.isMain ? "  (main)" : ""))
    page.list(4, "subnets ", table.subnets.map(named))
    page.list(4, "gateways ", table.gateways.map(named))
    for route in table.routes {
      page.line(
        4,
        "\(route.destination.text) to \(route.target.text)"
          + (route.origin == .propagated ? "  (propagated)" : "")
          + (route.isBlackhole ? "  (blackhole)" : ""))
    }
  }
}

extension NetworkACLEntry {
  /// The entry without its number: `deny tcp 22 from 203.0.113.0/24`.
  func text(_ direction: Direction) -> String {
    "\(action.rawValue) \(Match(traffic, peer: .prefix(prefix)).text(direction))"
  }
}

extension String {
  func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: Swift.max(0, width - count)) + self
  }
}
