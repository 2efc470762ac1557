import NetworkTypes
import RuleMatching
import VirtualNetworks

extension NetworkSummary {
  /// The summary as JSON (schema `sallyport.network/1`): flat lists tied together by ids; absent values are null.
  public func json() -> String {
    JSONText.object([
      ("schema", .string("sallyport.network/1")),
      ("vpcs", .array(network.vpcs.map(vpc))),
      ("subnets", .array(network.subnets.map(subnet))),
      ("interfaces", .array(network.networkInterfaces.map(interface))),
      ("instances", .array(network.instances.map(instance))),
      ("security_groups", .array(network.securityGroups.map(group))),
      ("network_acls", .array(network.networkACLs.map(acl))),
      ("route_tables", .array(network.routeTables.map(table))),
      ("prefix_lists", .array(network.prefixLists.map(prefixList))),
      ("gateways", .array(gateways)),
      ("peering_connections", .array(network.peeringConnections.map(peering))),
      ("transit_gateways", .array(network.transitGateways.map(transitGateway))),
      ("load_balancers", .array(network.loadBalancers.map(balancer))),
      ("problem_counts", counts),
      ("problems", .array(problems.map(problem))),
    ]).pretty()
  }

  private var counts: JSONText {
    .object(ModelProblem.Severity.allCases.map { ($0.rawValue, .integer(count($0))) })
  }

  private func common(_ id: ResourceID, _ attributes: ResourceAttributes) -> [(String, JSONText)] {
    [("id", .string(id.rawValue)), ("name", .optional(names[id]))]
  }

  private func vpc(_ vpc: VPC) -> JSONText {
    .object(
      common(vpc.id, vpc.attributes) + [
        ("account", .optional(vpc.attributes.account)), ("region", .optional(vpc.attributes.region)),
        (
          "blocks",
          .array((vpc.ipv4Blocks.map(\.description) + vpc.ipv6Blocks.map(\.description)).map(JSONText.string))
        ),
        ("is_default", .bool(vpc.isDefault)),
      ])
  }

  private func subnet(_ subnet: Subnet) -> JSONText {
    let exposure = exposure(of: subnet)
    let blocks = (subnet.ipv4Block.map { [$0.description] } ?? []) + subnet.ipv6Blocks.map(\.description)
    return .object(
      common(subnet.id, subnet.attributes) + [
        ("vpc", .string(subnet.vpc.rawValue)), ("zone", .optional(subnet.zone)), ("blocks", .strings(blocks)),
        ("exposure", .string(exposure.kind.rawValue)), ("because", .string(exposure.reason)),
        ("route_table", .optional(routeTable(of: subnet)?.id.rawValue)),
        ("network_acl", .optional(networkACL(of: subnet)?.id.rawValue)),
      ])
  }

  private func interface(_ interface: NetworkInterface) -> JSONText {
    .object(
      common(interface.id, interface.attributes) + [
        ("vpc", .string(interface.vpc.rawValue)), ("subnet", .string(interface.subnet.rawValue)),
        ("kind", .string(interface.kind.text)), ("instance", .optional(interface.instance?.rawValue)),
        ("is_attached", .bool(interface.isAttached)),
        ("source_destination_check", .bool(interface.sourceDestinationCheck)),
        (
          "addresses",
          .array(
            interface.ipv4Addresses.map {
              .object([
                ("private", .string($0.address.description)),
                ("public", .optional($0.publicAddress?.description)),
              ])
            })
        ),
        ("ipv6_addresses", .strings(interface.ipv6Addresses)),
        ("delegated_prefixes", .strings(interface.delegatedPrefixes)), ("groups", .strings(interface.groups)),
        ("description", .string(interface.summary)),
      ])
  }

  private func instance(_ instance: Instance) -> JSONText {
    .object(
      common(instance.id, instance.attributes) + [
        ("state", .string(instance.state.description)), ("vpc", .optional(instance.vpc?.rawValue)),
        ("subnet", .optional(instance.subnet?.rawValue)),
        ("interfaces", .strings(instance.networkInterfaces)),
        ("type", .string(instance.instanceType)), ("zone", .optional(zone(of: instance))),
        ("region", .optional(instance.attributes.region)), ("image", .optional(instance.image?.rawValue)),
        ("key_name", .optional(instance.keyName)), ("root_device", .string(instance.rootDevice.rawValue)),
        ("volumes", .array(instance.volumes.map(volume))), ("is_billed", .bool(instance.state.isBilled())),
      ])
  }

  private func volume(_ volume: Instance.Volume) -> JSONText {
    .object([
      ("id", .string(volume.id.rawValue)), ("device", .string(volume.device)),
      ("is_root", .bool(volume.isRoot)),
      ("deletes_on_termination", .bool(volume.deletesOnTermination)),
    ])
  }

  private func zone(of instance: Instance) -> String? {
    instance.zone ?? instance.subnet.flatMap { id in network.subnets.first { $0.id == id }?.zone }
  }

  private func group(_ group: SecurityGroup) -> JSONText {
    let rules = Direction.allCases.flatMap { direction in
      group.rules(direction).map { rule -> JSONText in
        .object([
          ("id", .string(rule.id)), ("direction", .string(direction.description)),
          ("text", .string(rule.match.text(direction))), ("description", .string(rule.summary)),
        ])
      }
    }
    return .object(
      common(group.id, group.attributes) + [
        ("vpc", .optional(group.vpc?.rawValue)), ("rules", .array(rules)),
      ])
  }

  private func acl(_ acl: NetworkACL) -> JSONText {
    let entries = Direction.allCases.flatMap { direction in
      acl.entries(direction).map { entry -> JSONText in
        .object([
          ("number", .integer(entry.number)), ("direction", .string(direction.description)),
          ("action", .string(entry.action.rawValue)),
          ("text", .string(Match(entry.traffic, peer: .prefix(entry.prefix)).text(direction))),
        ])
      }
    }
    return .object(
      common(acl.id, acl.attributes) + [
        ("vpc", .string(acl.vpc.rawValue)), ("is_default", .bool(acl.isDefault)),
        ("subnets", .strings(acl.subnets)),
        ("entries", .array(entries)),
      ])
  }

  private func table(_ table: RouteTable) -> JSONText {
    .object(
      common(table.id, table.attributes) + [
        ("vpc", .string(table.vpc.rawValue)), ("is_main", .bool(table.isMain)),
        ("subnets", .strings(table.subnets)),
        ("gateways", .strings(table.gateways)),
        (
          "routes",
          .array(
            table.routes.map { route in
              .object([
                ("destination", .string(route.destination.text)), ("target", .string(route.target.text)),
                ("state", .string(route.isBlackhole ? "blackhole" : "active")),
                ("propagated", .bool(route.origin == .propagated)),
              ])
            })
        ),
      ])
  }

  private func prefixList(_ list: PrefixList) -> JSONText {
    .object(
      common(list.id, list.attributes) + [
        ("entries", list.entriesAreKnown ? .strings(list.entries) : .null)
      ])
  }
}
