import Filtering
import NetworkTypes
import TestSupport
import Testing
import TrafficAudit

@testable import ReportFormats

@Suite struct WatchFrameTests {
  /// Web is closed: what comes from the internet to any of its ports is denied, each sender a group of its own.
  private static func report(_ count: Int) -> AuditReport {
    let packets = (0..<count).map { index in
      PacketSummary.tcp("203.0.\(index % 256).7:40000", to: "198.51.100.10:\(1 + index)")
    }
    return AuditTextReportTests.report(packets) { $0.network.securityGroups[0].inbound = [] }
  }

  private func frame(
    _ report: AuditReport, _ earlier: AuditReport = AuditReport(), drops: Int = 0
  ) -> [String] {
    WatchFrame(
      device: "eth0", report: report, earlier: earlier, elapsed: 62, interval: 2, drops: drops,
      style: TextStyle()
    ).text().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test func fitsATerminal() {
    for rows in [24, 30, 60] {
      for alarms in [nil, [], (1...30).map { WatchFrame.AlarmLight(name: "alarm \($0)", state: "ALARM") }] {
        for (report, drops) in [(AuditReport(), 0), (Self.report(400), 12_345)] {
          var frame = WatchFrame(
            device: "eth0", report: report, earlier: AuditReport(), elapsed: 62, interval: 2, drops: drops,
            style: TextStyle())
          frame.rows = rows
          frame.alarms = alarms
          frame.address = "http://127.0.0.1:9464/metrics"
          let lines = frame.text().split(separator: "\n", omittingEmptySubsequences: false)
          // The last one is where the cursor stands: a line more, and the terminal would scroll.
          #expect(lines.count <= rows)
          #expect(lines.allSatisfy { $0.count <= 80 })
        }
      }
    }
    #expect(frame(Self.report(400), drops: 12_345)[0].hasSuffix("12,345 DROPPED"))
  }

  @Test func ratesAreOfTheTimeSinceTheFrameBefore() throws {
    let lines = frame(Self.report(300), Self.report(100))
    let denied = try #require(lines.first { $0.hasPrefix("  DENIED") }).split(separator: " ")
    // 200 more packets of 74 bytes in two seconds; 300 in all.
    #expect(denied.map(String.init) == ["DENIED", "100", "7.4", "kB", "300", "22.2", "kB"])
    #expect(lines.contains { $0.hasPrefix("TOP DENIALS  of 256 groups") })
    #expect(lines.count { $0.contains(" -> eni-web") } == 4)
  }
}
