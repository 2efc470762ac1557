import Filtering
import NetworkTypes
import TestSupport
import Testing
import VirtualNetworks

/// The half of S23 that decides; what flow logs say of it is in `FlowLogWriterTests`.
@Suite("Secondary addresses")
struct SecondaryAddressTests {
  @Test("S23: rules look at a secondary address itself, whatever flow logs call it (FL-12, AD-28)")
  func rules() {
    var network = SemanticsNetwork()
    network.interface("eni-app") { $0.ipv4Addresses.append(.init(IPv4Address("10.0.1.20")!)) }
    network.outbound("db", "tcp 80 to 10.0.1.20/32", "tcp 81 to 10.0.1.10/32")
    network.inbound("db", "tcp 5432 from 10.0.1.20/32")
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.2.10:40000", to: "10.0.1.20:80")).packetClass == .allow)
    #expect(scene.send(.tcp("10.0.2.10:40001", to: "10.0.1.20:81")).packetClass == .deny)
    #expect(scene.send(.tcp("10.0.2.10:40002", to: "10.0.1.10:80")).packetClass == .deny)
    #expect(scene.send(.tcp("10.0.1.20:40000", to: "10.0.2.10:5432")).packetClass == .allow)
    #expect(scene.send(.tcp("10.0.1.10:40000", to: "10.0.2.10:5432")).packetClass == .deny)
  }
}
