import NetworkTypes
import VirtualNetworks

/// Gateways, connections and endpoints.
enum GatewayKeys {
  static func internetGateway() -> NativeObject<InternetGateway> {
    NativeObject(
      "internet_gateway", "An internet gateway.", [.id(), .vpc(\.vpc)] + NativeKey.attributes(\.attributes))
  }

  static func egressOnlyGateway() -> NativeObject<EgressOnlyGateway> {
    NativeObject(
      "egress_only_gateway", "An egress-only internet gateway: IPv6, outwards only.",
      [.id(), .vpc(\.vpc)] + NativeKey.attributes(\.attributes))
  }

  static func virtualPrivateGateway() -> NativeObject<VirtualPrivateGateway> {
    NativeObject(
      "virtual_private_gateway", "The VPC's end of a VPN or of Direct Connect.",
      [.id(), .vpc(\.vpc)] + NativeKey.attributes(\.attributes))
  }

  static func natAddress() -> NativeObject<NATGateway.Address> {
    NativeObject(
      "nat_address", "An address of a NAT gateway.",
      [
        .reference("interface", .networkInterface, \.networkInterface, "The interface that has it."),
        .ipv4("private_ip", \.privateAddress, "The private address."),
        .ipv4("public_ip", \.publicAddress, "The public address."),
      ])
  }

  static func natGateway(_ address: NativeObject<NATGateway.Address>) -> NativeObject<NATDraft> {
    NativeObject(
      "nat_gateway", "A NAT gateway.",
      [
        .id(), .reference("subnet", .subnet, \.gateway.subnet, "The subnet in which it stands."),
        NativeKey("vpc", .reference(.vpc), "The VPC, where it is not the subnet's.") {
          node, draft, reading throws(YAMLProblem) in
          draft.gateway.vpc = try reading.id(.vpc, node)
        } write: { draft, writing in
          draft.gateway.vpc == writing.vpc(of: draft.gateway.subnet)
            ? nil : .text(writing.reference(.vpc, draft.gateway.vpc))
        },
        .ipv4("private_ip", \.address.privateAddress, "Its private address; an interface is made for it."),
        .ipv4("public_ip", \.address.publicAddress, "Its public address."),
        NativeKey("interface", .text, "The id of the interface that is made.") {
          node, draft, _ throws(YAMLProblem) in
          draft.address.networkInterface = ResourceID(rawValue: try node.text("the id of an interface"))
        } write: { draft, _ in
          draft.address.networkInterface.map { .text($0.rawValue) }
        },
        .parts(
          "addresses", \.gateway.addresses, address,
          empty: NATGateway.Address(networkInterface: nil, privateAddress: nil, publicAddress: nil),
          "Its addresses, where the interfaces are described elsewhere."),
        .word(
          "connectivity", \.gateway.isPublic, [("public", true), ("private", false)], default: true,
          "private: it only translates, and leads to no internet gateway."),
        .text(
          "state", \.gateway.state, default: "available", "available, pending, failed, deleting, deleted."),
      ] + NativeKey.attributes(\.gateway.attributes))
  }

  static func peeringSide() -> NativeObject<PeeringConnection.Side> {
    NativeObject(
      "peering_side", "One side of a peering connection.",
      [
        .reference("vpc", .vpc, \.vpc, "The VPC."),
        .text("account", \.account, "Its account."),
        .text("region", \.region, "Its Region."),
        .blocks("cidr", \.blocks, "Its blocks, where the VPC itself is not described."),
      ])
  }

  static func peering(_ side: NativeObject<PeeringConnection.Side>) -> NativeObject<PeeringConnection> {
    func key(
      _ name: String, _ path: WritableKeyPath<PeeringConnection, PeeringConnection.Side>
    ) -> NativeKey<PeeringConnection> {
      NativeKey(
        name, .either([.reference(.vpc), .object("peering_side")]), "The VPC that is the \(name).",
        isRequired: true
      ) {
        node, draft, reading throws(YAMLProblem) in
        guard case .mapping(let mapping) = node.content else {
          draft[keyPath: path].vpc = try reading.id(.vpc, node)
          return
        }
        side.read(mapping, into: &draft[keyPath: path], reading)
      } write: { draft, writing in
        let members = side.write(draft[keyPath: path], writing)
        return members.count == 1 ? members[0].1 : .map(members)
      }
    }
    return NativeObject(
      "peering_connection", "A VPC peering connection.",
      [
        .id(), key("requester", \.requester), key("accepter", \.accepter),
        .text("state", \.state, default: "active", "active, pending-acceptance, deleted, …"),
      ] + NativeKey.attributes(\.attributes))
  }

  static func endpoint() -> NativeObject<VPCEndpoint> {
    NativeObject(
      "endpoint", "A VPC endpoint.",
      [
        .id(), .vpc(\.vpc),
        .word(
          "type", \.kind,
          [
            ("gateway", .gateway), ("interface", .interface), ("gateway_load_balancer", .gatewayLoadBalancer),
          ],
          other: (make: { .other($0) }, text: { if case .other(let text) = $0 { text } else { nil } }),
          "gateway, interface or gateway_load_balancer."
        ).required,
        .text("service", \.serviceName, "The service: com.amazonaws.us-east-1.s3."),
        .text("state", \.state, default: "available", "available, pending, …"),
        .references("route_tables", .routeTable, \.routeTables, "The tables that have a route to it."),
        .references("subnets", .subnet, \.subnets, "The subnets in which it has interfaces."),
        .references("interfaces", .networkInterface, \.networkInterfaces, "Its interfaces."),
        .references("groups", .securityGroup, \.groups, "Its security groups."),
      ] + NativeKey.attributes(\.attributes))
  }

  static func vpnConnection() -> NativeObject<VPNConnection> {
    NativeObject(
      "vpn_connection", "A site-to-site VPN connection.",
      [
        .id(),
        .reference(
          "gateway", .virtualPrivateGateway, \.virtualPrivateGateway, "The virtual private gateway."),
        .reference("transit_gateway", .transitGateway, \.transitGateway, "The transit gateway."),
        NativeKey("customer_gateway", .text, "The id of the customer gateway, cgw-….") {
          node, draft, _ throws(YAMLProblem) in
          draft.customerGateway = ResourceID(rawValue: try node.text("a customer gateway's id"))
        } write: { draft, _ in
          draft.customerGateway.map { .text($0.rawValue) }
        },
        .text("state", \.state, default: "available", "available, pending, deleted, …"),
        .blocks("static_routes", \.staticRoutes, "Blocks behind the other end."),
      ] + NativeKey.attributes(\.attributes))
  }
}

/// A NAT gateway as it is written: its one address stands beside it where an interface is made for it.
struct NATDraft {
  var gateway: NATGateway
  var address = NATGateway.Address(networkInterface: nil, privateAddress: nil, publicAddress: nil)

  /// The interface that is made for the one address of a gateway.
  static func interface(of gateway: NATGateway, location: SourceLocation) -> NetworkInterface? {
    guard let address = gateway.addresses.first, let id = address.networkInterface,
      let privateAddress = address.privateAddress
    else { return nil }
    return NetworkInterface(
      id: id, vpc: gateway.vpc, subnet: gateway.subnet, kind: .natGateway,
      ipv4Addresses: [.init(privateAddress, publicAddress: address.publicAddress)],
      sourceDestinationCheck: false,
      attributes: ResourceAttributes(
        account: gateway.attributes.account, region: gateway.attributes.region, location: location))
  }
}
