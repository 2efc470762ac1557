import Sallyport
import TestSupport
import Testing

/// The library as its users see it: one import.
@Suite struct LibraryTests {
  @Test func judgesAPacket() throws {
    let network = try VirtualNetwork(contentsOf: Environment.fixture("networks/three-tier"))
    let filter = PacketFilter(network)
    var tracker = ConnectionTracker()
    let packet = PacketSummary.tcp("203.0.113.7:50000", to: "198.51.100.20:443")
    let verdict = filter.evaluate(packet, tracking: &tracker)
    #expect(verdict.packetClass == .allow)
    #expect(verdict.state == .new)
  }

  @Test func lintsANetworkThatIsWrittenInPlace() throws {
    let network = try VirtualNetwork(
      yaml: "vpcs: {shop: {cidr: 10.0.0.0/16}}\nsecurity_groups: {web: {inbound: [tcp 22 from sg/gone]}}")
    #expect(NetworkLinter(network).findings().map(\.code) == ["stale_group_reference"])
  }
}
