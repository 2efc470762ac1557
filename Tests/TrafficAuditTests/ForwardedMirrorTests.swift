import Filtering
import NetworkTypes
import TestSupport
import Testing
import WireFormat

@testable import TrafficAudit

/// TM-3: the tunnel's source tells the interface that mirrored, also one on the packet's way, and not at an end of it.
@Suite("Traffic mirrored on its way")
struct ForwardedMirrorTests {
  private let made = MirroredTrafficTests()
  private static let elsewhere = [
    PacketSummary.tcp("203.0.113.9:10", to: "198.18.0.1:443"),
    .tcp("198.18.0.1:443", to: "203.0.113.9:10", [.syn, .ack]),
    .udp("203.0.113.9:10", to: "198.18.0.1:53"),
    // From an interface of the network, through this one.
    .tcp("10.0.1.10:40000", to: "203.0.113.9:443"),
    .tcp("10.0.1.10:40001", to: "10.0.2.10:5432"),
  ]

  private func network(checks: Bool) -> SemanticsNetwork {
    var scene = SemanticsNetwork()
    scene.interface("eni-web") { $0.sourceDestinationCheck = checks }
    return scene
  }

  private func audit(
    _ frames: [[UInt8]], _ filter: PacketFilter, keepsDuplicates: Bool = false, workers: Int = 1
  ) -> Auditor {
    var auditor = Auditor(filter, timers: .nitroV6, keepsDuplicates: keepsDuplicates, workers: workers)
    auditor.audit(made.batch(frames))
    return auditor
  }

  @Test("What the mirroring interface forwards is judged as captured there", arguments: [true, false])
  func asCapturedThere(checks: Bool) {
    let network = network(checks: checks).network
    let auditor = audit(
      Self.elsewhere.map { made.mirrored($0, at: "10.0.0.10") }, PacketFilter(network))
    for (index, packet) in Self.elsewhere.enumerated() {
      var tracker = ConnectionTracker()
      let filter = PacketFilter(network, captureInterface: "eni-web")
      let expected = filter.evaluate(packet, tracking: &tracker)
      let verdict = auditor.verdicts[index]
      #expect(verdict.packetClass == expected.packetClass)
      #expect(verdict.packetClass == (checks ? .deny : .unknown))
      #expect(auditor.tracker[verdict.outcome] == tracker[expected.outcome])
    }
    let report = AuditReport(auditor)
    #expect(report.packets.total == Self.elsewhere.count)
    // The answer is of the first packet's flow.
    #expect(auditor.tallies.byOutcome.reduce(0) { $0 + $1.flows } == Self.elsewhere.count - 1)
    if checks {
      #expect(report.denials.allSatisfy { $0.code == .sourceDestinationCheck && $0.interface == "eni-web" })
      #expect(report.denials.reduce(0) { $0 + $1.tally.packets } == Self.elsewhere.count)
    }
  }

