import Filtering
import NetworkTypes
import TestSupport
import Testing
import TrafficAudit
import WireFormat

/// S25: of mirrored traffic the inner frame is judged at its source interface (TM-3, TM-11).
@Suite("Mirrored traffic")
struct MirroredTrafficTests {
  @Test("S25: the mirrored packet is judged, not the copy around it")
  func mirrored() {
    var network = SemanticsNetwork()
    network.inbound("web", "tcp 443 from 0.0.0.0/0")
    let builder = PacketBuilder()
    let frames = [443, 22].map { port in
      builder.frame(
        for: .udp("10.0.0.10:65000", to: "10.0.2.10:4789"),
        payload: [8, 0, 0, 0, 0, 0, 7, 0]
          + builder.frame(for: .tcp("203.0.113.7:50000", to: "10.0.0.10:\(port)")))
    }
    var auditor = Auditor(PacketFilter(network.network))
    var batch = PacketBatch()
    for frame in frames {
      let record = PacketRecord(
        offset: 0, capturedLength: UInt32(frame.count), wireLength: UInt32(frame.count),
        time: CaptureTime(nanoseconds: 0), linkType: .ethernet)
      PacketDecoder(decapsulates: true).decode(frame.span, [record], into: &batch)
    }
    auditor.audit(batch)
    #expect(auditor.verdicts.map(\.packetClass) == [.allow, .deny])
    let denial = AuditReport(auditor).denials.first
    #expect(denial?.interface == "eni-web")
    #expect(denial?.port == 22)
  }
}
