import Filtering
import NetworkTypes
import TestSupport
import Testing
import TrafficAudit
import VirtualNetworks

@testable import ReportFormats

@Suite struct AuditTextReportTests {
  /// An audit of packets in the network of the semantics' examples.
  static func report(
    _ packets: [PacketSummary], captures: [AuditReport.CaptureDescription] = [], warnings: [String] = [],
    _ change: (inout SemanticsNetwork) -> Void = { _ in }
  ) -> AuditReport {
    var network = SemanticsNetwork()
    change(&network)
    var auditor = Auditor(PacketFilter(network.network))
    var batch = PacketBatch()
    batch.packets = packets
    auditor.audit(batch)
    return AuditReport(auditor, captures: captures, warnings: warnings)
  }

  private static func closeWeb(_ network: inout SemanticsNetwork) {
    network.network.securityGroups[0].inbound = []
  }

  private func lines(
    _ report: AuditReport, style: TextStyle = TextStyle(), showsAll: Bool = false
  ) -> [String] {
    AuditTextReport(report, style: style, showsAll: showsAll).text().split(separator: "\n").map(String.init)
  }

  @Test("Changes of one moment stand under one heading; a date is told where it is another; ids have names")
  func changes() {
    var report = Self.report(
      [PacketSummary.tcp("203.0.113.66:40000", to: "198.51.100.10:443")],
      captures: [
        .init(
          path: "a.pcap", format: "pcap", linkType: "Ethernet", packets: 1, bytes: 60,
          firstTime: CaptureTime("2026-01-05T09:00:00Z"), lastTime: CaptureTime("2026-01-05T09:00:01Z"),
          isTruncated: false)
      ])
    func change(_ time: String, _ frame: Int, _ text: String, _ effects: [String] = []) -> AuditReport.Change
    {
      var change = AuditReport.Change(time: CaptureTime(time)!, frame: frame, text: text, effects: effects)
      change.names = ["i-1": "web one", "sg-1": "web"]
      return change
    }
    report.changes = [
      change("2020-01-01T00:00:00Z", 1, "set the groups of eni-1 to sg-1, sg-2"),
      change("2026-01-05T09:00:00Z", 1, "stop i-1", ["i-1 is not billed until it starts"]),
      change("2026-01-05T09:00:00Z", 1, "start i-1"),
      change("2026-01-05T09:00:01Z", 2, "stop i-1"),
    ]
    let lines = lines(report)
    let start = lines.firstIndex { $0.hasPrefix("CHANGES") } ?? 0
    let words = lines[start...].dropFirst().prefix(8).map { line in
      line.split(separator: " ").joined(separator: " ")
    }
    #expect(
      words == [
        "2020-01-01 00:00:00 from frame 1", "set the groups of eni-1 to sg-1 (web), sg-2",
        "09:00:00 from frame 1", "stop i-1 (web one)", "i-1 is not billed until it starts",
        "start i-1 (web one)", "09:00:01 from frame 2", "stop i-1 (web one)",
      ])
  }

  @Test func aPortScanIsOneLine() {
    let scan = (1...200).map { port in
      PacketSummary.tcp("203.0.113.66:40000", to: "198.51.100.10:\(port * 3)")
    }
    let denials = lines(Self.report(scan, Self.closeWeb)).filter { $0.contains("DENY") }
    #expect(denials.count == 1)
    #expect(denials[0].hasPrefix("  DENY  tcp 3-600 (200 ports) from 203.0.113.66 "))
    #expect(denials[0].hasSuffix(" 200 packets"))
  }

  @Test func portsAreRangesWhereTheyAreFew() {
    let packets = [22, 80, 81, 82, 443].map {
      PacketSummary.tcp("203.0.113.66:40000", to: "198.51.100.10:\($0)")
    }
    #expect(
      lines(Self.report(packets, Self.closeWeb)).contains {
        $0.hasPrefix("  DENY  tcp 22, 80-82, 443 from 203.0.113.66 ")
      })
  }

  @Test func theLastPortEndsARange() {
    let packets = [65534, 65535, 0].map { PacketSummary.tcp("203.0.113.66:40000", to: "198.51.100.10:\($0)") }
    #expect(lines(Self.report(packets, Self.closeWeb)).contains { $0.contains("tcp 0, 65534-65535 from") })
  }

  @Test func onlySomeGroupsAreShownUnlessAllAreAskedFor() {
    let packets = (0..<40).map { PacketSummary.tcp("203.0.\($0).66:40000", to: "198.51.100.10:22") }
    let report = Self.report(packets, Self.closeWeb)
    #expect(lines(report).count { $0.contains("DENY  ") } == 12)
    #expect(lines(report).contains("  and 28 more groups with 28 packets: --verbose shows all"))
    #expect(lines(report, showsAll: true).count { $0.contains("DENY  ") } == 40)
    #expect(!lines(report, showsAll: true).contains { $0.contains("--verbose") })
  }

  @Test(arguments: [60, 80, 120]) func noLineIsWiderThanTheStyle(width: Int) {
    let report = Self.report(
      [
        .tcp("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff:40000", to: "2001:db8:a00::10:22"),
        .tcp("203.0.113.66:40000", to: "198.51.100.10:22"), .udp("10.0.1.10:53", to: "10.9.9.9:53"),
      ],
      captures: [
        .init(
          path: String(repeating: "long/", count: 40) + "capture.pcap", format: "pcapng", linkType: "EN10MB",
          packets: 123_456_789, bytes: 987_654_321_000, isTruncated: true)
      ], warnings: [String(repeating: "word ", count: 40) + String(repeating: "x", count: 200)], Self.closeWeb
    )
    for style in [TextStyle(width: width), TextStyle(width: width, usesUnicode: true)] {
      #expect(lines(report, style: style, showsAll: true).allSatisfy { $0.columns <= width })
    }
  }

  @Test func colourAddsNothingButColour() {
    let report = Self.report([.tcp("203.0.113.66:40000", to: "198.51.100.10:22")], Self.closeWeb)
    let coloured = AuditTextReport(report, style: TextStyle(usesColor: true)).text()
    #expect(coloured.contains("\u{1b}[1;31mDENY\u{1b}[0m"))
    #expect(coloured.replacing(#/\u{1b}\[[0-9;]*m/#, with: "") == AuditTextReport(report).text())
  }

  @Test func namesCannotMoveTheCursor() {
    let report = Self.report(
      [], captures: [.init(path: "a\u{1b}[2J\r\nb\u{202e}c\u{85}", format: "pcap", linkType: "EN10MB")])
    let text = AuditTextReport(report).text()
    #expect(text.hasPrefix("CAPTURE\n  a?[2J??b?c?\n"))
  }

  @Test func withoutPacketsNothingIsDividedByZero() {
    let text = lines(Self.report([]))
    #expect(text.contains("  total                  0    0.0%        0 B"))
    #expect(text.contains("  0 flows: 0 allowed, 0 denied"))
  }

  @Test func wideCharactersTakeTwoColumns() {
    #expect("웹서버".columns == 6)
    #expect("e\u{301}te\u{301}".columns == 3)
    #expect("웹서버".fitting(columns: 5) == "웹서")
    let style = TextStyle(usesUnicode: true)
    #expect(StyledText("웹서버").padded(to: 5, style).rendered(style) == "웹서…")
  }

  @Test func quantities() {
    #expect(
      [0, 999, 1000, 1_234_567, -1234].map { Quantities.count($0) } == [
        "0", "999", "1,000", "1,234,567", "-1,234",
      ])
    #expect(
      [0, 999, 1000, 849_742, 999_999, 1_000_000, 12_345_678_901].map(Quantities.bytes)
        == ["0 B", "999 B", "1.0 kB", "849.7 kB", "999.9 kB", "1.0 MB", "12.3 GB"])
    #expect(
      [(0, 10), (1, 3), (1, 100_000), (99_999, 100_000), (3, 3), (0, 0)].map { Quantities.share($0, of: $1) }
        == ["0.0%", "33.3%", "<0.1%", ">99.9%", "100.0%", "0.0%"])
    #expect(
      [0, 38_200, 125_000, 11_520_000, 187_200_000].map { Quantities.duration(nanoseconds: $0 * 1_000_000) }
        == ["0.0 s", "38.2 s", "2 min 5 s", "3 h 12 min", "2 d 4 h"])
  }
}
