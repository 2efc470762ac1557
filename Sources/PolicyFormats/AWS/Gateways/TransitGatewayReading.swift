import NetworkTypes
import VirtualNetworks

extension AWSImporter {
  /// `describe-transit-gateways`
  mutating func transitGateway(_ record: AWSRecord) {
    guard let id = record.required("TransitGatewayId", of: "transit gateway") else { return }
    let options = record.record("Options")
    if options?.text("DefaultRouteTableAssociation") == "enable" {
      defaultAssociations[id] = options?.id("AssociationDefaultRouteTableId")
    }
    transitGateways.add(
      TransitGateway(
        id: id, state: record.text("State") ?? "available",
        supportsGroupReferences: options?.text("SecurityGroupReferencingSupport") == "enable",
        attributes: record.attributes(region: AWSRegion.ofARN(record.text("TransitGatewayArn")))), log)
  }

  /// `describe-transit-gateway-attachments`: attachments of every kind, with their association.
  mutating func transitGatewayAttachment(_ record: AWSRecord) {
    guard let id = record.required("TransitGatewayAttachmentId", of: "transit gateway attachment"),
      let gateway = record.required("TransitGatewayId", of: "transit gateway attachment", id),
      let resource = record.required("ResourceId", of: "transit gateway attachment", id)
    else { return }
    let kind: TransitGatewayAttachment.Kind =
      switch record.text("ResourceType") {
      case "vpc": .vpc
      case "vpn": .vpn
      case "peering": .peering
      case "direct-connect-gateway": .directConnect
      case let other: .other(other ?? "")
      }
    let association = record.record("Association")
    let isAssociated = ["associated", "associating", nil].contains(association?.text("State"))
    attachmentsWithAssociation.insert(Self.key(id, gateway))
    add(
      TransitGatewayAttachment(
        id: id, transitGateway: gateway, kind: kind, resource: resource,
        state: record.text("State") ?? "available",
        associatedTable: isAssociated ? association?.id("TransitGatewayRouteTableId") : nil,
        attributes: record.attributes(owner: "ResourceOwnerId")))
  }

  /// `describe-transit-gateway-vpc-attachments`: attachments of VPCs, with their subnets.
  mutating func transitGatewayVPCAttachment(_ record: AWSRecord) {
    guard let id = record.required("TransitGatewayAttachmentId", of: "transit gateway attachment"),
      let gateway = record.required("TransitGatewayId", of: "transit gateway attachment", id),
      let vpc = record.required("VpcId", of: "transit gateway attachment", id)
    else { return }
    add(
      TransitGatewayAttachment(
        id: id, transitGateway: gateway, kind: .vpc, resource: vpc,
        state: record.text("State") ?? "available",
        subnets: record.ids("SubnetIds"),
        supportsGroupReferences: record.record("Options")?.text("SecurityGroupReferencingSupport")
          == "enable",
        attributes: record.attributes(owner: "VpcOwnerId")))
  }

  /// `describe-transit-gateway-peering-attachments`: one id for both gateways, so an attachment for each.
  mutating func transitGatewayPeering(_ record: AWSRecord) {
    guard let id = record.required("TransitGatewayAttachmentId", of: "transit gateway attachment"),
      let requester = record.record("RequesterTgwInfo"), let accepter = record.record("AccepterTgwInfo"),
      let first = requester.required("TransitGatewayId", of: "transit gateway peering", id),
      let second = accepter.required("TransitGatewayId", of: "transit gateway peering", id)
    else { return }
    for (near, side, far) in [(first, requester, second), (second, accepter, first)] {
      add(
        TransitGatewayAttachment(
          id: id, transitGateway: near, kind: .peering, resource: far,
          state: record.text("State") ?? "available",
          attributes: ResourceAttributes(
            account: side.text("OwnerId"), region: side.text("Region"), tags: record.attributes().tags,
            location: record.location)))
    }
  }

  private mutating func add(_ attachment: TransitGatewayAttachment) {
    transitGatewayAttachments.add(
      attachment, key: Self.key(attachment.id, attachment.transitGateway), log)
  }

