import NetworkTypes
import VirtualNetworks

extension AWSImporter {
  /// `describe-route-tables`
  mutating func routeTable(_ record: AWSRecord) {
    guard let id = record.required("RouteTableId", of: "route table"),
      let vpc = record.required("VpcId", of: "route table", id)
    else { return }
    // An association that is being or was taken away no longer counts.
    let associations = record.records("Associations").filter { association in
      let state = association.record("AssociationState")?.text("State") ?? "associated"
      return state == "associated" || state == "associating"
    }
    var table = RouteTable(
      id: id, vpc: vpc, isMain: associations.contains { $0.flag("Main") ?? false },
      subnets: associations.compactMap { $0.id("SubnetId") },
      gateways: associations.compactMap { $0.id("GatewayId") },
      routes: record.records("Routes").compactMap { route($0, of: id) }, attributes: record.attributes())
    table.associations = self.associations(associations, "RouteTableAssociationId", of: id)
    routeTables.add(table, log)
  }

  func route(_ record: AWSRecord, of table: ResourceID) -> Route? {
    guard let destination = destination(record, of: table) else { return nil }
    let target = target(record)
    let isBlackhole = record.text("State") == "blackhole"
    if target == .none && !isBlackhole {
      log.add(
        .warning, "route_without_target", table, at: record.location,
        "the route names no target that is known here; packets that take it get the verdict unknown")
    }
    let origin: Route.Origin =
      switch record.text("Origin") {
      case "CreateRouteTable": .createdWithTable
      case "EnableVgwRoutePropagation", "Advertisement": .propagated
      default: .createdByUser
      }
    return Route(
      destination: destination, target: target, origin: origin, isBlackhole: isBlackhole,
      location: record.location)
  }

  func destination(_ record: AWSRecord, of table: ResourceID) -> Route.Destination? {
    if record.has("DestinationCidrBlock") {
      return record.prefix("DestinationCidrBlock", of: table).map(Route.Destination.prefix)
    }
    if record.has("DestinationIpv6CidrBlock") {
      return record.prefix("DestinationIpv6CidrBlock", of: table).map(Route.Destination.prefix)
    }
    if let list = record.id("DestinationPrefixListId") ?? record.id("PrefixListId") {
      return .prefixList(list)
    }
    log.add(
      .error, "missing_member", table, at: record.location,
      "the route has no DestinationCidrBlock, DestinationIpv6CidrBlock or DestinationPrefixListId; it is left out"
    )
    return nil
  }

  func target(_ record: AWSRecord) -> Route.Target {
    if let id = record.id("NatGatewayId") { return .natGateway(id) }
    if let id = record.id("TransitGatewayId") { return .transitGateway(id) }
    if let id = record.id("VpcPeeringConnectionId") { return .peering(id) }
    if let id = record.id("EgressOnlyInternetGatewayId") { return .egressOnlyGateway(id) }
    // AWS names instance and interface together; the interface is the exact one.
    if let id = record.id("NetworkInterfaceId") { return .networkInterface(id) }
    if let id = record.id("InstanceId") { return .instance(id) }
    for member in ["CarrierGatewayId", "LocalGatewayId", "CoreNetworkArn", "OdbNetworkArn"] {
      if let id = record.id(member) { return .other(id) }
    }
    guard let id = record.id("GatewayId") else { return .none }
    let text = id.rawValue
    if text == "local" { return .local }
    if text.hasPrefix("igw-") { return .internetGateway(id) }
    if text.hasPrefix("vgw-") { return .virtualPrivateGateway(id) }
    if text.hasPrefix("vpce-") { return .endpoint(id) }
    if text.hasPrefix("eigw-") { return .egressOnlyGateway(id) }
    if text.hasPrefix("nat-") { return .natGateway(id) }
    if text.hasPrefix("tgw-") { return .transitGateway(id) }
    if text.hasPrefix("pcx-") { return .peering(id) }
    return .other(id)
  }
}
