import Filtering
import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

/// Packets of a capture that was taken at one interface.
@Suite("Captured at an interface")
struct PlacementTests {
  private func verdict(_ packet: PacketSummary, at interface: ResourceID) -> PacketClass {
    var network = SemanticsNetwork()
    network.inbound("app")
    network.outbound("app")
    network.acl("subnet-priv", inbound: [], outbound: [])
    let filter = PacketFilter(network.network, captureInterface: interface)
    var tracker = ConnectionTracker()
    return filter.evaluate(packet, tracking: &tracker).packetClass
  }

  @Test("What keeps a link alive is exempt, and what is for many is nobody's")
  func linkTraffic() {
    #expect(verdict(.udp("0.0.0.0:68", to: "255.255.255.255:67"), at: "eni-app") == .exempt)
    #expect(verdict(.icmp("fe80::1", to: "ff02::2", type: 133), at: "eni-app") == .exempt)
    #expect(verdict(.icmp("fe80::1", to: "ff02::16", type: 143), at: "eni-app") == .unplaced)
    #expect(verdict(.udp("fe80::1", to: "ff02::fb"), at: "eni-app") == .unplaced)
  }

  @Test("S21: an address that is not the interface's is refused there while the check is on (AD-25)")
  func foreignAddress() {
    #expect(verdict(.tcp("10.0.2.10:40000", to: "10.0.1.99:80"), at: "eni-app") == .deny)
  }
}
