import NetworkTypes
import VirtualNetworks

extension NetworkSummary {
  /// Everything that leads out of one VPC, told apart by `kind`.
  var gateways: [JSONText] {
    network.internetGateways.map { gateway("internet_gateway", $0.id, $0.vpc) }
      + network.egressOnlyGateways.map { gateway("egress_only_internet_gateway", $0.id, $0.vpc) }
      + network.virtualPrivateGateways.map { gateway("virtual_private_gateway", $0.id, $0.vpc) }
      + network.natGateways.map { nat in
        gateway(
          nat.isPublic ? "nat_gateway" : "private_nat_gateway", nat.id, nat.vpc,
          [
            ("subnet", .string(nat.subnet.rawValue)), ("state", .string(nat.state)),
            ("addresses", .array(nat.addresses.map(address))),
          ])
      }
      + network.endpoints.map { endpoint in
        gateway(
          "vpc_endpoint", endpoint.id, endpoint.vpc,
          [
            ("service", .string(endpoint.serviceName)), ("state", .string(endpoint.state)),
            ("route_tables", .strings(endpoint.routeTables)), ("subnets", .strings(endpoint.subnets)),
          ])
      }
      + network.vpnConnections.map { connection in
        gateway(
          "vpn_connection", connection.id, nil,
          [
            ("state", .string(connection.state)),
            (
              "gateway",
              .optional((connection.virtualPrivateGateway ?? connection.transitGateway)?.rawValue)
            ),
            ("static_routes", .strings(connection.staticRoutes)),
          ])
      }
  }

  private func gateway(
    _ kind: String, _ id: ResourceID, _ vpc: ResourceID?, _ more: [(String, JSONText)] = []
  ) -> JSONText {
    .object(
      [
        ("kind", .string(kind)), ("id", .string(id.rawValue)), ("name", .optional(names[id])),
        ("vpc", .optional(vpc?.rawValue)),
      ] + more)
  }

  private func address(_ address: NATGateway.Address) -> JSONText {
    .object([
      ("interface", .optional(address.networkInterface?.rawValue)),
      ("private", .optional(address.privateAddress?.description)),
      ("public", .optional(address.publicAddress?.description)),
    ])
  }

  func peering(_ peering: PeeringConnection) -> JSONText {
    let side = { (side: PeeringConnection.Side) -> JSONText in
      .object([
        ("vpc", .string(side.vpc.rawValue)), ("account", .optional(side.account)),
        ("region", .optional(side.region)),
        ("blocks", .strings(side.blocks)),
      ])
    }
    return .object([
      ("id", .string(peering.id.rawValue)), ("name", .optional(names[peering.id])),
      ("state", .string(peering.state)),
      ("requester", side(peering.requester)), ("accepter", side(peering.accepter)),
    ])
  }

  func transitGateway(_ gateway: TransitGateway) -> JSONText {
    let attachments = network.transitGatewayAttachments.filter { $0.transitGateway == gateway.id }
    let tables = network.transitGatewayRouteTables.filter { $0.transitGateway == gateway.id }
    return .object([
      ("id", .string(gateway.id.rawValue)), ("name", .optional(names[gateway.id])),
      ("state", .string(gateway.state)),
      (
        "attachments",
        .array(
          attachments.map { attachment in
            .object([
              ("id", .string(attachment.id.rawValue)), ("resource", .string(attachment.resource.rawValue)),
              ("state", .string(attachment.state)),
              ("route_table", .optional(attachment.associatedTable?.rawValue)),
              ("subnets", .strings(attachment.subnets)),
            ])
          })
      ),
      (
        "route_tables",
        .array(
          tables.map { table in
            .object([
              ("id", .string(table.id.rawValue)), ("routes_are_known", .bool(table.routesAreKnown)),
              ("propagations", .strings(table.propagations)), ("routes", .array(table.routes.map(route))),
            ])
          })
      ),
    ])
  }

  private func route(_ route: TransitGatewayRoute) -> JSONText {
    .object([
      ("destination", .string(route.destination.text)), ("attachments", .strings(route.attachments)),
      ("state", .string(route.isBlackhole ? "blackhole" : "active")), ("static", .bool(route.isStatic)),
    ])
  }

  func balancer(_ balancer: LoadBalancer) -> JSONText {
    .object([
      ("id", .string(balancer.id.rawValue)), ("name", .string(balancer.balancerName)),
      ("vpc", .optional(balancer.vpc?.rawValue)), ("internet_facing", .bool(balancer.isInternetFacing)),
      ("state", .string(balancer.state)), ("subnets", .strings(balancer.zones.map(\.subnet))),
      (
        "listeners",
        .array(
          balancer.listeners.map { listener in
            .object([
              ("protocol", .string(listener.listenerProtocol)), ("port", .integer(Int(listener.port))),
              ("target_groups", .strings(listener.targetGroups)),
            ])
          })
      ),
    ])
  }

  func problem(_ problem: ModelProblem) -> JSONText {
    .object([
      ("severity", .string(problem.severity.rawValue)), ("code", .string(problem.code)),
      ("resource", .optional(problem.resource?.rawValue)), ("file", .string(problem.location.file)),
      ("path", .string(problem.location.path)),
      ("line", problem.location.line.map(JSONText.integer) ?? .null), ("message", .string(problem.message)),
    ])
  }
}
