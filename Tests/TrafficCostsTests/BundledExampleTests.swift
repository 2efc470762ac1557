import CaptureFiles
import Filtering
import NetworkTypes
import PolicyFormats
import TestSupport
import Testing
import TrafficAudit
import VirtualNetworks
import WireFormat

@testable import TrafficCosts

/// Paths of the bundled capture's packets, told from their addresses alone and from the outcomes' steps.
@Suite struct BundledExampleTests {
  /// Blocks of the network by zone, as `fixtures/README.md` lists them.
  private static let zones: [(IPPrefix, String)] = [
    ("10.20.0.0/24", "a"), ("10.20.1.0/24", "b"), ("10.20.10.0/24", "a"), ("10.20.11.0/24", "b"),
    ("10.20.20.0/24", "a"), ("10.20.21.0/24", "b"), ("10.30.5.0/24", "a"),
    ("2001:db8:20::/64", "a"), ("2001:db8:20:1::/64", "b"), ("2001:db8:20:10::/64", "a"),
    ("2001:db8:20:11::/64", "b"), ("2001:db8:20:20::/64", "a"), ("2001:db8:20:21::/64", "b"),
    ("198.51.100.10/32", "a"), ("198.51.100.20/32", "a"), ("198.51.100.21/32", "b"),
  ].map { (IPPrefix($0)!, $1) }

  private static let natted = ["10.20.10.0/24", "10.20.11.0/24"].map { IPPrefix($0)! }
  private static let reporting = IPPrefix("10.30.0.0/16")!
  private static let nat: Set = ["10.20.0.100", "198.51.100.30"]

  private func zone(_ address: IPAddress) -> String? {
    Self.zones.first { $0.0.contains(address) }?.1
  }

  @Test func pathsAgreeWithAddresses() throws {
    let network = try VirtualNetwork(contentsOf: Environment.fixture("networks/three-tier"))
    let storage = network.prefixLists.first { $0.listName.hasSuffix(".s3") }?.entries ?? []
    let filter = PacketFilter(network)
    var auditor = Auditor(filter)
    var reader = try CaptureReader(path: Environment.fixture("captures/three-tier.pcap"))
    var batch = PacketBatch()
    var expected: [Charge: Int] = [:]
    var seenAgain = 0
    while try reader.advance(limit: 256) {
      batch.removeAll()
      PacketDecoder().decode(reader.bytes, reader.records, into: &batch)
      auditor.audit(batch)
      for (packet, verdict) in zip(batch.packets, auditor.verdicts) where verdict.packetClass == .allow {
        let (source, destination) = (packet.addresses.source, packet.addresses.destination)
        let bytes = Int(packet.wireLength)
        if Self.nat.contains(source.description) || Self.nat.contains(destination.description) {
          seenAgain += bytes
          continue
        }
        let isNatted = { (address: IPAddress) in Self.natted.contains { $0.contains(address) } }
        let isStorage = { (address: IPAddress) in storage.contains { $0.contains(address) } }
        switch (zone(source), zone(destination)) {
        case (_?, nil) where isNatted(source) && isStorage(destination),
          (nil, _?) where isNatted(destination) && isStorage(source):
          // The app subnets have a route to the endpoint of S3.
          expected[.gatewayEndpoint, default: 0] += bytes
        case (let from?, nil):
          expected[.internetOut, default: 0] += bytes
          // The gateway is in zone a.
          if isNatted(source) {
            expected[.natGateway, default: 0] += bytes
            expected[from == "a" ? .sameZone : .zoneOut, default: 0] += bytes
          }
        case (nil, let to?):
          expected[.internetIn, default: 0] += bytes
          if isNatted(destination) {
            expected[.natGateway, default: 0] += bytes
            expected[to == "a" ? .sameZone : .zoneOut, default: 0] += bytes
          }
        case (let from?, let to?):
          if Self.reporting.contains(source) != Self.reporting.contains(destination) {
            expected[.peering, default: 0] += bytes
          }
          expected[from == to ? .sameZone : .zoneOut, default: 0] += bytes
        case (nil, nil): Issue.record("a packet between strangers was allowed")
        }
      }
    }
    let prices = try PriceList(path: Environment.fixture("prices/aws-2026-11-23.yaml"))
    let report = CostReport(auditor, prices: prices)
    var found: [Charge: Int] = [:]
    for row in report.priced + report.unpriced where expected[row.path.charge] != nil {
      found[row.path.charge, default: 0] += row.bytes
    }
    #expect(found == expected)
    #expect(report.leftOut.first { $0.reason == .seenAgain }?.bytes == seenAgain)
    #expect(expected.count >= 6)
  }
}
