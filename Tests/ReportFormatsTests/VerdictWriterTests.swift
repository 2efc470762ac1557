import Filtering
import Foundation
import NetworkTypes
import ReportFormats
import TestSupport
import Testing
import TrafficAudit

@Suite struct VerdictWriterTests {
  private func records(
    _ packets: [PacketSummary], _ format: VerdictWriter.Format,
    _ change: (inout SemanticsNetwork) -> Void = { _ in }
  ) -> String {
    var network = SemanticsNetwork()
    change(&network)
    let filter = PacketFilter(network.network)
    var auditor = Auditor(filter)
    var writer = VerdictWriter(format, filter)
    var buffer = TextBuffer()
    writer.begin(&buffer)
    for packet in packets {
      var batch = PacketBatch()
      batch.packets = [packet]
      auditor.audit(batch)
      writer.append(batch, auditor.verdicts, tracker: auditor.tracker, to: &buffer)
    }
    return String(decoding: buffer.bytes, as: UTF8.self)
  }

  @Test func fieldsThatDoNotApplyAreLeftOut() {
    var segment = PacketSummary.tcp("203.0.113.7:50000", to: "198.51.100.10:443", at: 1)
    segment.fields.insert(.tcpFlags)
    let text = records(
      [
        segment,
        .icmp("203.0.113.7", to: "198.51.100.10", type: 8, at: 2),
        .other(47, "203.0.113.7", to: "198.51.100.10", at: 3),
        .udp("192.0.2.1:1", to: "192.0.2.2:2", at: 4),
      ], .ndjson)
    let lines = text.split(separator: "\n").map(String.init)
    #expect(
      lines[0].hasPrefix(
        #"{"frame":1,"time":"1970-01-01T00:00:01.000000Z","length":74,"src_ip":"203.0.113.7","dst_ip":"198.51.100.10","#
          + #""protocol":"tcp","src_port":50000,"dst_port":443,"tcp_flags":"S","verdict":"allow","state":"#))
    #expect(
      lines[0].hasSuffix(
        #""interface":"eni-web","direction":"ingress","stage":"destination_security_group","rule":"sg-web/"#
          + (lines[0].split(separator: "/").last.map(String.init) ?? "")))
    #expect(lines[1].contains(#""protocol":"icmp","icmp_type":8,"icmp_code":0,"verdict":"allow""#))
    #expect(lines[2].contains(#""protocol":"47","verdict":"#))
    #expect(
      lines[3].hasSuffix(#""src_port":1,"dst_port":2,"verdict":"unplaced","state":"none"}"#))
  }

  @Test func aDenialNamesCodeStageAndRule() {
    let text = records(
      [.tcp("203.0.113.7:50000", to: "198.51.100.10:443")], .ndjson
    ) { $0.network.securityGroups[0].inbound = [] }
    #expect(
      text.hasSuffix(
        #""verdict":"deny","state":"new","interface":"eni-web","direction":"ingress","#
          + #""stage":"destination_security_group","code":"SG_HAS_NO_RULES"}"# + "\n"))
  }

  @Test func anUnknownNamesWhatIsMissing() throws {
    let text = records([.tcp("203.0.113.7:50000", to: "198.51.100.10:443")], .ndjson) {
      $0.network.securityGroups.removeFirst()
    }
    let record = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(record["verdict"] as? String == "unknown")
    #expect((record["missing"] as? String)?.isEmpty == false)
  }

  @Test func csvHasTheSameColumnsAlways() {
    let text = records(
      [
        .tcp("203.0.113.7:50000", to: "198.51.100.10:443"), .udp("192.0.2.1:1", to: "192.0.2.2:2"),
        .tcp("10.0.1.10:50000", to: "203.0.113.7:443"),
      ], .csv
    ) { network in
      for index in network.network.networkInterfaces.indices
      where network.network.networkInterfaces[index].id == "eni-web" {
        network.network.networkInterfaces[index].id = "eni-\"web\",1"
      }
    }
    let lines = text.components(separatedBy: "\r\n")
    #expect(lines[0] == VerdictWriter.columns.joined(separator: ","))
    #expect(lines.count == 5)
    #expect(lines[2] == "2,,74,192.0.2.1,192.0.2.2,udp,1,2,,,,unplaced,none,,,,,,,,,,")
    #expect(lines[1].contains(",\"eni-\"\"web\"\",1\",ingress,"))
  }

  @Test func theNameOfTheFileTellsTheFormat() {
    #expect(VerdictWriter.Format(path: "a/b.csv") == .csv)
    #expect(VerdictWriter.Format(path: "B.CSV") == .csv)
    #expect(VerdictWriter.Format(path: "csv") == .ndjson)
    #expect(VerdictWriter.Format(path: "a.csv.json") == .ndjson)
  }

  @Test func buffersWriteWhatDescriptionsSay() {
    var random = SeededRandom.fresh("TextBuffer")
    for _ in 0..<20_000 {
      var buffer = TextBuffer()
      let number = UInt64.random(in: 0...(.max), using: &random) >> UInt64.random(in: 0..<64, using: &random)
      let v4 = IPv4Address(rawValue: .random(in: 0...(.max), using: &random))
      // Groups that are often zero, for the runs that `::` stands for.
      let groups = (0..<8).map { _ in
        Bool.random(using: &random)
          ? 0 : UInt16.random(in: 0...(.max), using: &random) >> UInt16.random(in: 0..<16, using: &random)
      }
      guard let v6 = IPv6Address(groups: groups) else { continue }
      let flags = TCPFlags(rawValue: .random(in: 0...255, using: &random))
      buffer.append(decimal: number)
      buffer.append(" " as Unicode.Scalar)
      buffer.append(v4)
      buffer.append(" " as Unicode.Scalar)
      buffer.append(v6)
      buffer.append(" " as Unicode.Scalar)
      buffer.append(flags)
      #expect(String(decoding: buffer.bytes, as: UTF8.self) == "\(number) \(v4) \(v6) \(flags)")
    }
  }

  @Test func timesAreWhatDescriptionsSay() {
    var random = SeededRandom.fresh("TextBuffer")
    var times = TimeText()
    for _ in 0..<5000 {
      let nanoseconds = Int64.random(
        in: -9_000_000_000_000_000_000...9_000_000_000_000_000_000, using: &random)
      for time in [nanoseconds, nanoseconds / 1000 * 1000, nanoseconds / 1000 * 1000 + 1] {
        var buffer = TextBuffer()
        times.append(CaptureTime(nanoseconds: time), to: &buffer)
        #expect(String(decoding: buffer.bytes, as: UTF8.self) == CaptureTime(nanoseconds: time).description)
      }
    }
  }
}
