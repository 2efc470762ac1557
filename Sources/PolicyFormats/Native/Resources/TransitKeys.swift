import NetworkTypes
import VirtualNetworks

/// Transit gateways, their attachments and route tables.
enum TransitKeys {
  static func gateway() -> NativeObject<TransitGateway> {
    NativeObject(
      "transit_gateway", "A transit gateway.",
      [
        .id(), .text("state", \.state, default: "available", "available, pending, …"),
        .flag("group_references", \.supportsGroupReferences, "Whether groups may be referred to across it."),
      ] + NativeKey.attributes(\.attributes))
  }

  static func attachment() -> NativeObject<TransitGatewayAttachment> {
    NativeObject(
      "transit_gateway_attachment", "The attachment of a VPC or something else to a transit gateway.",
      [
        .id(), .reference("transit_gateway", .transitGateway, \.transitGateway, "The transit gateway."),
        .word(
          "type", \.kind,
          [("vpc", .vpc), ("vpn", .vpn), ("peering", .peering), ("direct_connect", .directConnect)],
          default: .vpc,
          other: (make: { .other($0) }, text: { if case .other(let text) = $0 { text } else { nil } }),
          "What is attached: vpc, vpn, peering, direct_connect."),
        NativeKey(
          "resource", .text, "The VPC, the VPN connection or the other transit gateway.", isRequired: true
        ) { node, draft, reading throws(YAMLProblem) in
          // Its kind is told by another key, which may come later: ids and keys of all three are tried.
          let text = try node.text("a VPC, a VPN connection or a transit gateway")
          for kind in [NativeKind.vpc, .vpnConnection, .transitGateway] {
            if reading.names.isDeclared(kind, text) || kind.isID(text) {
              draft.resource = try reading.id(kind, node)
              return
            }
          }
          draft.resource = ResourceID(rawValue: text)
        } write: { draft, writing in
          let kind: NativeKind? =
            switch draft.kind {
            case .vpc: .vpc
            case .vpn: .vpnConnection
            case .peering: .transitGateway
            default: nil
            }
          let key = kind.map { writing.reference($0, draft.resource) } ?? draft.resource.rawValue
          return .text(key.hasPrefix("id/") ? draft.resource.rawValue : key)
        },
        .text("state", \.state, default: "available", "available, pending, …"),
        .reference("routes", .transitTable, \.associatedTable, "The table that routes what comes in here."),
        .references("subnets", .subnet, \.subnets, "Of a VPC: the subnets that it serves."),
        .flag("group_references", \.supportsGroupReferences, "Whether groups may be referred to across it."),
      ] + NativeKey.attributes(\.attributes))
  }

  static func route() -> NativeObject<TransitRouteDraft> {
    NativeObject(
      "transit_gateway_route", "A route of a transit gateway's table in its long form.",
      [
        .references("to", .transitAttachment, \.attachments, "The attachments that it leads to."),
        .flag("propagated", \.isPropagated, "Whether it was propagated."),
        .flag("blackhole", \.isBlackhole, "Whether it drops."),
      ])
  }

  static func table(_ route: NativeObject<TransitRouteDraft>) -> NativeObject<TransitGatewayRouteTable> {
    NativeObject(
      "transit_gateway_route_table", "A route table of a transit gateway.",
      [
        .id(), .reference("transit_gateway", .transitGateway, \.transitGateway, "The transit gateway."),
        .flag("default_association", \.isDefaultAssociation, "Whether attachments use it by default."),
        .flag(
          "default_propagation", \.isDefaultPropagation, "Whether attachments propagate to it by default."),
        .references("propagations", .transitAttachment, \.propagations, "Attachments whose blocks it has."),
        .flag("routes_known", \.routesAreKnown, default: true, "false: what it routes is not told."),
        NativeKey(
          "routes", .map(.oneOrMany(.either([.reference(.transitAttachment), .object(route.name)]))),
          "Destinations with attachments; blackhole drops."
        ) { node, table, reading throws(YAMLProblem) in
          for member in try node.mapping().members {
            let destination = try reading.destination(member, of: table.id)
            for element in member.value.listOrOne {
              var draft = TransitRouteDraft()
              if case .mapping(let mapping) = element.content {
                route.read(mapping, into: &draft, reading)
              } else if case .scalar("blackhole", _) = element.content {
                draft.isBlackhole = true
              } else {
                draft.attachments = [try reading.id(.transitAttachment, element)]
              }
              table.routes.append(
                TransitGatewayRoute(
                  destination: destination, attachments: draft.attachments, isStatic: !draft.isPropagated,
                  isBlackhole: draft.isBlackhole, location: member.keyLocation))
            }
          }
        } write: { table, writing in
          let routes = writing.grouped(table.routes, \.destination) { found in
            let draft = TransitRouteDraft(
              attachments: found.attachments, isPropagated: !found.isStatic, isBlackhole: found.isBlackhole)
            if found.isStatic && found.isBlackhole && found.attachments.isEmpty { return .text("blackhole") }
            if found.isStatic && !found.isBlackhole && found.attachments.count == 1 {
              return .text(writing.reference(.transitAttachment, found.attachments[0]))
            }
            return .map(route.write(draft, writing))
          }
          return routes.isEmpty ? nil : .map(routes)
        },
      ] + NativeKey.attributes(\.attributes))
  }
}

/// What a destination leads to in a transit gateway's table.
struct TransitRouteDraft {
  var attachments: [ResourceID] = []
  var isPropagated = false
  var isBlackhole = false
}