  /// A peering's attachment has the same id on both of its gateways.
  static func key(_ attachment: ResourceID, _ gateway: ResourceID) -> ResourceID {
    ResourceID(rawValue: attachment.rawValue + "@" + gateway.rawValue)
  }

  /// `describe-transit-gateway-route-tables`
  mutating func transitGatewayRouteTable(_ record: AWSRecord) {
    guard let id = record.required("TransitGatewayRouteTableId", of: "transit gateway route table"),
      let gateway = record.required("TransitGatewayId", of: "transit gateway route table", id)
    else { return }
    transitGatewayRouteTables.add(
      TransitGatewayRouteTable(
        id: id, transitGateway: gateway,
        isDefaultAssociation: record.flag("DefaultAssociationRouteTable") ?? false,
        isDefaultPropagation: record.flag("DefaultPropagationRouteTable") ?? false, routesAreKnown: false,
        attributes: record.attributes()), log)
  }

  /// An answer of `search-transit-gateway-routes`, or an element of a collection of such answers.
  mutating func transitGatewayRoutes(_ record: AWSRecord, table: ResourceID?) {
    guard let id = tableID(record, table, member: "Routes") else { return }
    var contents = tableContents[id] ?? TransitGatewayTableContents()
    contents.routesAreKnown = true
    if record.flag("AdditionalRoutesAvailable") ?? false {
      contents.isCut = true
      log.add(
        .warning, "incomplete_answer", id, at: record.location,
        "AdditionalRoutesAvailable: the table has more routes than the answer; ask again with narrower filters"
      )
    }
    for route in record.records("Routes") {
      let state = route.text("State") ?? "active"
      guard state == "active" || state == "blackhole" || state == "pending",
        let destination = destination(route, of: id)
      else { continue }
      contents.routes.append(
        TransitGatewayRoute(
          destination: destination,
          attachments: route.records("TransitGatewayAttachments").compactMap {
            $0.id("TransitGatewayAttachmentId")
          },
          isStatic: route.text("Type") != "propagated", isBlackhole: state == "blackhole",
          location: route.location))
    }
    tableContents[id] = contents
  }

  /// An answer of `get-transit-gateway-route-table-propagations`, or an element of a collection of them.
  mutating func transitGatewayPropagations(_ record: AWSRecord, table: ResourceID?) {
    guard let id = tableID(record, table, member: "TransitGatewayRouteTablePropagations") else { return }
    var contents = tableContents[id] ?? TransitGatewayTableContents()
    for entry in record.records("TransitGatewayRouteTablePropagations")
    where ["enabled", "enabling", nil].contains(entry.text("State")) {
      if let attachment = entry.id("TransitGatewayAttachmentId"), !contents.propagations.contains(attachment)
      {
        contents.propagations.append(attachment)
      }
    }
    tableContents[id] = contents
  }

  private func tableID(_ record: AWSRecord, _ fallback: ResourceID?, member: String) -> ResourceID? {
    if let id = record.id("TransitGatewayRouteTableId") ?? fallback { return id }
    log.add(
      .warning, "routes_of_unknown_table", at: record.location.appending(".\(member)"),
      "the routes do not say which table is theirs; name the file after it: tgw-rtb-….json")
    return nil
  }

  /// An answer of `get-transit-gateway-route-table-associations`; the file's name says whose.
  mutating func transitGatewayAssociations(_ whole: AWSRecord, table: ResourceID?) {
    guard let table = whole.id("TransitGatewayRouteTableId") ?? table else { return }
    for entry in whole.records("Associations") where entry.text("State") != "disassociated" {
      if let attachment = entry.id("TransitGatewayAttachmentId") {
        associations[attachment, default: []].append(table)
      }
    }
  }
}

/// What is known of a transit gateway's route table besides its description.
struct TransitGatewayTableContents {
  var routes: [TransitGatewayRoute] = []
  var propagations: [ResourceID] = []
  /// Whether the input has the answer of `search-transit-gateway-routes` for the table: propagations alone do not
  /// tell its static routes.
  var routesAreKnown = false
  /// Whether that answer says that it is not the whole.
  var isCut = false
}
