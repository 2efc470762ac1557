import Filtering
import NetworkTypes
import RuleMatching
import TestSupport
import Testing
import VirtualNetworks

/// Whose an address is: an interface's own, nobody's, or never a host's.
@Suite("Addresses")
struct AddressTests {
  @Test("S21: the source/destination check knows secondary addresses and delegated prefixes (AD-25)")
  func addressCheck() {
    var network = SemanticsNetwork()
    network.interface("eni-app") { interface in
      interface.delegatedPrefixes = [IPPrefix("10.0.1.32/28")!]
      interface.ipv4Addresses.append(.init(IPv4Address("10.0.1.20")!))
    }
    var scene = Scene(network)
    #expect(scene.send(.tcp("10.0.2.10:40000", to: "10.0.1.33:80")).packetClass == .allow)
    #expect(scene.send(.tcp("10.0.2.10:40000", to: "10.0.1.20:80")).packetClass == .allow)
    #expect(scene.send(.tcp("10.0.2.10:40000", to: "10.0.1.99:80")).packetClass == .deny)
    // Delivered by a route, what is not its own is refused; with the check off it is up to the instance.
    network.route("rtb-db", "10.0.1.99/32", .networkInterface("eni-app"))
    func ask(_ from: String, _ to: String, at entrance: String? = nil) -> TraceAnswer {
      let position = network.network.networkInterfaces.firstIndex { $0.id.rawValue == entrance }
      return PacketFilter(network.network).trace(
        TraceQuestion(
          from: .address(IPAddress(from)!), to: .address(IPAddress(to)!),
          entersAt: position.map { .interface(InterfaceIndex($0)) }, service: ServiceKey(.tcp, port: 80),
          isRoundTrip: false))
    }
    let checked = ask("10.0.2.10", "10.0.1.99")
    #expect(checked.verdict == .deny)
    #expect(checked.blockers.first?.step.code == .sourceDestinationCheck)
    // A container behind eni-app, with an address of its own.
    let container = ask("172.17.0.5", "10.0.2.10", at: "eni-app")
    #expect(container.verdict == .deny)
    #expect(container.blockers.first?.step.stage == .sourceCheck)
    network.interface("eni-app") { $0.sourceDestinationCheck = false }
    let unchecked = ask("10.0.2.10", "10.0.1.99")
    #expect(unchecked.verdict == .unknown && unchecked.blockers.isEmpty)
    #expect(unchecked.unknowns.first?.step.missing == .forwardingInstance)
    #expect(ask("172.17.0.5", "10.0.2.10", at: "eni-app").verdict == .allow)
  }

  @Test("A group reference is not certain of a sender that the input lacks (SG-22)")
  func unknownSender() {
    var network = SemanticsNetwork()
    network.inbound("db", "tcp 5432 from sg-app", "tcp 80 from 10.0.0.0/16")
    let filter = PacketFilter(network.network)
    func ask(_ from: String, _ port: UInt16) -> TraceAnswer {
      filter.trace(
        TraceQuestion(
          from: .address(IPAddress(from)!), to: .address(IPAddress("10.0.2.10")!),
          service: ServiceKey(.tcp, port: port), isRoundTrip: false))
    }
    let perhaps = ask("10.0.1.77", 5432)
    #expect(perhaps.verdict == .unknown)
    #expect(perhaps.unknowns.allSatisfy { $0.step.missing == .interfaceOfAddress })
    #expect(ask("10.0.1.77", 5433).verdict == .deny)
    #expect(ask("10.0.1.10", 5432).verdict == .allow)
    // Of an interface that the input has it is certain.
    #expect(ask("10.0.0.10", 5432).verdict == .deny)
  }

  @Test(
    "What no host of the internet has is refused at its gateway, and never leaves a host",
    arguments: [
      ("10.0.0.10", "127.0.0.1"), ("10.0.0.10", "169.254.5.5"), ("10.0.0.10", "0.1.2.3"),
      ("2001:db8:a00::10", "fd00::9"), ("2001:db8:a00::10", "::1"), ("2001:db8:a00::10", "fe80::1"),
      ("127.0.0.1", "198.51.100.10"), ("0.0.0.0", "198.51.100.10"), ("::1", "2001:db8:a00::10"),
      ("fe80::1", "2001:db8:a00::10"), ("224.0.0.1", "198.51.100.10"),
    ]) func specialAddresses(ends: (String, String))
  {
    var network = SemanticsNetwork()
    network.inbound("web", "all from 0.0.0.0/0", "all from ::/0")
    let answer = PacketFilter(network.network).trace(
      TraceQuestion(
        from: .address(IPAddress(ends.0)!), to: .address(IPAddress(ends.1)!),
        service: ServiceKey(.tcp, port: 80)))
    #expect(answer.verdict == .deny, "\(answer.steps.map(\.step))")
  }
}
