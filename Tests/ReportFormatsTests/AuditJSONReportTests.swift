import Foundation
import NetworkTypes
import TestSupport
import Testing
import TrafficAudit

@testable import ReportFormats

@Suite struct AuditJSONReportTests {
  private func object(_ report: AuditReport) throws -> [String: Any] {
    let text = AuditJSONReport(report).text()
    return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func aDenialOfICMPHasTypeAndCodeInPlaceOfThePort() throws {
    let report = AuditTextReportTests.report(
      [.icmp("203.0.113.7", to: "198.51.100.10", type: 8), .tcp("203.0.113.7:1", to: "198.51.100.10:22")]
    ) { $0.network.securityGroups[0].inbound = [] }
    let denials = try #require(try object(report)["denials"] as? [[String: Any]])
    let icmp = try #require(denials.first { $0["protocol"] as? String == "icmp" })
    #expect(icmp["port"] is NSNull)
    #expect(icmp["icmp_type"] as? Int == 8)
    #expect(icmp["icmp_code"] as? Int == 0)
    #expect(icmp["remote"] as? String == "203.0.113.7/32")
    let tcp = try #require(denials.first { $0["protocol"] as? String == "tcp" })
    #expect(tcp["port"] as? Int == 22)
    #expect(tcp["icmp_type"] == nil)
    #expect(
      Set(tcp.keys) == [
        "code", "stage", "interface", "direction", "remote", "protocol", "port", "packets", "bytes", "flows",
        "first_frame", "explanation",
      ])
  }

  @Test func anythingMayStandInAPath() throws {
    let path = "a\"b\\c\u{1}\u{7f}\n\u{2028}웹/é.pcap"
    let report = AuditTextReportTests.report(
      [], captures: [.init(path: path, format: "pcap", linkType: "EN10MB")])
    let captures = try #require(try object(report)["captures"] as? [[String: Any]])
    #expect(captures[0]["path"] as? String == path)
    #expect(captures[0]["first_time"] is NSNull)
  }

  @Test func rulesThatNothingUsedAreThere() throws {
    let rules = try #require(try object(AuditTextReportTests.report([]))["rules"] as? [[String: Any]])
    #expect(!rules.isEmpty)
    #expect(rules.allSatisfy { $0["packets"] as? Int == 0 })
  }
}
