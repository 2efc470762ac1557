import VirtualNetworks

extension VirtualNetwork {
  /// The network without places, problems and the orders that mean nothing: what two descriptions must share.
  public var bare: VirtualNetwork {
    var copy = self
    copy.problems = []
    func strip<Resource>(
      _ path: WritableKeyPath<VirtualNetwork, [Resource]>,
      _ attributes: WritableKeyPath<Resource, ResourceAttributes>
    ) {
      for index in copy[keyPath: path].indices {
        copy[keyPath: path][index][keyPath: attributes].location = SourceLocation()
      }
    }
    strip(\.vpcs, \.attributes)
    strip(\.subnets, \.attributes)
    strip(\.networkInterfaces, \.attributes)
    strip(\.instances, \.attributes)
    strip(\.elasticAddresses, \.attributes)
    strip(\.securityGroups, \.attributes)
    strip(\.networkACLs, \.attributes)
    strip(\.routeTables, \.attributes)
    strip(\.prefixLists, \.attributes)
    strip(\.internetGateways, \.attributes)
    strip(\.egressOnlyGateways, \.attributes)
    strip(\.natGateways, \.attributes)
    strip(\.peeringConnections, \.attributes)
    strip(\.endpoints, \.attributes)
    strip(\.virtualPrivateGateways, \.attributes)
    strip(\.vpnConnections, \.attributes)
    strip(\.transitGateways, \.attributes)
    strip(\.transitGatewayAttachments, \.attributes)
    strip(\.transitGatewayRouteTables, \.attributes)
    strip(\.loadBalancers, \.attributes)
    strip(\.targetGroups, \.attributes)
    for index in copy.securityGroups.indices {
      for rule in copy.securityGroups[index].inbound.indices {
        copy.securityGroups[index].inbound[rule].location = SourceLocation()
      }
      for rule in copy.securityGroups[index].outbound.indices {
        copy.securityGroups[index].outbound[rule].location = SourceLocation()
      }
    }
    for index in copy.networkACLs.indices {
      copy.networkACLs[index].subnets.sort()
      for entry in copy.networkACLs[index].inbound.indices {
        copy.networkACLs[index].inbound[entry].location = SourceLocation()
      }
      for entry in copy.networkACLs[index].outbound.indices {
        copy.networkACLs[index].outbound[entry].location = SourceLocation()
      }
    }
    for index in copy.routeTables.indices {
      copy.routeTables[index].subnets.sort()
      for route in copy.routeTables[index].routes.indices {
        copy.routeTables[index].routes[route].location = SourceLocation()
      }
      copy.routeTables[index].routes.sort { "\($0)" < "\($1)" }
    }
    for index in copy.transitGatewayRouteTables.indices {
      for route in copy.transitGatewayRouteTables[index].routes.indices {
        copy.transitGatewayRouteTables[index].routes[route].location = SourceLocation()
      }
    }
    return copy
  }

  /// What differs between two networks, resource by resource, for a failure's text.
  public func differences(from other: VirtualNetwork) -> String {
    var lines: [String] = []
    for (left, right) in zip(Mirror(reflecting: self).children, Mirror(reflecting: other).children) {
      guard let left2 = left.value as? [Any], let right2 = right.value as? [Any] else { continue }
      if left2.count != right2.count {
        lines.append("\(left.label ?? ""): \(left2.count) and \(right2.count)")
      }
      for (one, two) in zip(left2, right2) where "\(one)" != "\(two)" {
        lines.append("\(left.label ?? ""):\n  \(one)\n  \(two)")
      }
    }
    return lines.prefix(5).joined(separator: "\n")
  }
}
