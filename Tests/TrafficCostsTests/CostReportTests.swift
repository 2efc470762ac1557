import Filtering
import NetworkTypes
import TestSupport
import Testing
import TrafficAudit
import VirtualNetworks
import WireFormat

@testable import TrafficCosts

/// Hand-computed costs in the network of semantics.md: pub and db in eu-west-1a, priv in eu-west-1b, VPC-B in us-east-1.
@Suite struct CostReportTests {
  private static func network() -> SemanticsNetwork {
    var network = SemanticsNetwork()
    let zones: [ResourceID: String] = [
      "subnet-pub": "eu-west-1a", "subnet-db": "eu-west-1a", "subnet-priv": "eu-west-1b",
      "subnet-b": "us-east-1a",
    ]
    for index in network.network.subnets.indices {
      let zone = zones[network.network.subnets[index].id]!
      network.network.subnets[index].zone = zone
      network.network.subnets[index].attributes.region = String(zone.dropLast())
    }
    return network
  }

  private static let prices = """
    date: 2026-11-23
    currency: USD
    per: GB
    regions:
      eu-west-1:
        {internet_out: 0.09, zone_out: 0.01, zone_in: 0.02, nat_gateway: 0.048, region_out: {us-east-1: 0.03},
         public_address_out: 0.05, public_address_in: 0.06, transit_gateway: 0.07}
      any: {internet_in: 0, same_zone: 0, peering: 0, region_in: 0.001}
    """

  private func costs(
    _ packets: [PacketSummary], _ network: SemanticsNetwork = network(), prices: String = prices
  ) throws -> CostReport {
    var auditor = Auditor(PacketFilter(network.network))
    var batch = PacketBatch()
    batch.packets = packets.enumerated().map { index, packet in
      var packet = packet
      packet.wireLength = 1000
      packet.time = CaptureTime(nanoseconds: Int64(index) * 1_000_000)
      return packet
    }
    auditor.audit(batch)
    return CostReport(auditor, prices: try PriceList(parsing: Array(prices.utf8), file: "prices.yaml"))
  }

  private func bytes(_ rows: [CostReport.Row]) -> [String: Int] {
    Dictionary(
      rows.map { row in
        let path = row.path
        let ends = [path.from, path.to].map { $0?.description ?? "-" }.joined(separator: ">")
        return ("\(path.charge.rawValue) \(path.resource?.rawValue ?? "-") \(ends)", row.bytes)
      }, uniquingKeysWith: +)
  }

