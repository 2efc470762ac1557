import AllocationCounter
import CaptureFiles
import Filtering
import NetworkTypes
import PolicyFormats
import TestSupport
import Testing
import TrafficAudit
import VirtualNetworks
import WireFormat

/// The hot path allocates nothing: after its flows and outcomes are known, judging packets asks for no memory.
@Suite(
  "Allocations of an audit",
  .enabled(if: allocations_are_counted(), "allocations are counted with glibc only"))
struct AuditAllocationTests {
  @Test("Judging packets of known flows allocates nothing")
  func knownFlows() throws {
    let network = try VirtualNetwork(contentsOf: Environment.fixture("networks/three-tier"))
    var auditor = Auditor(PacketFilter(network))
    var batch = PacketBatch()
    var random = SeededRandom(seed: 7)
    for _ in 0..<256 {
      let port = UInt16.random(in: 40000...40063, using: &random)
      let isRequest = Bool.random(using: &random)
      let client = "203.0.113.7:\(port)"
      let server = "10.20.0.20:443"
      batch.packets.append(isRequest ? .tcp(client, to: server, .ack) : .tcp(server, to: client, .ack))
    }
    for _ in 0..<3 { auditor.audit(batch) }
    let before = allocation_count()
    for _ in 0..<400 { auditor.audit(batch) }
    let allocations = allocation_count() - before
    #expect(auditor.tallies.frames == 403 * 256)
    #expect(allocations == 0, "102,400 packets asked for memory \(allocations) times")
  }
}
