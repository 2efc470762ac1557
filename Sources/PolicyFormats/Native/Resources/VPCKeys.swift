import NetworkTypes
import VirtualNetworks

/// A VPC as it is written: itself, and whether what AWS makes with it is made here, too.
struct VPCDraft {
  var vpc: VPC
  var hasDefaults = true

  static func object() -> NativeObject<VPCDraft> {
    NativeObject(
      "vpc", "A virtual private cloud with its subnets, route tables and network ACLs.",
      [
        .id(),
        NativeKey(
          "cidr", .oneOrMany(.block), "Its blocks, of both families; the first IPv4 block is the primary one."
        ) { node, draft, reading throws(YAMLProblem) in
          for block in node.listOrOne {
            switch reading.log.attempt({ () throws(YAMLProblem) in try block.prefix() }) {
            case .v4(let block): draft.vpc.ipv4Blocks.append(block)
            case .v6(let block): draft.vpc.ipv6Blocks.append(block)
            case nil: break
            }
          }
        } write: { draft, _ in
          .oneOrMany(
            (draft.vpc.ipv4Blocks.map(IPPrefix.v4) + draft.vpc.ipv6Blocks.map(IPPrefix.v6)).map {
              .text($0.description)
            })
        },
        .flag("default", \.vpc.isDefault, "Whether it is the account's default VPC."),
        .flag(
          "defaults", \.hasDefaults, default: true,
          "false: no main route table and no default network ACL are made where the file has none."),
      ] + NativeKey.attributes(\.vpc.attributes))
  }
}

/// A subnet with its associations, which the model keeps at the other end.
struct SubnetDraft {
  var subnet: Subnet
  var table: ResourceID?
  var acl: ResourceID?
  var hasRegion = false

  static func object() -> NativeObject<SubnetDraft> {
    NativeObject(
      "subnet", "A subnet.",
      [
        .id(), .vpc(\.subnet.vpc),
        NativeKey("cidr", .oneOrMany(.block), "Its blocks: one of IPv4, any of IPv6.") {
          node, draft, reading throws(YAMLProblem) in
          for block in node.listOrOne {
            switch reading.log.attempt({ () throws(YAMLProblem) in try block.prefix() }) {
            case .v4(let prefix):
              if draft.subnet.ipv4Block != nil {
                reading.log.add(at: block.location, "a subnet has one IPv4 block; this is the second")
              }
              draft.subnet.ipv4Block = prefix
            case .v6(let prefix): draft.subnet.ipv6Blocks.append(prefix)
            case nil: break
            }
          }
        } write: { draft, _ in
          .oneOrMany(
            (draft.subnet.ipv4Block.map { [.text($0.description)] } ?? [])
              + draft.subnet.ipv6Blocks.map { .text($0.description) })
        },
        .text("zone", \.subnet.zone, "The availability zone: us-east-1a."),
        .text("zone_id", \.subnet.zoneID, "The zone's id, the same in every account: use1-az4."),
        .reference("routes", .routeTable, \.table, "Its route table; without it the VPC's main one."),
        .reference("acl", .networkACL, \.acl, "Its network ACL; without it the VPC's default one."),
        .flag(
          "public_ip_on_launch", \.subnet.mapsPublicAddressOnLaunch, "Whether instances get a public address."
        ),
      ] + NativeKey.attributes(\.subnet.attributes))
  }
}

extension NativeKey {
  /// `id`, which is read before anything else.
  static func id() -> Self {
    NativeKey("id", .text, "The id; without it the key itself, or one made of it.") {
      node, _, _ throws(YAMLProblem) in
      _ = try node.text("an id")
    } write: { _, _ in
      nil
    }
  }

  /// The VPC: of what stands in one, that one; where a network has a single one, that.
  static func vpc(_ path: WritableKeyPath<Draft, ResourceID>) -> Self {
    NativeKey("vpc", .reference(.vpc), "The VPC; not needed within one.") {
      node, draft, reading throws(YAMLProblem) in
      draft[keyPath: path] = try reading.id(.vpc, node)
    } write: { draft, writing in
      writing.vpc == draft[keyPath: path] ? nil : .text(writing.reference(.vpc, draft[keyPath: path]))
    }
  }

  static func vpc(_ path: WritableKeyPath<Draft, ResourceID?>) -> Self {
    NativeKey("vpc", .nullable(.reference(.vpc)), "The VPC; without it the only one that the file has.") {
      node, draft, reading throws(YAMLProblem) in
      draft[keyPath: path] = node.isNull ? nil : try reading.id(.vpc, node)
    } write: { draft, writing in
      let vpc = draft[keyPath: path]
      return vpc == writing.onlyVPC ? nil : vpc.map { .text(writing.reference(.vpc, $0)) } ?? .null
    }
  }
}
