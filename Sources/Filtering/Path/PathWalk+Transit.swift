import NetworkTypes
import RuleMatching
import VirtualNetworks

extension PathWalk {
  /// Through a transit gateway: the attachment of this VPC, its zone's subnet, the gateway's table, and out by another
  /// attachment (semantics RT-24).
  mutating func crossTransitGateway(
    _ gateway: ResourceID, from vpc: Int?, subnet: Int?, interface: InterfaceIndex?, resource: ResourceIndex?
  ) {
    guard let vpc,
      let position = compiled.network.model.transitGatewayAttachments.firstIndex(where: {
        $0.transitGateway == gateway && $0.kind == .vpc && $0.resource == compiled.network.model.vpcs[vpc].id
          && $0.state != "deleted"
      })
    else {
      if compiled.network.model.transitGatewayAttachments.contains(where: { $0.transitGateway == gateway }) {
        deny(.gateway, .gateway, .egress, .unassociatedComponent, interface: interface, resource: resource)
      } else {
        markUnknown(.gateway, .gateway, .egress, .transitRoutes, interface: interface, resource: resource)
        deliver(to: .outside)
      }
      return
    }
    let attachment = compiled.network.attachments[position]
    guard attachment.isAvailable else {
      deny(
        .gateway, .gateway, .egress, .badStateAttachment, interface: interface, resource: attachment.resource)
      return
    }
    if !attachment.subnetsByZone.isEmpty,
      let zone = subnet.flatMap({ compiled.network.model.subnets[$0].zoneKey })
    {
      guard let door = attachment.subnetsByZone[zone] else {
        deny(.gateway, .gateway, .egress, .transitZone, interface: interface, resource: attachment.resource)
        guard findsEveryBlocker else { return }
        route(through: position, zone: zone, interface: interface)
        return
      }
      // The door's ACL sees what comes from instances of other subnets.
      if door != subnet {
        guard passesACL(of: door, .ingress, interface: interface) else { return }
      }
      route(through: position, zone: zone, interface: interface)
      return
    }
    route(through: position, zone: nil, interface: interface)
  }

  /// Looks the destination up in the table that the attachment is associated with.
  private mutating func route(through position: Int, zone: String?, interface: InterfaceIndex?) {
    guard beginLeg(at: interface) else { return }
    let attachment = compiled.network.attachments[position]
    guard let tablePosition = attachment.table else {
      deny(
        .gateway, .gateway, .egress, .transitNoAssociation, interface: interface,
        resource: attachment.resource)
      return
    }
    let table = compiled.network.transitTables[tablePosition]
    guard let route = table.route(to: header.destination) else {
      if table.isIncomplete {
        markUnknown(
          .gateway, .gateway, .egress, .transitRoutes, interface: interface, resource: table.resource)
        deliver(to: .outside)
      } else {
        deny(.gateway, .gateway, .egress, .transitNoRoute, interface: interface, resource: table.resource)
        if findsEveryBlocker { tryDestinationAnyway(fromSubnet: nil) }
      }
      return
    }
    guard !route.isBlackhole, let next = route.attachments.first else {
      deny(
        .gateway, .gateway, .egress, .transitBadStateRoute, interface: interface, resource: table.resource,
        rule: route.rule)
      if findsEveryBlocker { tryDestinationAnyway(fromSubnet: nil) }
      return
    }
    append(
      PathStep(
        .gateway, .gateway, .allow, .egress, interface: interface, resource: table.resource, rule: route.rule)
    )
    leave(by: next, zone: zone, interface: interface)
  }

  /// Out of a transit gateway by an attachment.
  private mutating func leave(by position: Int, zone: String?, interface: InterfaceIndex?) {
    cameByTransitGateway = true
    let attachment = compiled.network.attachments[position]
    guard attachment.isAvailable else {
      deny(
        .gateway, .gateway, .egress, .badStateAttachment, interface: interface, resource: attachment.resource)
      return
    }
    if let opposite = attachment.opposite {
      route(through: opposite, zone: nil, interface: interface)
      return
    }
    guard let vpc = attachment.vpc else {
      let model = compiled.network.model.transitGatewayAttachments[position]
      leaveByVPN(
        compiled.network.model.vpnConnections.filter { $0.id == model.resource }, interface: interface,
        resource: attachment.resource)
      return
    }
    // Traffic stays in its zone where the attachment has a subnet there.
    let door =
      zone.flatMap { attachment.subnetsByZone[$0] }
      ?? attachment.subnetsByZone.min { $0.key < $1.key }?.value
    guard let door else {
      deliver(in: vpc, fromSubnet: nil, sender: interface)
      return
    }
    if !compiled.network.model.subnets[door].contains(header.destination) {
      guard passesACL(of: door, .egress, interface: nil) else { return }
      route(from: door, interface: nil)
    } else {
      deliver(in: vpc, fromSubnet: door, sender: interface)
    }
  }
}
