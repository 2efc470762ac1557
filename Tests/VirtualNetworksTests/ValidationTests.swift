import Testing
import VirtualNetworks

@Suite struct ValidationTests {
  @Test func anEmptyNetworkHasNoInconsistency() { #expect(VirtualNetwork().inconsistencies().isEmpty) }
}
