import NetworkTypes
import VirtualNetworks

/// Security groups, network ACLs, prefix lists and Elastic addresses.
enum GroupKeys {
  static func securityGroup() -> NativeObject<SecurityGroup> {
    NativeObject(
      "security_group", "A security group.",
      [
        .id(), .text("name", \.groupName, "Its name, where it is not the key."), .vpc(\.vpc),
        NativeKey(
          "inbound", .list(.either([.rule(isNumbered: false), .object("rule")])),
          "What may come in: tcp 443 from 0.0.0.0/0, all from sg/NAME."
        ) { node, group, reading in
          group.inbound = reading.rules(node, .ingress, of: group)
        } write: { group, writing in
          writing.rules(group.inbound, .ingress)
        },
        NativeKey(
          "outbound", .list(.either([.rule(isNumbered: false), .object("rule")])),
          "What may go out; without the key everything, as AWS makes a group."
        ) { node, group, reading in
          group.outbound = reading.rules(node, .egress, of: group)
        } write: { group, writing in
          writing.rules(group.outbound, .egress)
        },
      ] + NativeKey.attributes(\.attributes))
  }

  static func networkACL() -> NativeObject<NetworkACL> {
    NativeObject(
      "network_acl", "A network ACL: numbered entries, the lowest that matches decides.",
      [
        .id(), .vpc(\.vpc),
        .flag("default", \.isDefault, "Whether it serves the subnets of the VPC that name none."),
        .references(
          "subnets", .subnet, \.subnets, "Subnets that use it, besides those that say so themselves."),
        .associations(\.associations),
        NativeKey(
          "inbound", .list(.rule(isNumbered: true)),
          "Entries for what comes in: 100 allow tcp 443 from 0.0.0.0/0."
        ) { node, acl, reading in
          acl.inbound = reading.entries(node, .ingress).sorted { $0.number < $1.number }
        } write: { acl, writing in
          writing.entries(acl.inbound, .ingress)
        },
        NativeKey("outbound", .list(.rule(isNumbered: true)), "Entries for what goes out.") {
          node, acl, reading in
          acl.outbound = reading.entries(node, .egress).sorted { $0.number < $1.number }
        } write: { acl, writing in
          writing.entries(acl.outbound, .egress)
        },
      ] + NativeKey.attributes(\.attributes))
  }

  static func prefixList() -> NativeObject<PrefixList> {
    NativeObject(
      "prefix_list", "A managed prefix list.",
      [
        .id(), .text("name", \.listName, "Its name, where it is not the key."),
        .blocks("entries", \.entries, "Its blocks."),
        .flag("entries_known", \.entriesAreKnown, default: true, "false: its blocks are not told."),
        .integer("max_entries", \.maximumEntries, in: PrefixList.sizes, "What it counts as in quotas."),
      ] + NativeKey.attributes(\.attributes))
  }

  static func elasticAddress() -> NativeObject<ElasticAddress> {
    NativeObject(
      "elastic_address", "An Elastic address.",
      [
        .id(),
        NativeKey("public_ip", .address, "The public address.", isRequired: true) {
          node, draft, _ throws(YAMLProblem) in
          draft.publicAddress = try node.ipv4Address()
        } write: { draft, _ in
          .text(draft.publicAddress.description)
        },
        .reference(
          "interface", .networkInterface, \.networkInterface, "The interface that it is associated with."),
        .reference("instance", .instance, \.instance, "The instance that it is associated with."),
        .ipv4("private_ip", \.privateAddress, "The private address that it is translated to."),
        NativeKey("association", .text, "What it is associated by: eipassoc-….") {
          node, draft, _ throws(YAMLProblem) in
          draft.association = ResourceID(rawValue: try node.text("an association's id"))
        } write: { draft, _ in
          draft.association.map { .text($0.rawValue) }
        },
      ] + NativeKey.attributes(\.attributes))
  }
}

/// The tables of keys of one reading or writing.
struct NativeKeys {
  let vpc = VPCDraft.object()
  let subnet = SubnetDraft.object()
  let routeTable = RouteDraft.table()
  let route = RouteDraft.object()
  let networkACL = GroupKeys.networkACL()
  let securityGroup = GroupKeys.securityGroup()
  let rule = RuleDraft.object()
  let prefixList = GroupKeys.prefixList()
  let elasticAddress = GroupKeys.elasticAddress()
  let volume: NativeObject<Instance.Volume>
  let instance: NativeObject<InstanceDraft>
  let interface = InterfaceDraft.object()
  let privateAddress = InterfaceDraft.privateAddress()
  let internetGateway = GatewayKeys.internetGateway()
  let egressOnlyGateway = GatewayKeys.egressOnlyGateway()
  let virtualPrivateGateway = GatewayKeys.virtualPrivateGateway()
  let natAddress: NativeObject<NATGateway.Address>
  let natGateway: NativeObject<NATDraft>
  let peeringSide: NativeObject<PeeringConnection.Side>
  let peering: NativeObject<PeeringConnection>
  let endpoint = GatewayKeys.endpoint()
  let vpnConnection = GatewayKeys.vpnConnection()
  let transitGateway = TransitKeys.gateway()
  let transitAttachment = TransitKeys.attachment()
  let transitRoute: NativeObject<TransitRouteDraft>
  let transitTable: NativeObject<TransitGatewayRouteTable>
  let zone: NativeObject<LoadBalancer.Zone>
  let listener: NativeObject<LoadBalancer.Listener>
  let loadBalancer: NativeObject<LoadBalancer>
  let target: NativeObject<TargetGroup.Target>
  let targetGroup: NativeObject<TargetGroup>

  init() {
    volume = InstanceDraft.volume()
    instance = InstanceDraft.object(volume)
    natAddress = GatewayKeys.natAddress()
    natGateway = GatewayKeys.natGateway(natAddress)
    peeringSide = GatewayKeys.peeringSide()
    peering = GatewayKeys.peering(peeringSide)
    transitRoute = TransitKeys.route()
    transitTable = TransitKeys.table(transitRoute)
    zone = LoadBalancerKeys.zone()
    listener = LoadBalancerKeys.listener()
    loadBalancer = LoadBalancerKeys.balancer(zone, listener)
    target = LoadBalancerKeys.target()
    targetGroup = LoadBalancerKeys.group(target)
  }
}