  @Test func throughTheNATGatewayOfAnotherZone() throws {
    let out = PacketSummary.tcp("10.0.1.10:50000", to: "203.0.113.7:443")
    let ack = PacketSummary.tcp("10.0.1.10:50000", to: "203.0.113.7:443", .ack)
    let back = PacketSummary.tcp("203.0.113.7:443", to: "10.0.1.10:50000", [.syn, .ack])
    let report = try costs([out, back, ack, ack, back])
    #expect(
      bytes(report.priced) == [
        "zone_out - eu-west-1b>eu-west-1a": 3000, "zone_in - eu-west-1b>eu-west-1a": 3000,
        "nat_gateway nat-1 eu-west-1a>-": 5000, "internet_out igw-1 eu-west-1a>-": 3000,
        "internet_in igw-1 ->eu-west-1a": 2000,
        "zone_out - eu-west-1a>eu-west-1b": 2000, "zone_in - eu-west-1a>eu-west-1b": 2000,
      ])
    #expect(report.unpriced.isEmpty && report.leftOut.isEmpty)
    // 5000 (0.01 + 0.02) + 5000 0.048 + 3000 0.09 + 2000 0, for 10^9 bytes each.
    #expect(report.total.text(digits: 12) == "0.000000660000")
    #expect(report.priced.first?.path.charge == .internetOut)
  }

  @Test func whatIsSeenBehindTheNATGatewayIsPricedOnce() throws {
    let out = PacketSummary.tcp("10.0.1.10:50000", to: "203.0.113.7:443")
    let outside = PacketSummary.tcp("10.0.0.220:50000", to: "203.0.113.7:443")
    let answer = PacketSummary.tcp("203.0.113.7:443", to: "198.51.100.220:50000", [.syn, .ack])
    let both = try costs([out, outside, answer])
    #expect(both.leftOut.map(\.reason) == [.seenAgain])
    #expect(both.leftOut.first?.bytes == 2000)
    #expect(both.total == (try costs([out])).total)
    // Alone, it is what the gateway has passed on.
    let alone = try costs([outside, answer])
    #expect(
      bytes(alone.priced) == [
        "nat_gateway nat-1 eu-west-1a>-": 2000, "internet_out igw-1 eu-west-1a>-": 1000,
        "internet_in igw-1 ->eu-west-1a": 1000,
      ])
  }

  @Test func betweenRegionsOverPeering() throws {
    let there = PacketSummary.tcp("10.0.1.10:50000", to: "10.1.0.10:443")
    let report = try costs([there])
    #expect(
      bytes(report.priced) == [
        "peering pcx-1 eu-west-1b>us-east-1a": 1000, "region_out - eu-west-1b>us-east-1a": 1000,
        "region_in - eu-west-1b>us-east-1a": 1000,
      ])
    #expect(report.total.text(digits: 12) == "0.000000031000")
    let back = PacketSummary.tcp("10.1.0.10:443", to: "10.0.1.10:50000", [.syn, .ack])
    let unpriced = try costs([there, back]).unpriced
    // us-east-1 has no price for what leaves it: it is listed, not taken for free.
    #expect(bytes(unpriced) == ["region_out - us-east-1a>eu-west-1b": 1000])
  }

  @Test func insideAZoneAndFromTheInternet() throws {
    let report = try costs([
      .tcp("10.0.0.10:50000", to: "10.0.2.10:5432"), .tcp("203.0.113.7:50000", to: "198.51.100.10:443"),
      .tcp("10.0.0.10:443", to: "203.0.113.7:50000", [.syn, .ack]),
      .tcp("[2001:db8:a00:1::10]:50000", to: "[2001:db8:ffff::1]:443"),
    ])
    #expect(
      bytes(report.priced) == [
        "same_zone - eu-west-1a>eu-west-1a": 1000, "internet_in igw-1 ->eu-west-1a": 1000,
        "internet_out igw-1 eu-west-1a>-": 1000, "internet_out eigw-1 eu-west-1b>-": 1000,
      ])
  }

  @Test func overPublicAddressesOfTheRegion() throws {
    let report = try costs([.tcp("10.0.1.10:50000", to: "198.51.100.10:443")])
    #expect(
      bytes(report.priced) == [
        "zone_out - eu-west-1b>eu-west-1a": 1000, "zone_in - eu-west-1b>eu-west-1a": 1000,
        "nat_gateway nat-1 eu-west-1a>-": 1000, "public_address_out igw-1 eu-west-1a>eu-west-1a": 1000,
        "public_address_in igw-1 eu-west-1a>eu-west-1a": 1000,
      ])
  }

  @Test func deniedAndUnplacedAreListed() throws {
    var network = Self.network()
    network.inbound("web")
    let report = try costs(
      [
        .tcp("203.0.113.7:50000", to: "198.51.100.10:443"), .tcp("192.0.2.1:5", to: "192.0.2.2:6"),
        .udp("10.0.0.10:5353", to: "10.0.0.2:53"),
      ], network)
    #expect(report.priced.isEmpty)
    #expect(report.leftOut.map(\.reason) == [.denied, .unplaced])
    #expect(bytes(report.unpriced).keys.contains { $0.hasPrefix("platform_service") })
    #expect(report.total.isZero)
  }

  @Test func zonesThatTheNetworkDoesNotTellAreListed() throws {
    var network = Self.network()
    for index in network.network.subnets.indices where network.network.subnets[index].id == "subnet-priv" {
      network.network.subnets[index].zone = nil
    }
    let report = try costs([.tcp("10.0.1.10:50000", to: "10.0.2.10:5432")], network)
    #expect(bytes(report.unpriced) == ["place_unknown - eu-west-1>eu-west-1a": 1000])
    #expect(report.priced.isEmpty)
  }

  @Test func zonesOfTwoAccountsAreComparedByTheirIDs() {
    let left = ResourcePlace(region: "eu-west-1", zone: "eu-west-1a", account: "1")
    var right = ResourcePlace(region: "eu-west-1", zone: "eu-west-1a", account: "2")
    #expect(left.sharesZone(with: right) == nil)
    right.zoneID = "euw1-az1"
    #expect(left.sharesZone(with: right) == nil)
    var known = left
    known.zoneID = "euw1-az2"
    #expect(known.sharesZone(with: right) == false)
  }

  @Test func transitGatewaysChargeTheSenderAndNoZones() throws {
    var network = Self.network()
    network.network.peeringConnections = []
    network.removeRoute("rtb-priv", "10.1.0.0/16")
    network.removeRoute("rtb-b", "10.0.0.0/16")
    network.route("rtb-priv", "10.1.0.0/16", .transitGateway("tgw-1"))
    network.route("rtb-b", "10.0.0.0/16", .transitGateway("tgw-1"))
    network.network.transitGateways = [TransitGateway(id: "tgw-1")]
    network.network.transitGatewayAttachments = [
      TransitGatewayAttachment(
        id: "tgw-attach-a", transitGateway: "tgw-1", kind: .vpc, resource: "vpc-a",
        associatedTable: "tgw-rtb-1",
        subnets: ["subnet-priv"]),
      TransitGatewayAttachment(
        id: "tgw-attach-b", transitGateway: "tgw-1", kind: .vpc, resource: "vpc-b",
        associatedTable: "tgw-rtb-1",
        subnets: ["subnet-b"]),
    ]
    network.network.transitGatewayRouteTables = [
      TransitGatewayRouteTable(
        id: "tgw-rtb-1", transitGateway: "tgw-1", propagations: ["tgw-attach-a", "tgw-attach-b"])
    ]
    for index in network.network.subnets.indices where network.network.subnets[index].id == "subnet-b" {
      network.network.subnets[index].zone = "eu-west-1a"
      network.network.subnets[index].attributes.region = "eu-west-1"
    }
    let report = try costs([.tcp("10.0.1.10:50000", to: "10.1.0.10:443")], network)
    #expect(bytes(report.priced) == ["transit_gateway tgw-1 eu-west-1b>-": 1000])
    #expect(report.leftOut.isEmpty && report.unpriced.isEmpty)
  }
}
