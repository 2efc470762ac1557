import VirtualNetworks

extension AWSImporter {
  /// Routes, propagations and associations of transit gateways.
  mutating func completeTransitGateways() {
    let contents = tableContents
    transitGatewayRouteTables.updateAll { table in
      guard let found = contents[table.id] else { return }
      table.routes = found.routes
      table.propagations = found.propagations
      table.routesAreKnown = found.routesAreKnown && !found.isCut
    }
    let (known, told, defaults) = (attachmentsWithAssociation, associations, defaultAssociations)
    let ofGateway = Dictionary(
      transitGatewayRouteTables.items.map { ($0.id, $0.transitGateway) },
      uniquingKeysWith: { first, _ in first })
    transitGatewayAttachments.updateAll { attachment in
      guard attachment.associatedTable == nil else { return }
      attachment.associatedTable = told[attachment.id]?.first { table in
        ofGateway[table].map { $0 == attachment.transitGateway } ?? true
      }
      // Without describe-transit-gateway-attachments nothing says it: what the gateway does by default.
      if attachment.associatedTable == nil,
        !known.contains(Self.key(attachment.id, attachment.transitGateway))
      {
        attachment.associatedTable = defaults[attachment.transitGateway]
      }
    }
  }

  /// Listeners, targets and attributes of load balancers.
  mutating func completeLoadBalancers() {
    let (listeners, crossZone) = (self.listeners, self.crossZone)
    loadBalancers.updateAll { balancer in
      take(&balancer.listeners, listeners[balancer.id] ?? [])
      take(&balancer.isCrossZone, crossZone[balancer.id])
    }
    let (targets, preservesClient) = (self.targets, self.preservesClient)
    targetGroups.updateAll { group in
      take(&group.targets, targets[group.id] ?? [])
      take(&group.preservesClientAddress, preservesClient[group.id])
    }
  }

  /// Ids of the zones of subnets, where `describe-subnets` is too old to tell them.
  mutating func completeZones() {
    let (byFolder, byName) = (zoneIDs, zoneIDsByName)
    subnets.updateAll { subnet in
      guard subnet.zoneID == nil, let zone = subnet.zone else { return }
      let folder = Self.folder(of: subnet.attributes.location.file)
      // Another account's names are another account's: only an id that all of them agree on is taken from elsewhere.
      let only = byName[zone].flatMap { $0.count == 1 ? $0.first : nil }
      subnet.zoneID = byFolder["\(folder)\n\(zone)"] ?? only
    }
  }
}
