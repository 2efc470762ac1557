import NetworkTypes
import RuleMatching
import VirtualNetworks

/// What AWS would refuse (semantics AD-1, AD-5, NACL-3, SG-20, RT-9, RT-20).
extension NetworkLinter {
  func refused() -> [LintFinding] { blockSizes() + entryNumbers() + reservedRoutes() }

  private func blockSizes() -> [LintFinding] {
    func finding(
      _ prefix: IPPrefix, _ range: ClosedRange<Int>, _ what: String, _ id: ResourceID,
      at location: SourceLocation
    ) -> LintFinding? {
      guard !range.contains(prefix.length) else { return nil }
      return LintFinding(
        .error, .refused, id, at: location,
        "\(prefix) is no block for a \(what); expected /\(range.lowerBound) to /\(range.upperBound)",
        fix: "take a block of that size")
    }
    return network.vpcs.flatMap { vpc in
      vpc.ipv4Blocks.compactMap { finding(.v4($0), 16...28, "VPC", vpc.id, at: vpc.attributes.location) }
        + vpc.ipv6Blocks.compactMap { finding(.v6($0), 44...60, "VPC", vpc.id, at: vpc.attributes.location) }
    }
      + network.subnets.flatMap { subnet in
        (subnet.ipv4Block.map { [IPPrefix.v4($0)] } ?? []).compactMap {
          finding($0, 16...28, "subnet", subnet.id, at: subnet.attributes.location)
        }
          + subnet.ipv6Blocks.compactMap {
            finding(.v6($0), 44...64, "subnet", subnet.id, at: subnet.attributes.location)
          }
      }
  }

  private func entryNumbers() -> [LintFinding] {
    network.networkACLs.flatMap { acl in
      [Direction.ingress, .egress].flatMap { direction in
        acl.entries(direction).compactMap { entry in
          // The final deny has 32767, and 32768 for IPv6 (semantics NACL-4).
          let isFinal = entry.isFinalDeny && entry.action == .deny && entry.number <= 32768
          guard !(1...32766).contains(entry.number) && !isFinal else { return nil }
          return LintFinding(
            .error, .refused, acl.id, rule: String(entry.number), at: entry.location,
            "\"\(Self.text(entry, direction))\" has a number that AWS does not take; expected 1 to 32766",
            fix: "give the entry another number")
        }
      }
    }
  }

  /// Destinations within the blocks of the platform's own services (semantics RT-9).
  private func reservedRoutes() -> [LintFinding] {
    let reserved = ["169.254.168.0/22", "fd00:ec2::/32"].compactMap { IPPrefix($0) }
    return network.routeTables.flatMap { table in
      table.routes.compactMap { route in
        guard case .prefix(let prefix) = route.destination,
          let block = reserved.first(where: { $0.contains(prefix) })
        else { return nil }
        return LintFinding(
          .error, .refused, table.id, rule: prefix.description, at: route.location,
          "a route to \(prefix) is within \(block), which belongs to services of the platform",
          fix: "remove the route")
      }
    }
  }
}
