import NetworkTypes

extension ConsistencyCheck {
  /// Addresses and blocks that are not where they belong, or are there twice.
  mutating func addresses() {
    let blocks = Dictionary(network.vpcs.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for subnet in network.subnets {
      guard let vpc = blocks[subnet.vpc] else { continue }
      checkInside(subnet, vpc)
    }
    overlaps()
    interfaceAddresses()
  }

  private mutating func checkInside(_ subnet: Subnet, _ vpc: VPC) {
    let inside4 = subnet.ipv4Block.map { block in vpc.ipv4Blocks.contains { $0.contains(block) } } ?? true
    if !inside4, let block = subnet.ipv4Block {
      outside(subnet, block.description, of: vpc.id, vpc.ipv4Blocks.map(\.description))
    }
    for block in subnet.ipv6Blocks where !vpc.ipv6Blocks.contains(where: { $0.contains(block) }) {
      outside(subnet, block.description, of: vpc.id, vpc.ipv6Blocks.map(\.description))
    }
  }

  private mutating func outside(_ subnet: Subnet, _ block: String, of vpc: ResourceID, _ blocks: [String]) {
    report(
      .error, "subnet_outside_vpc", subnet.id, at: subnet.attributes.location, member: "CidrBlock",
      "the subnet's block \(block) is outside of \(vpc); expected a part of "
        + (blocks.isEmpty
          ? "its blocks, of which it has none of this family" : blocks.joined(separator: " or ")))
  }

  /// Blocks are nested or apart, so after sorting by first address each need only be held against the widest so far.
  private mutating func overlaps() {
    overlaps { $0.ipv4Block.map { [$0] } ?? [] }
    overlaps { $0.ipv6Blocks }
  }

  private mutating func overlaps<Address>(_ blocks: (Subnet) -> [Prefix<Address>]) {
    let all = network.subnets.flatMap { subnet in blocks(subnet).map { (block: $0, subnet: subnet) } }
      .sorted { left, right in
        if left.subnet.vpc != right.subnet.vpc { return left.subnet.vpc < right.subnet.vpc }
        if left.block.first != right.block.first { return left.block.first < right.block.first }
        return left.block.length < right.block.length
      }
    var widest: (block: Prefix<Address>, subnet: Subnet)?
    for entry in all {
      guard let open = widest, open.subnet.vpc == entry.subnet.vpc, open.block.contains(entry.block) else {
        widest = entry
        continue
      }
      report(
        .error, "overlapping_subnets", entry.subnet.id, at: entry.subnet.attributes.location,
        member: "CidrBlock",
        "the subnet's block \(entry.block) overlaps \(open.block) of \(open.subnet.id); subnets of a VPC are apart"
      )
    }
  }

  private struct AddressInVPC: Hashable {
    var vpc: ResourceID
    var address: IPAddress
  }

  private mutating func interfaceAddresses() {
    var owners: [AddressInVPC: ResourceID] = [:]
    for interface in network.networkInterfaces {
      let subnet = subnets[interface.subnet]
      let addresses =
        interface.ipv4Addresses.map { IPAddress.v4($0.address) } + interface.ipv6Addresses.map(IPAddress.v6)
      for address in addresses {
        if let subnet, !subnet.contains(address) {
          outside(interface, address.description, subnet)
        }
        let key = AddressInVPC(vpc: interface.vpc, address: address)
        if let other = owners.updateValue(interface.id, forKey: key) {
          report(
            .error, "duplicate_address", interface.id, at: interface.attributes.location,
            "\(address) belongs to \(other) and to \(interface.id); an address occurs once in a VPC")
        }
      }
      for prefix in interface.delegatedPrefixes {
        if let subnet, !subnet.contains(prefix.first) || !subnet.contains(prefix.last) {
          outside(interface, prefix.description, subnet)
        }
      }
    }
  }

  private mutating func outside(_ interface: NetworkInterface, _ what: String, _ subnet: Subnet) {
    let blocks = (subnet.ipv4Block.map { [$0.description] } ?? []) + subnet.ipv6Blocks.map(\.description)
    report(
      .error, "address_outside_subnet", interface.id, at: interface.attributes.location,
      "\(what) is outside of \(subnet.id); expected an address in "
        + (blocks.isEmpty ? "its block, which the input does not tell" : blocks.joined(separator: " or ")))
  }
}
