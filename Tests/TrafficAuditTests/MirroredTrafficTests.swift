import Filtering
import NetworkTypes
import TestSupport
import Testing
import WireFormat

@testable import TrafficAudit

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

  /// Decodes frames one microsecond apart.
  func batch(_ frames: [[UInt8]]) -> PacketBatch {
    var batch = PacketBatch()
    for (number, frame) in frames.enumerated() {
      let record = PacketRecord(
        offset: 0, capturedLength: UInt32(frame.count), wireLength: UInt32(frame.count),
        time: CaptureTime(nanoseconds: Int64(number) * 1000), linkType: .ethernet)
      PacketDecoder(decapsulates: true).decode(frame.span, [record], into: &batch)
    }
    return batch
  }

  /// A copy as the interface with the address `mirror` sends it.
  func mirrored(_ packet: PacketSummary, at mirror: String, payload: [UInt8] = []) -> [UInt8] {
    let builder = PacketBuilder()
    return builder.frame(
      for: .udp("\(mirror):65000", to: "10.0.2.99:4789"),
      payload: [8, 0, 0, 0, 0, 0, 7, 0] + builder.frame(for: packet, payload: payload))
  }

  @Test("A packet that both of its interfaces mirror counts once, one that was sent twice counts twice")
  func duplicates() {
    let network = SemanticsNetwork().network
    let packet = PacketSummary.tcp("10.0.1.10:40000", to: "10.0.0.10:443")
    let other = PacketSummary.tcp("10.0.1.10:40001", to: "10.0.0.10:443")
    let frames = [
      mirrored(packet, at: "10.0.1.10"), mirrored(packet, at: "10.0.0.10"), mirrored(other, at: "10.0.1.10"),
      mirrored(other, at: "10.0.1.10"), mirrored(other, at: "10.0.0.10"),
    ]
    let batch = batch(frames)
    #expect(batch.outers.map(\.network) == [7, 7, 7, 7, 7])
    var auditor = Auditor(PacketFilter(network))
    auditor.audit(batch)
    #expect(auditor.duplicates == [1, 4])
    let report = AuditReport(auditor)
    #expect(report.packets.total == 3)
    #expect(report.duplicates == 2)
    #expect(auditor.tallies.frames == 5)
    var all = Auditor(PacketFilter(network), keepsDuplicates: true)
    all.audit(batch)
    #expect(AuditReport(all).packets.total == 5)
    #expect(AuditReport(all).duplicates == 0)
  }

  @Test("S25: what two interfaces could mean is settled by who mirrored it")
  func sourceInterface() {
    var scene = SemanticsNetwork()
    // Another VPC with the same addresses; the mirroring interface has one more, which only it has.
    scene.addHost("twin", "subnet-b", "10.0.0.10")
    scene.inbound("twin", "tcp 22 from 203.0.113.0/24")
    scene.interface("eni-twin") {
      $0.ipv4Addresses = [
        .init(IPv4Address("10.1.0.77")!),
        .init(IPv4Address("10.0.0.10")!, publicAddress: IPv4Address("198.51.100.77")),
      ]
    }
    let packet = PacketSummary.tcp("203.0.113.7:50000", to: "10.0.0.10:22")
    // Of another flow: what is unknown of a flow stays so.
    let plain = PacketBuilder().frame(for: .tcp("203.0.113.7:50001", to: "10.0.0.10:22"))
    var auditor = Auditor(PacketFilter(scene.network))
    auditor.audit(batch([plain, mirrored(packet, at: "10.1.0.77")]))
    #expect(auditor.tracker[auditor.verdicts[0].outcome].decisiveStep?.missing == .ambiguousAddress)
    let judged = auditor.tracker[auditor.verdicts[1].outcome].steps.compactMap(\.interface)
    #expect(judged.contains { auditor.filter.id(of: $0) == "eni-twin" })
  }

  @Test("Tunnels in tunnels are followed four deep, and cut ones are the datagrams that they are")
  func nestedAndCut() {
    let builder = PacketBuilder()
    var frame = builder.frame(for: .tcp("203.0.113.7:50000", to: "10.0.0.10:443"))
    for depth in 1...6 {
      frame = builder.frame(
        for: .udp("10.0.0.10:65000", to: "10.0.2.99:4789"),
        payload: [8, 0, 0, 0, 0, 0, UInt8(depth), 0] + frame)
      let batch = batch([frame])
      #expect(batch.outers.first?.depth == min(depth, 4))
      #expect((batch.packets[0].ipProtocol == .tcp) == (depth <= 4))
    }
    for length in 0..<frame.count {
      let batch = batch([Array(frame.prefix(length))])
      #expect(batch.packets.count == 1)
    }
  }

  @Test("Of packets that are alike each has its copy, in whatever order the mirrors deliver (TM-13)")
  func copiesOfAlike() {
    let packet = PacketSummary.udp("10.0.1.10:40000", to: "10.0.0.10:53")
    let frames = [
      "A": mirrored(packet, at: "10.0.1.10"), "B": mirrored(packet, at: "10.0.0.10"),
    ]
    for order in ["AABB", "ABAB", "ABBA", "AAABBB", "BBAABA"] {
      var auditor = Auditor(PacketFilter(SemanticsNetwork().network))
      auditor.audit(batch(order.map { frames[String($0)]! }))
      #expect(AuditReport(auditor).packets.total == order.count / 2, "\(order)")
      #expect(auditor.tallies.duplicates == order.count / 2, "\(order)")
    }
  }

  @Test("A copy may be cut, padded, or without its transport's checksum (TM-8, TM-9)")
  func copiesThatDiffer() {
    let packet = PacketSummary.tcp("10.0.1.10:40000", to: "10.0.0.10:443", .ack)
    let payload = [UInt8](repeating: 7, count: 300)
    let builder = PacketBuilder()
    let inner = builder.frame(for: packet, payload: payload)
    var unsummed = inner
    (unsummed[14 + 20 + 16], unsummed[14 + 20 + 17]) = (0, 0)
    let small = builder.frame(for: packet, payload: [])
    func tunnel(_ inner: [UInt8], at mirror: String) -> [UInt8] {
      builder.frame(
        for: .udp("\(mirror):65000", to: "10.0.2.99:4789"), payload: [8, 0, 0, 0, 0, 0, 7, 0] + inner)
    }
    for (first, second) in [
      (inner, Array(inner.prefix(100))), (inner, unsummed), (small, small + [0, 0, 0, 0, 0, 0]),
    ] {
      var auditor = Auditor(PacketFilter(SemanticsNetwork().network))
      auditor.audit(batch([tunnel(first, at: "10.0.1.10"), tunnel(second, at: "10.0.0.10")]))
      #expect(auditor.tallies.duplicates == 1)
    }
    // What holds no IP packet is told apart, too.
    var auditor = Auditor(PacketFilter(SemanticsNetwork().network))
    let frames = (1...4).map { number in
      tunnel(
        [UInt8](repeating: 0xff, count: 12) + [8, 6] + [UInt8](repeating: UInt8(number), count: 28),
        at: "10.0.1.\(number)")
    }
    auditor.audit(batch(frames))
    #expect(auditor.tallies.duplicates == 0)
  }

  @Test("Of IPv6 packets the numbers and flags of TCP tell one from another, and what UDP carries")
  func copiesOfIPv6() {
    func duplicates(
      _ first: PacketSummary, _ second: PacketSummary, _ payloads: ([UInt8], [UInt8]) = ([], [])
    ) -> Int {
      var auditor = Auditor(PacketFilter(SemanticsNetwork().network))
      auditor.audit(
        batch([
          mirrored(first, at: "10.0.1.10", payload: payloads.0),
          mirrored(second, at: "10.0.0.10", payload: payloads.1),
        ]))
      return auditor.tallies.duplicates
    }
    let (source, destination) = ("[2001:db8:a00:1::10]:40000", "[2001:db8:a00::10]:443")
    let segment = PacketSummary.tcp(source, to: destination, .ack)
    #expect(duplicates(segment, segment) == 1)
    #expect(duplicates(segment, .tcp(source, to: destination, .rst)) == 0)
    let datagram = PacketSummary.udp(source, to: destination)
    #expect(duplicates(datagram, datagram, ([1, 2], [1, 2])) == 1)
    #expect(duplicates(datagram, datagram, ([1, 2], [1, 3])) == 0)
  }

  @Test("Extension headers of IPv6, however long, hide nothing of what tells packets apart")
  func copiesWithExtensions() {
    func audit(_ first: [UInt8], _ second: [UInt8]) -> Auditor {
      var network = SemanticsNetwork()
      network.inbound("web", "tcp 443 from 2001:db8:a00:1::/64")
      network.outbound("app", "all to ::/0")
      var auditor = Auditor(PacketFilter(network.network))
      auditor.audit(batch([tunnel(first, at: "10.0.1.10"), tunnel(second, at: "10.0.0.10")]))
      return auditor
    }
    /// The packet with destination options of so many bytes, and a sequence number.
    func inner(_ packet: PacketSummary, options: [Int], number: UInt8 = 0) -> [UInt8] {
      var frame = PacketBuilder().frame(for: packet)
      if packet.ipProtocol == .tcp && !packet.isLaterFragment { frame[frame.count - 20 + 7] = number }
      var next = frame[14 + 6]
      var headers: [UInt8] = []
      for length in options {
        let padding = [UInt8](repeating: 0, count: length - 2)
        headers = [next, UInt8(length / 8 - 1)] + padding + headers
        next = 60
      }
      frame[14 + 6] = next
      let length = frame.count - 14 - 40 + headers.count
      (frame[14 + 4], frame[14 + 5]) = (UInt8(length >> 8), UInt8(length & 255))
      frame.insert(contentsOf: headers, at: 14 + 40)
      return frame
    }
    let (source, destination) = ("[2001:db8:a00:1::10]:40000", "[2001:db8:a00::10]:")
    let web = PacketSummary.tcp(source, to: destination + "443")
    let shell = PacketSummary.tcp(source, to: destination + "22")
    var (one, other) = (web, web)
    one.fields.formUnion([.fragmentOffset, .fragment])
    (one.fragmentIdentification, one.fragmentOffset) = (7, 64)
    other.fields = one.fields
    (other.fragmentIdentification, other.fragmentOffset) = (8, 64)
    for options in [[8], [24], [32], [2048], [32, 8, 16], [Int](repeating: 8, count: 100)] {
      let copies = audit(inner(web, options: options), inner(web, options: options))
      #expect(copies.tallies.duplicates == 1, "\(options)")
      let numbers = audit(inner(web, options: options), inner(web, options: options, number: 1))
      #expect(numbers.tallies.duplicates == 0, "\(options)")
      let ports = audit(inner(web, options: options), inner(shell, options: options))
      #expect(ports.verdicts.map(\.packetClass) == [.allow, .deny], "\(options)")
      #expect(ports.tallies.duplicates == 0)
      let fragments = audit(inner(one, options: options), inner(other, options: options))
      #expect(fragments.tallies.duplicates == 0, "\(options)")
    }
    // More headers than are followed: nothing is known of what comes behind them, and all of it counts.
    let many = [Int](repeating: 8, count: 130)
    #expect(audit(inner(web, options: many), inner(shell, options: many)).tallies.duplicates == 0)
  }

  /// A frame in the tunnel of the interface with the address `mirror`.
  private func tunnel(_ inner: [UInt8], at mirror: String) -> [UInt8] {
    PacketBuilder().frame(
      for: .udp("\(mirror):65000", to: "10.0.2.99:4789"), payload: [8, 0, 0, 0, 0, 0, 7, 0] + inner)
  }

  @Test("Copies are found whatever clocks do, and times as far apart as there are are no window")
  func clocks() {
    let packet = PacketSummary.udp("10.0.1.10:40000", to: "10.0.0.10:53")
    let frames = ["10.0.1.10", "10.0.0.10"].map { mirrored(packet, at: $0) }
    func duplicates(_ sent: [(frame: Int, time: Int64)]) -> Int {
      var batch = PacketBatch()
      for (number, time) in sent {
        let frame = frames[number]
        let record = PacketRecord(
          offset: 0, capturedLength: UInt32(frame.count), wireLength: UInt32(frame.count),
          time: CaptureTime(nanoseconds: time), linkType: .ethernet)
        PacketDecoder(decapsulates: true).decode(frame.span, [record], into: &batch)
      }
      var auditor = Auditor(PacketFilter(SemanticsNetwork().network))
      auditor.audit(batch)
      return auditor.tallies.duplicates
    }
    #expect(duplicates([(0, .min), (1, 0)]) == 0)
    #expect(duplicates([(0, .max), (1, .min)]) == 0)
    #expect(duplicates([(0, 0), (1, .min)]) == 0)
    // One packet of the far future, and time goes on where it was: each window still ends.
    let late = (0..<3).flatMap { second -> [(Int, Int64)] in
      let time = Int64(second) * 3_000_000_000
      return [(0, time), (1, time + 1000)]
    }
    #expect(duplicates([(0, 4_000_000_000_000_000_000)] + late) == 3)
    let verdict = Verdict(.allow, state: .new, outcome: OutcomeID(rawValue: 0))
    // Two clocks that are far apart take turns; then the copies of both come.
    var apart = MirrorDuplicates()
    var copies = 0
    for mirror in ["10.0.1.10", "10.0.0.10"] {
      for number in 0..<40 {
        let outer = OuterPacket(
          index: 0, addresses: .v4(source: IPv4Address(mirror)!, destination: .zero), network: 7, depth: 1,
          digest: UInt64(number))
        let time = Int64(number) * 1_000_000 + Int64(number % 2) * 10_000_000_000
        if apart.take(copy: outer, at: time) != nil {
          copies += 1
        } else {
          apart.note(outer, at: time, verdict)
        }
      }
    }
    #expect(copies == 40)
  }

  @Test(
    "A copy is no further packet of its flow: timers and states are those of the packets themselves (CT-15)")
  func copiesAndFlows() {
    var network = SemanticsNetwork()
    for name in ["app", "web"] { network.outbound(name) }
    network.outbound("app", "udp 53 to 10.0.0.0/24")
    network.inbound("web", "udp 53 from 10.0.1.0/24")
    let (request, answer) = (
      PacketSummary.udp("10.0.1.10:40000", to: "10.0.0.10:53"),
      PacketSummary.udp("10.0.0.10:53", to: "10.0.1.10:40000")
    )
    func verdicts(_ mirrors: [String]) -> [PacketClass] {
      var batch = PacketBatch()
      // Each mirror 20 ms after the one before, so that copies come after the answer.
      let sent = [(request, 0), (answer, 5), (answer, 60_000)].flatMap { packet, time in
        mirrors.enumerated().map { (packet, time + 20 * $0.offset, $0.element) }
      }.sorted { $0.1 < $1.1 }
      for (packet, time, mirror) in sent {
        let frame = mirrored(packet, at: mirror)
        let record = PacketRecord(
          offset: 0, capturedLength: UInt32(frame.count), wireLength: UInt32(frame.count),
          time: CaptureTime(nanoseconds: Int64(time) * 1_000_000), linkType: .ethernet)
        PacketDecoder(decapsulates: true).decode(frame.span, [record], into: &batch)
      }
      var auditor = Auditor(PacketFilter(network.network))
      auditor.audit(batch)
      return auditor.verdicts.indices.filter { !auditor.duplicates.contains($0) }
        .map { auditor.verdicts[$0].packetClass }
    }
    #expect(verdicts(["10.0.1.10"]) == [.allow, .allow, .deny])
    #expect(verdicts(["10.0.1.10", "10.0.0.10"]) == [.allow, .allow, .deny])
  }

  @Test("A tunnel ends where its datagram does, and its packet's length is what its own header says")
  func lengths() {
    let builder = PacketBuilder()
    let inner = builder.frame(for: .tcp("203.0.113.7:50000", to: "10.0.0.10:443"))
    let frame = mirrored(.tcp("203.0.113.7:50000", to: "10.0.0.10:443"), at: "10.0.0.10")
    #expect(batch([frame]).outers.map(\.networkLength) == [40])
    for length in [0, 7, 8, 15] {
      var wrong = frame
      (wrong[14 + 20 + 4], wrong[14 + 20 + 5]) = (0, UInt8(length))
      #expect(batch([wrong]).outers.isEmpty)
    }
    var empty = frame
    (empty[14 + 20 + 4], empty[14 + 20 + 5]) = (0, 16)
    #expect(batch([empty]).packets[0].stop != nil)
    // GENEVE around the packet alone, and around a frame with a VLAN tag and padding.
    let packet = Array(inner.dropFirst(14))
    let geneve = builder.frame(
      for: .udp("10.0.0.10:65000", to: "10.0.2.99:6081"), payload: [0, 0, 8, 0, 0, 0, 7, 0] + packet)
    let tagged = builder.frame(
      for: .udp("10.0.0.10:65000", to: "10.0.2.99:4789"),
      payload: [8, 0, 0, 0, 0, 0, 7, 0] + inner.prefix(12) + [0x81, 0, 0, 5, 8, 0] + packet + [0, 0, 0, 0])
    #expect(batch([geneve, tagged]).outers.map(\.networkLength) == [40, 40])
  }
}