  @Test("A secondary address tells the interface as well; its own packets go out or come in there")
  func ownPackets() {
    var scene = network(checks: true)
    scene.interface("eni-web") { $0.ipv4Addresses.append(.init(IPv4Address("10.0.0.77")!)) }
    scene.inbound("web", "tcp 443 from 0.0.0.0/0")
    let auditor = audit(
      [
        made.mirrored(.tcp("10.0.0.77:50000", to: "203.0.113.9:443"), at: "10.0.0.10"),
        made.mirrored(.tcp("203.0.113.9:50000", to: "10.0.0.77:443"), at: "10.0.0.10"),
        made.mirrored(.tcp("203.0.113.9:50000", to: "10.0.0.10:22"), at: "10.0.0.77"),
        made.mirrored(Self.elsewhere[0], at: "10.0.0.77"),
      ], PacketFilter(scene.network))
    #expect(auditor.tracker[auditor.verdicts[0].outcome].steps.first?.direction == .egress)
    #expect(auditor.tracker[auditor.verdicts[1].outcome].steps.last?.direction == .ingress)
    #expect(auditor.verdicts[2].packetClass == .deny)
    #expect(
      auditor.tracker[auditor.verdicts[3].outcome].decisiveStep?.code == .sourceDestinationCheck)
  }

  @Test("Whoever names the interface is believed, and an address of nobody tells nothing")
  func otherSources() {
    let network = network(checks: true).network
    let packets = Self.elsewhere
    let named = audit(
      packets.map { made.mirrored($0, at: "10.0.0.10") },
      PacketFilter(network, captureInterface: "eni-app2"))
    let nobody = audit(packets.map { made.mirrored($0, at: "192.0.2.99") }, PacketFilter(network))
    let builder = PacketBuilder()
    let app2 = audit(
      packets.map { builder.frame(for: $0) }, PacketFilter(network, captureInterface: "eni-app2"))
    let plain = audit(packets.map { builder.frame(for: $0) }, PacketFilter(network))
    func classes(_ auditor: Auditor) -> [PathOutcome] { auditor.verdicts.map { auditor.tracker[$0.outcome] } }
    #expect(classes(named) == classes(app2))
    #expect(classes(nobody) == classes(plain))
    #expect(classes(nobody) != classes(named))
  }

  @Test("Overlays: hosts that send each other tunnels mirror nothing, and GENEVE is no mirror's")
  func overlays() {
    let filter = PacketFilter(network(checks: true).network)
    let builder = PacketBuilder()
    func tunnel(_ number: Int, from: String, to: String, port: Int = 4789) -> [UInt8] {
      let inner = builder.frame(for: .udp("172.30.1.5:\(number)", to: "172.30.2.6:53"))
      return builder.frame(
        for: .udp("\(from):65000", to: "\(to):\(port)"),
        payload: (port == 4789 ? [8, 0, 0, 0, 0, 0, 7, 0] : [0, 0, 0x65, 0x58, 0, 0, 7, 0]) + inner)
    }
    let frames =
      [tunnel(1, from: "10.0.0.10", to: "10.0.1.10"), tunnel(2, from: "10.0.1.10", to: "10.0.0.10")]
      + (0..<20).flatMap {
        // The first flow goes on, too: it was not remembered as denied.
        [
          tunnel(1 + $0, from: "10.0.0.10", to: "10.0.1.10"),
          tunnel(1 + $0, from: "10.0.1.10", to: "10.0.0.10"),
        ]
      }
    let overlay = audit(frames, filter, keepsDuplicates: true)
    #expect(overlay.verdicts.dropFirst().allSatisfy { $0.packetClass == .unplaced })
    let geneve = audit(
      (1...9).map { tunnel($0, from: "10.0.0.10", to: "10.0.2.99", port: 6081) }, filter)
    #expect(geneve.verdicts.allSatisfy { $0.packetClass == .unplaced })
  }

  @Test("A packet that its ends and a firewall on its way mirror counts once, for any number of workers")
  func copiesOnTheWay() {
    let filter = PacketFilter(network(checks: false).network)
    let packets = (1...300).map { PacketSummary.tcp("10.0.1.10:\($0)", to: "10.0.2.10:5432") }
    let places = ["10.0.1.10", "10.0.0.10", "10.0.0.10", "10.0.2.10"]
    let frames = packets.flatMap { packet in places.map { made.mirrored(packet, at: $0) } }
    let alone = audit(packets.map { made.mirrored($0, at: "10.0.1.10") }, filter)
    for workers in [1, 2, 4] {
      let all = audit(frames, filter, workers: workers)
      #expect(AuditReport(all).packets.total == 300)
      #expect(all.tallies.duplicates == 900 && all.tallies.frames == 1200)
      #expect(all.tallies.byOutcome == alone.tallies.byOutcome)
    }
    let kept = audit(frames, filter, keepsDuplicates: true)
    #expect(AuditReport(kept).packets.total == 1200)
    #expect(kept.verdicts.count { $0.packetClass == .unknown } == 600)
  }

  @Test("Copies on the way count nothing once an end showed the packet, in whatever order they come (TM-13)")
  func ordersOnTheWay() {
    let places = ["A": "10.0.1.10", "F": "10.0.0.10", "B": "10.0.2.10", "G": "10.0.0.220", "H": "10.0.1.11"]
    let packet = PacketSummary.tcp("10.0.1.10:40000", to: "10.0.2.10:5432", .ack)
    for checks in [true, false] {
      let filter = PacketFilter(network(checks: checks).network)
      func totals(_ order: String) -> Int {
        let auditor = audit(order.map { made.mirrored(packet, at: places[String($0)]!) }, filter)
        #expect(auditor.tallies.frames == order.count)
        return AuditReport(auditor).packets.total
      }
      for order in ["AFFB", "AFBF", "ABFF", "BAFF", "BFAF", "ABFFGG", "AGFBFG", "ABFFHH"] {
        #expect(totals(order) == 1, "\(order)")
      }
      // Sent twice: as many as the end has that shows the most.
      for order in ["AFFBAFFB", "AABBFFFF", "AFABFBFF", "ABABFFF", "AAB"] {
        #expect(totals(order) == 2, "\(order)")
      }
      // No end shows it: in and out at each.
      for order in ["FFGG", "FGFG", "FGGF", "FG", "F"] { #expect(totals(order) == 1, "\(order)") }
      for order in ["FFFF", "FFFFGGGG", "FFGGFFGG", "FGGFGFFG", "FFF"] {
        #expect(totals(order) == 2, "\(order)")
      }
      // An end's copy is judged beside one that came before it.
      for order in ["FAB", "FAFB", "FFAB", "FBAF", "FGABGF"] { #expect(totals(order) == 2, "\(order)") }
    }
  }

  @Test("Of more packets than are remembered the first are forgotten, and the latest find their copies")
  func limitOfPackets() {
    var duplicates = MirrorDuplicates()
    let count = MirrorDuplicates.limit + 1000
    let verdict = Verdict(.allow, state: .new, outcome: OutcomeID(rawValue: 0))
    func isCopy(_ number: Int, at mirror: String, isForwarded: Bool) -> Bool {
      let outer = OuterPacket(
        index: 0, addresses: .v4(source: IPv4Address(mirror)!, destination: .zero), network: 7, depth: 1,
        digest: UInt64(number))
      let time = Int64(number % 1000)
      let copied = duplicates.take(copy: outer, at: time, isForwarded: isForwarded)
      if copied == nil { duplicates.note(outer, at: time, verdict, isForwarded: isForwarded) }
      return copied != nil
    }
    for isForwarded in [true, false] {
      func copies(_ numbers: Range<Int>, at mirror: String) -> Int {
        numbers.count { isCopy($0, at: mirror, isForwarded: isForwarded) }
      }
      #expect(copies(0..<count, at: "10.0.1.10") == 0)
      #expect(copies(count - 200_000..<count, at: "10.0.2.10") == 200_000)
      #expect(copies(0..<900, at: "10.0.2.10") == 0)
    }
  }

  @Test("An end's copy is judged at the end though a firewall's came first, which hides no denial")
  func forwardersFirst() {
    var scene = network(checks: false)
    scene.inbound("db", "tcp 5432 from 10.0.1.0/24")
    let filter = PacketFilter(scene.network)
    for (port, verdict) in [(5432, PacketClass.allow), (22, .deny)] {
      let packet = PacketSummary.tcp("10.0.1.10:40000", to: "10.0.2.10:\(port)")
      for places in [["10.0.0.10", "10.0.0.10", "10.0.2.10"], ["10.0.0.10", "10.0.2.10", "10.0.0.10"]] {
        let auditor = audit(places.map { made.mirrored(packet, at: $0) }, filter)
        let own = auditor.verdicts.indices.filter { !auditor.duplicates.contains($0) }
        #expect(own.map { auditor.verdicts[$0].packetClass } == [.unknown, verdict], "\(places)")
        #expect(auditor.tallies.duplicates == 1)
      }
    }
  }

  @Test("More pairs and flows than are remembered: every packet is judged and counted all the same")
  func limits() {
    let filter = PacketFilter(network(checks: true).network)
    let count = TunnelEnds.limit + 100
    var frames: [[UInt8]] = []
    for number in 0..<count {
      let address = "198.18.\(number >> 16).\(number >> 8 & 255)"
      frames.append(made.mirrored(.tcp("\(address):\(number & 255)", to: "203.0.113.9:443"), at: "10.0.0.10"))
    }
    let auditor = audit(frames, filter, keepsDuplicates: true)
    #expect(AuditReport(auditor).packets.total == count)
    #expect(auditor.verdicts.allSatisfy { $0.packetClass == .deny })
    #expect(auditor.tallies.byOutcome.reduce(0) { $0 + $1.flows } == TunnelEnds.limit)
  }
}
