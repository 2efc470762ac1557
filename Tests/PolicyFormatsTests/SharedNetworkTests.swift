import Foundation
import TestSupport
import Testing
import VirtualNetworks

@testable import PolicyFormats

/// The networks of `../shared/data`: each is read whole, and the counts are those that Foundation's JSON reader finds.
@Suite struct SharedNetworkTests {
  @Test(.enabled(if: Environment.hasShared("aws-measured"), "../shared/data/aws-measured is not there"))
  func measuredNetworksAreReadWhole() throws {
    let root = Environment.shared("aws-measured")
    let names = try FileManager.default.contentsOfDirectory(atPath: root).filter { $0.contains("-") }.sorted()
    #expect(names.count >= 14)
    for name in names {
      let folder = "\(root)/\(name)/network"
      let network = try VirtualNetwork(contentsOf: folder)
      try expectCounts(network, folder)
      for p in network.problems { print(name, p.severity, p.code, p.resource ?? "", p.location, p.message) }
    }
  }

  private func expectCounts(_ network: VirtualNetwork, _ folder: String) throws {
    let counted = try Counted(folder: folder)
    #expect(network.vpcs.count == counted["Vpcs", "VpcId"], "\(folder)")
    #expect(network.subnets.count == counted["Subnets", "SubnetId"], "\(folder)")
    #expect(
      network.networkInterfaces.count == counted["NetworkInterfaces", "NetworkInterfaceId"], "\(folder)")
    #expect(network.instances.count == counted["Instances", "InstanceId"], "\(folder)")
    #expect(network.elasticAddresses.count == counted["Addresses", "AllocationId"], "\(folder)")
    #expect(network.securityGroups.count == counted["SecurityGroups", "GroupId"], "\(folder)")
    #expect(network.networkACLs.count == counted["NetworkAcls", "NetworkAclId"], "\(folder)")
    #expect(network.routeTables.count == counted["RouteTables", "RouteTableId"], "\(folder)")
    #expect(network.internetGateways.count == counted["InternetGateways", "InternetGatewayId"], "\(folder)")
    #expect(network.natGateways.count == counted["NatGateways", "NatGatewayId"], "\(folder)")
    #expect(network.endpoints.count == counted["VpcEndpoints", "VpcEndpointId"], "\(folder)")
    #expect(network.prefixLists.count == counted["PrefixLists", "PrefixListId"], "\(folder)")
    #expect(network.loadBalancers.count == counted["LoadBalancers", "LoadBalancerArn"], "\(folder)")
    #expect(network.targetGroups.count == counted["TargetGroups", "TargetGroupArn"], "\(folder)")
    #expect(network.transitGateways.count == counted["TransitGateways", "TransitGatewayId"], "\(folder)")
    #expect(
      network.peeringConnections.count == counted["VpcPeeringConnections", "VpcPeeringConnectionId"],
      "\(folder)")
    #expect(
      network.transitGatewayAttachments.count
        == counted["TransitGatewayAttachments", "TransitGatewayAttachmentId"], "\(folder)")
    let permissions = counted.peers
    #expect(
      network.securityGroups.reduce(0) { $0 + $1.inbound.count + $1.outbound.count } == permissions,
      "\(folder)")
    #expect(
      network.networkACLs.reduce(0) { $0 + $1.inbound.count + $1.outbound.count } == counted.aclEntries,
      "\(folder)")
    #expect(network.routeTables.reduce(0) { $0 + $1.routes.count } == counted.routes, "\(folder)")
  }
}

/// Counts in a folder of answers, made without anything of the importer's.
struct Counted {
  private var ids: [String: Set<String>] = [:]
  private(set) var peers = 0
  private(set) var aclEntries = 0
  private(set) var routes = 0

  init(folder: String) throws {
    var groups: Set<String> = []
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder) where path.hasSuffix(".json") {
      let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + path))
      guard let root = try JSONSerialization.jsonObject(with: data) as? [String: Any] else { continue }
      for (key, value) in root {
        for element in value as? [[String: Any]] ?? [] {
          count(element, key)
          let isNew = { (id: String) in (element[id] as? String).map { groups.insert($0).inserted } ?? false }
          if key == "SecurityGroups", isNew("GroupId") { peers += Self.peers(element) }
          if key == "NetworkAcls", isNew("NetworkAclId") {
            aclEntries += (element["Entries"] as? [Any])?.count ?? 0
          }
          if key == "RouteTables", isNew("RouteTableId") {
            routes += (element["Routes"] as? [Any])?.count ?? 0
          }
        }
      }
    }
  }

  subscript(key: String, id: String) -> Int { ids["\(key)/\(id)"]?.count ?? 0 }

  private mutating func count(_ element: [String: Any], _ key: String) {
    for (member, value) in element {
      if let id = value as? String { ids["\(key)/\(member)", default: []].insert(id) }
      if key == "Reservations", member == "Instances" {
        for instance in value as? [[String: Any]] ?? [] { count(instance, "Instances") }
      }
    }
  }

  private static func peers(_ group: [String: Any]) -> Int {
    ["IpPermissions", "IpPermissionsEgress"].flatMap { group[$0] as? [[String: Any]] ?? [] }.reduce(0) {
      sum, permission in
      sum
        + ["IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"].reduce(0) {
          $0 + ((permission[$1] as? [Any])?.count ?? 0)
        }
    }
  }
}
